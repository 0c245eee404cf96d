"""Ask one connection all its questions."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from okrsync.connect.collect import collect
from okrsync.connect.contract import Answer, Ask, Reading
from okrsync.errors import Problem
from okrsync.sync.report import ConnectionReport

if TYPE_CHECKING:
    from okrsync.sync.workspace import Workspace


@dataclass(frozen=True)
class Answers:
    """What one connection answered to all its questions, by question."""

    connection: str
    by_key: Mapping[str, Answer]
    seconds: float
    requests: int = 0

    @property
    def problems(self) -> list[Problem]:
        """The questions without a number."""
        return [answer for answer in self.by_key.values() if isinstance(answer, Problem)]

    @property
    def readings(self) -> list[Reading]:
        """The numbers."""
        return [answer for answer in self.by_key.values() if isinstance(answer, Reading)]

    def report(self) -> ConnectionReport:
        """Return this for the run's report."""
        first = self.problems[0] if self.problems else None
        return ConnectionReport(
            connection=self.connection,
            asked=len(self.by_key),
            answered=len(self.readings),
            seconds=self.seconds,
            requests=self.requests,
            reason=first.reason if first else None,
            message=first.message if first else "",
            hint=first.hint if first else "",
        )


def ask(workspace: Workspace, connection: str, asks: Iterable[Ask[Any]], now: datetime) -> Answers:
    """Ask `asks` of one connection at `now`."""
    started = time.monotonic()
    asks = list(asks)
    try:
        connector = workspace.connector(connection)
    except Problem as problem:
        return Answers(connection, {one.key: problem for one in asks}, time.monotonic() - started)
    before = connector.http.mark()
    answers = collect(connector, asks, now)
    return Answers(connection, answers, time.monotonic() - started, connector.http.mark() - before)


def ask_all(workspace: Workspace, asks: Mapping[str, Iterable[Ask[Any]]], now: datetime) -> Iterable[Answers]:
    """Ask every connection of `asks` at once; yield each one's answers in the order of `asks`."""
    if not asks:
        return
    with ThreadPoolExecutor(max_workers=len(asks)) as pool:
        yield from pool.map(lambda name: ask(workspace, name, asks[name], now), asks)
