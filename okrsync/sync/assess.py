"""What the values in force say about each goal: the verdict, kept apart from whether the number can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from okrsync.judge.freshness import data_state
from okrsync.judge.goal import Goal, Point
from okrsync.judge.presets import PRESETS
from okrsync.judge.status import Verdict, judge, kpi_verdict
from okrsync.okrs.cadence import Cadence
from okrsync.okrs.model import Metric
from okrsync.okrs.windows import cycle_window
from okrsync.store.records import NewEvaluation, NewTransition, State, Tracked
from okrsync.sync.questions import settling_time
from okrsync.vocabulary import Commitment, DataState, Status

BEHIND = (Status.AT_RISK, Status.OFF_TRACK, Status.MISSED)
"""The verdicts that somebody has to be told of."""


@dataclass(frozen=True)
class Assessed:
    """A key result's new state, and what is to be kept of how it came about."""

    state: State
    evaluation: NewEvaluation | None
    transition: NewTransition | None

    @property
    def fell_behind(self) -> bool:
        """Whether the verdict just turned to one that somebody has to be told of."""
        return self.transition is not None and self.transition.after in BEHIND


def goal_of(tracked: Tracked) -> Goal:
    """Return the goal as the rules of status see it; only key results have one."""
    if tracked.cycle is None or tracked.type is None:
        raise ValueError(f"{tracked.key} is a KPI; it has a healthy range, not a goal")
    span = cycle_window(tracked.cycle.start, tracked.cycle.end, tracked.cycle.zone)
    assert span.start is not None  # noqa: S101 - a cycle begins
    return Goal(
        type=tracked.type,
        start_value=tracked.start_value,
        target_value=tracked.target_value,
        low=tracked.low,
        high=tracked.high,
        starts_at=span.start,
        ends_at=span.end,
        checkpoints=tuple(
            (cycle_window(point.day, point.day, tracked.cycle.zone).end, point.value) for point in tracked.checkpoints
        ),
        commitment=tracked.commitment or Commitment.COMMITTED,
        zone=tracked.cycle.zone,
    )


def verdict(tracked: Tracked, points: Sequence[Point], at: datetime, preset: str) -> Verdict:
    """Return the verdict on a key result or KPI whose values in force are `points`, oldest first."""
    if tracked.is_kpi:
        return kpi_verdict(tracked.low, tracked.high, points[-1].value if points else None)
    return judge(goal_of(tracked), points, at, PRESETS[tracked.preset or preset])


@dataclass(frozen=True)
class Assessor:
    """Judges goals at one moment, `at`, by `preset` where a goal names none of its own; `run_id` is kept with it.

    `metrics` say for how long a value counts as new.
    """

    at: datetime
    preset: str
    run_id: str
    metrics: Mapping[str, Metric]

    def assess(self, tracked: Tracked, state: State, points: Sequence[Point]) -> Assessed:
        """Judge `tracked` anew, whose state (its value, as it is to be kept) is `state`.

        Keeps an evaluation where there is a new check-in or where a person would see something change, and a
        transition where the verdict is another. Without a new value only time has passed: what is shown never
        gets better by that until the cycle ends.
        """
        found = verdict(tracked, points, self.at, self.preset)
        after = replace(
            state,
            data_state=self._data_state(tracked, state),
            status=found.status,
            status_since=state.status_since if state.status is found.status else self.at,
            progress=_rounded(found.progress),
            expected=_rounded(found.expected),
            pace=_rounded(found.pace),
            rule=found.rule,
            evaluated_at=self.at,
        )
        return Assessed(after, self._evaluation(tracked, after, found), self._transition(tracked.state, after))

    def _data_state(self, tracked: Tracked, state: State) -> DataState:
        """Return whether the number can be trusted. After the cycle none is expected any more."""
        return data_state(
            as_of=state.as_of,
            period=Cadence.parse(tracked.cadence).period,
            now=min(self.at, goal_of(tracked).ends_at) if tracked.cycle else self.at,
            problem=state.reason,
            settle=settling_time(tracked.metric, self.metrics),
        )

    def _evaluation(self, tracked: Tracked, after: State, found: Verdict) -> NewEvaluation | None:
        before = tracked.state
        seen = (before.status, before.data_state, before.check_in_id)
        if before.evaluated_at and seen == (after.status, after.data_state, after.check_in_id):
            return None
        return NewEvaluation(
            key_result_id=after.key_result_id,
            check_in_id=after.check_in_id,
            run_id=self.run_id,
            evaluated_at=self.at,
            status=after.status,
            progress=after.progress,
            expected=after.expected,
            pace=after.pace,
            gap=_rounded(found.gap),
            preset=tracked.preset or self.preset,
            rule=found.rule,
            data_state=after.data_state,
        )

    def _transition(self, before: State, after: State) -> NewTransition | None:
        if before.status is after.status:
            return None
        return NewTransition(
            key_result_id=after.key_result_id,
            at=self.at,
            before=before.status,
            after=after.status,
            check_in_id=after.check_in_id,
            run_id=self.run_id,
            rule=after.rule,
        )


def _rounded(share: Decimal | None) -> Decimal | None:
    """Return a share as it is kept; one beyond all sense (the way was tiny) is cut, so that it can be kept."""
    return None if share is None else round(min(max(share, -_MOST), _MOST), 6)


_MOST = Decimal(10) ** 9
