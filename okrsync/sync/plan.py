"""What is due: which key results, for which slot, and which distinct questions that makes per connection."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from okrsync.connect.contract import Ask, History
from okrsync.errors import Problem, UnknownName
from okrsync.okrs.cadence import Cadence
from okrsync.okrs.model import Metric
from okrsync.okrs.windows import cycle_window
from okrsync.store.records import Tracked
from okrsync.sync.questions import Asking, Question, distinct_asks

if TYPE_CHECKING:
    from okrsync.sync.workspace import Workspace


@dataclass(frozen=True)
class Due:
    """A key result or KPI that is to get a check-in for `slot`, and the questions its metric needs, by metric.

    With `again` the slot has its check-in, and a person wants to know whether the source still says the same.
    """

    tracked: Tracked
    metric: str
    slot: datetime
    questions: Mapping[str, Question | Problem]
    again: bool = False

    @property
    def keys(self) -> frozenset[str]:
        """The questions that have to be answered first."""
        return frozenset(q.ask.key for q in self.questions.values() if isinstance(q, Question))


@dataclass(frozen=True)
class Plan:
    """What one run is to do, from one clock: `now` (aware UTC)."""

    run_id: str
    now: datetime
    metrics: Mapping[str, Metric]
    due: tuple[Due, ...]
    asks: Mapping[str, tuple[Ask[Any], ...]]
    """The distinct questions, by connection."""
    waiting: int = 0
    """How many have their check-in for this slot already, and were not asked again."""

    @property
    def connections(self) -> tuple[str, ...]:
        """The connections to ask."""
        return tuple(self.asks)

    @cached_property
    def metric_of(self) -> Mapping[str, str]:
        """The metric that each question belongs to; the first, where several ask the same."""
        return {
            question.ask.key: name
            for due in reversed(self.due)
            for name, question in due.questions.items()
            if isinstance(question, Question)
        }


def plan_what_is_due(
    workspace: Workspace,
    tracked: Iterable[Tracked],
    metrics: Mapping[str, Metric],
    now: datetime,
    *,
    due_only: bool,
    only: Collection[str] = (),
) -> Plan:
    """Return what a run at `now` has to ask.

    With `due_only` those are left out that have their check-in for the newest slot, or whose source asked for
    patience; without it (a person wants to see today's number) they are asked again. `only` names key results.
    """
    asking = Asking(workspace, metrics, now)
    candidates = [one for one in tracked if one.metric and (not only or one.key in only)]
    due = []
    waiting = 0
    for one in candidates:
        slot = newest_slot(one, now, workspace)
        if slot is None:
            continue
        # A slot that is still to come was written under a clock that ran ahead; it stands for none of today's.
        again = one.state.slot is not None and slot <= one.state.slot <= now
        if due_only and (again or not _patience_is_over(one, now)):
            waiting += 1
            continue
        metric = one.metric or ""
        candidate = Due(one, metric, slot, asking.questions(metric, one.cycle), again)
        if not _too_late_for_a_snapshot(candidate, now):
            due.append(candidate)
    return Plan(str(uuid.uuid4()), now, metrics, tuple(due), _asks(due), waiting)


def require_known(only: Collection[str], tracked: Iterable[Tracked]) -> None:
    """Raise `UnknownName` for the first of `only` that is no key result or KPI."""
    keys = {one.key for one in tracked}
    for key in only:
        if key not in keys:
            raise UnknownName.among("key result or KPI", key, keys)


def newest_slot(tracked: Tracked, now: datetime, workspace: Workspace) -> datetime | None:
    """Return the newest slot at or before `now`, or None where the cycle has not begun.

    The begin of the cycle is a slot too, so that a new goal need not wait for its first number; and so is its
    end, the last one, so that the number it closed with is read.
    """
    cadence = Cadence.parse(tracked.cadence)
    if tracked.cycle is None:
        return cadence.slot(now, workspace.zone)
    span = cycle_window(tracked.cycle.start, tracked.cycle.end, tracked.cycle.zone)
    if span.start is None or now < span.start:
        return None
    return min(max(cadence.slot(now, tracked.cycle.zone), span.start), span.end)


def _patience_is_over(tracked: Tracked, now: datetime) -> bool:
    """Say whether the source may be asked again, if it asked for patience."""
    return tracked.state.retry_at is None or tracked.state.retry_at <= now


def _too_late_for_a_snapshot(due: Due, now: datetime) -> bool:
    """Say whether the cycle is over and the source knows only the present: today's number is not the cycle's."""
    cycle = due.tracked.cycle
    if cycle is None or now < cycle_window(cycle.start, cycle.end, cycle.zone).end:
        return False
    return any(isinstance(q, Question) and q.history is History.SNAPSHOT for q in due.questions.values())


def _asks(due: Iterable[Due]) -> dict[str, tuple[Ask[Any], ...]]:
    return distinct_asks(question for one in due for question in one.questions.values())
