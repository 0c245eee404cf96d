"""A MariaDB server that the session starts for itself on loopback, where `mariadbd` is installed."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, make_url
from sqlalchemy.exc import OperationalError

_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
_SERVER, _INSTALL = (shutil.which(name, path=_PATH) for name in ("mariadbd", "mariadb-install-db"))
_SECONDS_TO_START = 60


class MariadbServer:
    """A server, and databases on it that are gone after the test. Its root needs no password."""

    def __init__(self, port: int) -> None:
        self.url = URL.create("mysql+pymysql", "root", host="127.0.0.1", port=port)

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """Make a database and yield its URL."""
        name = f"okrsync_test_{uuid.uuid4().hex}"
        self.run(f"CREATE DATABASE {name}")
        try:
            yield self.url.set(database=name).render_as_string(hide_password=False)
        finally:
            self.run(f"DROP DATABASE {name}")

    def run(self, *statements: str) -> None:
        run(self.url.render_as_string(hide_password=False), *statements)


def run(url: str, *statements: str) -> list[tuple]:
    """Run the statements and return the rows of the last one."""
    engine = create_engine(make_url(url), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            results = [connection.exec_driver_sql(statement.replace("%", "%%")) for statement in statements]
            return [tuple(row) for row in results[-1]] if results[-1].returns_rows else []
    finally:
        engine.dispose()


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariadbServer]:
    if not (_SERVER and _INSTALL):
        pytest.skip("needs `mariadbd` and `mariadb-install-db` (Debian: apt install mariadb-server)")
    folder = tmp_path_factory.mktemp("mariadb")
    common = ["--no-defaults", f"--datadir={folder / 'data'}", f"--user={getpass.getuser()}"]
    made = [_INSTALL, *common, "--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(made, check=True, capture_output=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # The socket's path may have no more than about a hundred characters: it is given relative to the data.
    started = [_SERVER, *common, "--bind-address=127.0.0.1", f"--port={port}", "--socket=s", "--skip-log-bin"]
    log = folder / "log"
    with log.open("w") as written:
        process = subprocess.Popen([*started, "--innodb-flush-log-at-trx-commit=0"], stdout=written, stderr=written)
    try:
        server = MariadbServer(port)
        _wait_for(server, process, log)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait_for(server: MariadbServer, process: subprocess.Popen, log: Path) -> None:
    ends = time.monotonic() + _SECONDS_TO_START
    while True:
        try:
            return server.run("SELECT 1")
        except OperationalError:
            if process.poll() is not None or time.monotonic() > ends:
                pytest.fail(f"MariaDB did not start: {log.read_text()[-2000:]}")
            time.sleep(0.05)


@pytest.fixture
def mariadb_url(mariadb: MariadbServer) -> Iterator[str]:
    """The URL of a database without tables."""
    with mariadb.fresh() as url:
        yield url
