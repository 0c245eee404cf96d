"""One question on its way, and the requests that it is sent as."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import requests

from okrsync.connect.transport.hosts import Site
from okrsync.connect.transport.refusals import Asked
from okrsync.connect.transport.reply import Reply
from okrsync.errors import Problem, Reason
from okrsync.redaction import shown_url

logger = logging.getLogger(__name__)
Method = Literal["GET", "POST"]


@dataclass
class Call:
    """One question, through all its attempts. `sending` holds its params, json and data, and its own headers."""

    method: Method
    path: str
    sending: Mapping[str, Any]
    max_bytes: int
    attempts: int = 0
    ends: float | None = None
    """When it is given up, on the client's monotonic clock; None before it began."""
    refreshed: bool = False
    """Whether the credentials were renewed for it."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """All headers of the newest attempt."""

    def prepared(self, site: Site, url: str) -> requests.PreparedRequest:
        """Return the request, built without a session: no cookies, no netrc, no proxies from the environment.

        Raises `Problem` where it would not only read, or cannot be sent.
        """
        if self.method not in ("GET", "POST"):
            raise Problem(Reason.INTERNAL, f"a connection only reads: {self.method} is not sent")
        content = {name: self.sending.get(name) for name in ("params", "json", "data")}
        try:
            prepared = requests.Request(self.method, url, headers=dict(self.headers), **content).prepare()
        except (requests.RequestException, TypeError, ValueError):
            problem = Problem(
                Reason.QUERY, "the question cannot be sent as it is written", "correct the metric's query"
            )
        else:
            site.require(prepared.url or "")
            return prepared
        raise problem

    def redirected(self, asked: Asked, site: Site, reply: Reply) -> requests.PreparedRequest:
        """Return the request for where `reply` leads to: the same host only, and only a GET; raises `Problem`."""
        target = site.redirected(reply.url, reply.headers.get("Location", ""))
        shown = shown_url(target).partition("?")[0]
        if self.method != "GET":
            raise asked.problem(Reason.CONFIG, f"redirected to {shown}", f"correct the address of {asked.connection}")
        logger.info("%s: %s redirected to %s", asked.connection, asked.host, shown)
        return requests.Request("GET", target, headers=dict(self.headers)).prepare()
