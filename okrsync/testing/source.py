"""The source that the kit plays: in place of the network, beneath the real HTTP client."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from okrsync.connect.transport.lines import WatchedAdapter
from okrsync.testing.example import Exchange, Sent

MOST_REQUESTS = 1000
"""Requests after which a connector is taken for one that never stops."""

Fault = Callable[[int], "Exchange | Exception | None"]
"""What goes wrong with the request of that number, counted from 0: a reply, an error of the line, or nothing."""


class Endless(BaseException):
    """A connector that never stops asking is stopped by this; no `except Exception` is in its way."""


class Source:
    """Answers requests with exchanges, and remembers them.

    With `strict=False` any request gets the next reply, whatever it asks for. `tokens` are answered first and
    counted apart. `moved` replaces texts in replies, for a source that stands at another address.
    """

    def __init__(
        self,
        exchanges: Sequence[Exchange] = (),
        *,
        tokens: Sequence[Exchange] = (),
        strict: bool = True,
        fault: Fault | None = None,
        moved: Mapping[str, str] | None = None,
    ) -> None:
        self.requests: list[Sent] = []
        self.token_requests: list[Sent] = []
        self.unexpected: list[Sent] = []
        self.replies: list[Exchange] = []
        self.endless = False
        self.exchanges, self._tokens = list(exchanges), list(tokens)
        self._unused = list(exchanges)
        self._strict, self._fault, self._moved = strict, fault, dict(moved or {})
        self._lock = threading.Lock()

    @contextmanager
    def in_place_of_the_network(self) -> Iterator[None]:
        """Answer whatever is sent with the requests library, by the connector's own sessions, too."""

        def send(adapter: HTTPAdapter, request: requests.PreparedRequest, **how: Any) -> requests.Response:
            return self._answer(adapter, request, how.get("timeout"))

        real = HTTPAdapter.send
        HTTPAdapter.send = send  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            HTTPAdapter.send = real  # type: ignore[method-assign]

    def _answer(self, adapter: HTTPAdapter, request: requests.PreparedRequest, limit: Any) -> requests.Response:
        body = request.body or b""
        sent = Sent(
            request.method or "",
            request.url or "",
            dict(request.headers),
            body.encode() if isinstance(body, str) else bytes(body),
            limit,
            isinstance(adapter, WatchedAdapter),
        )
        with self._lock:
            said = self._said(sent)
        if isinstance(said, Exception):
            raise said
        return _response(adapter, request, said, self._moved)

    def _said(self, sent: Sent) -> Exchange | Exception:
        if token := next((one for one in self._tokens if one.fits(sent)), None):
            self.token_requests.append(sent)
            return token.to(sent)
        number = len(self.requests)
        self.requests.append(sent)
        if number >= MOST_REQUESTS:
            self.endless = True
            raise Endless
        said = self._fault(number) if self._fault else None
        if isinstance(said, Exception):
            return said
        said = (said or self._next(sent)).to(sent)
        self.replies.append(said)
        return said

    def _next(self, sent: Sent) -> Exchange:
        """Return the next exchange that fits, else the last one that does."""
        fitting = [one for one in self._unused if self._fits(one, sent)]
        if fitting:
            self._unused.remove(fitting[0])
            return fitting[0]
        if again := [one for one in self.exchanges if self._fits(one, sent)]:
            return again[-1]
        self.unexpected.append(sent)
        return Exchange({"message": "the example has no reply to this request"}, status=404)

    def _fits(self, exchange: Exchange, sent: Sent) -> bool:
        return not self._strict or exchange.fits(sent)


def _response(
    adapter: HTTPAdapter, request: requests.PreparedRequest, said: Exchange, moved: Mapping[str, str]
) -> requests.Response:
    content, headers = said.content, said.all_headers
    for before, after in moved.items():
        content = content.replace(before.encode(), after.encode())
        headers = {name: value.replace(before, after) for name, value in headers.items()}
    raw = HTTPResponse(io.BytesIO(content), headers=headers, status=said.status, preload_content=False)
    return adapter.build_response(request, raw)
