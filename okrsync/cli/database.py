"""`okrsync db`."""

from __future__ import annotations

from pathlib import Path

import click

from okrsync.cli import options
from okrsync.errors import ExitCode


@click.group(cls=options.Group)
def db() -> None:
    """Upgrade the central database, or say where it stands."""


@db.command()
@options.project
def upgrade(folder: Path) -> int:
    """Bring the database's schema to the one this okrsync works with."""
    from okrsync.store.schema import upgrade as upgrade_schema
    from okrsync.sync.workspace import Workspace

    with Workspace.open(folder, migrated=False) as workspace:
        before, after = upgrade_schema(workspace.database)
        moved = f"is at {after} already" if before == after else f"went from {before or 'nothing'} to {after}"
        click.echo(f"{workspace.database.shown_url} {moved}.")
    return ExitCode.OK


@db.command()
@options.project
def current(folder: Path) -> int:
    """Say which schema the database has; exit code 5 if it is not the one this okrsync works with."""
    from okrsync.store.schema import require_current, revision
    from okrsync.sync.workspace import Workspace

    with Workspace.open(folder, migrated=False) as workspace:
        click.echo(f"{workspace.database.shown_url} is at {revision(workspace.database) or 'no schema yet'}.")
        require_current(workspace.database)
    return ExitCode.OK
