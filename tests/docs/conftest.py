from __future__ import annotations

import logging
import sqlite3
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import responses

from okrsync import redaction
from okrsync.cli import main, options
from okrsync.demo.starter import write_starter
from tests.docs.reader import Reader

NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
"""The clock of the pages: what they print depends on it."""


@pytest.fixture
def source() -> Iterator[responses.RequestsMock]:
    """Answers what the pages say that sources answer, and nothing else."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def reader(source: responses.RequestsMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """Somebody in a folder of their own, with a project that `okrsync init` wrote."""
    write_starter(tmp_path, NOW.date())
    _write_product_database(tmp_path / "product.db")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(options, "now", lambda: NOW)
    # It may end the whole process, for the sake of threads that other tests have left behind.
    monkeypatch.setattr(main, "_leave", sys.exit)
    for name in ("PREFECT_API_URL", "OKRSYNC_DATABASE_URL", "OKRSYNC_PROJECT", "OKRSYNC_SECRETS_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    handlers, level = logging.root.handlers[:], logging.root.level
    yield Reader(source, monkeypatch)
    logging.root.handlers[:], logging.root.level = handlers, level
    redaction.forget_all()


def _write_product_database(file: Path) -> None:
    """Write the database that the page on databases asks."""
    with sqlite3.connect(file) as product:
        product.execute("CREATE TABLE signups (signed_up_at TEXT, activated_at TEXT)")
        product.executemany(
            "INSERT INTO signups VALUES (?, ?)",
            [("2026-10-20 10:00:00", "2026-10-21 08:00:00"), ("2026-11-05 16:30:00", None)],
        )
    product.close()
