"""What people look at: the board, the history behind a number, and the latest runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from okrsync.okrs.model import Metric
from okrsync.store import ledger_models as rows
from okrsync.store.ledger import is_in_force
from okrsync.store.records import CheckIn, NewRun, RunEnd, Tracked
from okrsync.store.statements import table
from okrsync.store.tracked import metrics, tracked
from okrsync.vocabulary import Origin


@dataclass(frozen=True)
class BoardRow:
    """A key result or KPI as a board shows it, and where its number came from.

    `metric` is None where people check in by hand; `connections` are those that the metric, or the metrics
    of its formula, ask. `origin`, `author`, `recorded_at`, `complete` and `run_id` belong to the current
    check-in and are None where there is none.
    """

    tracked: Tracked
    metric: Metric | None
    connections: tuple[str, ...]
    origin: Origin | None = None
    author: str | None = None
    recorded_at: datetime | None = None
    complete: bool | None = None
    run_id: str | None = None


def board(conn: Connection) -> list[BoardRow]:
    """Return every active key result and KPI, in the order they were first applied."""
    known = metrics(conn)
    made = _current_check_ins(conn)
    return [_board_row(one, known, made.get(one.id, ())) for one in tracked(conn)]


def _current_check_ins(conn: Connection) -> dict[int, tuple[Any, ...]]:
    i, s = rows.CheckIn, rows.KeyResultState
    statement = select(s.key_result_id, i.origin, i.author, i.recorded_at, i.complete, i.run_id).join_from(
        s, i, i.id == s.check_in_id
    )
    return {row[0]: tuple(row[1:]) for row in conn.execute(statement)}


def _board_row(one: Tracked, known: Mapping[str, Metric], made: tuple[Any, ...]) -> BoardRow:
    metric = None if one.metric is None else known.get(one.metric)
    return BoardRow(one, metric, connections_of(one.metric, known), *made)


def connections_of(metric: str | None, known: Mapping[str, Metric]) -> tuple[str, ...]:
    """Return the connections that a metric asks, by itself or through its formula, each once."""
    found: dict[str, None] = {}
    waiting = [metric] if metric else []
    while waiting:
        one = known.get(waiting.pop(0))
        if one is not None and one.connection is not None:
            found[one.connection] = None
        elif one is not None and one.formula is not None:
            waiting += one.formula.names
    return tuple(found)


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
