"""What databases do differently: opening them for reading only, bounding a statement, saying who asks."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.exc import SQLAlchemyError

from okrsync.connect.transport.deadline import Exchange, current, under_way
from okrsync.errors import Problem, Reason

CONNECT_SECONDS = 10
_GRACE = 5
"""Seconds that a server has beyond the limit of a statement to say that it stopped."""
_BUSY_SECONDS = 5
_STEPS_BETWEEN_LOOKS = 10_000
_BY_CURSOR: Mapping[str, Any] = {"stream_results": True, "max_row_buffer": 2}
"""However many rows there are, no more are fetched than it takes to see that they are too many."""


class Dialect:
    """A kind of database. This one knows no more than SQL: what keeps it from writing is the role it is given."""

    asking: ClassVar[Mapping[str, Any]] = {}
    """The execution options of a metric's statement."""

    def __init__(self, url: URL, seconds: float) -> None:
        self.url = url
        self.seconds = seconds

    def engine_arguments(self) -> dict[str, Any]:
        """Return what the engine is made with."""
        return {}

    def watch_over(self, engine: Engine) -> None:
        """Prepare the engine for `connecting`."""

    def connecting(self) -> AbstractContextManager[Any]:
        """Limit how long making a connection may take."""
        return nullcontext()

    def bounded(self, connection: Connection) -> AbstractContextManager[None]:  # noqa: ARG002 - for those that can
        """Make the transaction on `connection` read-only and limit how long its statement may take."""
        return nullcontext()

    def bind(self, moment: datetime) -> Any:
        """Return `moment` as a bind parameter; naive UTC where the database keeps no zones."""
        return moment.astimezone(UTC).replace(tzinfo=None)

    def described(self, connection: Connection) -> str:  # noqa: ARG002 - for those that can tell
        """Return whom and what the connection is connected as and to."""
        return f"connected to {self.shown}"

    @property
    def shown(self) -> str:
        """The database as messages name it: without user, password and options."""
        place = f"{self.url.host or ''}{f':{self.url.port}' if self.url.port else ''}"
        return "/".join(filter(None, [place, self.url.database or ""])) or self.url.get_backend_name()


class Sqlite(Dialect):
    """A file, opened read-only, in which a statement may select and nothing else."""

    def engine_arguments(self) -> dict[str, Any]:
        """Return a creator, because SQLAlchemy's own way would make a file that is missing."""
        return {"creator": self._open}

    def _open(self) -> sqlite3.Connection:
        path = Path(self.url.database or "")
        if not path.is_file():
            raise Problem(Reason.CONFIG, f"there is no database file {path.name}", "correct `url`, or make the file")
        return sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro", uri=True, timeout=_BUSY_SECONDS, check_same_thread=False
        )

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

    @property
    def shown(self) -> str:
        """The file's name."""
        return Path(self.url.database or "").name


_READING = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE})


def _only_reading(action: int, _: str | None, name: str | None, *__: str | None) -> int:
    harmless = action == sqlite3.SQLITE_FUNCTION and (name or "").lower() not in ("load_extension", "fts3_tokenizer")
    return sqlite3.SQLITE_OK if action in _READING or harmless else sqlite3.SQLITE_DENY


