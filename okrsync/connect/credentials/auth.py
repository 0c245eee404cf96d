"""How a connection proves who it is: by a header; in an address only where a source knows no other way.

A connector names the fields of its `Config`: `auth = Bearer("api_key")`. The secret is read from the
config when a request is sent, and hidden by `okrsync.redaction` from then on. Credentials that have to be
fetched first are in `okrsync.connect.credentials.oauth`.
"""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from okrsync.connect.credentials.tokens import TokenVault
from okrsync.connect.transport.clock import Clock
from okrsync.errors import Problem, Reason
from okrsync.redaction import learn

if TYPE_CHECKING:
    from okrsync.connect.transport.http import HttpClient


@dataclass(frozen=True)
class Opening:
    """What credentials that have to be fetched need to know of the client that they are for."""

    connection: str
    config: Any = field(repr=False)
    clock: Clock
    vault: TokenVault
    named: Callable[[Iterable[str]], str]
    """Returns what people know fields of the config by: the variables that they are filled from."""
    client: Callable[..., HttpClient]
    """Makes a client for another host, with the same certificates, proxy and clock, and without credentials."""


class Auth(ABC):
    """Credentials, as the headers that carry them."""

    @property
    @abstractmethod
    def secret_fields(self) -> tuple[str, ...]:
        """The fields of the config that hold secrets; hints name them."""

    @abstractmethod
    def headers(self, config: Any) -> dict[str, str]:
        """Return the headers to send; none when the fields are optional and not set. Raises `Problem`."""

    def params(self, config: Any) -> dict[str, str]:  # noqa: ARG002 - for sources that take a secret in the address
        """Return what goes into the query of every address; raises `Problem`."""
        return {}

    def refresh(self, config: Any, refused: Mapping[str, str]) -> bool:  # noqa: ARG002 - for what can be renewed
        """Renew the credentials after a 401 to the headers `refused`; return whether asking once more makes sense."""
        return False

    def base_url(self, config: Any) -> str:  # noqa: ARG002 - for credentials that come with an address
        """Return where the source is, if only the credentials tell; else nothing."""
        return ""

    def granted(self, config: Any) -> str:  # noqa: ARG002 - for credentials that come with it
        """Return the rights that the source says it has granted, in its own words; empty where it says nothing."""
        return ""

    def opened(self, opening: Opening) -> Auth:  # noqa: ARG002 - for credentials that have to be fetched
        """Return these credentials for one client; nothing is fetched yet."""
        return self


@dataclass(frozen=True)
class Bearer(Auth):
    """`Authorization: Bearer …` with the secret in `field`."""

    field: str

    @property
    def secret_fields(self) -> tuple[str, ...]:
        """The token's field."""
        return (self.field,)

    def headers(self, config: Any) -> dict[str, str]:
        """Return the `Authorization` header."""
        token = sendable_text(config, self.field)
        return {} if token is None else {"Authorization": f"Bearer {token}"}


@dataclass(frozen=True)
class Basic(Auth):
    """`Authorization: Basic …`; the user, like the password, is a field of the config and may be a secret."""

    user_field: str
    password_field: str

    @property
    def secret_fields(self) -> tuple[str, ...]:
        """The password's field."""
        return (self.password_field,)

    def headers(self, config: Any) -> dict[str, str]:
        """Return the `Authorization` header."""
        user, password = setting_text(config, self.user_field), setting_text(config, self.password_field)
        if user is None and password is None:
            return {}
        if user and ":" in user:
            raise Problem(Reason.CONFIG, f"{self.user_field} holds a colon, which basic authentication cannot carry")
        pair = base64.b64encode(f"{user or ''}:{password or ''}".encode()).decode()
        learn(pair)
        return {"Authorization": f"Basic {pair}"}


@dataclass(frozen=True)
class Header(Auth):
    """A header of the source's own, such as `X-Api-Key`, with the secret in `field` after `prefix`."""

    name: str
    field: str
    prefix: str = ""

    @property
    def secret_fields(self) -> tuple[str, ...]:
        """The secret's field."""
        return (self.field,)

    def headers(self, config: Any) -> dict[str, str]:
        """Return the header."""
        secret = sendable_text(config, self.field)
        return {} if secret is None else {self.name: self.prefix + secret}


@dataclass(frozen=True)
class QueryKey(Auth):
    """A key in the query of every address, with the secret in `field`: for sources that know no other way.

    Every machine on the way may keep the address; okrsync itself shows it nowhere.
    """

    name: str
    field: str

    @property
    def secret_fields(self) -> tuple[str, ...]:
        """The key's field."""
        return (self.field,)

    def headers(self, config: Any) -> dict[str, str]:  # noqa: ARG002 - it is in the address
        """Return none."""
        return {}

    def params(self, config: Any) -> dict[str, str]:
        """Return the key."""
        secret = sendable_text(config, self.field)
        return {} if secret is None else {self.name: secret}


def setting_text(config: Any, field: str) -> str | None:
    """Return what `field` of the config holds, without the line break that files of secrets end with."""
    value = getattr(config, field)
    if value is None:
        return None
    secret = isinstance(value, SecretStr)
    text = (value.get_secret_value() if secret else str(value)).strip()
    if not text:
        raise Problem(Reason.CONFIG, f"{field} is empty", hint="fill it in, or set the variable that it names")
    if secret:
        learn(text)
    return text


def sendable_text(config: Any, field: str) -> str | None:
    """Return what `field` of the config holds, as the value of a header; raises `Problem` where it is none."""
    text = setting_text(config, field)
    if text is not None and not (text.isascii() and text.isprintable()):
        raise Problem(
            Reason.CONFIG,
            f"{field} holds characters that cannot be sent",
            hint="it must be one line of plain letters, digits and signs; copy it again",
        )
    return text
