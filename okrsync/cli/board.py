"""`okrsync status` and `okrsync explain`."""

from __future__ import annotations

from pathlib import Path

import click

from okrsync.cli import options
from okrsync.errors import ExitCode, UnknownName


@click.command(cls=options.Command)
@options.project
@click.option("--team", metavar="TEAM", help="Only this team.")
@click.option("--preset", metavar="PRESET", help="Judge by this preset: what another product would say.")
@options.output("table", "json", "csv")
def status(folder: Path, team: str | None, preset: str | None, form: str) -> int:
    """Show the board: value, progress, status, trend and age of every key result.

    Exit code 0 if every number is what its source said when it was last asked, 3 if some are stale, 4 if all are.
    """
    from okrsync.judge.presets import PRESETS
    from okrsync.sync.workspace import Workspace
    from okrsync.views.board import board

    if preset and preset not in PRESETS:
        raise UnknownName.among("preset", preset, PRESETS)
    with Workspace.open(folder) as workspace:
        found = board(workspace, options.now(), team=team, preset=preset)
    if form == "table":
        from okrsync.views.board_table import print_board

        print_board(found)
    else:
        from okrsync.views import documents

        documents.print_csv(found) if form == "csv" else documents.print_json(documents.board_document(found))
    return options.exit_code(sum(row.reason is not None for row in found.rows), len(found.rows))


@click.command(cls=options.Command)
@click.argument("key_result", metavar="KR")
@options.project
@options.output("text", "json")
def explain(key_result: str, folder: Path, form: str) -> int:
    """Say why a key result has the number and the status it has: the receipt, and what came before."""
    from okrsync.sync.workspace import Workspace
    from okrsync.views.documents import print_json
    from okrsync.views.explanation import explained, explanation_document, print_explanation

    with Workspace.open(folder) as workspace:
        found = explained(workspace, key_result, options.now())
    if form == "json":
        print_json(explanation_document(found))
    else:
        print_explanation(found)
    return ExitCode.OK
