"""A small project, and the rows that its tests write."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from okrsync.okrs.cadence import Cadence
from okrsync.okrs.formulas import Formula
from okrsync.okrs.model import Checkpoint, Cycle, KeyResult, Kpi, Metric, Objective, Project, Team
from okrsync.store import ledger
from okrsync.store.goals import save_project
from okrsync.store.records import NewCheckIn, NewRun
from okrsync.vocabulary import Commitment, KeyResultType, Level, Trigger, WhenEmpty

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def key_result(key: str = "mql-to-sql", **changes) -> KeyResult:
    plain = KeyResult(
        key=key,
        objective="marketing/lead-quality",
        title="MQL-to-SQL conversion",
        owner="ada@example.com",
        type=KeyResultType.INCREASE,
        unit="percent",
        start_value=Decimal("18.10"),
        target_value=Decimal(28),
        cadence=Cadence.parse("weekly on friday at 07:30"),
        metric="mql_to_sql",
        checkpoints=(Checkpoint(date(2026, 11, 15), Decimal("22.5")),),
    )
    return replace(plain, **changes)


def kpi(key: str = "churn", **changes) -> Kpi:
    plain = Kpi(key, "marketing", "Monthly churn", "ada@example.com", "percent", "churn", high=Decimal(3))
    return replace(plain, **changes)


def project(key_results=None, kpis=None, **changes) -> Project:
    """Return a project with one objective; `changes` replace whole parts of it."""
    query = {"object": "contacts", "atLeast": Decimal("0.5"), "stages": ["mql", "sql"], "archived": False}
    plain = Project(
        folder=Path("folder"),
        cycles={"2026-Q4": Cycle("2026-Q4", date(2026, 10, 1), date(2026, 12, 31), ZoneInfo("Europe/Berlin"))},
        teams={
            "marketing": Team("marketing", "Marketing", Level.TEAM, "company"),
            "company": Team("company", "Acme", Level.COMPANY),
        },
        objectives={
            "marketing/lead-quality": Objective(
                "marketing/lead-quality",
                "marketing",
                "2026-Q4",
                "Improve lead quality",
                "ada@example.com",
                Commitment.ASPIRATIONAL,
                supports="company/grow",
            )
        },
        key_results={one.key: one for one in ([key_result()] if key_results is None else key_results)},
        kpis={one.key: one for one in ([kpi()] if kpis is None else kpis)},
        metrics={
            "mqls": Metric("mqls", "crm", query, "cycle_to_date", when_empty=WhenEmpty.ZERO),
            "sqls": Metric("sqls", "crm", {}, "trailing(28 days)", scale=Decimal(100), minimum=Decimal(0)),
            "mql_to_sql": Metric("mql_to_sql", None, {}, "cycle_to_date", Formula.parse("percent(sqls, mqls)")),
            "churn": Metric("churn", "billing", {"cell": "B2"}, "now"),
        },
        connections={},
    )
    return replace(plain, **changes)


def apply(conn: Connection, wanted: Project | None = None, at: datetime = NOON) -> dict[str, int]:
    """Save a project and return the ids of its key results and KPIs by key."""
    save_project(conn, wanted or project(), at)
    return {one.key: one.id for one in ledger.tracked(conn)}


def begin_run(conn: Connection, at: datetime = NOON) -> str:
    run = NewRun(str(uuid.uuid4()), at, Trigger.COMMAND, "0.1.0", "localhost", 1)
    ledger.begin_run(conn, run)
    return run.id


def check_in(key_result_id: int, value: str | int = 20, slot: datetime = NOON, **changes) -> NewCheckIn:
    plain = NewCheckIn(key_result_id, slot, Decimal(value), as_of=slot, recorded_at=slot)
    return replace(plain, **changes)
