"""Ask one connection all its questions."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from okrsync.at_once import at_once
from okrsync.connect.collect import collect
from okrsync.connect.contract import Answer, Ask, Reading
from okrsync.errors import Problem, Reason
from okrsync.store.types import exact
from okrsync.sync.hints import with_hint
from okrsync.sync.report import ConnectionReport

if TYPE_CHECKING:
    from okrsync.sync.workspace import Workspace


@dataclass(frozen=True)
class Answers:
    """What one connection answered to all its questions, by question; with `gave_up` it was too slow."""

    connection: str
    by_key: Mapping[str, Answer]
    seconds: float
    requests: int = 0
    gave_up: bool = False

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
    """Ask `asks` of one connection at `now`; never raises."""
    started = time.monotonic()
    asks = list(asks)
    requests = 0
    by_key: Mapping[str, Answer]
    try:
        connector = workspace.connector(connection)
        before = connector.http.mark()
        by_key = {key: _storable(answer, connection) for key, answer in collect(connector, asks, now).items()}
        requests = connector.http.mark() - before
    except Exception as error:  # noqa: BLE001 - what goes wrong with one connection must not stop the others
        by_key = dict.fromkeys((one.key for one in asks), as_problem(error, connection))
    return Answers(connection, by_key, time.monotonic() - started, requests)


def _storable(answer: Answer, connection: str) -> Answer:
    """Return `answer`, or the problem that its number is none that the database can keep; a problem with a hint."""
    if isinstance(answer, Reading):
        try:
            exact(answer.value)
        except Problem as problem:
            return with_hint(Problem(problem.reason, f"{connection}: {problem.message}"), connection)
        return answer
    return with_hint(answer, connection)


def as_problem(error: Exception, connection: str) -> Problem:
    """Return `error` as the reason why `connection` has no numbers; what is no `Problem` is a fault of its code."""
    if not isinstance(error, Problem):
        error = Problem(Reason.INTERNAL, f"{connection}: failed with {type(error).__name__}")
    return with_hint(error, connection)


def ask_all(
    workspace: Workspace, asks: Mapping[str, Collection[Ask[Any]]], now: datetime, ends: float | None = None
) -> Iterator[Answers]:
    """Ask every connection of `asks` at once; yield what each one says, the quickest first.

    A connection that is not done when `time.monotonic()` says `ends`, or when the time that the settings give a
    run has passed, counts as timed out.
    """
    deadline = workspace.settings.run_deadline
    ends = time.monotonic() + deadline if ends is None else ends
    for name, answers in at_once(lambda name: ask(workspace, name, asks[name], now), asks, ends):
        yield answers or gave_up(name, asks[name], deadline)


def gave_up(connection: str, asks: Iterable[Ask[Any]], deadline: float) -> Answers:
    """Return the answers of a connection that was not done after `deadline` seconds."""
    problem = Problem(
        Reason.TIMEOUT,
        f"{connection}: no answer when the run reached its deadline of {deadline:g} s",
        "see whether the source is slow; OKRSYNC_RUN_DEADLINE sets the deadline",
    )
    return Answers(connection, {one.key: problem for one in asks}, deadline, gave_up=True)
