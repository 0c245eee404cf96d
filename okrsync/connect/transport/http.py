"""The one HTTP client: bounded in time and size, strict about what it takes for an answer, silent about secrets.

A connector says what to ask; when to give up, when to ask again, how fast, where to, and what a failure means
is decided here, once for all sources.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

import requests

from okrsync.connect.credentials.auth import Auth, Opening
from okrsync.connect.credentials.tokens import TokensInMemory, TokenVault
from okrsync.connect.limits import Limits
from okrsync.connect.transport.call import Call, Method
from okrsync.connect.transport.clock import Clock, system_clock
from okrsync.connect.transport.hosts import Site
from okrsync.connect.transport.pacing import Pace
from okrsync.connect.transport.record import Record
from okrsync.connect.transport.refusals import Asked, classified, refusal
from okrsync.connect.transport.reply import Reply, RequestMade
from okrsync.connect.transport.retry import Patience, Persistence, Transient
from okrsync.connect.transport.sending import Sender
from okrsync.errors import Problem, Reason
from okrsync.redaction import redact, shown_url

__all__ = ["LARGEST_REPLY", "Classify", "HttpClient", "Patience", "Reply", "RequestMade", "Transient"]

logger = logging.getLogger(__name__)
T = TypeVar("T")
Classify = Callable[[Reply], Problem | Transient | None]
"""A source's own words for trouble: returns the problem that a reply announces, or None if it is a plain one.

A problem that says until when (`retry_at`), or that the source is out of reach, is asked again. `Transient` says
so too, after how many seconds, without a clock.
"""

LARGEST_REPLY = 10 * 1024 * 1024
"""Bytes, unpacked."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_DEFAULT_HEADERS = {"User-Agent": "okrsync", "Accept": "application/json", "Accept-Encoding": "gzip, deflate"}


