"""The statements of a sync: a handful per run, whatever the number of key results.

All of them take part in the caller's transaction (`Database.writing()`); none commits. What is written here
is written once: a slot that has its check-in already is left alone, and the caller is told by what is missing
from the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, insert, or_, select, text
from sqlalchemy.orm import aliased

from okrsync.store import ledger_models as rows
from okrsync.store.records import (
    CheckIn,
    NewCheckIn,
    NewEvaluation,
    NewReading,
    NewRun,
    NewTransition,
    PastValue,
    RunEnd,
    Slot,
)
from okrsync.store.statements import chunks, run_many, table, upsert
from okrsync.store.tracked import lock_states, metrics, save_states, tracked
from okrsync.vocabulary import Origin

__all__ = [
    "begin_run",
    "end_run",
    "in_force",
    "insert_auto_check_ins",
    "insert_backfill",
    "insert_evaluations",
    "insert_readings",
    "insert_receipts",
    "insert_restatements",
    "insert_transitions",
    "is_in_force",
    "lock_states",
    "metrics",
    "save_states",
    "tracked",
    "values_in_force",
]


def begin_run(conn: Connection, run: NewRun) -> None:
    """Record that a run begins."""
    run_many(conn, insert(table(rows.SyncRun)), [run])


def end_run(conn: Connection, end: RunEnd) -> None:
    """Record how a run ended; a run ends once."""
    run_many(conn, insert(table(rows.SyncRunEnd)), [end])


def insert_readings(conn: Connection, readings: Sequence[NewReading]) -> None:
    """Record what the questions of a run got for an answer."""
    run_many(conn, insert(table(rows.Reading)), readings)


def insert_auto_check_ins(conn: Connection, check_ins: Sequence[NewCheckIn]) -> dict[Slot, int]:
    """Record one automatic check-in per slot and return the ids of those that are new.

    A slot that has its automatic check-in already, from this run or from another, is left out.
    """
    return _insert_check_ins(conn, check_ins, Origin.AUTO, ["key_result_id", "slot"])


def insert_backfill(conn: Connection, check_ins: Sequence[NewCheckIn]) -> dict[Slot, int]:
    """Record values of the past and return the ids of those that are new.

    A slot that was filled in before is left out. Where a sync has its own check-in for the slot, that one
    stays in force.
    """
    return _insert_check_ins(conn, check_ins, Origin.BACKFILL, ["key_result_id", "slot"])


def insert_restatements(conn: Connection, check_ins: Sequence[NewCheckIn]) -> dict[Slot, int]:
    """Record check-ins that supersede earlier ones and return the ids of those that are new.

    A check-in is superseded once: where another run was faster, nothing is written.
    """
    return _insert_check_ins(conn, check_ins, Origin.RESTATEMENT, ["supersedes_id"])


def _insert_check_ins(
    conn: Connection, check_ins: Sequence[NewCheckIn], origin: Origin, unique: list[str]
) -> dict[Slot, int]:
    if not check_ins:
        return {}
    # One order for all writers, so that two of them never wait for each other in a circle.
    ordered = sorted(check_ins, key=lambda check_in: (check_in.key_result_id, check_in.slot))
    only = text(f"origin = '{origin}'") if origin in (Origin.AUTO, Origin.BACKFILL) else None
    c = table(rows.CheckIn).c
    statement = (
        upsert(conn, rows.CheckIn)
        .on_conflict_do_nothing(index_elements=unique, index_where=only)
        .returning(c.id, c.key_result_id, c.slot)
    )
    inserted = conn.execute(statement, [vars(check_in) | {"origin": origin} for check_in in ordered])
    return {(key_result_id, slot): id_ for id_, key_result_id, slot in inserted}


def insert_receipts(conn: Connection, receipts: Mapping[int, Mapping[str, Any]]) -> None:
    """Record the evidence of check-ins, by check-in id."""
    documents = [{"check_in_id": id_, "document": document} for id_, document in receipts.items()]
    run_many(conn, insert(table(rows.Receipt)), documents)


def insert_evaluations(conn: Connection, evaluations: Sequence[NewEvaluation]) -> None:
    """Record what the rules made of key results."""
    run_many(conn, insert(table(rows.Evaluation)), evaluations)


def insert_transitions(conn: Connection, transitions: Sequence[NewTransition]) -> None:
    """Record changes of status."""
    run_many(conn, insert(table(rows.Transition)), transitions)


def is_in_force() -> ColumnElement[bool]:
    """Return the condition that a check-in counts: not superseded, nor a back-fill of a slot that was synced."""
    later, synced = aliased(rows.CheckIn), aliased(rows.CheckIn)
    superseded = exists().where(later.supersedes_id == rows.CheckIn.id)
    has_auto = exists().where(
        synced.key_result_id == rows.CheckIn.key_result_id,
        synced.slot == rows.CheckIn.slot,
        synced.origin == Origin.AUTO,
    )
    return ~superseded & or_(rows.CheckIn.origin != Origin.BACKFILL, ~has_auto)


def in_force(conn: Connection, slots: Iterable[Slot]) -> dict[Slot, CheckIn]:
    """Return the check-ins that count for `slots`; a slot without one is missing from the answer."""
    found: dict[Slot, CheckIn] = {}
    by_moment = sorted(set(slots), key=itemgetter(1, 0))
    for moment, group in groupby(by_moment, key=itemgetter(1)):
        for ids in chunks(id_ for id_, _ in group):
            c = rows.CheckIn
            statement = select(*table(c).c).where(c.key_result_id.in_(ids), c.slot == moment, is_in_force())
            for row in conn.execute(statement.order_by(c.id)).mappings():
                check_in = CheckIn(**row)
                found[check_in.key_result_id, moment] = check_in
    return found


def values_in_force(conn: Connection, ids: Iterable[int], since: datetime) -> dict[int, list[PastValue]]:
    """Return the values that count, for slots from `since` on, oldest first; ids without any are left out."""
    found: dict[int, list[PastValue]] = {}
    c = rows.CheckIn
    for some in chunks(sorted(set(ids))):
        statement = (
            select(c.key_result_id, c.slot, c.as_of, c.value)
            .where(c.key_result_id.in_(some), c.slot >= since, is_in_force())
            .order_by(c.key_result_id, c.as_of, c.slot, c.id)
        )
        for id_, *past in conn.execute(statement):
            found.setdefault(id_, []).append(PastValue(*past))
    return found
