"""Numbers from a database: one SELECT, one row, one column; any database that SQLAlchemy has a dialect for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from okrsync import Answer, Ask, Choice, Config, Connector, History, Problem, Query, Reading, Reason
from okrsync.connect.answers.numbers import to_decimal
from okrsync.connect.answers.placeholders import BEGINNING
from okrsync.connect.databases.dialect import CONNECT_SECONDS, Dialect
from okrsync.connect.databases.dialects import dialect_of
from okrsync.connect.databases.statements import Statement, read_statement
from okrsync.connect.databases.troubles import is_of_the_connection, while_asking, while_connecting
from okrsync.connect.files import below

_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
_DIALECTS_OF_OTHERS = {
    "duckdb": "duckdb-engine",
    "snowflake": "snowflake-sqlalchemy",
    "bigquery": "sqlalchemy-bigquery",
}
"""Packages that bring a dialect which SQLAlchemy itself does not have."""
_FILES = {"sqlite": "SQLite", "duckdb": "DuckDB"}
_BINDS = ("start", "end", "as_of")
_KEPT_SECONDS = 60
"""A connection that is older is opened anew: what lies in between may have dropped it."""


class SqlConfig(Config):
    """One database, and a role that can only read."""

    url: SecretStr = Field(
        description="Address of the database as SQLAlchemy writes it; a SQLite or DuckDB file is found from the "
        "project folder.",
        examples=["${ANALYTICS_URL}", "sqlite:///product.db", "postgresql://reader:password@host/analytics"],
    )
    timeout: float = Field(30, gt=0, le=600, description="Seconds that one statement may take.")
    at_once: int = Field(4, ge=1, le=32, description="Statements, and so connections, that may be open at once.")

    @field_validator("url")
    @classmethod
    def _understood(cls, url: SecretStr, info: ValidationInfo) -> SecretStr:
        folder = (info.context or {}).get("folder") or Path()
        return SecretStr(_address(url.get_secret_value(), folder).render_as_string(hide_password=False))


class SqlQuery(Query):
    """One number: the only column of the only row that `sql` selects."""

    sql: str = Field(
        description="One SELECT. :start and :end are the edges of the window [start, end), :as_of is the moment asked "
        "for; all in UTC. SQLite compares texts: they are written like 2026-10-01 00:00:00, and a column of days is "
        "compared with date(:start).",
        examples=["SELECT count(*) FROM signups WHERE created_at >= :start AND created_at < :end"],
    )

    @field_validator("sql")
    @classmethod
    def _one_select(cls, sql: str) -> str:
        read_statement(sql, _BINDS)
        return sql

    @property
    def statement(self) -> Statement:
        """The statement, taken apart."""
        return read_statement(self.sql, _BINDS)


class Sql(Connector[SqlConfig, SqlQuery]):
    """Any database, by SQL.

    Credentials:

    1. As the owner of the database make a role for okrsync that can log in and nothing else.
    2. Grant it SELECT on the tables, or better the views, that the metrics ask for.
    3. Put the whole address, with the password in it, into a secret that `url` names. `check` says as whom okrsync is
       connected, and warns of a role that can write.

    A SQLite file needs none: it is opened read-only.

    Limits: `timeout` seconds for a statement and `at_once` connections; each question is a statement of its own.

    Cannot: run anything but one SELECT, in a transaction that is read-only where the database has such; take more
    than one number from it; ask a database whose SQLAlchemy dialect and driver are not installed beside okrsync
    (`okrsync[postgresql]` brings PostgreSQL's, Python has SQLite's).
    """

    name, history, max_batch = "sql", "snapshot", 1
    scopes = ("a role that can SELECT from what the metrics ask for, and nothing else",)

    def history_of(self, query: SqlQuery) -> History:
        """Any past window can be asked for where the statement says when the window ends."""
        return History.WINDOW if query.statement.binds & {"end", "as_of"} else History.SNAPSHOT

    def check(self) -> str:
        """Connect and say as whom; warns of a role that can write."""
        with self._connected() as connection, self._bounded(connection):
            return self._dialect.described(connection)

    def read_many(self, asks: Sequence[Ask[SqlQuery]]) -> Iterable[Answer]:
        """Ask one statement after the other; what is wrong with one of them is not the connection's fault."""
        for ask in asks:
            with self._connected() as connection:
                answer = self._answer(connection, ask)
            yield answer

    def _answer(self, connection: Connection, ask: Ask[SqlQuery]) -> Answer:
        binds = self._binds(ask)
        try:
            with self._bounded(connection):
                value = self._one_value(connection, ask.query.statement, binds)
            return Reading(
                to_decimal(value, "the selected value"),
                as_of=ask.as_of,
                rows=1,
                provenance={"database": self._dialect.shown, "binds": binds},
            )
        except Problem as problem:
            if is_of_the_connection(problem):
                raise
            return problem

    def _one_value(self, connection: Connection, statement: Statement, binds: dict[str, Any]) -> Any:
        result = connection.execute(text(statement.text), binds, execution_options=self._dialect.asking)
        columns = list(result.keys())
        rows = result.fetchmany(2)
        result.close()
        if len(columns) != 1:
            shown = ", ".join(columns[:8])
            raise Problem(Reason.QUERY, f"{len(columns)} columns, expected 1: {shown}", "select one number")
        if len(rows) > 1:
            raise Problem(
                Reason.QUERY, "more than 1 row, expected 1", "aggregate the rows, or have WHERE leave one of them"
            )
        if not rows:
            raise Problem(Reason.NO_DATA, "no rows", "if nothing means zero here, give the metric `when_empty: zero`")
        if rows[0][0] is None:
            raise Problem(
                Reason.NO_DATA,
                f"{columns[0]} is NULL, as the sum of no rows is",
                "if nothing means zero here, give the metric `when_empty: zero`",
            )
        return rows[0][0]

    def _binds(self, ask: Ask[SqlQuery]) -> dict[str, Any]:
        moments = {"start": ask.window.start or BEGINNING, "end": ask.window.end, "as_of": ask.as_of}
        return {name: self._dialect.bind(moments[name]) for name in sorted(ask.query.statement.binds)}

    def discover(self, like: str = "") -> Iterator[Choice]:
        """Yield a statement for every table and view whose name holds `like`."""
        try:
            with self._connected() as connection:
                found = list(self._dialect.tables(connection))
        except SQLAlchemyError as error:
            raise while_asking(error, self.config.timeout) from None
        for name, quoted in found:
            if like.lower() in name.lower():
                yield Choice("sql", f"SELECT count(*) FROM {quoted}", name)  # noqa: S608 - quoted by the dialect

    def close(self) -> None:
        """Close the connections to the database."""
        if "_engine" in vars(self):
            self._engine.dispose()

    @cached_property
    def _dialect(self) -> Dialect:
        return dialect_of(make_url(self.config.url.get_secret_value()), self.config.timeout)

    @cached_property
    def _engine(self) -> Engine:
        try:
            engine = create_engine(
                self._dialect.url,
                hide_parameters=True,
                poolclass=QueuePool,
                pool_size=self.config.at_once,
                max_overflow=0,
                pool_timeout=self.config.timeout + CONNECT_SECONDS,
                pool_recycle=_KEPT_SECONDS,
                **self._dialect.engine_arguments(),
            )
        except ModuleNotFoundError as error:
            remedy = 'pip install "okrsync[postgresql]"' if error.name == "psycopg" else f"pip install {error.name}"
            raise Problem(Reason.CONFIG, f"the driver {error.name} is not installed", remedy) from None
        self._dialect.watch_over(engine)
        return engine

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """Take a connection; what was done on it is rolled back in the end."""
        connection = self._connection()
        try:
            yield connection
        finally:
            connection.close()

    def _connection(self) -> Connection:
        try:
            with self._dialect.connecting():
                return self._engine.connect()
        except SQLAlchemyError as error:
            raise while_connecting(error, self._dialect.shown) from None

    @contextmanager
    def _bounded(self, connection: Connection) -> Iterator[None]:
        try:
            with self._dialect.bounded(connection):
                yield
        except SQLAlchemyError as error:
            raise while_asking(error, self.config.timeout) from None


def _address(url: str, folder: Path) -> URL:
    """Return the address with its driver named and its file found; raises ValueError, which never quotes it."""
    try:
        address = make_url(url)
        address = address.set(drivername=_DRIVERS.get(address.drivername, address.drivername))
        address.get_dialect()
    except ArgumentError:
        raise ValueError(_NO_ADDRESS) from None
    except NoSuchModuleError:
        package = _DIALECTS_OF_OTHERS.get(address.get_backend_name())
        raise ValueError(
            f"the dialect for this url is missing: pip install {package}" if package else _NO_ADDRESS
        ) from None
    except ModuleNotFoundError:
        pass  # the driver is missed when the connection is opened
    return _with_file(address, folder) if address.get_backend_name() in _FILES else address


_NO_ADDRESS = "url is no address of a database that SQLAlchemy knows; write it like postgresql://host/name"


def _with_file(address: URL, folder: Path) -> URL:
    name, kind = address.database or "", address.get_backend_name()
    if name in ("", ":memory:") or name.startswith(("file:", "md:")) or address.query:
        raise ValueError(f"url must name a {_FILES[kind]} file, as in {kind}:///product.db, and nothing more")
    path = Path(name)
    return address.set(database=str(path if path.is_absolute() else below(folder, path)))
