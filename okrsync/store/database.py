"""The door to the central database: one transaction at a time, and plain words when it does not open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError, StatementError

from okrsync.errors import DatabaseUnavailable, Finding, OkrsyncError, SettingsError
from okrsync.store.troubles import trouble
from okrsync.store.types import from_json, to_json

LOCK_SECONDS = 30
"""How long a writer waits for another one."""
STATEMENT_SECONDS = 120
CONNECT_SECONDS = 10
_SCHEMES = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}


class Database:
    """The central database of a project: SQLite, or PostgreSQL for a team.

    Nothing is connected before the first transaction. Errors of the driver come out as `DatabaseUnavailable`
    with what happened in plain words and no secret; errors of ours pass unchanged.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self.file = Path(url.database) if url.database and url.get_backend_name() == "sqlite" else None
        self._engine = _engine(url)

    @classmethod
    def open(cls, url: str, folder: Path) -> Database:
        """Take a SQLAlchemy URL; a relative SQLite path is below `folder`. Raises `SettingsError`."""
        return cls(_parsed(url, folder))

    @property
    def shown_url(self) -> str:
        """The URL without any password, for people."""
        return shown(self.url)

    @property
    def exists(self) -> bool:
        """Whether there is something to read: False for a SQLite file that nobody has made yet."""
        return self.file is None or self.file.exists()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that sees one state of the database throughout and can change nothing."""
        with self._transaction(okrsync_writing=False) as conn:
            yield conn

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that is kept whole, or not at all. On SQLite it waits here for other writers."""
        with self._transaction(okrsync_writing=True) as conn:
            yield conn

    @contextmanager
    def _transaction(self, **options: Any) -> Iterator[Connection]:
        if self.url.get_backend_name() == "postgresql" and not options["okrsync_writing"]:
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        try:
            with self._engine.connect() as conn, conn.execution_options(**options).begin():
                yield conn
        except SQLAlchemyError as error:
            raise self._told(error) from None

    def _told(self, error: SQLAlchemyError) -> Exception:
        if isinstance(error, StatementError) and isinstance(error.orig, OkrsyncError):
            return error.orig
        what = trouble(error, LOCK_SECONDS, CONNECT_SECONDS)
        if what is None:
            return error
        message, hint = what
        return DatabaseUnavailable(f"the database {self.shown_url} {message}", hint)

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()


def shown(url: URL) -> str:
    """Return `url` without any password: neither the user's nor that of a key file."""
    secret = [key for key in url.query if "password" in key.lower()]
    return url.difference_update_query(secret).render_as_string(hide_password=True)


def _parsed(text: str, folder: Path) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise _refused(
            "is not a database URL", "write it as sqlite:///okrsync.db or postgresql://user@host/name"
        ) from None
    if url.drivername in _SCHEMES:
        return url.set(drivername=_SCHEMES[url.drivername])
    if url.get_backend_name() == "postgresql" and url.get_driver_name() == "psycopg":
        return url
    if url.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise _refused(f"names {url.drivername!r}, which okrsync does not work with", "use sqlite:/// or postgresql://")
    if url.database in (None, "", ":memory:"):
        raise _refused("names no file", "write it as sqlite:///okrsync.db")
    return url.set(database=str(folder.absolute() / Path(str(url.database)).expanduser()))


def _refused(message: str, hint: str) -> SettingsError:
    return SettingsError([Finding("database", 0, 0, f"the URL of the database {message}", hint)])


def _engine(url: URL) -> Engine:
    shared: dict[str, Any] = {"hide_parameters": True, "json_serializer": to_json, "json_deserializer": from_json}
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": LOCK_SECONDS}, **shared)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        engine = create_engine(url, pool_pre_ping=True, connect_args=_connect_args(url), **shared)
    except ModuleNotFoundError:
        raise DatabaseUnavailable(
            f"the database {shown(url)} needs the package psycopg", 'pip install "okrsync[postgresql]"'
        ) from None
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _connect_args(url: URL) -> dict[str, Any]:
    """Return what the URL does not say itself."""
    ours = {"connect_timeout": CONNECT_SECONDS, "application_name": "okrsync"}
    return {key: value for key, value in ours.items() if key not in url.query}


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # sqlite3 would begin transactions by itself, too late and not IMMEDIATE; `_begin_sqlite` does it.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(conn: Connection) -> None:
    writing = conn.get_execution_options()["okrsync_writing"]
    conn.exec_driver_sql(f"PRAGMA query_only={'OFF' if writing else 'ON'}")
    conn.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
        cursor.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
        cursor.execute(f"SET statement_timeout = '{STATEMENT_SECONDS}s'")
        # A process that hangs within a transaction must not keep the others out for ever.
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{STATEMENT_SECONDS}s'")
    connection.commit()
