"""What people look back at: the history behind a number, and the latest runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, select

from okrsync.store import ledger_models as rows
from okrsync.store.ledger import is_in_force
from okrsync.store.records import CheckIn, NewRun, RunEnd
from okrsync.store.statements import table


@dataclass(frozen=True)
class PastCheckIn:
    """A check-in of the history, whether it still counts, and the evidence for it, where there is any."""

    check_in: CheckIn
    in_force: bool
    receipt: Mapping[str, Any] | None


def history(conn: Connection, key_result_id: int) -> list[PastCheckIn]:
    """Return every check-in of a key result or KPI, the superseded ones too, oldest slot first."""
    i = rows.CheckIn
    columns = [table(i).c[field.name] for field in fields(CheckIn)]
    statement = (
        select(*columns, is_in_force(), rows.Receipt.document)
        .outerjoin(rows.Receipt, rows.Receipt.check_in_id == i.id)
        .where(i.key_result_id == key_result_id)
        .order_by(i.slot, i.id)
    )
    return [PastCheckIn(CheckIn(*row[:-2]), row[-2], row[-1]) for row in conn.execute(statement)]


@dataclass(frozen=True)
class Run:
    """A sync run; `end` is None while it is under way, and for ever if it was killed."""

    begin: NewRun
    end: RunEnd | None


def last_runs(conn: Connection, count: int) -> list[Run]:
    """Return the latest `count` runs, newest first."""
    begin, end = table(rows.SyncRun), table(rows.SyncRunEnd)
    first = [begin.c[field.name] for field in fields(NewRun)]
    last = [end.c[field.name] for field in fields(RunEnd)]
    statement = select(*first, *last).outerjoin_from(begin, end, end.c.run_id == begin.c.id)
    found = conn.execute(statement.order_by(begin.c.started_at.desc(), begin.c.id.desc()).limit(count))
    return [_run(row[: len(first)], row[len(first) :]) for row in found]


def _run(begin: Any, end: Any) -> Run:
    return Run(NewRun(*begin), None if end[0] is None else RunEnd(*end))
