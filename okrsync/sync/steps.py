"""The steps of a sync, in order: begin (plan what is due), ask a connection, record, finish (assess the rest).

A Prefect flow and a plain process call the same functions; the pipeline decides nothing.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from okrsync.connect.collect import SKEW
from okrsync.connect.contract import Answer
from okrsync.errors import Problem
from okrsync.store import ledger
from okrsync.store.records import NewReading, NewRun, RunEnd, Tracked
from okrsync.sync import ask, events
from okrsync.sync.ask import Answers
from okrsync.sync.plan import Due, Plan, plan_what_is_due, require_known
from okrsync.sync.receipts import okrsync_version
from okrsync.sync.record import Recorded, Recorder, results
from okrsync.sync.report import Outcome, SyncReport
from okrsync.sync.workspace import Workspace
from okrsync.vocabulary import Trigger


@dataclass
class Run:
    """A sync under way: its plan, and what has come in so far."""

    workspace: Workspace
    plan: Plan
    tracked: tuple[Tracked, ...]
    started: float
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: dict[str, Answers] = field(default_factory=dict)
    recorded: dict[int, Recorded] = field(default_factory=dict)

    @property
    def past_deadline(self) -> bool:
        """Whether a connection was not done when the run had to end."""
        return any(answers.gave_up for answers in self.asked.values())

    @property
    def run_id(self) -> str:
        """The run's identity in the ledger."""
        return self.plan.run_id

    @property
    def recorder(self) -> Recorder:
        """Writes this run's results."""
        return Recorder(
            run_id=self.plan.run_id,
            now=self.plan.now,
            preset=self.workspace.project.preset,
            metrics=self.plan.metrics,
            answers=self.answers,
        )

    def ready(self) -> list[Due]:
        """Return what is due, not recorded yet, and whose questions are all answered."""
        return [
            due
            for due in self.plan.due
            if due.tracked.id not in self.recorded and all(key in self.answers for key in due.keys)
        ]


def begin(
    workspace: Workspace,
    now: datetime | None = None,
    *,
    only: Collection[str] = (),
    due_only: bool = True,
    trigger: Trigger | str = Trigger.SCHEDULE,
) -> Run:
    """Plan what is due with one clock, and open the run in the ledger.

    `now` (aware) is the run's clock. `only` names key results or KPIs; raises `UnknownName` for one that is
    not there. Without `due_only` those are asked again that have their check-in for the newest slot.
    """
    started = time.monotonic()
    now = (now or datetime.now(UTC)).astimezone(UTC)
    with workspace.database.reading() as conn:
        tracked = tuple(ledger.tracked(conn))
        metrics = ledger.metrics(conn)
    require_known(only, tracked)
    plan = plan_what_is_due(workspace, tracked, metrics, now, due_only=due_only, only=only)
    newest = max((one.state.as_of for one in tracked if one.state.as_of), default=now)
    if newest - now > SKEW:
        events.clock_behind(plan.run_id, now, newest)
    with workspace.database.writing() as conn:
        ledger.begin_run(
            conn,
            NewRun(
                id=plan.run_id,
                started_at=now,
                trigger=Trigger(trigger),
                version=okrsync_version(),
                host=f"{platform.node()}/{os.getpid()}",
                key_results_due=len(plan.due),
            ),
        )
    return Run(workspace, plan, tracked, started)


def ask_connection(run: Run, connection: str) -> Answers:
    """Ask one connection all its questions; never raises, and touches neither the database nor other connections."""
    return ask.ask(run.workspace, connection, run.plan.asks[connection], run.plan.now)


def gave_up(run: Run, connection: str, seconds: float) -> Answers:
    """Return the answers of a connection that was not done when the run had to end."""
    return ask.gave_up(connection, run.plan.asks[connection], seconds)


def record(run: Run, answers: Answers) -> list[Recorded]:
    """Record what one connection said: every key result whose questions are now all answered, in one transaction."""
    run.answers.update(answers.by_key)
    run.asked[answers.connection] = answers
    events.asked(run.run_id, answers.report())
    with run.workspace.database.writing() as conn:
        ledger.insert_readings(conn, _readings(run, answers))
        return _record_ready(run, conn)


def _record_ready(run: Run, conn: Any) -> list[Recorded]:
    recorded = run.recorder.record(conn, results(run.ready(), run.plan.metrics, run.answers))
    run.recorded |= {one.result.due.tracked.id: one for one in recorded}
    return recorded


def _readings(run: Run, answers: Answers) -> list[NewReading]:
    return [
        _reading(run, answers.connection, run.plan.metric_of[key], key, answer)
        for key, answer in answers.by_key.items()
    ]


def _reading(run: Run, connection: str, metric: str, key: str, answer: Answer) -> NewReading:
    common: dict[str, Any] = {
        "run_id": run.run_id,
        "connection": connection,
        "metric": metric,
        "question": key,
        "asked_at": run.plan.now,
    }
    if isinstance(answer, Problem):
        return NewReading(
            **common, reason=answer.reason, message=answer.message, hint=answer.hint, retry_at=answer.retry_at
        )
    return NewReading(
        **common,
        as_of=answer.as_of,
        value=answer.value,
        unit=answer.unit,
        complete=answer.complete,
        rows=answer.rows,
        provenance=answer.provenance,
    )


def finish(run: Run) -> SyncReport:
    """Record what needed no connection, judge everything else anew (time has passed), and close the run."""
    with run.workspace.database.writing() as conn:
        if run.ready():
            _record_ready(run, conn)
        moved = _assess_the_rest(run, conn)
        report = _report(run, moved)
        ledger.end_run(conn, _run_end(run, report))
    events.ended(report)
    return report


def _assess_the_rest(run: Run, conn: Any) -> list[str]:
    """Judge those that this run did not record; return the keys of those that fell behind by it."""
    rest = {one.id: one for one in run.tracked if one.id not in run.recorded}
    states = ledger.lock_states(conn, list(rest))
    assessed = run.recorder.assess(conn, rest, states, states)
    return [rest[id_].key for id_, one in assessed.items() if one.fell_behind]


def _report(run: Run, moved: Iterable[str]) -> SyncReport:
    fell_behind = [one.result.due.tracked.key for one in run.recorded.values() if one.assessed.fell_behind]
    order = {one.id: place for place, one in enumerate(run.tracked)}
    return SyncReport(
        run_id=run.run_id,
        now=run.plan.now,
        seconds=time.monotonic() - run.started,
        rows=tuple(run.recorded[id_].row() for id_ in sorted(run.recorded, key=order.__getitem__)),
        connections=tuple(run.asked[name].report() for name in run.plan.connections if name in run.asked),
        waiting=run.plan.waiting,
        fell_behind=(*fell_behind, *moved),
        past_deadline=run.past_deadline,
    )


def _run_end(run: Run, report: SyncReport) -> RunEnd:
    return RunEnd(
        run_id=run.run_id,
        finished_at=datetime.now(UTC),
        exit_code=report.exit_code,
        recorded=report.count(Outcome.RECORDED, Outcome.RESTATED),
        unchanged=report.count(Outcome.UNCHANGED, Outcome.ALREADY_DONE, Outcome.KEPT),
        failed=len(report.failed),
        requests=sum(connection.requests for connection in report.connections),
        seconds=round(Decimal(report.seconds), 3),
        message=report.summary(),
    )
