"""A project folder, opened: its goals, its connections and its database."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any
from zoneinfo import ZoneInfo

from okrsync.connect.connections import open_connection
from okrsync.connect.contract import Connector
from okrsync.connect.registry import Registry
from okrsync.errors import Problem, Reason, SchemaMismatch
from okrsync.okrs.environment import Secrets, fill
from okrsync.okrs.model import Project
from okrsync.okrs.project import load_project
from okrsync.settings import Settings, load_settings
from okrsync.store.database import Database
from okrsync.store.schema import require_current, revision
from okrsync.store.tokens import StoredTokens

DEFAULT_DATABASE = "sqlite:///okrsync.db"


class Workspace:
    """An opened project folder. Connections are opened when they are first asked, each once; use it as a context."""

    def __init__(self, project: Project, settings: Settings, database: Database) -> None:
        self.project = project
        self.settings = settings
        self.database = database
        self.tokens = StoredTokens(database)
        self.registry = Registry.load(project.folder)
        self.secrets = secrets_of(project.folder, settings)
        self._connectors: dict[str, Connector[Any, Any] | Problem] = {}
        self._opening = threading.Lock()

    @classmethod
    def open(cls, folder: Path, settings: Settings | None = None, *, migrated: bool = True) -> Workspace:
        """Open the project in `folder`.

        With `migrated` the database's schema has to be the one this okrsync works with. Raises `GoalsError`,
        `SettingsError`, `DatabaseUnavailable` and `SchemaMismatch`.
        """
        settings = settings or load_settings()
        project = load_project(folder)
        database = Database.open(database_url(project, settings), project.folder)
        workspace = cls(project, settings, database)
        if migrated:
            try:
                workspace.require_tables()
            except BaseException:
                workspace.close()
                raise
        return workspace

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection and the database."""
        for connector in self._connectors.values():
            if not isinstance(connector, Problem):
                connector.close()
                connector.http.close()
        self.tokens.close()
        self.database.close()

    def require_tables(self) -> None:
        """Raise `SchemaMismatch` unless the goals were applied, and by an okrsync with the same schema."""
        if not self.has_tables():
            raise SchemaMismatch(f"the database {self.database.shown_url} has no goals yet", "run `okrsync apply`")

    def has_tables(self) -> bool:
        """Say whether the goals were ever applied; raises `SchemaMismatch` where that was by another okrsync."""
        if revision(self.database) is None:
            return False
        require_current(self.database)
        return True

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of what belongs to no cycle: that of the project's first one."""
        return next(iter(self.project.cycles.values())).zone

    def connector(self, name: str) -> Connector[Any, Any]:
        """Return the connection of that name, opened; raises the `Problem` that keeps it from opening."""
        with self._opening:
            if name not in self._connectors:
                self._connectors[name] = self._open(name)
        connector = self._connectors[name]
        if isinstance(connector, Problem):
            raise connector
        return connector

    def _open(self, name: str) -> Connector[Any, Any] | Problem:
        if name not in self.project.connections:
            return Problem(
                Reason.CONFIG, f"there is no connection {name} in okrsync.yaml", "add it, or apply the goals anew"
            )
        try:
            spec = self.project.connections[name]
            return open_connection(spec, self.registry, self.secrets, self.project.folder, self.tokens)
        except Problem as problem:
            return problem


def secrets_of(folder: Path, settings: Settings) -> Mapping[str, str]:
    """Return what `${NAME}` stands for in the project: the environment first, then the files of its secrets folder."""
    return Secrets(os.environ, settings.secrets_dir or folder / "secrets")


def database_url(project: Project, settings: Settings) -> str:
    """Return where the central database is: the environment's word, else the project's, else a file in its folder."""
    if settings.database_url:
        return settings.database_url.get_secret_value()
    if not project.database:
        return DEFAULT_DATABASE
    filled, missing = fill({"database": project.database}, secrets_of(project.folder, settings))
    if missing:
        raise Problem(
            Reason.CONFIG,
            f"okrsync.yaml: database: {missing[0][1]} is not set",
            f"set {missing[0][1]}, or put it into a file of that name in secrets/",
        )
    return str(filled["database"])
