"""Bring what the sources said into the ledger: check-ins, receipts, states, verdicts, all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from okrsync.connect.contract import Answer
from okrsync.errors import Problem
from okrsync.judge.goal import Point
from okrsync.judge.roll_up import shown_status
from okrsync.okrs.model import Metric
from okrsync.store import ledger
from okrsync.store.records import CheckIn, NewCheckIn, Slot, State, Tracked
from okrsync.sync.assess import Assessed, Assessor
from okrsync.sync.plan import Due
from okrsync.sync.questions import KeepLast, Measured, measure
from okrsync.sync.receipts import receipt
from okrsync.sync.report import Outcome, ReportRow

HISTORY = timedelta(days=400)
"""How far back the values go that a verdict looks at: longer than any cycle."""


@dataclass(frozen=True)
class Result:
    """What asking came to for one due key result: a value or the problem in its way."""

    due: Due
    found: Measured | Problem

    @property
    def slot(self) -> Slot:
        """The identity of its check-in."""
        return self.due.tracked.id, self.due.slot


@dataclass(frozen=True)
class Recorded:
    """What recording came to for one due key result."""

    result: Result
    before: State
    assessed: Assessed
    outcome: Outcome

    def row(self) -> ReportRow:
        """Return this as a row of the run's report."""
        tracked, state = self.result.due.tracked, self.assessed.state
        return ReportRow(
            key=tracked.key,
            title=tracked.title,
            unit=tracked.unit,
            owner=tracked.owner,
            slot=self.result.due.slot,
            outcome=self.outcome,
            value_before=self.before.value,
            value=state.value,
            status_before=shown_status(self.before.status, self.before.data_state),
            status=shown_status(state.status, state.data_state),
            data_state=state.data_state,
            reason=state.reason,
            message=state.message,
            hint=state.hint,
            rule=state.rule,
        )


def results(due: Iterable[Due], metrics: Mapping[str, Metric], answers: Mapping[str, Answer]) -> list[Result]:
    """Return what the answers come to for each key result."""
    return [Result(one, measure(one.metric, metrics, one.questions, answers)) for one in due]


