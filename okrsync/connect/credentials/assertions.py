"""Signed statements of who we are (JWT, RFC 7523), for token hosts that trust a key instead of a password."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm

from okrsync.errors import Problem, Reason
from okrsync.redaction import learn

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFETIME = timedelta(seconds=150)
"""Salesforce takes no more than three minutes; half a minute of that is left to clocks that differ."""


@dataclass(frozen=True)
class AccountKey:
    """What a service account's key file says, as Google makes it."""

    email: str
    private_key: str = field(repr=False)
    key_id: str | None
    token_url: str

    @classmethod
    def parse(cls, text: str, name: str) -> AccountKey:
        """Read the JSON of a key file; raises `Problem` (`config`), which calls the setting `name`."""
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            raise _no_key_file(name, "holds no JSON")
        missing = [part for part in ("client_email", "private_key", "token_uri") if not _is_text(said.get(part))]
        if missing:
            raise _no_key_file(name, f"holds no {missing[0]}")
        learn(said["private_key"])
        key_id = said.get("private_key_id")
        return cls(said["client_email"], said["private_key"], str(key_id) if key_id else None, said["token_uri"])


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _no_key_file(name: str, what: str) -> Problem:
    return Problem(
        Reason.CONFIG,
        f"{name} {what}, so it is no key file of a service account",
        "put the whole content of the JSON file in it, as the console gave it out",
    )


def signed(claims: Mapping[str, Any], key: str, now: datetime, *, name: str, key_id: str | None = None) -> str:
    """Return `claims`, good from `now` (aware) for `LIFETIME`, signed by RS256 with a PEM `key`.

    Line breaks of the key may be written as two characters, as in environment variables. Raises `Problem`
    (`config`), which calls the key `name`.
    """
    whole = {**claims, "iat": int(now.timestamp()), "exp": int((now + LIFETIME).timestamp())}
    pem = key.replace("\\n", "\n")
    learn(pem)
    try:
        assertion = jwt.encode(whole, pem, algorithm="RS256", headers={"kid": key_id} if key_id else None)
    except (jwt.PyJWTError, UnsupportedAlgorithm, ValueError, TypeError):
        raise Problem(
            Reason.CONFIG,
            f"{name} holds no RSA private key that can be read",
            "it must be a PEM text without a passphrase, from -----BEGIN to END-----",
        ) from None
    learn(assertion)
    return assertion
