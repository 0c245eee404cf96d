"""The command line as a person has it: in this process for what it says, in one of its own for how it ends."""

from __future__ import annotations

import csv
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from okrsync.cli.main import main
from tests.projects import ProjectFolder, forget_secrets, local_project, project, server

__all__ = ["forget_secrets", "local_project", "project", "server"]

CENTURY = "{name: this-century, start: 2020-01-01, end: 2099-12-31, timezone: Europe/Berlin}"
"""A cycle that is running whenever the tests are."""
CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out, parse_float=Decimal, parse_int=Decimal)

    def csv(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.out)))


Okrsync = Callable[..., Ended]


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment without anything of the machine's own in it."""
    for name in list(os.environ):
        if name.startswith(("OKRSYNC_", "PREFECT_")) or name in ("FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    for name in ("DO_NOT_TRACK", "PREFECT_SERVER_ANALYTICS_ENABLED"):
        monkeypatch.setenv(name, "1" if name == "DO_NOT_TRACK" else "false")


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    """The root logger, as it was before the test when that is over."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def okrsync(capsys, monkeypatch, settled, root_logger) -> Okrsync:
    """Run a command in this process; in a project's folder, on its database."""

    def run(*arguments: str, within: ProjectFolder | Path | None = None) -> Ended:
        if isinstance(within, ProjectFolder):
            monkeypatch.setenv("OKRSYNC_DATABASE_URL", within.database_url)
        if within is not None:
            monkeypatch.chdir(within.folder if isinstance(within, ProjectFolder) else within)
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        printed = capsys.readouterr()
        return Ended(int(ended.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture
def okrsync_process(settled) -> Okrsync:
    """Run a command in a process of its own, its output in pipes."""

    def run(*arguments: str, within: ProjectFolder, **environment: str) -> Ended:
        done = subprocess.run(
            [sys.executable, "-m", "okrsync", *arguments],
            cwd=within.folder,
            env={
                **os.environ,
                "PYTHONPATH": str(CHECKOUT),
                "OKRSYNC_DATABASE_URL": within.database_url,
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def shop(local_project) -> ProjectFolder:
    """A project with two key results and a KPI on a csv file, not applied yet."""
    local_project.numbers(deals="4.50", leads=8, churn=2)
    return local_project.write(
        cycle=CENTURY,
        metrics="".join(
            f"{name}: {{connection: numbers, query: {{column: value, row: {name}}}}}\n"
            for name in ("deals", "leads", "churn")
        ),
        key_results="""
        - {id: deals, title: Deals won, metric: deals, unit: deals, start: 0, target: 10}
        - {id: leads, title: Leads, metric: leads, unit: leads, start: 0, target: 10}
        """,
        kpis="- {id: churn, title: Churn, metric: churn, unit: percent, healthy: {below: 3}}",
    )


@pytest.fixture
def applied(shop: ProjectFolder) -> ProjectFolder:
    """The same, applied."""
    return shop.apply(datetime.now(UTC))


@pytest.fixture
def synced(applied: ProjectFolder) -> ProjectFolder:
    """The same, applied and synced."""
    applied.sync(datetime.now(UTC))
    return applied
