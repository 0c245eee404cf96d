"""Credentials that have to be fetched: OAuth 2 in the four ways that sources use for unattended programs.

    auth = ServiceAccount("key_json", scopes=("https://www.googleapis.com/auth/analytics.readonly",))

Like those of `okrsync.connect.credentials.auth` they name fields of the connector's `Config`, read when a token is
fetched. A connector that offers several ways returns the one in use from `credentials(config)`. An address of a
token host may be written out in place of a field's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from okrsync.connect.credentials import assertions
from okrsync.connect.credentials.assertions import AccountKey
from okrsync.connect.credentials.auth import Basic, Opening, setting_text
from okrsync.connect.credentials.grants import PATIENCE, Grant, address, ask, scope_of
from okrsync.connect.credentials.token_refusals import Grounds
from okrsync.connect.credentials.tokens import TokensInMemory, TokenVault
from okrsync.errors import OkrsyncError, Problem, Reason, SchemaMismatch
from okrsync.redaction import learn

_RELEASE = 5
"""Seconds that a turn at a vault lasts beyond the patience with the token host, to keep what came."""


@dataclass(frozen=True)
class ClientCredentials(Grant):
    """The program itself is the user: an id and a secret of its own.

    They travel in the form that asks for the token, or with `in_body=False` as basic authentication.
    """

    client_id: str = "client_id"
    client_secret: str = "client_secret"  # noqa: S105 - the name of a field
    token_url: str = "token_url"  # noqa: S105 - the name of a field
    scopes: tuple[str, ...] = ()
    in_body: bool = True
    base_url_in: str = ""

    @property
    def secret_fields(self) -> tuple[str, ...]:
        """The client's secret."""
        return (self.client_secret,)

    def fetch(self, opening: Opening) -> Mapping[str, Any]:
        """Ask for a token in the program's own name."""
        client = opening.named((self.client_id, self.client_secret))
        remedy = f"check {client}"
        grounds = Grounds(opening.connection, client, client, remedy, opening.named((self.token_url,)))
        form = {"grant_type": "client_credentials", "scope": scope_of(self.scopes)}
        return _asked_as_client(self, opening, form, grounds)


@dataclass(frozen=True)
class RefreshToken(Grant):
    """A person has authorised the program once; what that left is a token to get access tokens with.

    With `rotates` the source may replace it at every use, and the newest is kept in the vault of the connection.
    Say False only of a source that is known never to do so: then the vault is not needed.
    """

    refresh_token: str = "refresh_token"  # noqa: S105 - the name of a field
    client_id: str = "client_id"
    client_secret: str = "client_secret"  # noqa: S105 - the name of a field
    token_url: str = "token_url"  # noqa: S105 - the name of a field
    scopes: tuple[str, ...] = ()
    in_body: bool = True
    rotates: bool = True
    base_url_in: str = ""

    @property
    def secret_fields(self) -> tuple[str, ...]:
        """The refresh token."""
        return (self.refresh_token,)

    def fetch(self, opening: Opening) -> Mapping[str, Any]:
        """Spend the newest refresh token, and keep the next one before anything else happens."""
        configured = _required(opening, self.refresh_token)
        vault = opening.vault if self.rotates else TokensInMemory()
        try:
            return self._spent(opening, configured, vault)
        except Problem:
            raise
        except OkrsyncError as error:
            trouble = error
        reason = Reason.CONFIG if isinstance(trouble, SchemaMismatch) else Reason.UNREACHABLE
        raise Problem(
            reason,
            f"{opening.connection}: its refresh token is replaced when it is used, and there is no place to keep the"
            f" next one: {trouble.message}",
            trouble.hint,
        )

    def _spent(self, opening: Opening, configured: str, vault: TokenVault) -> Mapping[str, Any]:
        with vault.turn(opening.connection, configured, PATIENCE.total + _RELEASE) as turn:
            learn(turn.token)
            form = {
                "grant_type": "refresh_token",
                "refresh_token": turn.token,
                "scope": scope_of(self.scopes),
            }
            answer = _asked_as_client(self, opening, form, self._grounds(opening))
            new = answer.get("refresh_token")
            if isinstance(new, str) and new and new != turn.token:
                turn.keep(new)
        return answer

    def _grounds(self, opening: Opening) -> Grounds:
        proof = opening.named((self.refresh_token,))
        client = opening.named((self.client_id, self.client_secret))
        remedy = f"authorise okrsync anew and put the new refresh token into {proof}"
        return Grounds(opening.connection, client, proof, remedy, opening.named((self.token_url,)))


