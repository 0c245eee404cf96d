"""MySQL and MariaDB: read-only transactions, bounded by the server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from okrsync.connect.databases import dialect
from okrsync.connect.databases.dialect import BY_CURSOR, Dialect, warning

_GRANTED = re.compile(r"GRANT (?P<rights>.+?) ON ")
_MAY_WRITE = re.compile(r"\b(ALL PRIVILEGES|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|TRIGGER|EVENT|FILE|SUPER)\b")


class Mysql(Dialect):
    """A server that is told to read only, in each transaction; its driver sends one statement and no more."""

    asking = BY_CURSOR

    def engine_arguments(self) -> dict[str, Any]:
        """Return limits for a server that does not answer at all."""
        silence = int(self.seconds + dialect.GRACE_SECONDS)
        return {
            "connect_args": {
                "connect_timeout": dialect.CONNECT_SECONDS,
                "read_timeout": silence,
                "write_timeout": silence,
            }
        }

    @contextmanager
    def bounded(self, connection: Connection) -> Iterator[None]:
        """Have the server read only and end the statement in time."""
        limits = _limits(self.seconds, mariadb=bool(getattr(connection.dialect, "is_mariadb", False)))
        connection.exec_driver_sql(f"SET SESSION {limits}, time_zone = '+00:00'")
        connection.exec_driver_sql("START TRANSACTION READ ONLY")
        yield

    def described(self, connection: Connection) -> str:
        """Return user and database, and a warning when the user could write."""
        user, database = connection.exec_driver_sql("SELECT current_user(), database()").one()
        granted = [_GRANTED.match(str(row[0]).upper()) for row in connection.exec_driver_sql("SHOW GRANTS")]
        writes = any(found and _MAY_WRITE.search(found["rights"]) for found in granted)
        return f"connected as {user} to {database or self.shown}{warning(writes)}"


def _limits(seconds: float, *, mariadb: bool) -> str:
    """Return the settings that end a statement in time; MariaDB would cut a recursion short without a word."""
    if mariadb:
        return f"max_statement_time = {seconds:.3f}, max_recursive_iterations = {2**32 - 1}"
    return f"max_execution_time = {int(seconds * 1000)}"
