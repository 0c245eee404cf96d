"""A named, configured use of a connector: opened for asking, or only looked at for what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, SecretBytes, SecretStr

from okrsync.connect.contract import Connector
from okrsync.connect.credentials.tokens import TokenVault
from okrsync.connect.misfits import Misfit, fit
from okrsync.connect.registry import Kind, Registry
from okrsync.connect.transport.http import HttpClient
from okrsync.errors import OkrsyncError, Problem, Reason, SettingsError
from okrsync.okrs.environment import fill, has_variable, texts, variables
from okrsync.okrs.model import Connection
from okrsync.redaction import learn, redact, shown_url

_SECRETS = (SecretStr, SecretBytes)


def open_connection(
    spec: Connection, registry: Registry, secrets: Mapping[str, str], folder: Path, vault: TokenVault | None = None
) -> Connector[Any, Any]:
    """Return the connection that `spec` describes, ready to be asked; nothing is contacted yet.

    `secrets` holds what `${NAME}` in the settings stands for, `folder` is the project's. From here on the values of
    secret settings are hidden everywhere. Tokens that rotate are kept in `vault`; without one, only for as long as
    this connection is open. Settings called `ca_file`, `proxy`, `allow_private`, `per_second` and
    `at_once` mean the same for every connector. Raises `Problem` and nothing else.
    """
    try:
        kind = registry.get(spec.connector)
        settings = _filled(spec, secrets)
    except (OkrsyncError, OSError) as error:
        raise _config(spec, *_told(error)) from None
    config, misfits = fit(kind.Config, settings, {"folder": folder})
    if config is None:
        path, message, hint = misfits[0]
        more = f" (and {len(misfits) - 1} more)" if len(misfits) > 1 else ""
        raise _config(spec, f"{_at(path, message)}{more}", hint or "run `okrsync lint` for all findings")
    for secret in _secrets_in(config):
        learn(secret)
    return _connected(kind, spec, config, vault)


def check_settings(spec: Connection, registry: Registry, folder: Path) -> list[Misfit]:
    """Return what is wrong with a connection's settings, without a secret, a variable or a network.

    What a variable would fill in is taken for right. A secret that stands there in plain text is wrong.
    """
    try:
        kind = registry.get(spec.connector)
    except OkrsyncError as error:
        return [Misfit(("connector",), error.message, error.hint)]
    settings, _ = fill(spec.settings, {})
    open_places = {path for path, text in texts(settings) if has_variable(text)}
    _, misfits = fit(kind.Config, settings, {"folder": folder})
    known = [one for one in misfits if not one.path or not _touches(one.path, open_places)]
    return [*known, *_secrets_in_plain_text(kind, spec)]


def check_query(spec: Connection, query: Mapping[str, Any], registry: Registry) -> list[Misfit]:
    """Return what is wrong with a metric's query to this connection; nothing where the connector is the trouble."""
    try:
        kind = registry.get(spec.connector)
    except OkrsyncError:
        return []
    return fit(kind.Query, query, {})[1]


def parse_query(kind: Kind, query: Mapping[str, Any]) -> BaseModel:
    """Return a metric's query as the connector's own; raises `Problem` (`query`) with the first thing that is wrong."""
    parsed, misfits = fit(kind.Query, query, {})
    if parsed is None:
        path, message, hint = misfits[0]
        raise Problem(Reason.QUERY, _at(path, message), hint or "run `okrsync lint` for all findings")
    return parsed


def _filled(spec: Connection, secrets: Mapping[str, str]) -> dict[str, Any]:
    settings, missing = fill(spec.settings, secrets)
    if missing:
        names = ", ".join(dict.fromkeys(name for _, name in missing))
        where = ", ".join(dict.fromkeys(".".join(path) for path, _ in missing))
        raise Problem(
            Reason.CONFIG,
            f"{names} is not set, which `{where}` needs",
            f"set {names} in the environment, or put the value into a file of that name in secrets/",
        )
    return settings