@dataclass(frozen=True)
class JwtBearer(Grant):
    """A statement signed with a private key, for a user who has approved the program, as Salesforce takes it.

    `issuer`, `subject` and `audience` are fields of the config, like `key`, a PEM text. `audience` may be written
    out like the address of the token host.
    """

    key: str = "private_key"
    issuer: str = "client_id"
    subject: str = "username"
    audience: str = "audience"
    token_url: str = "token_url"  # noqa: S105 - the name of a field
    base_url_in: str = ""

    @property
    def secret_fields(self) -> tuple[str, ...]:
        """The private key."""
        return (self.key,)

    def fetch(self, opening: Opening) -> Mapping[str, Any]:
        """Sign a statement and hand it in."""
        name = opening.named((self.key,))
        claims = {
            "iss": _required(opening, self.issuer),
            "sub": _required(opening, self.subject),
            "aud": address(opening.config, self.audience),
        }
        assertion = assertions.signed(claims, _required(opening, self.key), opening.clock.now(), name=name)
        client, where = opening.named((self.issuer,)), opening.named((self.token_url,))
        remedy = f"check {client}, {opening.named((self.subject,))} and {name}"
        grounds = Grounds(opening.connection, client, name, remedy, where, signed=True)
        form = {"grant_type": assertions.GRANT, "assertion": assertion}
        return ask(opening, address(opening.config, self.token_url), form, grounds)


@dataclass(frozen=True)
class ServiceAccount(Grant):
    """A program's own account with a key file, as Google gives it out.

    `key` holds the whole JSON of the file. Tokens are fetched where the file says, unless `token_url` is given.
    `subject` names the field with the person in whose name it acts, if any.
    """

    key: str = "key_json"
    scopes: tuple[str, ...] = field(default=(), kw_only=True)
    subject: str = ""
    token_url: str = ""
    base_url_in: str = ""

    @property
    def secret_fields(self) -> tuple[str, ...]:
        """The key file."""
        return (self.key,)

    def fetch(self, opening: Opening) -> Mapping[str, Any]:
        """Sign a statement and hand it in."""
        name = opening.named((self.key,))
        key = AccountKey.parse(_required(opening, self.key), name)
        url = address(opening.config, self.token_url) if self.token_url else key.token_url
        subject = setting_text(opening.config, self.subject) if self.subject else None
        claims = {"iss": key.email, "sub": subject, "aud": url, "scope": scope_of(self.scopes)}
        assertion = assertions.signed(
            {claim: value for claim, value in claims.items() if value},
            key.private_key,
            opening.clock.now(),
            name=name,
            key_id=key.key_id,
        )
        where = opening.named((self.token_url,)) if self.token_url else f"token_uri in {name}"
        remedy = f"make a new key for {key.email} and put it into {name}"
        grounds = Grounds(opening.connection, name, name, remedy, where, signed=True)
        return ask(opening, url, {"grant_type": assertions.GRANT, "assertion": assertion}, grounds)


def _asked_as_client(
    grant: ClientCredentials | RefreshToken, opening: Opening, form: dict[str, str | None], grounds: Grounds
) -> Mapping[str, Any]:
    """Ask with the client's id and secret, where the grant says they go."""
    url = address(opening.config, grant.token_url)
    if not grant.in_body:
        return ask(opening, url, form, grounds, Basic(grant.client_id, grant.client_secret))
    form["client_id"] = setting_text(opening.config, grant.client_id)
    form["client_secret"] = setting_text(opening.config, grant.client_secret)
    return ask(opening, url, form, grounds)


def _required(opening: Opening, setting: str) -> str:
    text = setting_text(opening.config, setting)
    if text is None:
        raise Problem(Reason.CONFIG, f"{opening.connection}: {setting} is not set", f"set {opening.named((setting,))}")
    return text
