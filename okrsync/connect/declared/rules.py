"""What is wrong between the parts of a connector file, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from okrsync.connect.answers.placeholders import check as check_placeholders
from okrsync.connect.answers.placeholders import named_in, reaches_the_past
from okrsync.connect.api_settings import ApiConfig
from okrsync.connect.contract import History
from okrsync.connect.declared.credentials import settings_of_auth, written_token_url
from okrsync.connect.declared.fields import default_misfit, is_address
from okrsync.connect.declared.grammar import ConnectorFile
from okrsync.errors import Finding
from okrsync.nearest import did_you_mean
from okrsync.okrs.documents import Document, Way

_OURS = (*ApiConfig.model_fields, "base_url")
_DAY = re.compile(r"(?:19|20)\d\d-\d\d-\d\d(?:T.*)?")
_ASKING = ("path", "params", "json")
_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key"})


def findings(document: Document, file: ConnectorFile) -> Iterator[Finding]:
    """Yield everything that is wrong with a file whose shape is right."""
    yield from _settings(document, file)
    yield from _auth(document, file)
    yield from _questions(document, file)
    yield from _placeholders(document, file)
    yield from _days(document)
    yield from _history(document, file)


def _settings(document: Document, file: ConnectorFile) -> Iterator[Finding]:
    ours = (*_OURS, "token_url") if written_token_url(file.auth) else _OURS
    for name in file.config:
        if name in ours:
            message = f"{name} is a setting of every connection to an API already"
            yield document.finding(("config", name), message, "leave it out", of_key=True)
    for name, setting in file.config.items():
        if setting.secret and setting.default is not None:
            message = f"the secret {name} stands here in plain text"
            yield document.finding(("config", name, "default"), message, "leave `default` out; a connection says it")
    if not is_address(re.sub(r"\{config\.\w+\}", "x", file.base_url)):
        message = f"base_url must be an address, got {file.base_url!r}"
        yield document.finding(("base_url",), message, "for example https://api.example.com/v1")
    asked = {name for _, name, _ in settings_of_auth(file.auth)}
    asked |= {name.removeprefix("config.") for name in _named(file)}
    for name in file.config.keys() - asked:
        message = f"the setting {name} is used nowhere"
        hint = f"name it in `auth`, or write {{config.{name}}} where it goes"
        yield document.finding(("config", name), message, hint, of_key=True)


def _auth(document: Document, file: ConnectorFile) -> Iterator[Finding]:
    if (url := written_token_url(file.auth)) and ("{" in url or not is_address(url)):
        hint = "write an address without placeholders, or the name of a setting that holds it"
        yield document.finding(("auth",), f"token_url must be an address, got {url!r}", hint)
    for way, name, secret in settings_of_auth(file.auth):
        if name not in file.config:
            yield document.finding(way, f"there is no setting {name!r} in `config`", did_you_mean(name, file.config))
        elif secret and not file.config[name].secret:
            message = f"the setting {name} is a secret, and `config` does not say so"
            yield document.finding(("config", name), message, "write `secret: true`", of_key=True)
    for name in file.request.headers:
        if name.lower() in _CREDENTIALS:
            message = f"the header {name} carries credentials"
            hint = "name the setting that holds them in `auth`"
            yield document.finding(("request", "headers", name), message, hint, of_key=True)


def _questions(document: Document, file: ConnectorFile) -> Iterator[Finding]:
    used = named_in([*_templates(file)])
    for name, field in file.query.items():
        if f"query.{name}" not in used:
            message = f"what a metric says as {name} goes nowhere, so that different questions have one answer"
            hint = f'write "{{query.{name}}}" in the request where it goes'
            yield document.finding(("query", name), message, hint, of_key=True)
        for key in ("default", "example"):
            if wrong := default_misfit(field, getattr(field, key)):
                yield document.finding(("query", name, key), f"{key} {wrong}")


def _placeholders(document: Document, file: ConnectorFile) -> Iterator[Finding]:
    secrets = {name for name, setting in file.config.items() if setting.secret}
    public = file.config.keys() - secrets
    written = document.value
    for way, text in _texts_of_settings(file):
        yield from _in_text(document, way, text, (), public, secrets)
        if strange := sorted(name for name in named_in(text) if not name.startswith("config.")):
            message = f"{{{strange[0]}}} is known only when a metric is asked for"
            yield document.finding(way, message, "take settings of the connection only: {config.x}")
    for key in _ASKING:
        for way, text in _texts(written["request"].get(key), ("request", key)):
            yield from _in_text(document, way, text, file.query, public, secrets)
    for key in ("pick", "of", "where", "by"):
        if named_in(text := written["value"].get(key) or ""):
            hint = "ask for the rows that count with the request"
            yield document.finding(("value", key), f"{text!r} is an expression, which takes no placeholders", hint)


def _in_text(document: Document, way: Way, text: str, query: Any, public: Any, secrets: set[str]) -> Iterator[Finding]:
    for name in sorted(named_in(text)):
        if name.removeprefix("config.") in secrets and name.startswith("config."):
            hint = "name it in `auth`, which sends it as a header and shows it nowhere"
            yield document.finding(way, f"{{{name}}} is a secret", hint)
            return
    try:
        check_placeholders(text, query, public)
    except ValueError as error:
        message, _, hint = str(error).partition("; ")
        yield document.finding(way, message, hint)
        return


def _days(document: Document) -> Iterator[Finding]:
    written = document.value["request"]
    for key in ("params", "json"):
        for way, text in _texts(written.get(key), ("request", key)):
            if _DAY.fullmatch(text) and "version" not in str(way[-1]).lower():
                message = f"the day {text} is written out, so that the number will always be of that time"
                yield document.finding(way, message, 'take it from the window: "{window.start:date}"')


def _history(document: Document, file: ConnectorFile) -> Iterator[Finding]:
    if file.history in (History.WINDOW, History.VERSIONED) and not reaches_the_past([*_templates(file)]):
        message = f"`history: {file.history}`, and the request never says when the window ends"
        hint = 'write "{window.end}" (or :date, :ms, :s) where the API wants it, or `history: snapshot`'
        yield document.finding(("history",), message, hint)


def _templates(file: ConnectorFile) -> tuple[Any, ...]:
    request = file.request
    return request.path, request.params, request.body


def _texts_of_settings(file: ConnectorFile) -> Iterator[tuple[Way, str]]:
    """Yield the texts that a connection's settings alone are filled into."""
    yield ("base_url",), file.base_url
    yield ("check",), file.check
    yield from _texts(file.request.headers, ("request", "headers"))


def _named(file: ConnectorFile) -> frozenset[str]:
    return named_in([*_templates(file), *(text for _, text in _texts_of_settings(file))])


def _texts(value: Any, way: Way) -> Iterator[tuple[Way, str]]:
    """Yield every text of a structure with the way to it."""
    if isinstance(value, str):
        yield way, value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from _texts(part, (*way, name))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _texts(part, (*way, index))