def _connected(kind: Kind, spec: Connection, config: BaseModel, vault: TokenVault | None) -> Connector[Any, Any]:
    http = HttpClient(
        connection=spec.name,
        base_url="",
        config=config,
        auth=kind.credentials(config),
        limits=kind.limits.overridden_by(config),
        ca_file=getattr(config, "ca_file", None),
        proxy=getattr(config, "proxy", None),
        allow_private=bool(getattr(config, "allow_private", False)),
        secret_names=_variables_by_setting(spec),
        vault=vault,
    )
    try:
        connector = kind(spec.name, config, http)
        http.base_url = connector.base_url()
    except Problem:
        raise
    except Exception as error:  # noqa: BLE001 - an author's constructor may fail in any way
        name = type(error).__name__
        raise Problem(
            Reason.INTERNAL,
            f"{spec.name}: the connector {kind.name} cannot be set up ({name})",
            "this is a fault in the connector; report it to whoever maintains it",
        ) from None
    return connector


def _variables_by_setting(spec: Connection) -> dict[str, str]:
    named = {field: variables({field: value}) for field, value in spec.settings.items()}
    return {field: names[0] for field, names in named.items() if names}


def _touches(path: tuple[str, ...], places: set[tuple[str, ...]]) -> bool:
    """Whether something at `path` may be due to what stands at one of `places`, or below it."""
    return any(place[: len(path)] == path[: len(place)] for place in places)


def _secrets_in_plain_text(kind: Kind, spec: Connection) -> Iterator[Misfit]:
    for name, field in kind.Config.model_fields.items():
        setting = field.alias or name
        if not _is_secret(field.annotation):
            continue
        for path, value in texts({setting: spec.settings.get(setting)}):
            if not has_variable(value) and _tells(value):
                yield _in_plain_text(spec.name, path)


def _in_plain_text(connection: str, path: tuple[str, ...]) -> Misfit:
    variable = "_".join((connection, *path)).upper().replace("-", "_")
    return Misfit(
        path,
        f"{path[-1]} is a secret and stands here in plain text",
        f'write "${{{variable}}}" and set {variable} in the environment, or in a file of that name in secrets/',
    )


def _is_secret(annotation: Any) -> bool:
    return annotation in _SECRETS or any(_is_secret(argument) for argument in get_args(annotation))


def _tells(value: str) -> bool:
    """Whether `value` gives something away: everything does but an address without a password."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return True
    return not (parts.scheme and "://" in value) or parts.password is not None or "****" in shown_url(value)


def _secrets_in(value: Any) -> Iterator[str]:
    """Yield every secret in a config, and the password within a secret address."""
    if isinstance(value, SecretBytes):
        yield value.get_secret_value().decode(errors="replace")
    elif isinstance(value, SecretStr):
        secret = value.get_secret_value()
        yield secret
        yield secret.strip()
        yield from _password_in(secret)
    elif isinstance(value, BaseModel):
        for _, part in value:
            yield from _secrets_in(part)
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _secrets_in(part)
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from _secrets_in(part)


def _password_in(address: str) -> Iterator[str]:
    try:
        password = urlsplit(address).password or ""
    except ValueError:
        return
    yield password
    yield unquote(password)


def _at(path: tuple[str, ...], message: str) -> str:
    name = ".".join(path)
    return message if not path or path[-1] in message else f"{name}: {message}"


def _told(error: Exception) -> tuple[str, str]:
    if isinstance(error, SettingsError):
        return "; ".join(map(str, error.findings)), ""
    if isinstance(error, OkrsyncError):
        return error.message, error.hint
    return f"a secret cannot be read ({type(error).__name__})", ""


def _config(spec: Connection, message: str, hint: str) -> Problem:
    return Problem(Reason.CONFIG, redact(f"{spec.name}: {message}"), redact(hint))
