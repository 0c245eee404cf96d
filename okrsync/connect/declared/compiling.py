"""The class that a connector file means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, cast

from pydantic import create_model

from okrsync.connect.answers.json_api import Fetch, Template, Wanted, answers, checked_json, settled, slots_of
from okrsync.connect.answers.placeholders import reaches_the_past
from okrsync.connect.api_settings import ApiConfig
from okrsync.connect.contract import Answer, Ask, Connector, History, Query
from okrsync.connect.declared.credentials import auth_of, written_token_url
from okrsync.connect.declared.fields import questions, settings
from okrsync.connect.declared.grammar import ConnectorFile
from okrsync.connect.limits import Limits
from okrsync.okrs.documents import Document


class Declared(Connector[Any, Any]):
    """A connector that a file declares."""

    max_batch = 100
    file: ClassVar[ConnectorFile]
    document: ClassVar[Document]
    """The file with its places."""
    template: ClassVar[Template]

    def base_url(self) -> str:
        """Return what paths are relative to: the setting, or what the file makes of other settings."""
        return str(self.config.base_url or settled(self.file.base_url, self.config))

    def together(self, ask: Ask[Any]) -> str:
        """Questions that the same replies answer."""
        return self._wanted(ask).fetch.key

    def check(self) -> str:
        """Get the path that the file names for it."""
        return checked_json(self.http, settled(self.file.check, self.config), self._headers(), self.file.error_when)

    def read_many(self, asks: Sequence[Ask[Any]]) -> Iterable[Answer]:
        """Send each distinct request once and answer every question that its reply answers."""
        return answers(self.http, [self._wanted(ask) for ask in asks])

    def _wanted(self, ask: Ask[Any]) -> Wanted:
        file, request = self.file, self.template.filled(slots_of(ask, self.config))
        fetch = Fetch(request, self._headers(), file.rows, file.paginate, file.error_when)
        return Wanted(ask, fetch, file.value.take)

    def _headers(self) -> dict[str, str]:
        return {name: settled(text, self.config) for name, text in self.file.request.headers.items()}


def compiled(file: ConnectorFile, document: Document) -> type[Declared]:
    """Return the class that `file`, found to be right, means."""
    name = class_name(file.connector)
    body = {
        "__doc__": f"{file.title}.",
        "name": file.connector,
        "title": file.title,
        "history": history_of(file),
        "grain": file.grain,
        "limits": limits_of(file),
        "scopes": tuple(file.scopes),
        "auth": auth_of(file.auth),
        "file": file,
        "document": document,
        "template": template_of(file),
    }
    kind = cast("type[Declared]", type(name, (Declared,), body))
    kind.Config = create_model(
        f"{name}Config", __base__=ApiConfig, __doc__="One connection.", **settings(file, written_token_url(file.auth))
    )
    kind.Query = create_model(f"{name}Query", __base__=Query, __doc__="One question.", **questions(file))
    return kind


def class_name(connector: str) -> str:
    """Return the name of the class of a connector."""
    return "".join(part[:1].upper() + part[1:] for part in connector.split("_"))


def template_of(file: ConnectorFile) -> Template:
    """Return the request with its placeholders."""
    request = file.request
    return Template(request.path, request.method, request.params, request.body)


def history_of(file: ConnectorFile) -> History:
    """Return which past the source can answer for."""
    if file.history is not None:
        return file.history
    request = file.request
    timed = reaches_the_past([request.path, request.params, request.body])
    return History.WINDOW if timed else History.SNAPSHOT


def limits_of(file: ConnectorFile) -> Limits:
    """Return how politely the source wants to be asked."""
    said = file.limits
    per_second = float(said.per_second) if said.per_second else None
    return Limits(per_second=per_second, at_once=said.at_once, per_day=said.per_day)
