"""Project folders written for a test."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from okrsync.errors import GoalsError
from okrsync.okrs.model import Project
from okrsync.okrs.project import load_project

SETTINGS = """\
cycle: {name: 2026-Q4, start: 2026-10-01, end: 2026-12-31, timezone: Europe/Berlin}
connections:
  crm: {connector: http, token: "${CRM_TOKEN}"}
metrics:
  mqls: {connection: crm, query: {stage: mql}, window: cycle_to_date}
  sqls: {connection: crm, query: {stage: sql, share: 0.10}, window: cycle_to_date}
  mql_to_sql: {formula: "percent(sqls, mqls)"}
  churn: {connection: crm, scale: 100, when_empty: zero, minimum: 0}
"""
GOALS = """\
team: marketing
owner: marketing@example.com
objectives:
  - id: lead-quality
    title: Improve lead quality
    key_results:
      - {id: mql-to-sql, title: MQL-to-SQL conversion, metric: mql_to_sql, unit: percent, start: 18, target: 28}
"""


def write_project(folder: Path, files: dict[str, str] | None = None) -> Path:
    """Write a project; `files` replace or join a sound `okrsync.yaml` and `goals/marketing.yaml`."""
    for name, text in ({"okrsync.yaml": SETTINGS, "goals/marketing.yaml": GOALS} | (files or {})).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
    return folder


def project(folder: Path, **files: str) -> Project:
    """Load a sound project, its `settings`, `goals` or further goals files replaced by those given."""
    return load_project(write_project(folder, _by_path(files)))


def findings(folder: Path, **files: str) -> list[str]:
    """Return what is wrong with a project, line by line, as a person sees it."""
    try:
        project(folder, **files)
    except GoalsError as error:
        return [str(finding) for finding in error.findings]
    return []


def key_result(line: str) -> str:
    """Return a goals file with this one key result, which stands in line 7 from column 9 on."""
    return GOALS.rsplit("      - ", 1)[0] + f"      - {line}\n"


def _by_path(files: dict[str, str]) -> dict[str, str]:
    return {
        {"settings": "okrsync.yaml", "goals": "goals/marketing.yaml"}.get(name, f"goals/{name}.yaml"): text
        for name, text in files.items()
    }
