"""Runs a sync or a back-fill for a command: where it runs, and how it shows that it does."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import click

from okrsync.cli import options
from okrsync.cli.flows import flows_module
from okrsync.errors import OkrsyncError
from okrsync.redaction import redact
from okrsync.settings import load_settings
from okrsync.sync.ask import Answers
from okrsync.sync.backfill import BackfillRow
from okrsync.sync.preview import Previewed
from okrsync.sync.report import SyncReport, counted
from okrsync.sync.workspace import Workspace
from okrsync.vocabulary import Trigger


class Shown(Protocol):
    """A progress bar per connection."""

    def start(self, asks: Mapping[str, Collection[Any]]) -> None:
        """Show that connections are being asked so many questions."""

    def done(self, connection: str, said: str) -> None:
        """Show what it said."""


def run_sync(
    folder: Path,
    only: Sequence[str] = (),
    *,
    due_only: bool = False,
    prefect: bool = False,
    quiet: bool = False,
    trigger: Trigger = Trigger.COMMAND,
) -> SyncReport:
    """Sync the project: as a flow run where a Prefect API answers (or with `prefect`), else in this process.

    Says where, unless `quiet`; that an API does not answer is always said.
    """
    environment = flows_module("environment")
    environment.settle(folder)
    if prefect or environment.api_configured():
        if not environment.api_configured():
            click.echo("Starting a temporary Prefect server for this run (10 to 25 seconds) ...", err=True)
            return _as_flow(folder, only, due_only, trigger)
        if environment.api_answers():
            return _as_flow(folder, only, due_only, trigger)
        click.echo(
            "The Prefect API does not answer; key results do not wait for it: syncing in this process.", err=True
        )
    elif not quiet:
        click.echo("No Prefect API is configured: syncing in this process.", err=True)
    return _in_this_process(folder, only, due_only, trigger)


def _as_flow(folder: Path, only: Sequence[str], due_only: bool, trigger: Trigger) -> SyncReport:
    """Run the flow; where Prefect itself fails, the steps run here: what the flow recorded is not recorded twice."""
    Workspace.open(folder, load_settings()).close()  # what is wrong with the project is said before Prefect starts
    try:
        flows_module("environment").make_home()
        report: SyncReport = flows_module("sync").sync_as_flow_run(folder, only, due_only=due_only, trigger=trigger)
    except OkrsyncError:
        raise
    except Exception as error:  # noqa: BLE001 - key results do not wait for an orchestrator, whatever its trouble is
        click.echo(f"Prefect failed ({redact(str(error))}): syncing in this process.", err=True)
        return _in_this_process(folder, only, due_only, trigger)
    return report


def _in_this_process(folder: Path, only: Sequence[str], due_only: bool, trigger: Trigger) -> SyncReport:
    from okrsync.sync.run import sync

    with Workspace.open(folder, load_settings()) as workspace, progress() as shown:
        return sync(
            workspace,
            options.now(),
            only=only,
            due_only=due_only,
            trigger=trigger,
            begun=lambda run: shown.start(run.plan.asks),
            recorded=lambda answers: shown.done(answers.connection, said(answers)),
        )


def run_backfill(folder: Path, only: Sequence[str], since: datetime | None) -> list[BackfillRow]:
    """Back-fill the project, with a bar per connection."""
    from okrsync.sync.backfill import backfill

    with Workspace.open(folder, load_settings()) as workspace, progress() as shown:
        return backfill(
            workspace,
            options.now(),
            since=since,
            only=only,
            begun=shown.start,
            answered=lambda answers: shown.done(answers.connection, said(answers)),
        )


def run_preview(workspace: Workspace, only: Sequence[str] = ()) -> list[Previewed]:
    """Ask for the live values of the files' key results, with a bar per connection; writes nothing."""
    from okrsync.sync.preview import preview

    with progress() as shown:
        return preview(
            workspace,
            options.now(),
            only,
            begun=shown.start,
            answered=lambda answers: shown.done(answers.connection, said(answers)),
        )


def said(answers: Answers) -> str:
    """Return what a connection's bar says when it is done."""
    return f"{len(answers.readings)} of {len(answers.by_key)} answered"


@contextmanager
def progress() -> Iterator[Shown]:
    """Show a bar per connection on standard error, if that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    bars = Progress(
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[said]}"),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )

    class Bars:
        def __init__(self) -> None:
            self.tasks: dict[str, Any] = {}

        def start(self, asks: Mapping[str, Collection[Any]]) -> None:
            for connection, questions in asks.items():
                self.tasks[connection] = bars.add_task(connection, total=None, said=counted(len(questions), "question"))

        def done(self, connection: str, said: str) -> None:
            bars.update(self.tasks[connection], total=1, completed=1, said=said)

    with bars:
        yield Bars()
