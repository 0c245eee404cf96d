"""Which settings hold secrets, which look as if they did, and which made-up secrets an example uses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretBytes, SecretStr

from okrsync.connect.registry import Kind
from okrsync.redaction import holds
from okrsync.testing.example import AnyExample, Exchange

SHORTEST = 8
"""Characters of a made-up secret; a shorter one may stand somewhere by chance."""

_SECRET = re.compile(
    r"(^|_)(api_?key|(access|private|secret|signing|client|service|account)_key|key|token|secret|pass|passwd|password"
    r"|passphrase|pwd|credentials?|jwt|cookie|session)(_(json|pem|value|file_content))?$",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?://[\w.:/-]+")
_ISSUED = re.compile(r'"(?:access_token|refresh_token|id_token)"\s*:\s*"([^"]+)"')


def looks_secret(name: str) -> bool:
    """Return whether a setting of this name holds a secret, as far as a name can tell.

    >>> looks_secret("api_key"), looks_secret("token_url"), looks_secret("author")
    (True, False, False)
    """
    return _SECRET.search(name) is not None


def is_text(annotation: Any) -> bool:
    """Return whether a setting of this type is plain text."""
    return annotation is str or annotation is bytes or any(is_text(part) for part in get_args(annotation))


def is_secret(annotation: Any) -> bool:
    """Return whether a setting of this type is hidden."""
    return annotation in (SecretStr, SecretBytes) or any(is_secret(part) for part in get_args(annotation))


def secret_settings(kind: Kind) -> tuple[str, ...]:
    """Return the settings that are hidden, as they are written in a file."""
    return tuple(field.alias or name for name, field in kind.Config.model_fields.items() if is_secret(field.annotation))


def canaries(example: AnyExample) -> list[str]:
    """Return the made-up secrets of the example, and the tokens that its source gives out for them.

    Of an address, only the password is one.
    """
    given = [str(example.settings[name]) for name in secret_settings(example.connector) if name in example.settings]
    issued = [token for one in getattr(example, "tokens", ()) for token in _issued(one)]
    return [secret for text in given if (secret := _password(text) if "://" in text else text)] + issued


def _password(address: str) -> str:
    return urlsplit(address).password or ""


def addresses_in(exchanges: Iterable[Exchange]) -> list[str]:
    """Return the http(s) addresses that replies hold, as far as these do not depend on the request."""
    fixed = [one.content.decode(errors="replace") for one in exchanges if not callable(one.reply)]
    return [address for text in fixed for address in _ADDRESS.findall(text)]


def _issued(exchange: Exchange) -> list[str]:
    return [] if callable(exchange.reply) else _ISSUED.findall(exchange.content.decode(errors="replace"))


def shown(text: str, secrets: list[str]) -> bool:
    """Return whether one of `secrets` stands in `text`, in any form."""
    return any(holds(text, secret) for secret in secrets)


def described_fields(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    """Yield every field of `model` and of the models within it, as `name` and `part.name`."""
    for name, field in model.model_fields.items():
        yield name, field
        for inner in _models(field.annotation):
            yield from ((f"{name}.{below}", part) for below, part in described_fields(inner))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def addresses(example: AnyExample, config: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings that are http(s) addresses, defaults among them."""
    texts = {name: str(value) for name, value in config.items() if not isinstance(value, SecretStr | SecretBytes)}
    aliases = {name: field.alias or name for name, field in example.connector.Config.model_fields.items()}
    return {aliases[name]: text for name, text in texts.items() if text.startswith(("http://", "https://"))}