class Recorder:
    """Writes results of one run, a batch at a time, each batch in one transaction of its own.

    Where the slot has its check-in already: a person who asked again gets a superseding check-in if the source
    now says otherwise; of two runs that asked at the same time, one writes and the other changes nothing.
    """

    def __init__(
        self,
        *,
        run_id: str,
        now: datetime,
        preset: str,
        metrics: Mapping[str, Metric],
        answers: Mapping[str, Answer],
    ) -> None:
        self.run_id = run_id
        self.now = now
        self.preset = preset
        self.metrics = metrics
        self.answers = answers

    def record(self, conn: Connection, batch: Sequence[Result]) -> list[Recorded]:
        """Record `batch` within the transaction of `conn`."""
        ids = [result.due.tracked.id for result in batch]
        before = ledger.lock_states(conn, ids)
        written = self._write_check_ins(conn, [result for result in batch if isinstance(result.found, Measured)])
        outcomes = {result.slot: self._outcome(result, before[result.due.tracked.id], written) for result in batch}
        after = {
            result.due.tracked.id: self._state(result, before[result.due.tracked.id], written, outcomes[result.slot])
            for result in batch
        }
        assessed = self.assess(conn, {result.due.tracked.id: result.due.tracked for result in batch}, after, before)
        return [
            Recorded(
                result,
                before[result.due.tracked.id],
                assessed[result.due.tracked.id],
                outcomes[result.slot],
            )
            for result in batch
        ]

    def assess(
        self,
        conn: Connection,
        tracked: Mapping[int, Tracked],
        states: Mapping[int, State],
        before: Mapping[int, State],
    ) -> dict[int, Assessed]:
        """Judge anew and keep states, evaluations and transitions of those where something changed.

        `before` are the states as they were when they were locked, `states` those with their new values.
        """
        values = ledger.values_in_force(conn, list(states), self.now - HISTORY)
        assessor = Assessor(self.now, self.preset, self.run_id, self.metrics)
        assessed = {
            id_: assessor.assess(
                replace(tracked[id_], state=before[id_]),
                state,
                [Point(past.as_of, past.value) for past in values.get(id_, ())],
            )
            for id_, state in states.items()
        }
        ledger.save_states(conn, [one.state for id_, one in assessed.items() if one.state != before[id_]])
        ledger.insert_evaluations(conn, [one.evaluation for one in assessed.values() if one.evaluation])
        ledger.insert_transitions(conn, [one.transition for one in assessed.values() if one.transition])
        return assessed

    def _write_check_ins(self, conn: Connection, measured: Sequence[Result]) -> _Written:
        rows = {result.slot: self.check_in(result) for result in measured}
        inserted = ledger.insert_auto_check_ins(conn, list(rows.values()))
        standing = ledger.in_force(conn, [slot for slot in rows if slot not in inserted])
        asked_again = {result.slot for result in measured if result.due.again}
        moved = [
            replace(rows[slot], supersedes_id=check_in.id)
            for slot, check_in in standing.items()
            if slot in asked_again and _moved(rows[slot], check_in)
        ]
        restated = ledger.insert_restatements(conn, moved)
        new = {**inserted, **restated}
        ledger.insert_receipts(
            conn, {new[result.slot]: self.receipt(result) for result in measured if result.slot in new}
        )
        return _Written(inserted, restated, standing)

    def receipt(self, result: Result) -> dict[str, Any]:
        """Return the evidence for a result that has a value."""
        assert isinstance(result.found, Measured)  # noqa: S101 - the caller chose those
        formula = self.metrics[result.due.metric].formula
        return receipt(result.due, result.found, formula.text if formula else None, self.answers)

    def check_in(self, result: Result) -> NewCheckIn:
        """Return the check-in of a result that has a value."""
        assert isinstance(result.found, Measured)  # noqa: S101 - the caller chose those
        return NewCheckIn(
            key_result_id=result.due.tracked.id,
            slot=result.due.slot,
            value=result.found.value,
            as_of=result.found.as_of,
            recorded_at=self.now,
            run_id=self.run_id,
            complete=result.found.complete,
        )

    def _outcome(self, result: Result, before: State, written: _Written) -> Outcome:
        if isinstance(result.found, KeepLast):
            return Outcome.KEPT
        if isinstance(result.found, Problem):
            return Outcome.ALREADY_DONE if _recorded_meanwhile(result.due, before) else Outcome.FAILED
        if result.slot in written.inserted:
            return Outcome.RECORDED
        if result.slot in written.restated:
            return Outcome.RESTATED
        standing = written.standing.get(result.slot)
        unchanged = standing is not None and standing.value == result.found.value
        return Outcome.UNCHANGED if unchanged else Outcome.ALREADY_DONE

    def _state(self, result: Result, state: State, written: _Written, outcome: Outcome) -> State:
        """Return where the key result stands after this; never back in time, never healthy on a failure."""
        if isinstance(result.found, Problem) and outcome is not Outcome.KEPT:
            return state if outcome is Outcome.ALREADY_DONE else self._failed(state, result.found)
        healthy = replace(
            state, reason=None, message="", hint="", failing_since=None, retry_at=None, last_asked_at=self.now
        )
        if isinstance(result.found, Problem) or (state.as_of is not None and result.found.as_of < state.as_of):
            return healthy
        new = written.inserted.get(result.slot) or written.restated.get(result.slot)
        if new is None:
            return healthy
        return replace(
            healthy, check_in_id=new, value=result.found.value, as_of=result.found.as_of, slot=result.due.slot
        )

    def _failed(self, state: State, problem: Problem) -> State:
        return replace(
            state,
            reason=problem.reason,
            message=problem.message,
            hint=problem.hint,
            failing_since=state.failing_since or self.now,
            retry_at=problem.retry_at,
            last_asked_at=self.now,
        )


@dataclass(frozen=True)
class _Written:
    """The check-ins of a batch: new ones, superseding ones, and those that stood already."""

    inserted: Mapping[Slot, int]
    restated: Mapping[Slot, int]
    standing: Mapping[Slot, CheckIn]


def _recorded_meanwhile(due: Due, state: State) -> bool:
    """Say whether another run got the number of this slot while this one was asking."""
    if state.check_in_id == due.tracked.state.check_in_id:
        return False
    return state.slot is not None and state.slot >= due.slot


def _moved(row: NewCheckIn, standing: CheckIn) -> bool:
    return row.value != standing.value and row.as_of >= standing.as_of
