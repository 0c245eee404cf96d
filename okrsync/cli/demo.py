"""`okrsync demo`."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import click

from okrsync.cli import options
from okrsync.errors import ExitCode

DEFAULT_FOLDER = Path("okrsync-demo")


@click.command(cls=options.Command)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="[DIR]", required=False)
@click.option("--fresh", is_flag=True, help="Write the sample files anew, also where you have changed them.")
@click.option("--start", "only_start", is_flag=True, help="Only start the demo's CRM again.")
@click.option("--stop", is_flag=True, help="Only stop the demo's CRM.")
@click.option("--prefect/--no-prefect", default=True, help="Sync as a Prefect flow (the default), or in this process.")
def demo(folder: Path | None, fresh: bool, only_start: bool, stop: bool, prefect: bool) -> int:
    """See it work: a sample company with real sources, synced and shown.

    Writes a project folder (okrsync-demo) with the goals of a company and three teams over the running quarter, a
    workbook, a product database and a CRM on loopback; back-fills the quarter so far, syncs, and shows the board.
    """
    from okrsync.demo import service
    from okrsync.demo.marker import is_demo

    if folder is None:
        folder = Path() if is_demo(Path()) else DEFAULT_FOLDER
    if stop:
        stopped = service.stop(folder)
        click.echo("The demo's CRM is stopped." if stopped else "The demo's CRM was not running.")
        return ExitCode.OK
    if only_start:
        click.echo(f"The demo's CRM answers on http://127.0.0.1:{service.ensure_running(folder).port}.")
        return ExitCode.OK
    _prepare(folder, fresh=fresh)
    return _show(folder, prefect=prefect)


def _prepare(folder: Path, *, fresh: bool) -> None:
    """Have the folder written, its CRM running, its goals applied and its past filled in."""
    from okrsync.cli.running import run_backfill
    from okrsync.demo import service
    from okrsync.demo.marker import Marker, is_demo
    from okrsync.demo.quarters import Quarter
    from okrsync.demo.sample import write_demo
    from okrsync.settings import load_settings
    from okrsync.sync.apply import apply
    from okrsync.sync.workspace import Workspace

    now = options.now()
    if fresh or not is_demo(folder) or Marker.read(folder).cycle != Quarter.of(now.date()).name:
        _say(f"Writing a sample company into {folder}/")
        write_demo(folder, now.date(), now)
    else:
        _say(f"Using the sample company in {folder}/ (--fresh writes it anew)")
    running = service.ensure_running(folder)
    _say(f"Its CRM answers on http://127.0.0.1:{running.port} (for an hour; `okrsync demo --stop` ends it)")
    _say("It asks for patience once, as real ones do: watch okrsync wait")
    with Workspace.open(folder, load_settings(), migrated=False) as workspace:
        changes = apply(workspace, now)
        _say(f"Applied the goals to {workspace.database.shown_url}: {len(changes)} changes")
    rows = run_backfill(folder, (), None)
    _say(f"Back-filled the quarter so far: {sum(row.filled for row in rows)} check-ins")


def _show(folder: Path, *, prefect: bool) -> int:
    from okrsync.cli.running import run_sync
    from okrsync.sync.workspace import Workspace
    from okrsync.views.board import board
    from okrsync.views.board_table import print_board
    from okrsync.vocabulary import Trigger

    report = run_sync(folder, prefect=prefect, trigger=Trigger.DEMO)
    _say(f"Synced: {report.summary()}\n")
    with Workspace.open(folder) as workspace:
        print_board(board(workspace, options.now()))
    command = f"{_command()} {{}} --project {folder}"
    click.echo(
        f"\nNothing of this is canned. Why a number is what it is:\n"
        f"  {command.format('explain mql-to-sql')}\n"
        f"Change a cell of {folder / 'plan.xlsx'} or a deal in {folder / 'crm' / 'deals.json'}; the board moves with\n"
        f"  {command.format('sync')} && {command.format('status')}\n"
        f"{folder / 'README.md'} says what else to try."
    )
    return report.exit_code


def _command() -> str:
    """Return what a person types to run okrsync here: its name, or where it lies if the shell does not find it."""
    return "okrsync" if shutil.which("okrsync") else os.path.relpath(sys.argv[0])


def _say(line: str) -> None:
    click.echo(f"· {line}", err=True)
