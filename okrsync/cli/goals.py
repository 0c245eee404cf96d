"""`okrsync init`, `lint`, `plan` and `apply`."""

from __future__ import annotations

from pathlib import Path

import click

from okrsync.cli import options
from okrsync.errors import ExitCode


@click.command(cls=options.Command)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
def init(folder: Path) -> int:
    """Write a commented project folder to start from.

    It works at once, on a small CSV file of numbers; okrsync.yaml shows how to point it at your own.
    """
    from okrsync.demo.starter import write_starter

    for path in write_starter(folder, options.now().date()):
        click.echo(f"wrote {path}")
    click.echo(f"\nNext: cd {folder}, then `okrsync lint`, `okrsync plan`, `okrsync apply`, `okrsync sync`.")
    return ExitCode.OK


@click.command(cls=options.Command)
@options.project
def lint(folder: Path) -> int:
    """Check every file of the project; asks no source.

    All findings at once, each with file, line and column. Secrets need not be set.
    """
    from okrsync.sync.lint import lint as findings_of
    from okrsync.sync.report import counted

    project = findings_of(folder)
    parts = [
        counted(len(project.key_results), "key result"),
        counted(len(project.kpis), "KPI"),
        f"{counted(len(project.metrics), 'metric')} on {counted(len(project.connections), 'connection')}",
    ]
    click.echo(f"{', '.join(parts)}: no findings.")
    return ExitCode.OK


@click.command(cls=options.Command)
@options.project
@options.output("text", "json")
def plan(folder: Path, form: str) -> int:
    """Show what `apply` would change, with the live values. Writes nothing."""
    from okrsync.cli.running import run_preview
    from okrsync.sync.apply import planned
    from okrsync.sync.workspace import Workspace
    from okrsync.views.change_list import changes_document, print_changes, print_previews

    with Workspace.open(folder, migrated=False) as workspace:
        changes = planned(workspace)
        previews = run_preview(workspace)
    if form == "json":
        from okrsync.views.documents import print_json

        print_json(changes_document(changes, previews))
    else:
        print_changes(changes)
        print_previews(previews)
    return ExitCode.OK


@click.command(cls=options.Command)
@options.project
def apply(folder: Path) -> int:
    """Bring the goals of the files into the database; twice is as good as once.

    Makes or upgrades the database's schema first. Key results that the files no longer name are archived with
    their history.
    """
    from okrsync.sync.apply import apply as apply_goals
    from okrsync.sync.workspace import Workspace
    from okrsync.views.change_list import print_changes

    with Workspace.open(folder, migrated=False) as workspace:
        print_changes(apply_goals(workspace, options.now()))
        click.echo(f"Applied to {workspace.database.shown_url}.")
    return ExitCode.OK
