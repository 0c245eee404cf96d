"""Access tokens: fetched when one is needed, once for all threads, and used until they expire."""

from __future__ import annotations

import re
import threading
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from okrsync.connect.credentials.auth import Auth, Opening, setting_text
from okrsync.connect.credentials.token_refusals import Grounds, token_refusal
from okrsync.connect.transport.retry import Patience
from okrsync.errors import Problem, Reason
from okrsync.redaction import learn

PATIENCE = Patience(connect=10.0, read=15.0, total=20.0, attempts=3, longest_wait=5.0, retries=3)
"""For one token. Together with the wait for a turn it fits into the time that a call has."""
_MARGIN, _SHARE = 60, 10
"""A token is renewed this many seconds before its end, or this part of its life if that is shorter."""
_SECONDS = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True)
class Token:
    """An access token. `good_until` is in seconds of the monotonic clock; None until it is refused."""

    value: str = field(repr=False)
    good_until: float | None
    base_url: str
    scope: str


class Grant(Auth):
    """A way to get an access token, as a connector declares it by the fields of its `Config`.

    `base_url_in` names the member of the token's answer that says where the source is, for sources that have a
    host for every customer; `base_url()` of the connector is empty then.
    """

    base_url_in: str

    @abstractmethod
    def fetch(self, opening: Opening) -> Mapping[str, Any]:
        """Return the answer of the token host, which holds an access token; raises `Problem`."""

    def headers(self, config: Any) -> dict[str, str]:  # noqa: ARG002 - `FetchedTokens` has them
        """Refuse: a token belongs to a client, which is what `opened` is for."""
        raise TypeError(f"{type(self).__name__} fetches tokens for a client only")

    def opened(self, opening: Opening) -> Auth:
        """Return these credentials for one client."""
        return FetchedTokens(self, opening)


class FetchedTokens(Auth):
    """The access tokens of one client. Threads may share it: of many that need a token one fetches it."""

    def __init__(self, grant: Grant, opening: Opening) -> None:
        self._grant, self._opening = grant, opening
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._failure: Problem | None = None
        self._failures = 0

    @property
    def secret_fields(self) -> tuple[str, ...]:
        """Those that the grant stands on."""
        return self._grant.secret_fields

    def headers(self, config: Any) -> dict[str, str]:  # noqa: ARG002 - it is in the opening
        """Return the `Authorization` header, with a token that is good as far as is known."""
        return {"Authorization": f"Bearer {self._good_token().value}"}

    def refresh(self, config: Any, refused: Mapping[str, str]) -> bool:  # noqa: ARG002 - it is in the opening
        """Fetch a new token, unless another thread has done so since the one in `refused` was taken."""
        self._good_token(refused.get("Authorization", "").removeprefix("Bearer "))
        return True

    def base_url(self, config: Any) -> str:  # noqa: ARG002 - it is in the opening
        """Return where the token's answer says that the source is, if the grant names the place."""
        return self._good_token().base_url if self._grant.base_url_in else ""

    def granted(self, config: Any) -> str:  # noqa: ARG002 - it is in the opening
        """Return the `scope` of the token's answer (RFC 6749, 5.1)."""
        return self._good_token().scope

    def _good_token(self, refused: str = "") -> Token:
        """Return a token other than `refused`; raises `Problem`.

        Who waited while another thread failed to get one fails with it. A refusal is final for this client:
        asking on would only get the account locked.
        """
        failures = self._failures
        with self._lock:
            if self._token and self._is_good(self._token, refused):
                return self._token
            if self._failure and (self._failure.reason is Reason.AUTH or failures != self._failures):
                raise Problem(*self._failure.__reduce__()[1])
            try:
                self._token = self._fetched()
            except Problem as problem:
                self._token, self._failure = None, problem
                self._failures += 1
                raise
            self._failure = None
            return self._token

    def _is_good(self, token: Token, refused: str) -> bool:
        late = token.good_until is not None and self._opening.clock.monotonic() >= token.good_until
        return token.value != refused and not late

    def _fetched(self) -> Token:
        began = self._opening.clock.monotonic()
        try:
            return self._read(self._grant.fetch(self._opening), began)
        except Problem as problem:
            failure = _of_the_connection(problem)
        raise failure

    def _read(self, answer: Mapping[str, Any], began: float) -> Token:
        value, place = answer.get("access_token"), self._grant.base_url_in
        base_url = answer.get(place) if place else ""
        if not _is_sendable(value):
            raise Problem(Reason.UNREACHABLE, "the host of its tokens sent an answer without an access token")
        if not isinstance(base_url, str) or (place and not base_url):
            raise Problem(Reason.UNREACHABLE, f"the answer that holds its access token names no {place}")
        scope, good_until = answer.get("scope"), _end(answer.get("expires_in"), began)
        return Token(str(value), good_until, base_url, scope if isinstance(scope, str) else "")


def ask(
    opening: Opening, url: str, form: Mapping[str, str | None], grounds: Grounds, auth: Auth | None = None
) -> Mapping[str, Any]:
    """Return the answer of the token host at `url` to `form`, its empty fields left out.

    The tokens in the answer are hidden from then on. Raises `Problem`, named after the connection.
    """
    client = opening.client(base_url=_origin(url, grounds), auth=auth, patience=PATIENCE)
    client.classify = lambda reply: token_refusal(grounds, reply, opening.clock.now())
    try:
        answer = client.post(url, data={name: value for name, value in form.items() if value})
    finally:
        client.close()
    if not isinstance(answer, dict):
        raise Problem(Reason.UNREACHABLE, "the host of its tokens sent something else than a token")
    for name, value in answer.items():
        if name.endswith("token") and isinstance(value, str):
            learn(value)
    return answer


def address(config: Any, setting: str) -> str:
    """Return an address that a grant names: by a field of the config, or as it is written in the connector."""
    text = setting if "://" in setting else setting_text(config, setting)
    if text is None:
        raise Problem(Reason.CONFIG, f"{setting} is not set", "name the address that tokens are fetched from")
    return text


def scope_of(scopes: Iterable[str]) -> str | None:
    """Return the rights that are asked for as a form holds them."""
    return " ".join(scopes) or None


def _origin(url: str, grounds: Grounds) -> str:
    found = re.match(r"(?i)(https?://[^/?#\s\\@]+)(?:/[^\s\\#]*)?$", url)
    if not found:
        raise Problem(
            Reason.CONFIG,
            f"{grounds.address} is not the https:// address of a token service",
            "write it as https://host/path",
        )
    return found[1]


def _is_sendable(token: Any) -> bool:
    return isinstance(token, str) and bool(token) and token.isascii() and token.isprintable() and " " not in token


def _end(expires_in: Any, began: float) -> float | None:
    """Return until when, on the monotonic clock, a token that was asked for at `began` is used."""
    if isinstance(expires_in, bool) or not isinstance(expires_in, int | str | Decimal):
        return None
    if not _SECONDS.fullmatch(str(expires_in)):
        return None
    seconds = int(expires_in)
    return began + seconds - min(_MARGIN, seconds / _SHARE)


def _of_the_connection(problem: Problem) -> Problem:
    """Return `problem` with a reason that holds for every question: without a token none can be asked."""
    reason = problem.reason if problem.reason.of_the_connection else Reason.UNREACHABLE
    return Problem(reason, problem.message, problem.hint, problem.retry_at)
