"""`okrsync check`, `discover` and `preview`: what the sources say."""

from __future__ import annotations

from pathlib import Path

import click

from okrsync.cli import options
from okrsync.errors import ExitCode, Problem


@click.command(cls=options.Command)
@click.argument("connections", metavar="[CONNECTION]...", nargs=-1)
@options.project
def check(connections: tuple[str, ...], folder: Path) -> int:
    """Make a real call to every connection, or to some, and say as whom it is connected."""
    from okrsync.sync.check import check as check_connections
    from okrsync.sync.workspace import Workspace
    from okrsync.views.terminal import console, plain

    out = console()
    with Workspace.open(folder, migrated=False) as workspace:
        checked = check_connections(workspace, connections)
    for one in checked:
        out.print(
            plain(f"{'✗' if one.problem else '✓'} {one.connection}: {one.said}", "red" if one.problem else "green")
        )
        if one.problem and one.problem.hint:
            out.print(plain(f"  → {one.problem.hint}"))
    return options.exit_code(sum(one.problem is not None for one in checked), len(checked))


@click.command(cls=options.Command)
@click.argument("connection")
@click.argument("like", default="")
@options.project
@options.output("table", "json", "csv")
def discover(connection: str, like: str, folder: Path, form: str) -> int:
    """List what can be asked of a connection; LIKE narrows it."""
    from okrsync.sync.check import discover as discovered
    from okrsync.sync.workspace import Workspace
    from okrsync.views.choices import show_choices

    with Workspace.open(folder, migrated=False) as workspace:
        show_choices(discovered(workspace, connection, like), form)
    return ExitCode.OK


@click.command(cls=options.Command)
@click.argument("name", metavar="KR|METRIC")
@options.project
@options.output("text", "json")
def preview(name: str, folder: Path, form: str) -> int:
    """Ask for one number and show where it comes from; writes nothing.

    The number, its window, its moment, the rows and the requests behind it, and what it would change.
    """
    from okrsync.cli.running import run_preview
    from okrsync.sync.preview import preview_metric
    from okrsync.sync.workspace import Workspace
    from okrsync.views import answer
    from okrsync.views.documents import print_json

    with Workspace.open(folder, migrated=False) as workspace:
        if name in workspace.project.key_results or name in workspace.project.kpis:
            previews = run_preview(workspace, [name])
            if not previews:
                raise click.UsageError(f"{name} asks nothing: it is checked in by hand, or its cycle has not begun")
            one = previews[0]
            print_json(answer.preview_documents(one)) if form == "json" else answer.print_preview(one)
            return ExitCode.ALL_FAILED if isinstance(one.result.found, Problem) else ExitCode.OK
        metric = preview_metric(workspace, name, options.now())
        print_json(answer.metric_document(metric)) if form == "json" else answer.print_metric(metric)
        return ExitCode.ALL_FAILED if isinstance(metric.found, Problem) else ExitCode.OK


def show_previews(folder: Path, only: tuple[str, ...], form: str) -> int:
    """Ask for the numbers of all key results, or of `only`, and print what they would change."""
    from okrsync.cli.running import run_preview
    from okrsync.sync.workspace import Workspace
    from okrsync.views.change_list import preview_document, print_previews
    from okrsync.views.documents import print_json

    with Workspace.open(folder, migrated=False) as workspace:
        previews = run_preview(workspace, only)
    if form == "json":
        print_json({"key_results": [preview_document(one) for one in previews]})
    else:
        print_previews(previews)
        click.echo("Nothing was written.")
    return options.exit_code(sum(isinstance(one.result.found, Problem) for one in previews), len(previews))
