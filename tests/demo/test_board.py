"""The whole product, as a newcomer meets it: real processes, real HTTP, SQL and files, on both databases."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path

import openpyxl
import pytest

from okrsync.demo import service
from tests.demo.test_connected import ROUNDING
from tests.demo.truth import Truth

ROOT = Path(__file__).parents[2]


class Shell:
    """Runs `okrsync` as a process, with nothing in its environment but what is given."""

    def __init__(self, place: Path, **environ: str) -> None:
        self.place = place
        self.environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(place), **environ}

    def __call__(self, *words: str, code: int = 0) -> str:
        command = [sys.executable, "-m", "okrsync", *words]
        ran = subprocess.run(command, cwd=self.place, env=self.environ, capture_output=True, text=True, check=False)
        assert ran.returncode == code, ran.stdout + ran.stderr
        return ran.stdout

    def board(self, code: int = 0) -> dict[str, dict]:
        """Return the board's rows by key, as a program sees them."""
        document = json.loads(self("status", "--project", "okrsync-demo", "--format", "json", code=code))
        return {row["key"]: row for row in document["key_results"]}


@pytest.fixture
def okrsync(request, tmp_path):
    """A shell in an empty folder; okrsync keeps its data in SQLite, or in the kind of database that a test names."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return Shell(tmp_path)
    return Shell(tmp_path, OKRSYNC_DATABASE_URL=request.getfixturevalue("postgresql_url"))


@pytest.fixture
def demo(okrsync, tmp_path):
    """The demo, synced once."""
    folder = tmp_path / "okrsync-demo"
    try:
        okrsync("demo", "--no-prefect")
        yield folder
    finally:
        service.stop(folder)


def metric_of(folder: Path) -> dict[str, str]:
    """Return the metric behind each key result of the demo."""
    from okrsync.okrs.project import load_project  # noqa: PLC0415 - the shell needs none of it

    project = load_project(folder)
    return {one.key: one.metric for one in (*project.key_results.values(), *project.kpis.values())}


@pytest.mark.parametrize("okrsync", ["sqlite", "postgresql"], indirect=True)
def test_the_board_says_what_the_sources_hold(okrsync, demo):
    board = okrsync.board()

    truth = Truth(demo, cycle_start(demo))
    metrics = metric_of(demo)
    assert set(board) == set(metrics)
    for key, row in board.items():
        at = datetime.fromisoformat(row["as_of"])
        metric = metrics[key]
        wanted = truth.gross_margin() if metric == "gross_margin" else truth.at(at)[metric]
        assert abs(Fraction(str(row["value"])) - wanted) <= ROUNDING, key
        assert row["data_state"] == "fresh", key


def cycle_start(folder: Path) -> date:
    from okrsync.okrs.project import load_project  # noqa: PLC0415

    (cycle,) = load_project(folder).cycles.values()
    return cycle.start


def test_a_changed_cell_moves_the_key_result_bound_to_it_and_nothing_else(okrsync, demo):
    before = okrsync.board()

    with closing(openpyxl.load_workbook(demo / "plan.xlsx")) as book:
        sheet = book["KPIs"]
        headers = [cell.value for cell in sheet[1]]
        (row,) = [line for line in sheet.iter_rows(min_row=2) if line[0].value == "Gross margin"]
        row[headers.index("Actual")].value = 0.65
        book.save(demo / "plan.xlsx")
    okrsync("sync", "--project", "okrsync-demo", "--only", "gross-margin", "--only", "recurring-revenue")

    after = okrsync.board()
    assert after["gross-margin"]["value"] == 65
    assert {key for key in after if after[key]["value"] != before[key]["value"]} == {"gross-margin"}


def test_a_revoked_token_leaves_the_last_values_and_names_the_way_out(okrsync, demo):
    before = okrsync.board()
    okrsync.environ["DEMO_CRM_TOKEN"] = "revoked-token-of-the-demo"

    said = okrsync("sync", "--project", "okrsync-demo", code=3)

    after = okrsync.board(code=3)
    stale = {key for key, row in after.items() if row["data_state"] == "stale"}
    assert stale == {"new-revenue", "mql-to-sql", "cost-per-mql", "qualified-leads", "won-deals", "sales-cycle"}
    assert all(after[key]["value"] == before[key]["value"] for key in stale)
    assert {after[key]["reason"] for key in stale} == {"auth"}
    assert "DEMO_CRM_TOKEN" in said
    assert "revoked-token" not in said
