"""The database says what the files say; what they no longer say is archived with its history."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from okrsync.okrs.model import Cycle
from okrsync.store import ledger
from okrsync.store.goal_models import KeyResult
from okrsync.store.goals import save_project, stored_project
from okrsync.store.queries import history
from okrsync.store.records import State
from okrsync.vocabulary import Commitment, KeyResultType
from tests.store.samples import DAY, NOON, apply, check_in, key_result, kpi, project


def stored(database):
    with database.reading() as conn:
        return stored_project(conn, Path("folder"))


def dump(database):
    """Return every row of every table of goals."""
    tables = ("cycle", "team", "objective", "metric", "key_result")
    with database.reading() as conn:
        return {name: conn.execute(text(f"SELECT * FROM {name} ORDER BY id")).all() for name in tables}


MAINTAIN = key_result(
    "uptime", type=KeyResultType.IN_RANGE, start_value=None, target_value=None, low=Decimal("99.9"), high=Decimal(100)
)
BY_HAND = key_result("interviews", metric=None, preset="viva", weight=Decimal("0.5"), checkpoints=())


def test_what_was_saved_comes_back_as_it_was(database):
    wanted = project([key_result(), MAINTAIN, BY_HAND], [kpi(), kpi("nps", low=Decimal(30), high=None)])

    with database.writing() as conn:
        save_project(conn, wanted, NOON)

    assert stored(database) == wanted


def test_saving_twice_changes_nothing(database):
    wanted = project([key_result(), MAINTAIN, BY_HAND])
    with database.writing() as conn:
        save_project(conn, wanted, NOON)
    before = dump(database)

    with database.writing() as conn:
        save_project(conn, wanted, NOON + DAY)

    assert dump(database) == before


def test_a_change_is_brought_in_and_keeps_the_identity(database):
    with database.writing() as conn:
        before = apply(conn)
        after = apply(conn, project([key_result(target_value=Decimal(30), metric="sqls")]))

    assert after == before
    assert stored(database).key_results["mql-to-sql"].target_value == 30


def test_what_the_files_no_longer_name_is_archived_with_its_history(database):
    with database.writing() as conn:
        ids = apply(conn)
        ledger.insert_auto_check_ins(conn, [check_in(ids["mql-to-sql"])])

        left = apply(conn, project(key_results=[], kpis=[], objectives={}, metrics={}, cycles={}), NOON + DAY)

        assert left == {}
        assert len(history(conn, ids["mql-to-sql"])) == 1
        assert conn.execute(select(KeyResult.archived_at)).scalars().all() == [NOON + DAY, NOON + DAY]
    found = stored(database)
    assert [*found.cycles, *found.objectives, *found.key_results, *found.kpis, *found.metrics] == []
    assert found.teams


def test_the_moment_of_archiving_stays_the_first(database):
    with database.writing() as conn:
        apply(conn)
        for days in (1, 2):
            apply(conn, project(key_results=[], kpis=[]), NOON + days * DAY)

        assert set(conn.execute(select(KeyResult.archived_at)).scalars()) == {NOON + DAY}


def test_what_returns_has_its_history_back(database):
    with database.writing() as conn:
        ids = apply(conn)
        apply(conn, project(key_results=[], kpis=[]))

        assert apply(conn) == ids


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(project(), project([key_result("conversion", was="mql-to-sql")]), id="a key result"),
        pytest.param(project(), project(kpis=[kpi("churn-rate", was="churn")]), id="a KPI"),
    ],
)
def test_a_rename_keeps_the_history(database, before, after):
    with database.writing() as conn:
        ids = apply(conn, before)
        renamed = apply(conn, after)
        again = apply(conn, after)

    assert sorted(ids.values()) == sorted(renamed.values())
    assert renamed != ids
    assert again == renamed


def test_a_chain_of_renames_comes_out_right(database):
    with database.writing() as conn:
        ids = apply(conn, project([key_result("a"), key_result("b")], []))
        chain = project([key_result("b", was="a"), key_result("c", was="b"), key_result("a")], [])
        renamed = apply(conn, chain)
        again = apply(conn, chain)

    assert renamed["b"] == ids["a"]
    assert renamed["c"] == ids["b"]
    assert renamed["a"] not in ids.values()
    assert again == renamed


def test_a_rename_to_the_key_of_something_archived_leaves_that_ones_history_apart(database):
    with database.writing() as conn:
        old = apply(conn, project([key_result("new")], []))["new"]
        current = apply(conn, project([key_result("now")], []))["now"]

        renamed = apply(conn, project([key_result("new", was="now")], []))

        assert renamed == {"new": current}
        assert conn.execute(select(KeyResult.key).where(KeyResult.id == old)).scalar() == f"new~{old}"


def test_the_next_cycle_begins_its_own_history(database):
    with database.writing() as conn:
        before = apply(conn)
        q1 = Cycle("2027-Q1", date(2027, 1, 1), date(2027, 3, 31), ZoneInfo("Europe/Berlin"))
        wanted = project()
        objectives = {key: replace(one, cycle="2027-Q1") for key, one in wanted.objectives.items()}

        after = apply(conn, replace(wanted, cycles={"2027-Q1": q1}, objectives=objectives))

    assert after["churn"] == before["churn"]
    assert after["mql-to-sql"] != before["mql-to-sql"]
    assert list(stored(database).cycles) == ["2027-Q1"]


def test_a_kpi_may_have_the_key_of_a_key_result(database):
    with database.writing() as conn:
        save_project(conn, project([key_result("churn")], [kpi("churn")]), NOON)

        assert [(one.key, one.is_kpi) for one in ledger.tracked(conn)] == [("churn", False), ("churn", True)]


def test_what_is_tracked_has_all_that_a_sync_needs(database):
    wanted = project()
    with database.writing() as conn:
        save_project(conn, wanted, NOON)

        goal, watched = ledger.tracked(conn)
        found_metrics = ledger.metrics(conn)

    assert (goal.key, goal.is_kpi, goal.team, goal.team_title) == ("mql-to-sql", False, "marketing", "Marketing")
    assert (goal.objective, goal.commitment) == ("marketing/lead-quality", Commitment.ASPIRATIONAL)
    assert goal.cycle == wanted.cycles["2026-Q4"]
    assert goal.checkpoints == wanted.key_results["mql-to-sql"].checkpoints
    assert goal.cadence == "weekly on friday at 07:30"
    assert goal.state == State(goal.id)
    assert (watched.is_kpi, watched.cycle, watched.objective, watched.type) == (True, None, None, None)
    assert found_metrics == wanted.metrics


@pytest.mark.parametrize(
    ("change", "name"),
    [
        pytest.param({"target_value": Decimal("18.1")}, "target_is_not_the_start", id="target is the start"),
        pytest.param({"start_value": None}, "somewhere_to_go", id="no start"),
        pytest.param({"low": Decimal(5), "high": Decimal(4)}, "low_high_ordered", id="bounds the wrong way round"),
    ],
)
def test_the_database_itself_refuses_a_key_result_that_cannot_be_judged(database, change, name):
    with pytest.raises(IntegrityError, match=name), database.writing() as conn:
        save_project(conn, project([key_result(**change)]), NOON)
