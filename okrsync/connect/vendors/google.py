"""What Google's APIs have in common: two kinds of accounts, and one way to refuse.

https://google.aip.dev/193
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, HttpUrl, SecretStr, model_validator

from okrsync.connect.contract import Config
from okrsync.connect.credentials.auth import Auth
from okrsync.connect.credentials.oauth import RefreshToken, ServiceAccount
from okrsync.connect.transport.reply import Reply
from okrsync.errors import Problem, Reason

TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address

Meanings = Mapping[str | int, tuple[Reason, str]]

_WORD = re.compile(r"[A-Za-z_]{1,60}")
_QUOTA = re.compile(r"RESOURCE_EXHAUSTED|RATE_LIMIT_EXCEEDED|rateLimitExceeded|quotaExceeded|userRateLimitExceeded")
_OF_THE_PROJECT: Meanings = {
    "SERVICE_DISABLED": (Reason.CONFIG, "enable this API in the Google Cloud project that the account belongs to"),
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": (Reason.AUTH, "authorise okrsync anew, with the scope that the connector names"),
}


class GoogleConfig(Config):
    """An account of Google: one of a program, by its key file, or one of a person, by a refresh token."""

    key_json: SecretStr | None = Field(
        None, description="The whole content of a service account's key file; the usual way for unattended programs."
    )
    refresh_token: SecretStr | None = Field(
        None, description="Or the refresh token of a person, with `client_id` and `client_secret`."
    )
    client_id: str | None = Field(None, description="Id of the OAuth client that the person has authorised.")
    client_secret: SecretStr | None = Field(None, description="Secret of that OAuth client.")
    token_url: HttpUrl | None = Field(
        None, description=f"Where tokens are fetched, if not where the key file says or at {TOKEN_URL}."
    )

    @model_validator(mode="after")
    def _one_account(self) -> Self:
        if (self.key_json is None) == (self.refresh_token is None):
            raise ValueError("say one of the two, `key_json` or `refresh_token`")
        personal = [self.client_id is not None, self.client_secret is not None]
        if self.refresh_token is not None and not all(personal):
            raise ValueError("a `refresh_token` needs `client_id` and `client_secret`")
        if self.key_json is not None and any(personal):
            raise ValueError("`client_id` and `client_secret` go with `refresh_token`, not with `key_json`")
        return self

    @property
    def account(self) -> str:
        """Whose account it is, as far as the settings tell."""
        if self.key_json is None:
            return f"the person who authorised {self.client_id}"
        try:
            email = json.loads(self.key_json.get_secret_value()).get("client_email")
        except (ValueError, AttributeError, RecursionError):
            email = None
        return str(email or "the service account")


def credentials(config: GoogleConfig, *scopes: str) -> Auth:
    """Return how the account gets tokens with `scopes`."""
    own_url = "token_url" if config.token_url else ""
    if config.key_json is not None:
        return ServiceAccount("key_json", scopes=scopes, token_url=own_url)
    # Google never replaces a refresh token when it is used, so there is nothing to keep.
    return RefreshToken(token_url=own_url or TOKEN_URL, rotates=False)


def trouble(reply: Reply, meanings: Meanings) -> Problem | None:
    """Return what a refusal means; None for a success, for a quota, and for what means the same everywhere.

    `meanings` says what words, or else statuses, mean at this service: a reason and a hint.
    """
    words = words_of(reply) if reply.status in (400, 403, 404) else []
    if not words or any(_QUOTA.fullmatch(word) for word in words):
        return None
    known: dict[str | int, tuple[Reason, str]] = {**_OF_THE_PROJECT, **meanings}
    signs: list[str | int] = [*words, reply.status]
    reason, hint = next((known[sign] for sign in signs if sign in known), (None, ""))
    if reason is None:
        return None
    return reply.problem(f"answered {reply.status} {' '.join(words)}", hint, reason)


def words_of(reply: Reply) -> list[str]:
    """Return the reasons and the status that an error names; its message is for people and may change."""
    error = _error(reply)
    named = [*(part.get("reason") for part in _objects(error.get("details"))), error.get("status")]
    return list(dict.fromkeys(word for word in named if isinstance(word, str) and _WORD.fullmatch(word)))


def message_of(reply: Reply) -> str:
    """Return what an error says to people, for the few facts that it alone tells; it is not to be passed on."""
    message = _error(reply).get("message")
    return message if isinstance(message, str) else ""


def _error(reply: Reply) -> Mapping[str, Any]:
    try:
        body = reply.json()
    except Problem:
        return {}
    error = body.get("error") if isinstance(body, Mapping) else None
    return error if isinstance(error, Mapping) else {}


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [part for part in value if isinstance(part, Mapping)] if isinstance(value, list) else []
