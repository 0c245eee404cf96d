"""A small project over real sources: a csv file that is there, and whatever else a test adds."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from okrsync.settings import Settings
from okrsync.sync.apply import apply
from okrsync.sync.workspace import Workspace

SETTINGS = """\
cycle: {name: this-century, start: 2020-01-01, end: 2099-12-31, timezone: Europe/Berlin}
connections:
  numbers: {connector: spreadsheet, path: numbers.csv}
"""
METRICS = """\
metrics:
  visitors: {connection: numbers, query: {column: value, row: visitors}, window: now}
  signups: {connection: numbers, query: {column: value, row: signups}, window: now}
"""
GOALS = """\
team: company
objectives:
  - id: grow
    title: Grow
    owner: ceo@example.com
    key_results:
"""
KEY_RESULTS = """\
      - {id: visitors, title: Visitors, metric: visitors, unit: visitors, start: 1000, target: 2000, cadence: 1 minute}
      - {id: signups, title: Signups, metric: signups, unit: signups, start: 0, target: 100, cadence: 1 minute}
"""


def write_project(folder: Path, more_connections: str = "", more_metrics: str = "", more_key_results: str = "") -> Path:
    """Write a project whose csv file says 1204 visitors and 17 signups; more of it as further lines of YAML.

    What is more is asked first.
    """
    (folder / "goals").mkdir(parents=True)
    (folder / "okrsync.yaml").write_text(SETTINGS + more_connections + METRICS + more_metrics)
    (folder / "goals" / "company.yaml").write_text(GOALS + more_key_results + KEY_RESULTS)
    (folder / "numbers.csv").write_text("name,value\nvisitors,1204\nsignups,17\n")
    return folder


def applied(folder: Path) -> Path:
    """Bring the goals of the project into its database."""
    with Workspace.open(folder, Settings(), migrated=False) as workspace:
        apply(workspace, datetime.now(UTC))
    return folder
