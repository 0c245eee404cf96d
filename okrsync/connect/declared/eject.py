"""A connector file as Python: the same requests, the same answers, and room for what data cannot say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from okrsync.connect.answers.json_api import ERROR
from okrsync.connect.api_settings import ApiConfig
from okrsync.connect.declared.compiling import Declared, class_name, limits_of
from okrsync.connect.declared.fields import type_of
from okrsync.connect.declared.grammar import ConnectorFile, FieldPart
from okrsync.connect.declared.python import call, code, docstring

_IMPORTS = (
    ("datetime", ("date",)),
    ("decimal", ("Decimal",)),
    ("typing", ("Literal",)),
    ("zoneinfo", ("ZoneInfo",)),
)
_PYDANTIC = (("pydantic", ("Field", "HttpUrl", "SecretStr")),)
_OURS = (
    (
        "okrsync",
        (
            *("Aggregate", "Answer", "Ask", "Basic", "Bearer", "ClientCredentials", "Connector", "Header", "Limits"),
            *("Query", "QueryKey", "RefreshToken", "ServiceAccount"),
        ),
    ),
    (
        "okrsync.connect.answers.json_api",
        ("Fetch", "Template", "Wanted", "answers", "checked_json", "settled", "slots_of"),
    ),
    ("okrsync.connect.answers.paging", ("Paginate",)),
    ("okrsync.connect.api_settings", ("ApiConfig",)),
    ("okrsync.okrs.windows", ("cycle_window",)),
    ("okrsync.testing", ("Case", "Example", "Exchange")),
)


def python_of(kind: type[Declared], more: str = "") -> str:
    """Return the source of a Python connector that does what `kind` does, and `more` source after it."""
    name = class_name(kind.name)
    body = "\n".join([_config(kind, name), _query(kind, name), _class(kind, name), more])
    head = [docstring(f"{kind.title}."), "", "from __future__ import annotations", ""]
    head += ["from collections.abc import Iterable, Sequence", *_imported(_IMPORTS, body)]
    head += ["", *_imported(_PYDANTIC, body), "", *_imported(_OURS, body)]
    return "\n".join([*head, "", body]).rstrip() + "\n"


def _imported(homes: Iterable[tuple[str, tuple[str, ...]]], body: str) -> Iterator[str]:
    """Yield the imports of what `body` uses."""
    for home, names in homes:
        if used := [name for name in names if re.search(rf"(?<![\w.\"'])(?:{name})(?=[(,.\[\s\])])", body)]:
            yield f"from {home} import {', '.join(used)}"


def _config(kind: type[Declared], name: str) -> str:
    own = {field: info for field, info in kind.Config.model_fields.items() if field not in ApiConfig.model_fields}
    types = {field: "SecretStr" if info.annotation is SecretStr else "str" for field, info in own.items()}
    types |= {field: "HttpUrl" for field in ("base_url", "token_url") if field in own}
    if "{" in kind.file.base_url:
        types["base_url"] = "HttpUrl | None"
    lines = [f"    {field}: {types[field]} = {_field(info)}" for field, info in own.items()]
    return _model(f"{name}Config(ApiConfig)", "One connection.", lines)


def _query(kind: type[Declared], name: str) -> str:
    infos = kind.Query.model_fields
    lines = [f"    {field}: {_type(part)} = {_field(infos[field])}" for field, part in kind.file.query.items()]
    return _model(f"{name}Query(Query)", "One question.", lines)


def _model(head: str, says: str, lines: list[str]) -> str:
    return "\n".join(["", f"class {head}:", f'    """{says}"""', *([""] if lines else []), *lines, ""])


def _type(part: FieldPart) -> str:
    if part.type == "choice":
        return f"Literal[{', '.join(map(code, part.choices))}]"
    return str(type_of(part).__name__)


def _field(info: FieldInfo) -> str:
    given = [] if info.default is PydanticUndefined else [_default(info.default)]
    given.append(f"description={code(info.description)}")
    given += [f"examples={code(info.examples)}"] if info.examples else []
    return f"Field({', '.join(given)})"


def _default(value: Any) -> str:
    if isinstance(value, SecretStr):
        return f"SecretStr({code(value.get_secret_value())})"
    return f"HttpUrl({code(str(value))})" if not isinstance(value, str | int | Decimal | date | None) else code(value)


def _class(kind: type[Declared], name: str) -> str:
    file = kind.file
    lines = ["", f"class {name}(Connector[{name}Config, {name}Query]):", f"    {docstring(f'{kind.title}.')}", ""]
    lines.append(f"    name, title = {code(kind.name)}, {code(kind.title)}")
    lines.append(
        f"    history, grain, max_batch = {code(str(kind.history))}, {code(str(kind.grain))}, {kind.max_batch}"
    )
    lines.append(f"    limits = {call('Limits', _unlike_default(limits_of(file)), 4)}")
    lines += [f"    scopes = {code(tuple(file.scopes))}"] if file.scopes else []
    lines += [f"    auth = {call(type(kind.auth).__name__, _unlike_default(kind.auth), 4)}"] if kind.auth else []
    return "\n".join([*lines, "", *_methods(kind, name), ""])


def _methods(kind: type[Declared], name: str) -> Iterator[str]:
    file, template = kind.file, kind.template
    if "{" in file.base_url:
        yield "    def base_url(self) -> str:"
        yield '        """Return where the API is."""'
        yield f"        return str(self.config.base_url or settled({code(file.base_url)}, self.config))\n"
    yield f"    def together(self, ask: Ask[{name}Query]) -> str:"
    yield '        """Questions that the same replies answer."""'
    yield "        return self._wanted(ask).fetch.key\n"
    yield "    def check(self) -> str:"
    yield '        """Get a path that wants the credentials."""'
    error = "" if file.error_when == ERROR else f", {code(file.error_when)}"
    yield f"        path = settled({code(file.check)}, self.config)"
    yield f"        return checked_json(self.http, path, self._headers(){error})\n"
    yield f"    def read_many(self, asks: Sequence[Ask[{name}Query]]) -> Iterable[Answer]:"
    yield '        """Send each distinct request once and answer every question that its reply answers."""'
    yield "        return answers(self.http, [self._wanted(ask) for ask in asks])\n"
    yield f"    def _wanted(self, ask: Ask[{name}Query]) -> Wanted:"
    yield f"        template = {call('Template', _unlike_default(template), 8)}"
    yield "        request = template.filled(slots_of(ask, self.config))"
    yield f"        fetch = Fetch(request, self._headers(){_how(file)})"
    yield f"        return Wanted(ask, fetch, {_take(kind)})\n"
    yield "    def _headers(self) -> dict[str, str]:"
    yield f"        headers: dict[str, str] = {code(file.request.headers)}"
    yield "        return {name: settled(text, self.config) for name, text in headers.items()}"


def _how(file: ConnectorFile) -> str:
    how = f", rows={code(file.rows)}" if file.rows else ""
    how += f", paginate={call('Paginate', _said(file.paginate))}" if file.paginate else ""
    return how + (f", error_when={code(file.error_when)}" if file.error_when != ERROR else "")


def _take(kind: type[Declared]) -> str:
    value = kind.file.value
    return code(value.pick) if value.pick else f"Aggregate.model_validate({code(_said(value))})"


def _said(part: BaseModel) -> dict[str, Any]:
    return part.model_dump(mode="python", exclude_unset=True)


def _unlike_default(made: Any) -> dict[str, Any]:
    """Return the fields of a dataclass that differ from what they are by themselves."""
    return {
        one.name: value for one in fields(made) if (value := getattr(made, one.name)) != one.default and value != {}
    }
