"""What people look back at: history, runs, and the views that other programs read."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import inspect, text

from okrsync.store import ledger, queries
from okrsync.store.derived import VIEWS
from okrsync.store.records import RunEnd, State
from okrsync.vocabulary import DataState, Status
from tests.store.samples import DAY, NOON, apply, begin_run, check_in, project


@pytest.fixture
def conn(database):
    with database.writing() as conn:
        yield conn


def record(conn, goal, value, slot=NOON, **state):
    """Record a check-in and make it the current one."""
    id_ = ledger.insert_auto_check_ins(conn, [check_in(goal, value, slot)])[goal, slot]
    ledger.save_states(conn, [State(goal, id_, Decimal(value), slot, slot, **state)])
    return id_


def test_the_history_keeps_what_was_superseded_and_its_evidence(conn):
    goal = apply(conn)["mql-to-sql"]
    first = record(conn, goal, 20)
    ledger.insert_receipts(conn, {first: {"rows": 3}})
    ledger.insert_restatements(conn, [check_in(goal, 21, supersedes_id=first)])
    ledger.insert_backfill(conn, [check_in(goal, 19), check_in(goal, 18, NOON - DAY)])

    found = queries.history(conn, goal)

    assert [(one.check_in.value, one.in_force, one.receipt) for one in found] == [
        (18, True, None),
        (20, False, {"rows": 3}),
        (21, True, None),
        (19, False, None),
    ]


def test_the_view_of_the_history_agrees_with_the_ledger(conn):
    goal = apply(conn)["mql-to-sql"]
    first = record(conn, goal, 20)
    ledger.insert_restatements(conn, [check_in(goal, 21, supersedes_id=first)])
    ledger.insert_backfill(conn, [check_in(goal, 19), check_in(goal, 18, NOON - DAY)])

    statement = text("SELECT check_in_id, in_force FROM check_in_history ORDER BY slot, check_in_id")
    seen = [(id_, bool(counts)) for id_, counts in conn.execute(statement)]

    assert seen == [(one.check_in.id, one.in_force) for one in queries.history(conn, goal)]


def test_runs_come_newest_first_and_one_that_was_killed_has_no_end(conn):
    first, second, third = (begin_run(conn, NOON + days * DAY) for days in range(3))
    end = RunEnd(second, NOON + DAY, 3, 1, 2, 3, 4, Decimal("0.5"), "one failed")
    ledger.end_run(conn, end)

    found = queries.last_runs(conn, 2)

    assert [run.begin.id for run in found] == [third, second]
    assert [run.end for run in found] == [None, end]
    assert [run.begin.id for run in queries.last_runs(conn, 9)][-1] == first


@pytest.mark.parametrize(
    ("data_state", "status", "seen"),
    [
        pytest.param(DataState.FRESH, Status.ON_TRACK, "on_track", id="a fresh number may be green"),
        pytest.param(DataState.STALE, Status.ON_TRACK, "unknown", id="a stale one never is"),
        pytest.param(DataState.STALE, Status.OFF_TRACK, "off_track", id="trouble stays trouble"),
    ],
)
def test_the_view_of_the_status_is_never_green_on_a_stale_number(conn, data_state, status, seen):
    goal = apply(conn)["mql-to-sql"]
    record(conn, goal, "20.5", data_state=data_state, status=status)

    row = conn.execute(text("SELECT * FROM key_result_status WHERE \"key\" = 'mql-to-sql'")).mappings().one()

    assert (row["status"], row["judged_status"]) == (seen, status)
    assert (row["cycle"], row["team_title"]) == ("2026-Q4", "Marketing")


def test_views_have_numbers_that_can_be_reckoned_with(conn):
    record(conn, apply(conn)["mql-to-sql"], 9)

    reckoned = conn.execute(text("SELECT max(value + target_value) FROM key_result_status")).scalar()

    assert reckoned == 37


def test_what_is_archived_leaves_the_status_and_stays_in_the_history(conn):
    record(conn, apply(conn)["mql-to-sql"], 9)
    apply(conn, replace(project(), key_results={}, kpis={}))

    assert conn.execute(text("SELECT count(*) FROM key_result_status")).scalar() == 0
    assert conn.execute(text("SELECT count(*) FROM check_in_history")).scalar() == 1


def test_the_views_have_the_documented_columns(conn):
    for view in VIEWS:
        columns = [column["name"] for column in inspect(conn).get_columns(view.name)]
        assert columns == [column.name for column in view.columns]
        assert all(column.comment for column in view.columns)
