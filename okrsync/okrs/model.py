"""What a project folder says, as plain frozen values: the wish that `apply` brings into the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from okrsync.okrs.cadence import Cadence
from okrsync.okrs.formulas import Formula
from okrsync.vocabulary import Commitment, KeyResultType, Level, WhenEmpty


@dataclass(frozen=True)
class Cycle:
    """A time box. `start` and `end` are its first and last day, both included, in `zone`."""

    name: str
    start: date
    end: date
    zone: ZoneInfo


@dataclass(frozen=True)
class Team:
    """The company, a team of it, or one person."""

    key: str
    title: str
    level: Level
    parent: str | None = None


@dataclass(frozen=True)
class Objective:
    """Where to. `key` is `team/id`; `supports` is the key of the objective it is aligned to."""

    key: str
    team: str
    cycle: str
    title: str
    owner: str
    commitment: Commitment
    supports: str | None = None
    weight: Decimal = Decimal(1)


@dataclass(frozen=True)
class Checkpoint:
    """A point of the target curve: the value wanted at the end of `day`."""

    day: date
    value: Decimal


@dataclass(frozen=True)
class KeyResult:
    """A number on its way from `start_value` to `target_value`, or one to be kept within `low` and `high`.

    `key` is unique in the project. `metric` is None where people check in by hand. `was` names the key it
    had before, so that its history stays attached. `low` and `high` are set for types that maintain.
    """

    key: str
    objective: str
    title: str
    owner: str
    type: KeyResultType
    unit: str
    start_value: Decimal | None
    target_value: Decimal | None
    low: Decimal | None = None
    high: Decimal | None = None
    weight: Decimal = Decimal(1)
    cadence: Cadence = field(default_factory=Cadence.daily)
    metric: str | None = None
    checkpoints: tuple[Checkpoint, ...] = ()
    preset: str | None = None
    was: str | None = None


@dataclass(frozen=True)
class Kpi:
    """A metric watched without a cycle; healthy from `low` to `high`, a missing bound being open."""

    key: str
    team: str
    title: str
    owner: str
    unit: str
    metric: str
    low: Decimal | None = None
    high: Decimal | None = None
    cadence: Cadence = field(default_factory=Cadence.daily)
    was: str | None = None


@dataclass(frozen=True)
class Metric:
    """A named question to a connection, or a formula over other metrics (then `connection` is None).

    `window` is the text of a window rule, and empty for a formula, whose metrics have windows of their own.
    The source's number times `scale` is the metric's value: a source that says 0.125 for a key result in
    percent needs 100. Values outside `minimum`..`maximum` are refused.
    """

    name: str
    connection: str | None
    query: Mapping[str, Any]
    window: str
    formula: Formula | None = None
    scale: Decimal = Decimal(1)
    when_empty: WhenEmpty = WhenEmpty.PROBLEM
    minimum: Decimal | None = None
    maximum: Decimal | None = None


@dataclass(frozen=True)
class Connection:
    """A named, configured use of a connector. `settings` are as written, `${VARIABLE}` not yet filled in."""

    name: str
    connector: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """Where something is written. Lines and columns count from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True)
class Project:
    """A whole project folder.

    `places` tells where a thing is written, by path: `("metrics", "mqls", "query", "stage")`,
    `("connections", "crm")`, `("key_results", "mql-to-sql", "target")`, `("objectives", "company/grow")`,
    `("kpis", "churn")`, `("teams", "sales")`, `("cycles", "2026-Q4")`, `("database",)`. `place()` falls back
    to the nearest part that is known.
    """

    folder: Path
    cycles: Mapping[str, Cycle]
    teams: Mapping[str, Team]
    objectives: Mapping[str, Objective]
    key_results: Mapping[str, KeyResult]
    kpis: Mapping[str, Kpi]
    metrics: Mapping[str, Metric]
    connections: Mapping[str, Connection]
    preset: str = "okrsync"
    database: str | None = None
    places: Mapping[tuple[str, ...], Place] = field(default_factory=dict)

    def place(self, *path: str) -> Place:
        """Return where `path` is written, or the nearest thing around it."""
        while path:
            if found := self.places.get(path):
                return found
            path = path[:-1]
        return Place("okrsync.yaml", 0, 0)
