"""What came back from a source, and the record of having asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urljoin

from requests.utils import parse_header_links

from okrsync.connect.transport.strict_json import NotStrictJson, parse
from okrsync.errors import Problem, Reason

_LOGIN = re.compile(
    rb"type=[\"']?password|\blog[ -]?in\b|\bsign[ -]?in\b|single sign|\bsso\b|authenticat", re.IGNORECASE
)
_HTML = re.compile(rb"\s*(<!doctype html|<html|<head|<!--)", re.IGNORECASE)


@dataclass(frozen=True)
class RequestMade:
    """One request that was sent: for previews and receipts, so without a secret.

    `status` is None where no reply came. `attempt` counts from 1 within one call.
    """

    method: str
    url: str
    status: int | None
    milliseconds: int
    attempt: int


@dataclass(frozen=True)
class Reply:
    """A whole reply. Its body and headers never go into a message, nor into its own repr."""

    connection: str
    host: str
    method: str
    url: str = field(repr=False)
    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Names are found whatever their case."""
    content: bytes = field(repr=False)

    def json(self) -> Any:
        """Return what the body says, numbers exact; raises `Problem` for anything but one whole JSON text."""
        return self._parsed

    @cached_property
    def _parsed(self) -> Any:
        self.require_content()
        try:
            return parse(self.content)
        except NotStrictJson as error:
            self.refuse_html()
            raise self.problem(f"sent something unreadable: {error}") from None

    @property
    def text(self) -> str:
        """The body as text, in the encoding it declares or else UTF-8; what cannot be read becomes �."""
        declared = re.search(r"charset=[\"']?([\w.-]+)", self.headers.get("Content-Type", ""), re.IGNORECASE)
        try:
            return self.content.decode(declared[1] if declared else "utf-8-sig", errors="replace")
        except LookupError:
            return self.content.decode("utf-8-sig", errors="replace")

    @property
    def next_link(self) -> str | None:
        """The absolute URL that the `Link` header calls `next`."""
        for link in parse_header_links(self.headers.get("Link", "")):
            if link.get("rel") == "next":
                return self.absolute(link["url"])
        return None

    def absolute(self, href: str) -> str:
        """Return the absolute URL that `href`, found in this reply, means."""
        return urljoin(self.url, href)

    def require_content(self) -> None:
        """Raise `Problem` when the body is empty."""
        if not self.content.strip():
            raise self.problem(f"sent an empty answer ({self.status})")

    def refuse_html(self) -> None:
        """Raise `Problem` when the body is a web page: where data is wanted it is a login or an error page."""
        if not _HTML.match(self.content[:1024]):
            return
        if _LOGIN.search(self.content[:65536]):
            raise self.problem(
                "sent an HTML page (a login page?) instead of data",
                hint=f"renew its credentials, then try `okrsync check {self.connection}`",
                reason=Reason.AUTH,
            )
        raise self.problem(
            "sent an HTML page instead of data",
            hint=f"if it stays so, the address of {self.connection} may be that of a web page, not of an API",
        )

    def problem(self, what: str, hint: str = "", reason: Reason = Reason.BAD_RESPONSE) -> Problem:
        """Return a problem with this reply, named after connection and host."""
        return Problem(reason, f"{self.connection}: {self.host} {what}", hint)
