"""What an author says about a connector, so that the kit can try it: a question, what the source answers, the number.

```python
Example(
    connector=Deals,
    settings={"token": "canary-4711"},
    query={"stage": "won"},
    exchanges=[Exchange({"results": [{"amount": 10}, {"amount": 5}]}, path="/deals")],
    value=15,
    empty=Case([Exchange({"results": []})]),
    bad_query=Case([Exchange({"message": "no such stage"}, status=400, containing="wno")], query={"stage": "wno"}),
    without={"three_pages_are_counted": "the API sends all deals at once"},
)
```
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from okrsync.connect.contract import Connector
from okrsync.connect.transport.strict_json import parse
from okrsync.okrs.windows import Window

Number = Decimal | int | str
"""An exact number; a float is none."""


@dataclass(frozen=True)
class Sent:
    """A request that reached the source. Headers and body may hold secrets, so they stay out of its `repr`."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    time_limit: Any = None
    """What the transport was given: seconds, a pair of them, or None."""
    by_okrsync: bool = True
    """Whether it was sent through `self.http`."""

    @property
    def path(self) -> str:
        """The path of the address."""
        return urlsplit(self.url).path

    @property
    def params(self) -> dict[str, str]:
        """The query of the address; of a name that is there twice, the last value."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    @property
    def json(self) -> Any:
        """What the body says."""
        return parse(self.body)

    @property
    def text(self) -> str:
        """Address and body, unquoted: what `Exchange.containing` looks in."""
        return f"{self.url}\n{unquote_plus(self.url)}\n{self.body.decode(errors='replace')}"

    @property
    def question(self) -> tuple[str, str, bytes]:
        """What makes it a different request from another."""
        return self.method, self.url, self.body


@dataclass(frozen=True, eq=False)
class Exchange:
    """What the source says, and to which request.

    `reply` is JSON, or text or bytes that are sent as they are, or a function that gets the `Sent` request and
    returns one of these or a whole `Exchange`. A request fits when its method is `method`, its path ends in `path`,
    and its address or body hold all that is `containing`; what is left out fits any. Exchanges are used in their
    order; the last that fits is used again for further requests.
    """

    reply: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str | None = None
    path: str | None = None
    containing: str | Sequence[str] = ()

    def fits(self, sent: Sent) -> bool:
        """Return whether this is the reply to `sent`."""
        return (
            self.method in (None, sent.method)
            and (self.path is None or sent.path.endswith(self.path))
            and all(text in sent.text for text in self.wanted)
        )

    @property
    def wanted(self) -> tuple[str, ...]:
        """What a request must hold."""
        return (self.containing,) if isinstance(self.containing, str) else tuple(self.containing)

    @property
    def described(self) -> str:
        """The request it is for, for messages."""
        holding = " and ".join(map(repr, self.wanted))
        return f"{self.method or 'a request'} {self.path or ''}".rstrip() + (f" containing {holding}" * bool(holding))

    def to(self, sent: Sent) -> Exchange:
        """Return this exchange with the reply that `sent` gets."""
        if not callable(self.reply):
            return self
        said = self.reply(sent)
        return said if isinstance(said, Exchange) else Exchange(said, self.status, self.headers)

    @property
    def content(self) -> bytes:
        """The body of the reply."""
        if isinstance(self.reply, bytes):
            return self.reply
        if isinstance(self.reply, str):
            return self.reply.encode()
        return json.dumps(self.reply, default=_as_json).encode()

    @property
    def all_headers(self) -> dict[str, str]:
        """The headers of the reply, JSON unless they say otherwise."""
        kind = "application/octet-stream" if isinstance(self.reply, bytes) else "application/json"
        return {"Content-Type": kind, **self.headers}


def _as_json(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else str(value)


@dataclass(frozen=True)
class Case:
    """One more question and its answer.

    `query` and `window` are the example's if left out. Without a `value` the answer has to be a problem.
    `prepare` does something to the project folder first, as `LocalExample.prepare` does.
    """

    exchanges: Sequence[Exchange] = ()
    value: Number | None = None
    query: Mapping[str, Any] | None = None
    window: Window | None = None
    prepare: Callable[[Path], None] | None = None


@dataclass(frozen=True, kw_only=True)
class AnyExample:
    """What every example says, wherever its numbers come from.

    `settings` are those of a connection, with a made-up secret of at least eight characters for each secret.
    `value` is the number that `query` has in `window`; that is October 2026, in the source's zone, if left out.

    The rest is for one check each. `empty`: nothing is there, so the answer is a problem; give it `value=0` only if
    the source itself says 0. `bad_query`: a question with a mistake in it, as the source refuses it. `edges`: rows
    on both edges of a window and beyond them, or a request that has to hold the edges as the source understands
    them. `batch`: at least two questions with different values, and `together` what the source says when they
    are asked at once, if that is not what it says to each. `without`: checks that make no sense here, each with
    the reason.
    """

    connector: type[Connector[Any, Any]]
    query: Mapping[str, Any]
    value: Number
    settings: Mapping[str, Any] = field(default_factory=dict)
    window: Window | None = None
    as_of: datetime | None = None
    prepare: Callable[[Path], None] | None = None
    empty: Case | None = None
    bad_query: Case | None = None
    edges: Case | None = None
    batch: Sequence[Case] = ()
    together: Sequence[Exchange] | None = None
    discover: Sequence[Exchange] = ()
    without: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if unsaid := [name for name, reason in self.without.items() if not reason.strip()]:
            raise ValueError(f"`without` switches {unsaid[0]!r} off and does not say why")

    @property
    def happy(self) -> Case:
        """The example's own question."""
        return Case((), self.value, self.query, self.window, self.prepare)


@dataclass(frozen=True, kw_only=True)
class Example(AnyExample):
    """A connector that asks over HTTP. The source is played by the kit, beneath the real client.

    `exchanges` are the happy ones of `query`. `check` are those of `Connector.check`, the happy ones if left out.
    `tokens` answer whoever fetches a token, in every check; each needs its `path`. `pages` is a question whose rows
    come in three pages, `error_in_200` one that the source refuses with status 200.
    """

    exchanges: Sequence[Exchange]
    check: Sequence[Exchange] = ()
    tokens: Sequence[Exchange] = ()
    pages: Case | None = None
    error_in_200: Case | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if any(one.path is None for one in self.tokens):
            raise ValueError("each exchange of `tokens` needs its `path`: it goes before all others")

    @property
    def happy(self) -> Case:
        """The example's own question."""
        return Case(self.exchanges, self.value, self.query, self.window, self.prepare)


@dataclass(frozen=True, kw_only=True)
class LocalExample(AnyExample):
    """A connector that reads files, a database or a program's output.

    `prepare` puts into the project folder what is read; `broken` does to it what makes the source unreadable.
    """

    broken: Callable[[Path], None] | None = None
