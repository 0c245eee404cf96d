"""Project folders over real sources, and the library's own functions called on them as a command would."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, inspect

from okrsync import redaction
from okrsync.settings import Settings
from okrsync.store.queries import PastCheckIn, history
from okrsync.sync.apply import apply
from okrsync.sync.backfill import BackfillRow, backfill
from okrsync.sync.report import SyncReport
from okrsync.sync.run import sync
from okrsync.sync.workspace import Workspace
from okrsync.views.board import Board, BoardRow, board
from tests.fault_server import FaultServer, running
from tests.workbooks import xlsx

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
"""A Saturday in the middle of the cycle; the newest daily slot is at 05:00 UTC, 06:00 in Berlin."""
DAY = timedelta(days=1)

CYCLE = "{name: 2026-Q4, start: 2026-10-01, end: 2026-12-31, timezone: Europe/Berlin}"
NUMBERS = "numbers: {connector: spreadsheet, path: numbers.csv}"

TOLD = '''
"""A source that says what its file says; every question is noted."""

import json
import time
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from pydantic import Field

from okrsync import Ask, Config, Connector, History, Problem, Query, Reading, Reason


class ToldConfig(Config):
    """A folder."""

    folder: str = Field(description="Where told.json is.")


class ToldQuery(Query):
    """One entry of told.json."""

    what: str = Field(description="Its name.")
    history: str = Field("window", description="Which past it knows.")


class Told(Connector[ToldConfig, ToldQuery]):
    """Says what its file says."""

    name, max_batch = "told", 1

    def history_of(self, query: ToldQuery) -> History:
        return History(query.history)

    def read(self, ask: Ask[ToldQuery]) -> Reading:
        folder = Path(self.config.folder)
        with (folder / "asked.txt").open("a") as asked:
            asked.write(f"{ask.query.what} {ask.window.end.isoformat()}\\n")
        said = json.loads((folder / "told.json").read_text())[ask.query.what]
        if "seconds" in said:
            time.sleep(said["seconds"])
        if "reason" in said:
            retry_at = datetime.fromisoformat(said["retry_at"]) if "retry_at" in said else None
            raise Problem(Reason(said["reason"]), said.get("message", "told so"), "tell it otherwise", retry_at)
        as_of = datetime.fromisoformat(said["as_of"]) if "as_of" in said else ask.as_of
        return Reading(Decimal(said["value"]), as_of=as_of)
'''


class ProjectFolder:
    """A project folder and its central database. Every call opens the project anew, as every command does."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.database_url = database_url
        self.run_deadline = 60.0
        (folder / "goals").mkdir(parents=True)

    def write(
        self,
        *,
        key_results: str = "",
        metrics: str = "",
        connections: str = NUMBERS,
        kpis: str = "",
        cycle: str = CYCLE,
    ) -> ProjectFolder:
        """Write okrsync.yaml and the goals of one team; each part as lines of YAML."""
        parts = {"connections": connections, "metrics": metrics}
        settings = f"cycle: {cycle}\n" + "".join(f"{name}:\n{_below(text)}" for name, text in parts.items() if text)
        (self.folder / "okrsync.yaml").write_text(settings)
        goals = "team: company\nowner: ada@example.com\n"
        if key_results:
            lines = indent(_below(key_results), "    ")
            goals += f"objectives:\n  - id: grow\n    title: Grow\n    key_results:\n{lines}"
        if kpis:
            goals += f"kpis:\n{_below(kpis)}"
        (self.folder / "goals" / "company.yaml").write_text(goals)
        return self

    def numbers(self, **values: Any) -> None:
        """Write numbers.csv: a row per name, its number beside it."""
        rows = "".join(f"{name},{value}\n" for name, value in values.items())
        (self.folder / "numbers.csv").write_text(f"name,value\n{rows}")

    def workbook(self, **values: Any) -> None:
        """Write plan.xlsx: a row per name, its number beside it."""
        (self.folder / "plan.xlsx").write_bytes(xlsx(("KPI", [("name", "value"), *values.items()])))

    def product(self, *statements: str) -> None:
        """Run statements on the SQLite database product.db."""
        with closing(sqlite3.connect(self.folder / "product.db")) as conn, conn:
            for statement in statements:
                conn.execute(statement)

    def tell(self, **said: Any) -> None:
        """Say what the source `told` says: a value, or a document with `value` and `as_of`, or with a `reason`."""
        (self.folder / "connectors").mkdir(exist_ok=True)
        (self.folder / "connectors" / "told.py").write_text(TOLD)
        documents = {name: one if isinstance(one, dict) else {"value": str(one)} for name, one in said.items()}
        (self.folder / "told.json").write_text(json.dumps(documents, default=str))

    @property
    def told(self) -> str:
        """The connection `told`, as YAML."""
        return f"told: {{connector: told, folder: '{self.folder}'}}"

    def asked(self) -> list[str]:
        """Return what the source `told` was asked for, once per time."""
        file = self.folder / "asked.txt"
        return [line.split()[0] for line in file.read_text().splitlines()] if file.exists() else []

    @contextmanager
    def opened(self, *, migrated: bool = True) -> Iterator[Workspace]:
        """Open the project with settings of its own."""
        settings = Settings(database_url=SecretStr(self.database_url), run_deadline=self.run_deadline)
        with Workspace.open(self.folder, settings, migrated=migrated) as workspace:
            yield workspace

    def apply(self, at: datetime = NOW) -> ProjectFolder:
        with self.opened(migrated=False) as workspace:
            apply(workspace, at)
        return self

    def sync(self, at: datetime = NOW, *, due_only: bool = False, **options: Any) -> SyncReport:
        """Sync as a person does with the command; with `due_only` as a schedule does."""
        with self.opened() as workspace:
            return sync(workspace, at, due_only=due_only, **options)

    def backfill(self, at: datetime = NOW, **options: Any) -> dict[str, BackfillRow]:
        with self.opened() as workspace:
            return {row.key: row for row in backfill(workspace, at, **options)}

    def board(self, at: datetime = NOW, **options: Any) -> Board:
        with self.opened() as workspace:
            return board(workspace, at, **options)

    def row(self, key: str, at: datetime = NOW) -> BoardRow:
        return next(row for row in self.board(at).rows if row.key == key)

    def history(self, key: str) -> list[PastCheckIn]:
        """Return every check-in of a key result or KPI with its receipt, the oldest slot first; archived ones too."""
        with self.opened() as workspace, workspace.database.reading() as conn:
            (id_,) = [row["id"] for row in _rows(conn, "key_result") if row["key"] == key]
            return history(conn, id_)

    def values(self, key: str) -> list[str]:
        """Return the values of all check-ins of a key result or KPI, the oldest slot first."""
        return [f"{past.check_in.value}" for past in self.history(key)]

    def table(self, name: str) -> list[dict[str, Any]]:
        """Return the rows of a table of the central database as the driver gives them."""
        with self.opened(migrated=False) as workspace, workspace.database.reading() as conn:
            return _rows(conn, name)

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Return every row of every table of the central database."""
        with self.opened(migrated=False) as workspace, workspace.database.reading() as conn:
            return {name: _rows(conn, name) for name in inspect(conn).get_table_names()}


def _rows(conn: Connection, table: str) -> list[dict[str, Any]]:
    return [dict(row) for row in conn.exec_driver_sql(f"SELECT * FROM {table} ORDER BY 1").mappings()]


def _below(lines: str) -> str:
    return indent(dedent(lines).strip("\n") + "\n", "  ")


@pytest.fixture
def project(tmp_path: Path, database_url: str) -> ProjectFolder:
    """A project whose central database is of either kind in turn."""
    return ProjectFolder(tmp_path / "okrs", database_url)


@pytest.fixture
def local_project(tmp_path: Path, sqlite_url: str) -> ProjectFolder:
    """A project on SQLite, for what does not depend on the database."""
    return ProjectFolder(tmp_path / "okrs", sqlite_url)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """An HTTP service on loopback that answers as a test says."""
    yield from running()


@pytest.fixture(autouse=True)
def forget_secrets() -> Iterator[None]:
    """No secret of one test is hidden in the texts of the next."""
    yield
    redaction.forget_all()