class Postgresql(Dialect):
    """A server that is told to read only, in each transaction, and asked through a cursor.

    The cursor's statement goes through the extended protocol, which takes one statement and no more.
    """

    asking = _BY_CURSOR

    def engine_arguments(self) -> dict[str, Any]:
        """Return limits for a server that does not answer at all."""
        silence = int((self.seconds + _GRACE) * 1000)
        return {
            "connect_args": {
                "connect_timeout": CONNECT_SECONDS,
                "application_name": "okrsync",
                "tcp_user_timeout": silence,
            },
        }

    def watch_over(self, engine: Engine) -> None:
        """Put each new line under the deadline of whoever opens it, before anything is said on it."""
        event.listen(engine, "connect", _under_deadline, insert=True)

    def connecting(self) -> AbstractContextManager[Any]:
        """Limit how long making a connection may take, with all that is asked on a new one."""
        return under_way(Exchange(CONNECT_SECONDS + _GRACE, _anywhere))

    @contextmanager
    def bounded(self, connection: Connection) -> Iterator[None]:
        """Have the server read only and end the statement in time, and hang up if it does not."""
        with under_way(Exchange(self.seconds + _GRACE, _anywhere)) as exchange:
            try:
                _under_deadline(connection.connection.driver_connection)
                connection.exec_driver_sql(
                    f"SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = {int(self.seconds * 1000)};"
                    " SET LOCAL TIME ZONE 'UTC'"
                )
                yield
            except SQLAlchemyError:
                if not exchange.overdue:
                    raise
                silence = f"{self.shown} has not answered for {self.seconds + _GRACE:g} s"
                raise Problem(Reason.UNREACHABLE, silence, "see whether the server still runs") from None

    def bind(self, moment: datetime) -> datetime:
        """Return `moment` with its zone."""
        return moment.astimezone(UTC)

    def described(self, connection: Connection) -> str:
        """Return role and database, and a warning when the role could write."""
        user, database = connection.exec_driver_sql("SELECT current_user, current_database()").one()
        return f"connected as {user} to {database}{_warning(self._may_write(connection))}"

    def _may_write(self, connection: Connection) -> bool:
        found = connection.exec_driver_sql(
            "SELECT coalesce(bool_or(has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')), false)"
            " OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)"
            " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
        )
        return bool(found.scalar_one())


def _under_deadline(driver: Any, _: Any = None) -> None:
    """Have the line shut down when the time is over: libpq itself waits for a silent server for ever."""
    if exchange := current():
        with socket.socket(fileno=os.dup(driver.fileno())) as line:
            exchange.watch(line)


def _anywhere(_: str) -> None:
    """Admit every address: where the database is, its owner has written."""


class Mysql(Dialect):
    """MySQL or MariaDB, told to read only."""

    asking = _BY_CURSOR

    def engine_arguments(self) -> dict[str, Any]:
        """Return limits for a server that does not answer at all."""
        silence = int(self.seconds + _GRACE)
        return {"connect_args": {"connect_timeout": CONNECT_SECONDS, "read_timeout": silence, "write_timeout": silence}}

    @contextmanager
    def bounded(self, connection: Connection) -> Iterator[None]:
        """Have the server read only and end the statement in time."""
        mariadb = bool(getattr(connection.dialect, "is_mariadb", False))
        limit = (
            f"max_statement_time = {self.seconds}" if mariadb else f"max_execution_time = {int(self.seconds * 1000)}"
        )
        for setting in ("TRANSACTION READ ONLY", limit, "time_zone = '+00:00'"):
            connection.exec_driver_sql(f"SET SESSION {setting}")
        yield

    def described(self, connection: Connection) -> str:
        """Return user and database, and a warning when the user could write."""
        user, database = connection.exec_driver_sql("SELECT current_user(), database()").one()
        grants = " ".join(str(row[0]) for row in connection.exec_driver_sql("SHOW GRANTS")).upper()
        writes = any(right in grants for right in ("ALL PRIVILEGES", "INSERT", "UPDATE", "DELETE"))
        return f"connected as {user} to {database}{_warning(writes)}"


def _warning(writes: bool) -> str:
    return "; this role can write: give okrsync one that can only read" if writes else ""


_DIALECTS: dict[str, type[Dialect]] = {
    "sqlite": Sqlite,
    "postgresql": Postgresql,
    "mysql": Mysql,
    "mariadb": Mysql,
}


def dialect_of(url: URL, seconds: float) -> Dialect:
    """Return how to treat the database at `url`, whose statements may take `seconds`."""
    return _DIALECTS.get(url.get_backend_name(), Dialect)(url, seconds)
