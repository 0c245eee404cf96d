"""PostgreSQL: read-only transactions, one statement at a time, and an end to waiting for a silent server."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import SQLAlchemyError

from okrsync.connect.databases import dialect
from okrsync.connect.databases.dialect import BY_CURSOR, Dialect, warning
from okrsync.connect.transport.deadline import Exchange, current, under_way
from okrsync.errors import Problem, Reason


class Postgresql(Dialect):
    """A server that is told to read only, in each transaction, and asked through a cursor.

    The cursor's statement goes through the extended protocol, which takes one statement and no more.
    """

    asking = BY_CURSOR

    def engine_arguments(self) -> dict[str, Any]:
        """Return limits for a server that does not answer at all."""
        silence = int((self.seconds + dialect.GRACE_SECONDS) * 1000)
        return {
            "connect_args": {
                "connect_timeout": dialect.CONNECT_SECONDS,
                "application_name": "okrsync",
                "tcp_user_timeout": silence,
            },
        }

    def watch_over(self, engine: Engine) -> None:
        """Put each new line under the deadline of whoever opens it, before anything is said on it."""
        event.listen(engine, "connect", _under_deadline, insert=True)

    def connecting(self) -> AbstractContextManager[Any]:
        """Limit how long making a connection may take, with all that is asked on a new one."""
        return under_way(Exchange(dialect.CONNECT_SECONDS + dialect.GRACE_SECONDS, _anywhere))

    @contextmanager
    def bounded(self, connection: Connection) -> Iterator[None]:
        """Have the server read only and end the statement in time, and hang up if it does not."""
        with under_way(Exchange(self.seconds + dialect.GRACE_SECONDS, _anywhere)) as exchange:
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
                silence = f"{self.shown} has not answered for {self.seconds + dialect.GRACE_SECONDS:g} s"
                raise Problem(Reason.UNREACHABLE, silence, "see whether the server still runs") from None

    def bind(self, moment: datetime) -> datetime:
        """Return `moment` with its zone."""
        return moment.astimezone(UTC)

    def described(self, connection: Connection) -> str:
        """Return role and database, and a warning when the role could write."""
        user, database = connection.exec_driver_sql("SELECT current_user, current_database()").one()
        return f"connected as {user} to {database}{warning(self._may_write(connection))}"

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
