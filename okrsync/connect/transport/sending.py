"""One request and its whole reply, or what came in between."""

from __future__ import annotations

import ssl
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit

import requests
from urllib3.exceptions import HTTPError

from okrsync.connect.transport.body import BodyError, read_body
from okrsync.connect.transport.deadline import Exchange, under_way
from okrsync.connect.transport.hosts import Site
from okrsync.connect.transport.lines import WatchedAdapter
from okrsync.connect.transport.refusals import Asked, breakdown
from okrsync.connect.transport.reply import Reply
from okrsync.connect.transport.retry import Patience, Transient
from okrsync.errors import Problem, Reason
from okrsync.redaction import learn

_LARGEST_REFUSAL = 64 * 1024
_FAILURES = (requests.RequestException, HTTPError, OSError, BodyError)


class Sender:
    """Sends single requests over lines that threads share. Opens nothing before the first, retries nothing.

    `ca_file` takes the place of the usual authorities; certificates are always checked. `proxy` is used only
    if given here: the environment has no say in it.
    """

    def __init__(self, patience: Patience, at_once: int, ca_file: Path | str | None, proxy: str | None) -> None:
        self._patience, self._ca_file = patience, ca_file
        self._proxies = _proxies(proxy)
        self._adapter = WatchedAdapter(max(1, at_once))

    def send(
        self, asked: Asked, site: Site, request: requests.PreparedRequest, seconds: float, max_bytes: int
    ) -> Reply | Problem | Transient:
        """Send `request` and take in the whole reply within `seconds`; raises `Problem` for a wrong setting."""
        late = asked.problem(Reason.TIMEOUT, f"gave no whole answer within {self._patience.total:g} s")
        if seconds <= 0:
            return late
        verify, exchange = self._verify, Exchange(seconds, site.admit)
        reply, failure = None, None
        try:
            with under_way(exchange):
                reply = self._taken_in(asked, request, verify, seconds, max_bytes)
        except _FAILURES as error:
            failure = error
        if exchange.overdue:
            return late
        if failure is not None:
            return breakdown(asked, failure, kept_line=exchange.reused_line)
        return reply or late

    def close(self) -> None:
        """Close the lines that are kept open."""
        self._adapter.close()

    def _taken_in(
        self, asked: Asked, request: requests.PreparedRequest, verify: str | bool, seconds: float, max_bytes: int
    ) -> Reply:
        limits = (min(self._patience.connect, seconds), min(self._patience.read, seconds))
        response = self._adapter.send(request, stream=True, timeout=limits, verify=verify, proxies=dict(self._proxies))
        try:
            content = _content(response, max_bytes)
        finally:
            response.close()
        return Reply(
            connection=asked.connection,
            host=asked.host,
            method=request.method or "",
            url=request.url or "",
            status=response.status_code,
            headers=response.headers,
            content=content,
        )

    @cached_property
    def _verify(self) -> str | bool:
        """What certificates are checked against; there is no way not to check them."""
        if self._ca_file is None:
            return True
        try:
            ssl.create_default_context(cafile=str(self._ca_file))
        except OSError:
            usable = False
        else:
            usable = True
        if not usable:
            hint = "name a PEM file that holds your authority's"
            raise Problem(Reason.CONFIG, f"ca_file {self._ca_file} holds no certificate", hint)
        return str(self._ca_file)


def _content(response: requests.Response, max_bytes: int) -> bytes:
    """Return the body; of a reply that is no success only as much as is needed to see what it says."""
    if 200 <= response.status_code < 300:
        return read_body(response.raw, max_bytes)
    try:
        return read_body(response.raw, _LARGEST_REFUSAL)
    except _FAILURES:
        return b""


def _proxies(proxy: str | None) -> dict[str, str]:
    if not proxy:
        return {}
    if password := urlsplit(proxy).password:
        learn(password)
        learn(unquote(password))
    return {"http": proxy, "https": proxy}
