"""What a sync writes is written once per slot, whole, and never changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from okrsync.errors import DatabaseUnavailable, Problem, Reason
from okrsync.store import ledger
from okrsync.store.database import Database
from okrsync.store.ledger_models import APPEND_ONLY
from okrsync.store.records import NewEvaluation, NewReading, NewTransition, PastValue, RunEnd, State
from okrsync.vocabulary import DataState, Origin, Status
from tests.store.samples import DAY, NOON, apply, begin_run, check_in, key_result, project


@pytest.fixture
def conn(database):
    with database.writing() as conn:
        yield conn


@pytest.fixture
def goal(conn):
    """The id of a key result."""
    return apply(conn)["mql-to-sql"]


def test_a_slot_gets_one_automatic_check_in(conn, goal):
    first = ledger.insert_auto_check_ins(conn, [check_in(goal, 20)])
    second = ledger.insert_auto_check_ins(conn, [check_in(goal, 21), check_in(goal, 22, NOON + DAY)])

    assert list(first) == [(goal, NOON)]
    assert list(second) == [(goal, NOON + DAY)]
    found = ledger.in_force(conn, [(goal, NOON), (goal, NOON + DAY), (goal, NOON + 2 * DAY)])
    assert {slot: one.value for (_, slot), one in found.items()} == {NOON: 20, NOON + DAY: 22}


def test_a_check_in_comes_back_as_it_was_recorded(conn, goal):
    run_id = begin_run(conn)
    new = check_in(goal, "20.5", run_id=run_id, complete=False, note="sampled", recorded_at=NOON + timedelta(seconds=7))

    ids = ledger.insert_auto_check_ins(conn, [new])

    found = ledger.in_force(conn, ids)[goal, NOON]
    assert found.id == ids[goal, NOON]
    assert found.origin is Origin.AUTO
    assert {name: getattr(found, name) for name in vars(new)} == vars(new)


def test_a_restatement_takes_the_place_of_what_it_supersedes(conn, goal):
    ids = ledger.insert_auto_check_ins(conn, [check_in(goal, 20)])
    once = ledger.insert_restatements(conn, [check_in(goal, 25, supersedes_id=ids[goal, NOON])])
    ledger.insert_restatements(conn, [check_in(goal, 26, supersedes_id=once[goal, NOON])])

    assert ledger.in_force(conn, [(goal, NOON)])[goal, NOON].value == 26
    assert ledger.values_in_force(conn, [goal], NOON) == {goal: [PastValue(NOON, NOON, Decimal(26))]}


def test_a_check_in_is_superseded_once(conn, goal):
    ids = ledger.insert_auto_check_ins(conn, [check_in(goal, 20)])
    restatement = check_in(goal, 25, supersedes_id=ids[goal, NOON])
    ledger.insert_restatements(conn, [restatement])

    assert ledger.insert_restatements(conn, [replace(restatement, value=Decimal(99))]) == {}
    assert ledger.in_force(conn, [(goal, NOON)])[goal, NOON].value == 25


def test_a_restatement_has_to_say_what_it_supersedes(database):
    with pytest.raises(IntegrityError, match="a_restatement_supersedes"), database.writing() as conn:
        ledger.insert_restatements(conn, [check_in(apply(conn)["churn"])])


def test_a_backfill_fills_a_slot_once(conn, goal):
    assert len(ledger.insert_backfill(conn, [check_in(goal, 1), check_in(goal, 2, NOON + DAY)])) == 2
    assert ledger.insert_backfill(conn, [check_in(goal, 9)]) == {}


def test_what_a_sync_said_outranks_a_backfill_of_the_same_slot(conn, goal):
    ledger.insert_auto_check_ins(conn, [check_in(goal, 20)])
    ledger.insert_backfill(conn, [check_in(goal, 1), check_in(goal, 2, NOON - DAY)])

    assert [past.value for past in ledger.values_in_force(conn, [goal], NOON - DAY)[goal]] == [2, 20]
    assert ledger.in_force(conn, [(goal, NOON)])[goal, NOON].origin is Origin.AUTO


def test_past_values_come_oldest_first_and_not_from_before(conn, goal):
    slots = [NOON + days * DAY for days in (2, 0, -1, 1)]
    ledger.insert_auto_check_ins(conn, [check_in(goal, 20, slot) for slot in slots])

    found = ledger.values_in_force(conn, [goal, goal + 1], NOON)

    assert list(found) == [goal]
    assert [past.slot for past in found[goal]] == [NOON, NOON + DAY, NOON + 2 * DAY]


def test_a_state_comes_back_as_it_was_saved(conn, goal):
    ids = ledger.insert_auto_check_ins(conn, [check_in(goal, 20)])
    full = State(
        key_result_id=goal,
        check_in_id=ids[goal, NOON],
        value=Decimal(20),
        as_of=NOON,
        slot=NOON,
        data_state=DataState.STALE,
        reason=Reason.AUTH,
        message="refused",
        hint="renew it",
        failing_since=NOON,
        retry_at=NOON + DAY,
        last_asked_at=NOON,
        status=Status.AT_RISK,
        status_since=NOON,
        progress=Decimal("0.123456789012"),
        expected=Decimal("0.5"),
        pace=Decimal("0.246913578024"),
        rule="under 90 %",
        evaluated_at=NOON,
    )

    ledger.save_states(conn, [State(goal)])
    ledger.save_states(conn, [full])

    assert ledger.lock_states(conn, [goal]) == {goal: full}
    assert ledger.tracked(conn)[0].state == full


def test_what_was_never_asked_for_is_locked_all_the_same(conn, goal):
    assert ledger.lock_states(conn, [goal]) == {goal: State(goal)}
    assert conn.execute(text("SELECT count(*) FROM key_result_state")).scalar() == 1


def test_one_number_out_of_range_is_named_and_nothing_is_half_written(database):
    with database.writing() as conn:
        goal = apply(conn)["churn"]

    with pytest.raises(Problem, match="out of range"), database.writing() as conn:
        ledger.insert_auto_check_ins(conn, [check_in(goal, 1), check_in(goal, "1e26", NOON + DAY)])

    with database.reading() as conn:
        assert ledger.in_force(conn, [(goal, NOON)]) == {}


def test_nothing_to_write_is_no_trouble(conn):
    assert ledger.insert_auto_check_ins(conn, []) == {}
    assert ledger.lock_states(conn, []) == {}
    ledger.insert_readings(conn, [])
    ledger.save_states(conn, [])
    ledger.insert_receipts(conn, {})


def test_lists_longer_than_a_statement_may_be_are_split(conn):
    many = range(1, 70_001)

    assert ledger.in_force(conn, [(id_, NOON) for id_ in many]) == {}
    assert ledger.values_in_force(conn, many, NOON) == {}


def test_thousands_of_key_results_are_recorded_by_a_handful_of_statements(conn):
    ids = apply(conn, project([key_result(f"k{n}") for n in range(3_000)], []))
    check_ins = [check_in(id_, "20.5") for id_ in ids.values()]

    states = ledger.lock_states(conn, ids.values())
    new = ledger.insert_auto_check_ins(conn, check_ins)
    ledger.save_states(conn, [replace(state, check_in_id=new[id_, NOON]) for id_, state in states.items()])

    assert len(new) == 3_000
    assert len(ledger.in_force(conn, new)) == 3_000
    assert all(one.state.check_in_id == new[one.id, NOON] for one in ledger.tracked(conn))


def everything(conn, goal):
    """Write a row into every table of the history."""
    run_id = begin_run(conn)
    ledger.insert_readings(
        conn,
        [
            NewReading(run_id, "crm", "mqls", "hash", NOON, NOON, Decimal(20), rows=3, provenance={"url": "/deals"}),
            NewReading(run_id, "crm", "sqls", "hash2", NOON, reason=Reason.AUTH, message="refused", hint="renew"),
        ],
    )
    ids = ledger.insert_auto_check_ins(conn, [check_in(goal, 20, run_id=run_id)])
    id_ = ids[goal, NOON]
    ledger.insert_receipts(conn, {id_: {"formula": "percent(sqls, mqls)", "rounded": Decimal("0.1")}})
    verdict = (Status.AT_RISK, Decimal("0.2"), Decimal("0.5"), Decimal("0.4"), Decimal("0.3"), "okrsync", "late")
    ledger.insert_evaluations(conn, [NewEvaluation(goal, id_, run_id, NOON, *verdict, DataState.FRESH)])
    transition = NewTransition(goal, NOON, Status.ON_TRACK, Status.AT_RISK, id_, run_id, "fell back")
    ledger.insert_transitions(conn, [transition])
    ledger.end_run(conn, RunEnd(run_id, NOON, 0, 1, 0, 1, 7, Decimal("1.25")))


@pytest.mark.parametrize("statement", ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}"])
def test_history_is_neither_changed_nor_deleted(conn, goal, statement):
    everything(conn, goal)
    for table in APPEND_ONLY:
        found = conn.execute(text(f"SELECT * FROM {table}"))
        column, before = next(iter(found.keys())), found.all()
        assert before

        with pytest.raises(DBAPIError, match=f"{table} is append-only"), conn.begin_nested():
            conn.execute(text(statement.format(table=table, column=column)))

        assert conn.execute(text(f"SELECT * FROM {table}")).all() == before


def test_on_postgresql_history_is_not_truncated_either(postgresql_url):
    database = Database.open(postgresql_url, Path())

    with pytest.raises(DBAPIError, match="append-only"), database.writing() as conn:
        conn.execute(text("TRUNCATE check_in CASCADE"))

    database.close()


def test_a_run_ends_once(database):
    end = RunEnd(str(uuid4()), NOON, 0, 0, 0, 0, 0, Decimal(1))
    with database.writing() as conn:
        end = replace(end, run_id=begin_run(conn))
        ledger.end_run(conn, end)

    with pytest.raises(IntegrityError), database.writing() as conn:
        ledger.end_run(conn, end)


def test_a_number_for_nobody_is_refused(database):
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"), database.writing() as conn:
        ledger.insert_auto_check_ins(conn, [check_in(4711)])


@pytest.mark.parametrize("value", ["NaN", "Infinity"])
def test_the_database_itself_refuses_what_is_not_finite(database, value):
    with database.writing() as conn:
        ledger.save_states(conn, [State(apply(conn)["churn"])])

    with pytest.raises(DBAPIError), database.writing() as conn:
        conn.execute(text(f"UPDATE key_result_state SET value = '{value}'"))


def test_who_only_reads_cannot_write(database):
    with database.writing() as conn:
        apply(conn)

    with pytest.raises(DatabaseUnavailable, match="read-only"), database.reading() as conn:
        conn.execute(text("UPDATE key_result SET title = 'x'"))
