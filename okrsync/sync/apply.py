"""Bring the goals of the files into the database."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from okrsync.okrs.changes import Change, changes
from okrsync.okrs.model import Project
from okrsync.store.goals import save_project, stored_project
from okrsync.store.schema import upgrade
from okrsync.sync.lint import require_bound
from okrsync.sync.workspace import Workspace


def planned(workspace: Workspace) -> tuple[Change, ...]:
    """Return what `apply` would change; a database without a schema has no goals yet."""
    require_bound(workspace.project, workspace.registry)
    return changes(workspace.project, _stored(workspace))


def _stored(workspace: Workspace) -> Project:
    if not workspace.has_tables():
        return _nothing(workspace.project.folder)
    with workspace.database.reading() as conn:
        return stored_project(conn, workspace.project.folder)


def _nothing(folder: Path) -> Project:
    return Project(folder, {}, {}, {}, {}, {}, {}, {})


def apply(workspace: Workspace, at: datetime) -> tuple[Change, ...]:
    """Make the database say what the files say, in one transaction, and return what that changed.

    Upgrades the schema first; raises `SchemaMismatch` where the database is ahead of this okrsync, and
    `GoalsError` where connections or queries are wrong.
    """
    require_bound(workspace.project, workspace.registry)
    upgrade(workspace.database)
    with workspace.database.writing() as conn:
        changed = changes(workspace.project, stored_project(conn, workspace.project.folder))
        if changed:
            save_project(conn, workspace.project, at)
    return changed