class HttpClient:
    """Asks one connection's host. Threads may share it; nothing is opened before the first request.

    `config` holds the fields that `auth` names, `secret_names` says what those fields are filled from, so that
    hints can name the variable; `vault` keeps tokens that rotate. `classify` sees each reply first and may be set
    later. Relative paths are appended to `base_url`, or, where that is empty, to what the credentials say; absolute
    ones must be on its host. Every method raises `Problem` and nothing else.
    """

    def __init__(  # noqa: PLR0913 - a connection has that many sides
        self,
        *,
        connection: str,
        base_url: str,
        config: Any = None,
        auth: Auth | None = None,
        limits: Limits | None = None,
        patience: Patience | None = None,
        ca_file: Path | str | None = None,
        proxy: str | None = None,
        allow_private: bool = False,
        headers: Mapping[str, str] | None = None,
        secret_names: Mapping[str, str] | None = None,
        classify: Classify | None = None,
        clock: Clock | None = None,
        vault: TokenVault | None = None,
    ) -> None:
        self.connection = connection
        self.base_url = base_url
        self.classify = classify
        self._config, self._secret_names = config, dict(secret_names or {})
        self._patience, self._clock = patience or Patience(), clock or system_clock()
        self._allow_private = allow_private
        self._headers = {**_DEFAULT_HEADERS, **(headers or {})}
        limits = limits or Limits()
        self._pace = Pace(limits, self._clock)
        self._persistence = Persistence(self._patience, self._clock)
        self._sender = Sender(self._patience, limits.at_once, ca_file, proxy)
        self._record = Record()
        same = {"connection": connection, "config": config, "secret_names": secret_names, "clock": self._clock}
        beside = partial(HttpClient, ca_file=ca_file, proxy=proxy, allow_private=allow_private, **same)
        opening = Opening(connection, config, self._clock, vault or TokensInMemory(), self._named_fields, beside)
        self._auth = auth.opened(opening) if auth else None

    def granted(self) -> str:
        """Return the rights that the source says the credentials have, in its own words; empty where it does not say.

        Fetches a token if there is none yet; raises `Problem`.
        """
        return self._auth.granted(self._config) if self._auth else ""

    def get(
        self, path: str, *, params: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """Return the JSON at `path`."""
        return self._call("GET", path, Reply.json, params=params, headers=headers)

    def post(
        self,
        path: str,
        *,
        json: Any = None,
        data: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Return the JSON that a question in the body is answered with. It only reads, so it is retried like a GET."""
        return self._call("POST", path, Reply.json, params=params, headers=headers, json=json, data=data)

    def request(
        self,
        method: Method,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Return the whole successful reply, with its headers, whatever its body is; for JSON there is `json_reply`."""
        return self._call(method, path, lambda reply: reply, params=params, headers=headers, json=json, data=data)

    def json_reply(
        self,
        method: Method,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Return the whole reply to a question whose answer is JSON: its `json()` has been read and does not fail."""
        return self._call(method, path, _with_json, params=params, headers=headers, json=json)

    def download(
        self,
        path: str,
        *,
        max_bytes: int = LARGEST_REPLY,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """Return the file at `path`; at most `max_bytes`, unpacked. A web page is refused."""
        headers = {"Accept": "*/*", **(headers or {})}
        return self._call("GET", path, _file_content, max_bytes=max_bytes, params=params, headers=headers)

    @property
    def requests_made(self) -> list[RequestMade]:
        """The newest requests of this client, oldest first."""
        return self._record.all()

    def mark(self) -> int:
        """Return a mark for `requests_since`."""
        return self._record.mark()

    def requests_since(self, mark: int) -> list[RequestMade]:
        """Return what *this thread* has requested since `mark`; other threads' requests are not its own."""
        return self._record.since(mark)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._sender.close()

    @cached_property
    def _site(self) -> Site:
        base_url = self.base_url or (self._auth.base_url(self._config) if self._auth else "")
        if not base_url:
            raise Problem(Reason.CONFIG, "the connection has no base URL to ask")
        return Site.of(base_url, self._allow_private)

    @cached_property
    def _asked(self) -> Asked:
        secret = self._named_fields(self._auth.secret_fields) if self._auth else ""
        return Asked(self.connection, self._site.shown, secret, self._patience)

    def _named_fields(self, fields: Iterable[str]) -> str:
        return " or ".join(self._secret_names.get(name, f"`{name}`") for name in fields)

    def _call(
        self, method: Method, path: str, read: Callable[[Reply], T], *, max_bytes: int = LARGEST_REPLY, **sending: Any
    ) -> T:
        """Ask until there is an answer or a problem that stays. The problem carries no trace of the libraries'."""
        call = Call(method, path, sending, max_bytes)
        try:
            return self._persistence.call(lambda: self._answer(call, read), lambda: self._seconds_left(call))
        except Problem as problem:
            named = self._named(problem)
        raise named

    def _named(self, problem: Problem) -> Problem:
        mine = problem.message.startswith(f"{self.connection}: ")
        message = problem.message if mine else f"{self.connection}: {problem.message}"
        return Problem(problem.reason, redact(message), redact(problem.hint), problem.retry_at)

    def _seconds_left(self, call: Call) -> float:
        now = self._clock.monotonic()
        if call.ends is None:
            call.ends = now + self._patience.total
        return call.ends - now

    def _answer(self, call: Call, read: Callable[[Reply], T]) -> T:
        """Make one attempt and read its reply; raises `Problem` or `Transient`."""
        reply = self._attempt(call)
        try:
            return read(reply)
        except Problem as problem:
            if problem.reason is not Reason.BAD_RESPONSE:
                raise
            spoilt = Transient(problem, attempts=2)
        raise spoilt

    def _attempt(self, call: Call) -> Reply:
        call.attempts += 1
        url = self._site.url(call.path)
        call.headers = self._headers_for(call)
        if self._auth and (own := self._auth.params(self._config)):
            call.sending = {**call.sending, "params": {**(call.sending.get("params") or {}), **own}}
        with self._pace.turn():
            outcome = self._exchange(call, call.prepared(self._site, url))
            if isinstance(outcome, Reply) and outcome.status in _REDIRECTS:
                outcome = self._exchange(call, call.redirected(self._asked, self._site, outcome))
        if isinstance(outcome, Reply):
            outcome = self._judged(call, outcome)
        if isinstance(outcome, Reply):
            return outcome
        raise outcome

    def _headers_for(self, call: Call) -> dict[str, str]:
        own = call.sending.get("headers") or {}
        return {**self._headers, **own, **(self._auth.headers(self._config) if self._auth else {})}

    def _exchange(self, call: Call, request: requests.PreparedRequest) -> Reply | Problem | Transient:
        began = self._clock.monotonic()
        outcome = self._sender.send(self._asked, self._site, request, self._seconds_left(call), call.max_bytes)
        self._remember(call, request, outcome.status if isinstance(outcome, Reply) else None, began)
        return outcome

    def _remember(self, call: Call, request: requests.PreparedRequest, status: int | None, began: float) -> None:
        milliseconds = round((self._clock.monotonic() - began) * 1000)
        made = RequestMade(call.method, shown_url(request.url or ""), status, milliseconds, call.attempts)
        logger.debug("%s: %s %s: %s in %d ms", self.connection, made.method, self._site.shown, status, milliseconds)
        self._record.add(made)

    def _judged(self, call: Call, reply: Reply) -> Reply | Problem | Transient:
        """Return `reply` if it is a success, else what it means."""
        if reply.status in _REDIRECTS:
            return self._asked.problem(
                Reason.CONFIG, "redirects in circles", f"correct the address of {self.connection}"
            )
        theirs, now = self.classify(reply) if self.classify else None, self._clock.now()
        meaning = classified(theirs, reply, now) if theirs else refusal(self._asked, reply, now)
        if reply.status == 401 and isinstance(meaning, Problem) and self._refreshed(call):
            return Transient(meaning, wait=0.0)
        return meaning or reply

    def _refreshed(self, call: Call) -> bool:
        """Renew the credentials, once per call."""
        if self._auth is None or call.refreshed:
            return False
        call.refreshed = True
        return self._auth.refresh(self._config, call.headers)


def _with_json(reply: Reply) -> Reply:
    reply.json()
    return reply


def _file_content(reply: Reply) -> bytes:
    reply.require_content()
    reply.refuse_html()
    return reply.content
