"""A check-in per slot, whatever is repeated; and what changes is what the source says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from okrsync.errors import ExitCode, UnknownName
from okrsync.sync.report import Outcome
from okrsync.vocabulary import Origin, Status
from tests.projects import DAY, NOW

SLOT = datetime(2026, 11, 21, 5, tzinfo=UTC)

METRICS = """
visitors: {connection: plan, query: {column: value, row: visitors}}
signups: {connection: plan, query: {column: value, row: signups}}
leads: {connection: plan, query: {column: value, row: leads}}
conversion: {formula: "percent(signups, visitors)"}
"""
KEY_RESULTS = """
- {id: visitors, title: Visitors, metric: visitors, unit: visitors, start: 1000, target: 2000}
- {id: signups, title: Signups, metric: signups, unit: signups, start: 0, target: 100}
- {id: leads, title: Leads, metric: leads, unit: leads, start: 0, target: 50}
- {id: conversion, title: Conversion, metric: conversion, unit: percent, start: 0, target: 10}
"""


@pytest.fixture
def funnel(project):
    project.workbook(visitors=1000, signups=20, leads=30)
    return project.write(
        connections="plan: {connector: spreadsheet, path: plan.xlsx}", metrics=METRICS, key_results=KEY_RESULTS
    ).apply()


def outcomes(report) -> dict[str, Outcome]:
    return {row.key: row.outcome for row in report.rows}


def test_a_second_sync_in_the_slot_adds_no_check_in(funnel):
    first = funnel.sync()
    before = funnel.tables()

    again = funnel.sync(NOW + timedelta(hours=1))

    after = funnel.tables()
    assert set(outcomes(first).values()) == {Outcome.RECORDED}
    assert set(outcomes(again).values()) == {Outcome.UNCHANGED}
    assert (first.exit_code, again.exit_code) == (ExitCode.OK, ExitCode.OK)
    assert after["check_in"] == before["check_in"]
    assert after["receipt"] == before["receipt"]
    assert {row["slot"] for row in after["check_in"]} in ({SLOT}, {"2026-11-21T05:00:00.000000Z"})


def test_a_changed_cell_asked_for_by_hand_in_the_slot_supersedes_its_check_in_and_moves_the_board(funnel):
    funnel.sync()
    before = funnel.row("signups")

    funnel.workbook(visitors=1000, signups=90, leads=30)
    report = funnel.sync(NOW + timedelta(minutes=5))

    assert outcomes(report) == {
        "visitors": Outcome.UNCHANGED,
        "signups": Outcome.RESTATED,
        "leads": Outcome.UNCHANGED,
        "conversion": Outcome.RESTATED,
    }
    old, new = funnel.history("signups")
    assert (old.check_in.origin, old.in_force) == (Origin.AUTO, False)
    assert (new.check_in.origin, new.in_force) == (Origin.RESTATEMENT, True)
    assert new.check_in.supersedes_id == old.check_in.id
    assert new.check_in.slot == old.check_in.slot == SLOT
    after = funnel.row("signups")
    assert (before.value, before.status) == (20, Status.OFF_TRACK)
    assert (after.value, after.status) == (90, Status.ON_TRACK)
    assert funnel.row("conversion").value == 9


def test_a_cell_that_is_changed_again_and_again_leaves_a_chain_with_one_end(funnel):
    funnel.sync()
    for minute, signups in enumerate((30, 20, 40), 1):
        funnel.workbook(visitors=1000, signups=signups, leads=30)
        funnel.sync(NOW + timedelta(minutes=minute))

    past = funnel.history("signups")

    assert [f"{one.check_in.value}" for one in past] == ["20", "30", "20", "40"]
    assert [one.in_force for one in past] == [False, False, False, True]
    assert funnel.row("signups").value == 40


def test_what_is_done_is_not_asked_again_by_a_schedule(funnel):
    funnel.sync()
    funnel.workbook(visitors=1, signups=1, leads=1)

    report = funnel.sync(NOW + timedelta(hours=1), due_only=True)

    assert (report.rows, report.connections, report.waiting) == ((), (), 4)
    assert report.exit_code is ExitCode.OK
    assert funnel.row("leads").value == 30


def test_the_next_slot_changes_exactly_the_key_results_bound_to_the_edited_cell(funnel):
    funnel.sync()
    funnel.workbook(visitors=1000, signups=20, leads=45)

    report = funnel.sync(NOW + DAY)

    assert set(outcomes(report).values()) == {Outcome.RECORDED}
    assert {row.key for row in report.rows if row.value != row.value_before} == {"leads"}
    assert {key: funnel.values(key) for key in ("visitors", "signups", "leads", "conversion")} == {
        "visitors": ["1000", "1000"],
        "signups": ["20", "20"],
        "leads": ["30", "45"],
        "conversion": ["2", "2"],
    }


def test_a_formula_moves_with_the_cell_of_its_metric(funnel):
    funnel.sync()
    funnel.workbook(visitors=1000, signups=50, leads=30)

    report = funnel.sync(NOW + DAY)

    assert {row.key for row in report.rows if row.value != row.value_before} == {"signups", "conversion"}
    assert funnel.row("conversion", NOW + DAY).value == 5


def test_slots_that_were_missed_come_down_to_the_newest_one(funnel):
    funnel.sync()

    report = funnel.sync(NOW + 10 * DAY, due_only=True)

    assert {row.slot for row in report.rows} == {SLOT + 10 * DAY}
    assert [past.check_in.slot for past in funnel.history("leads")] == [SLOT, SLOT + 10 * DAY]


def test_only_those_that_are_named_are_asked(funnel):
    report = funnel.sync(only=["leads"])

    assert outcomes(report) == {"leads": Outcome.RECORDED}
    assert funnel.row("signups").value is None


def test_a_name_that_does_not_exist_is_refused_with_the_nearest_one_before_anything_runs(funnel):
    with pytest.raises(UnknownName) as refused:
        funnel.sync(only=["leeds"])

    assert "leeds" in refused.value.message
    assert "did you mean 'leads'?" in refused.value.hint
    assert funnel.table("sync_run") == []


def test_a_clock_that_goes_back_moves_no_current_value_back(funnel):
    funnel.sync()
    funnel.workbook(visitors=7, signups=7, leads=7)

    report = funnel.sync(NOW - 2 * DAY)

    assert report.exit_code is ExitCode.OK
    assert funnel.row("leads").value == 30
    assert funnel.row("leads").as_of == NOW
    with funnel.opened() as workspace, workspace.database.reading() as conn:
        state = conn.exec_driver_sql("SELECT as_of FROM key_result_status WHERE key = 'leads'").scalar()
    assert str(state).startswith("2026-11-21")


def test_after_a_clock_that_ran_ahead_every_slot_still_gets_its_check_in_and_the_log_says_why_nothing_moves(
    funnel, caplog
):
    funnel.sync(NOW + 30 * DAY)
    funnel.workbook(visitors=7, signups=7, leads=7)

    first, second = (funnel.sync(NOW + timedelta(minutes=minute), due_only=True) for minute in (0, 1))

    assert set(outcomes(first).values()) == {Outcome.RECORDED}
    assert set(outcomes(second).values()) == {Outcome.UNCHANGED}
    assert funnel.values("leads") == ["7", "30"]
    assert funnel.row("leads").value == 30
    (warned, _) = [record for record in caplog.records if record.event == "clock_behind"]
    assert "the clock says 2026-11-21 12:00 UTC, and there are values as of 2026-12-21 12:00 UTC" in warned.message


def test_an_older_moment_of_the_source_is_kept_in_the_history_and_not_taken_for_the_current_value(project):
    project.tell(deals={"value": "5", "as_of": NOW - timedelta(hours=1)})
    project.write(
        connections=project.told,
        metrics="deals: {connection: told, query: {what: deals}}",
        key_results="- {id: deals, title: Deals, metric: deals, unit: deals, start: 0, target: 10}",
    ).apply()
    project.sync()
    project.tell(deals={"value": "3", "as_of": NOW - timedelta(hours=9)})

    report = project.sync(NOW + DAY)

    assert report.exit_code is ExitCode.OK
    row = project.row("deals", NOW + DAY)
    assert (row.value, row.as_of) == (5, NOW - timedelta(hours=1))
    assert project.values("deals") == ["5", "3"]


def test_a_slot_is_not_restated_with_an_older_moment_of_the_source(project):
    project.tell(deals={"value": "5", "as_of": NOW - timedelta(hours=1)})
    project.write(
        connections=project.told,
        metrics="deals: {connection: told, query: {what: deals}}",
        key_results="- {id: deals, title: Deals, metric: deals, unit: deals, start: 0, target: 10}",
    ).apply()
    project.sync()
    project.tell(deals={"value": "3", "as_of": NOW - timedelta(hours=2)})

    report = project.sync(NOW + timedelta(minutes=1))

    assert outcomes(report) == {"deals": Outcome.ALREADY_DONE}
    assert project.values("deals") == ["5"]
    assert project.row("deals").value == 5


def test_the_run_and_what_it_came_to_are_in_the_ledger(funnel):
    report = funnel.sync()

    (begin,), (end,) = funnel.table("sync_run"), funnel.table("sync_run_end")
    assert begin["id"] == end["run_id"] == report.run_id
    assert begin["key_results_due"] == 4
    assert (end["exit_code"], end["recorded"], end["failed"]) == (0, 4, 0)
    assert len(funnel.table("reading")) == 3
    assert end["message"].startswith("4 recorded; 1 connection asked")


def test_a_key_result_without_a_metric_waits_for_people(local_project):
    local_project.numbers(n=1)
    local_project.write(
        key_results="- {id: hire, title: Hire two, unit: people, start: 0, target: 2}",
        metrics="n: {connection: numbers, query: {column: value, row: n}}",
    ).apply()

    report = local_project.sync()

    assert (report.rows, report.exit_code) == ((), ExitCode.OK)
    row = local_project.row("hire")
    assert (row.value, row.status, row.source) == (None, Status.UNKNOWN, "checked in by hand")
