"""The sync as a Prefect flow: one task per connection, the log lines between, and one table artifact."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.futures import as_completed
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from prefect.tasks import Task

from okrsync import redaction
from okrsync.errors import ExitCode, OkrsyncError
from okrsync.sync import steps
from okrsync.sync.ask import Answers, ask_all
from okrsync.sync.report import ConnectionReport, ReportRow, SyncReport
from okrsync.sync.workspace import Workspace

ARTIFACT = "okrsync-sync"
"""Key of the table that shows the newest sync in Prefect's UI, with the earlier ones behind it."""

MOST_ROWS = 200
"""Rows of that table, the troubled ones first: Prefect's database keeps a copy per run."""

LONGEST_WAIT = 2.0
"""Seconds. Prefect starts a run up to one second before its time."""

ALL_AT_ONCE: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=sys.maxsize)
"""A thread for each connection, so that a slow one keeps no other waiting; none is started before it is needed."""


class NothingRecorded(OkrsyncError):
    """Every key result that was due stayed without a number; `report` tells why."""

    exit_code = ExitCode.ALL_FAILED

    def __init__(self, report: SyncReport) -> None:
        super().__init__(report.summary())
        self.report = report

    def __reduce__(self) -> tuple[type[NothingRecorded], tuple[SyncReport]]:
        return type(self), (self.report,)


@flow(name="sync-key-results", task_runner=ALL_AT_ONCE, persist_result=False)
def sync_key_results(
    project: str = ".", only: list[str] | None = None, due_only: bool = True, trigger: str = "schedule"
) -> State[SyncReport]:
    """Plan what is due, ask every connection at once, record what it said, and assess what it means.

    One broken source never stops the others: its key results keep their last check-in, and the reason stands
    beside them. Prefect is handed names and nothing else: settings, secrets and answers stay in this process.
    """
    redaction.install()
    _wait_for_the_scheduled_time()
    with Workspace.open(Path(project)) as workspace:
        run = steps.begin(workspace, only=tuple(only or ()), due_only=due_only, trigger=trigger)
        answered: dict[str, Answers] = {}
        ask = _asking(run, answered)
        asked = {ask.submit(name): name for name in run.plan.connections}
        for done in as_completed(list(asked)):
            done.wait()
            steps.record(run, answered[asked[done]])
        report = steps.finish(run)
    return _told(report)


def sync_as_flow_run(
    project: Path, only: Sequence[str] = (), *, due_only: bool = True, trigger: str = "command"
) -> SyncReport:
    """Run the flow in this process and return its report, also where every key result failed.

    Raises what the steps raise, among them `GoalsError`, `SettingsError` and `DatabaseUnavailable`; and
    Prefect's own errors where its API cannot be reached.
    """
    try:
        # Prefect hands over what the state holds.
        return sync_key_results(str(project), list(only), due_only, trigger)  # type: ignore[return-value]
    except NothingRecorded as failed:
        return failed.report


def _asking(run: steps.Run, answered: dict[str, Answers]) -> Task[[str], State[None]]:
    """Return the task that asks a connection of `run` and leaves what it said in `answered`.

    The answers do not travel as the task's result: of a failed task, Prefect writes the result into its log.
    """

    @task(name="ask", task_run_name="ask {connection}", cache_policy=NO_CACHE, persist_result=False, retries=0)
    def ask(connection: str) -> State[None]:
        questions = {connection: run.plan.asks[connection]}
        (answers,) = ask_all(run.workspace, questions, run.plan.now, run.started + run.workspace.settings.run_deadline)
        answered[connection] = answers
        if answers.readings or not answers.problems:
            return Completed(message=f"{len(answers.readings)} answered, {len(answers.problems)} not")
        first = answers.problems[0]
        return Failed(message=redaction.redact(f"{first.reason}: {first}"))

    return ask


def _wait_for_the_scheduled_time() -> None:
    """Let the slot begin: a run that starts a moment early would take the one before for the newest."""
    scheduled = flow_run.scheduled_start_time
    early = (scheduled - datetime.now(UTC)).total_seconds() if scheduled else 0.0
    if 0 < early <= LONGEST_WAIT:
        time.sleep(early)


def _told(report: SyncReport) -> State[SyncReport]:
    """Log what the run did, show it as a table, and return the state that the flow run ends in."""
    log = get_run_logger()
    for connection in report.connections:
        (log.warning if connection.reason else log.info)(_connection_line(connection))
    log.info(report.summary())
    if report.rows:
        create_table_artifact(_table(report), key=ARTIFACT, description=_caption(report))
    if report.exit_code is ExitCode.ALL_FAILED:
        return Failed(message=report.summary(), data=NothingRecorded(report))
    return Completed(name=_state_name(report), message=report.summary(), data=report)


def _state_name(report: SyncReport) -> str:
    if report.past_deadline:
        return "Completed past its deadline"
    return f"Completed with {len(report.failed)} stale" if report.failed else "Completed"


def _connection_line(connection: ConnectionReport) -> str:
    counts = f"{connection.answered} of {connection.asked} answered in {connection.seconds:.1f} s"
    line = f"{connection.connection}: {counts}"
    if connection.reason is None:
        return line
    said = ". ".join(part for part in (connection.message, connection.hint) if part)
    return f"{line}; {connection.reason}: {said}"


def _table(report: SyncReport) -> list[dict[str, str]]:
    troubled_first = sorted(report.rows, key=lambda row: row.reason is None)
    return [_table_row(row) for row in troubled_first[:MOST_ROWS]]


def _table_row(row: ReportRow) -> dict[str, str]:
    said = f"{row.reason}: {row.message}" if row.reason else ""
    return {
        "key result": row.key,
        "value": "" if row.value is None else f"{row.value.normalize():f} {row.unit}".rstrip(),
        "status": str(row.status),
        "data state": str(row.data_state),
        "reason": redaction.redact(said),
    }


def _caption(report: SyncReport) -> str:
    left_out = len(report.rows) - MOST_ROWS
    more = f" The first {MOST_ROWS} of {len(report.rows)}; `okrsync status` shows all." if left_out > 0 else ""
    return f"{report.summary()}.{more}"
