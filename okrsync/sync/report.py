"""What a sync did, in plain values: for the terminal, the log, Prefect and the exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from okrsync.errors import ExitCode, Reason
from okrsync.vocabulary import DataState, Status


class Outcome(StrEnum):
    """What a run did for one key result."""

    RECORDED = "recorded"
    """A new check-in."""
    RESTATED = "restated"
    """The slot had its check-in; the source now says otherwise, and a new one supersedes it."""
    UNCHANGED = "unchanged"
    """The slot had its check-in, and the source still says the same."""
    ALREADY_DONE = "already_done"
    """Another run recorded this slot in the meantime."""
    KEPT = "kept"
    """The source had nothing, and the metric says to keep the last value then."""
    FAILED = "failed"
    """No number; the last good one stays, marked stale with the reason."""


@dataclass(frozen=True)
class ReportRow:
    """One key result or KPI in a run's report.

    `value` is the one in force after the run, and the statuses are those that people are shown: never green on a
    number that cannot be trusted.
    """

    key: str
    title: str
    unit: str
    owner: str
    slot: datetime
    outcome: Outcome
    value_before: Decimal | None
    value: Decimal | None
    status_before: Status
    status: Status
    data_state: DataState
    reason: Reason | None = None
    message: str = ""
    hint: str = ""
    rule: str = ""


@dataclass(frozen=True)
class ConnectionReport:
    """One connection in a run's report; `reason` and `message` are of its first problem."""

    connection: str
    asked: int
    answered: int
    seconds: float
    requests: int = 0
    reason: Reason | None = None
    message: str = ""
    hint: str = ""


@dataclass(frozen=True)
class SyncReport:
    """What one run did. `now` is its clock, `waiting` counts key results whose slot was done before."""

    run_id: str
    now: datetime
    seconds: float
    rows: tuple[ReportRow, ...]
    connections: tuple[ConnectionReport, ...]
    waiting: int = 0
    fell_behind: tuple[str, ...] = ()
    """Keys of those whose verdict turned to at risk, off track or missed in this run."""
    past_deadline: bool = False

    @property
    def failed(self) -> Sequence[ReportRow]:
        """The key results without a number."""
        return [row for row in self.rows if row.outcome is Outcome.FAILED]

    def count(self, *outcomes: Outcome) -> int:
        """How many key results had one of these outcomes."""
        counts = Counter(row.outcome for row in self.rows)
        return sum(counts[outcome] for outcome in outcomes)

    @property
    def exit_code(self) -> ExitCode:
        """What a command that did this run ends with."""
        if self.past_deadline:
            return ExitCode.DEADLINE
        if not self.failed:
            return ExitCode.OK
        return ExitCode.ALL_FAILED if len(self.failed) == len(self.rows) else ExitCode.SOME_FAILED

    def summary(self) -> str:
        """Return one line for people and logs."""
        words = [
            f"{count} {name}"
            for name, count in (
                ("recorded", self.count(Outcome.RECORDED)),
                ("restated", self.count(Outcome.RESTATED)),
                ("unchanged", self.count(Outcome.UNCHANGED, Outcome.ALREADY_DONE, Outcome.KEPT)),
                ("stale", len(self.failed)),
                ("not due", self.waiting),
            )
            if count
        ]
        requests = sum(connection.requests for connection in self.connections)
        asked = f"{counted(len(self.connections), 'connection')} asked with {counted(requests, 'request')}"
        return f"{', '.join(words) or 'nothing to do'}; {asked} in {self.seconds:.1f} s"


def counted(count: int, what: str) -> str:
    """Return `count` with what is counted, in the singular or the plural."""
    return f"{count} {what}{'' if count == 1 else 's'}"
