"""Databases that are a file: opened so that nothing can be written, and interrupted when they take too long."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer
from time import monotonic
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection

from okrsync.connect.databases.dialect import Dialect
from okrsync.errors import Problem, Reason

_BUSY_SECONDS = 5
_STEPS_BETWEEN_LOOKS = 10_000
_MEMORY = "1GB"


class _File(Dialect):
    """A database that is a file below the project folder, or wherever its owner has written."""

    @property
    def path(self) -> Path:
        """The file; raises `Problem` where there is none, because opening it would make one."""
        path = Path(self.url.database or "")
        if not path.is_file():
            raise Problem(Reason.CONFIG, f"there is no database file {path.name}", "correct `url`, or make the file")
        return path

    @property
    def shown(self) -> str:
        """The file's name."""
        return Path(self.url.database or "").name


class Sqlite(_File):
    """A file, opened read-only, in which a statement may select and nothing else."""

    def engine_arguments(self) -> dict[str, Any]:
        """Return a creator, because SQLAlchemy's own way would make a file that is missing."""
        return {"creator": self._open}

    def _open(self) -> sqlite3.Connection:
        address = f"file:{quote(str(self.path))}?mode=ro"
        return sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, check_same_thread=False)

    @contextmanager
    def bounded(self, connection: Connection) -> Iterator[None]:
        """Deny everything but reading, and interrupt what takes too long."""
        driver, ends = connection.connection.driver_connection, monotonic() + self.seconds
        assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - it was made by `_open`
        driver.set_authorizer(_only_reading)
        driver.set_progress_handler(lambda: int(monotonic() > ends), _STEPS_BETWEEN_LOOKS)
        try:
            yield
        finally:
            driver.set_progress_handler(None, 0)
            driver.set_authorizer(None)

    def bind(self, moment: datetime) -> str:
        """Return the text that SQLite's own functions write and compare: `2026-10-01 00:00:00`, in UTC."""
        return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ")

    def described(self, connection: Connection) -> str:
        """Return the file and how many tables it has."""
        tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master WHERE type IN ('table', 'view')")
        return f"connected to {self.shown}, read-only: {tables.scalar_one()} tables and views"


_READING = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE})


def _only_reading(action: int, _: str | None, name: str | None, *__: str | None) -> int:
    harmless = action == sqlite3.SQLITE_FUNCTION and (name or "").lower() not in ("load_extension", "fts3_tokenizer")
    return sqlite3.SQLITE_OK if action in _READING or harmless else sqlite3.SQLITE_DENY


class Duckdb(_File):
    """A file, opened read-only by an engine that may touch no other file, load nothing and reach no network."""

    def engine_arguments(self) -> dict[str, Any]:
        """Return how the file is opened; all connections to it in this process must open it alike."""
        shut = {"enable_external_access": False, "autoload_known_extensions": False}
        return {"connect_args": {"read_only": True, "config": {**shut, "memory_limit": _MEMORY, "temp_directory": ""}}}

    @contextmanager
    def connecting(self) -> Iterator[None]:
        """See that there is a file."""
        _ = self.path
        yield

    @contextmanager
    def bounded(self, connection: Connection) -> Iterator[None]:
        """Count time in UTC, and interrupt what takes too long."""
        driver: Any = connection.connection.driver_connection
        connection.exec_driver_sql("SET TimeZone = 'UTC'")
        watchdog = Timer(self.seconds, driver.interrupt)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()

    def described(self, connection: Connection) -> str:
        """Return the file and how many tables it has."""
        return f"connected to {self.shown}, read-only: {len(list(self.tables(connection)))} tables and views"

    def tables(self, connection: Connection) -> Iterator[tuple[str, str]]:
        """Yield every table and view of the file: its name, and its name as a statement writes it."""
        quote_name = connection.dialect.identifier_preparer.quote
        found = connection.exec_driver_sql(
            "SELECT table_schema, table_name FROM information_schema.tables"
            " WHERE table_catalog = current_database() ORDER BY ALL"
        )
        for schema, name in found:
            parts = [name] if schema == "main" else [schema, name]
            yield ".".join(parts), ".".join(map(quote_name, parts))
