"""Ask the sources that know the past for the slots that have no check-in."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from okrsync.connect.contract import Answer, Ask, History
from okrsync.errors import ExitCode, Problem, Reason
from okrsync.okrs.cadence import Cadence
from okrsync.okrs.model import Metric
from okrsync.okrs.windows import cycle_window
from okrsync.store import ledger
from okrsync.store.records import NewRun, RunEnd, Slot, State, Tracked
from okrsync.sync.ask import Answers, ask_all
from okrsync.sync.plan import Due, newest_slot, require_known
from okrsync.sync.questions import Asking, Measured, distinct_asks
from okrsync.sync.receipts import okrsync_version
from okrsync.sync.record import Recorder, Result, results
from okrsync.sync.workspace import Workspace
from okrsync.vocabulary import Trigger

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_NO_FAILURE = frozenset({Reason.UNSUPPORTED, Reason.NO_DATA})


@dataclass(frozen=True)
class BackfillRow:
    """What back-filling came to for one key result: the slots it lacked, those filled, and why others were not.

    `problem` is a failure if there was one, else the first reason.
    """

    key: str
    slots: int
    filled: int
    problem: Problem | None = None

    @property
    def failed(self) -> bool:
        """Whether something is to be mended; a source that does not know the past, or had nothing then, is well."""
        return self.problem is not None and self.problem.reason not in _NO_FAILURE


def backfill(
    workspace: Workspace,
    now: datetime,
    *,
    since: datetime | None = None,
    only: Collection[str] = (),
    begun: Callable[[Mapping[str, Collection[Ask[Any]]]], object] = lambda _: None,
    answered: Callable[[Answers], object] = lambda _: None,
) -> list[BackfillRow]:
    """Fill the slots before the newest one that have no check-in, from `since` or the begin of each cycle.

    A source that knows only the present is not asked. What it fills is marked as back-filled, and never
    replaces a check-in that was made at its time. May be repeated: what is filled is not asked again.
    `begun` is told the questions of each connection, `answered` what each one said. Raises `UnknownName`.
    """
    with workspace.database.reading() as conn:
        everything = ledger.tracked(conn)
        require_known(only, everything)
        tracked = [one for one in everything if one.metric and (not only or one.key in only)]
        metrics = ledger.metrics(conn)
        known = ledger.values_in_force(conn, [one.id for one in tracked], _EVER)
    filled = {id_: {past.slot for past in values} for id_, values in known.items()}
    missing = {
        one.id: [slot for slot in _slots(one, now, since, workspace) if slot not in filled.get(one.id, ())]
        for one in tracked
    }
    due = _due(workspace, tracked, metrics, missing)
    asks = distinct_asks(question for one in due for question in one.questions.values())
    begun(asks)
    answers: dict[str, Answer] = {}
    for part in ask_all(workspace, asks, now):
        answers |= part.by_key
        answered(part)
    found = results(due, metrics, answers)
    written = _write(workspace, found, _recorder(workspace, now, metrics, answers))
    of_each: dict[int, list[Result]] = defaultdict(list)
    for result in found:
        of_each[result.due.tracked.id].append(result)
    return [_row(one, of_each[one.id], written) for one in tracked]


def _slots(tracked: Tracked, now: datetime, since: datetime | None, workspace: Workspace) -> list[datetime]:
    """Return the slots of `tracked` from `since` or its cycle's begin up to, and without, the newest one.

    A KPI has no cycle; it is filled in from the begin of the project's first.
    """
    newest = newest_slot(tracked, now, workspace)
    cycle = tracked.cycle or next(iter(workspace.project.cycles.values()))
    begin = since or cycle_window(cycle.start, cycle.end, cycle.zone).start
    if newest is None or begin is None:
        return []
    zone = tracked.cycle.zone if tracked.cycle else workspace.zone
    return [slot for slot in Cadence.parse(tracked.cadence).slots(begin, newest, zone) if slot > begin]


def _due(
    workspace: Workspace,
    tracked: Iterable[Tracked],
    metrics: Mapping[str, Metric],
    slots: Mapping[int, Iterable[datetime]],
) -> list[Due]:
    """Return what is missing, its questions replaced by the reason where the source does not know the past."""
    by_slot: dict[datetime, Asking] = {}
    due = []
    for one in tracked:
        metric = one.metric or ""
        for slot in slots[one.id]:
            asking = by_slot.setdefault(slot, Asking(workspace, metrics, slot))
            questions = asking.questions(metric, one.cycle)
            refusal = next(filter(None, map(_refusal, questions.values())), None)
            due.append(Due(one, metric, slot, {metric: refusal} if refusal else questions))
    return due


def _refusal(question: Any) -> Problem | None:
    if isinstance(question, Problem):
        return question
    if question.history is not History.SNAPSHOT:
        return None
    return Problem(
        Reason.UNSUPPORTED,
        f"{question.connection} knows only the present of {question.metric.name}",
        "its history grows from now on; a source with dated rows can be asked for the past",
    )


def _recorder(
    workspace: Workspace, now: datetime, metrics: Mapping[str, Metric], answers: Mapping[str, Answer]
) -> Recorder:
    preset = workspace.project.preset
    return Recorder(run_id=str(uuid.uuid4()), now=now, preset=preset, metrics=metrics, answers=answers)


def _write(workspace: Workspace, found: Iterable[Result], recorder: Recorder) -> frozenset[Slot]:
    """Record the values that were found, in one transaction; return the slots that were filled."""
    good = {result.slot: result for result in found if isinstance(result.found, Measured)}
    if not good:
        return frozenset()
    run_id = recorder.run_id
    with workspace.database.writing() as conn:
        ledger.begin_run(conn, NewRun(run_id, recorder.now, Trigger.BACKFILL, okrsync_version(), "", len(good)))
        written = ledger.insert_backfill(conn, [recorder.check_in(result) for result in good.values()])
        ledger.insert_receipts(conn, {id_: recorder.receipt(good[slot]) for slot, id_ in written.items()})
        _move_states(conn, good, written, recorder)
        said = f"{len(written)} check-ins back-filled"
        ledger.end_run(conn, RunEnd(run_id, datetime.now(UTC), ExitCode.OK, len(written), 0, 0, 0, Decimal(0), said))
    return frozenset(written)


def _move_states(
    conn: Connection, good: Mapping[Slot, Result], written: Mapping[Slot, int], recorder: Recorder
) -> None:
    """Let the newest filled value be the current one where there is none newer, and judge anew."""
    newest = {slot[0]: slot for slot in sorted(written, key=lambda slot: slot[1])}
    before = ledger.lock_states(conn, newest)
    after = {id_: _moved(before[id_], good[slot], written[slot]) for id_, slot in newest.items()}
    recorder.assess(conn, {id_: good[slot].due.tracked for id_, slot in newest.items()}, after, before)


def _moved(state: State, result: Result, check_in_id: int) -> State:
    found = result.found
    if isinstance(found, Problem) or (state.as_of is not None and state.as_of >= found.as_of):
        return state
    return replace(state, check_in_id=check_in_id, value=found.value, as_of=found.as_of, slot=result.due.slot)


def _row(tracked: Tracked, mine: list[Result], written: frozenset[Slot]) -> BackfillRow:
    problems = [result.found for result in mine if isinstance(result.found, Problem)]
    filled = sum(result.slot in written for result in mine)
    problems.sort(key=lambda problem: problem.reason in _NO_FAILURE)
    return BackfillRow(tracked.key, len(mine), filled, problems[0] if problems else None)
