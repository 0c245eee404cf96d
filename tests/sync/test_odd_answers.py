"""What a source may say that is no number, or no number to be trusted; and that nothing gets better by it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from okrsync.errors import ExitCode, Reason
from okrsync.sync.report import Outcome
from okrsync.vocabulary import Status
from tests.projects import DAY, NOW
from tests.sync.samples import HEALTHY, key_results


@pytest.fixture
def told(project):
    """Two key results on one source that says what it is told to, and one on another."""
    project.numbers(healthy=8)
    project.tell(deals=9, leads=9)
    return project.write(
        connections=f"numbers: {{connector: spreadsheet, path: numbers.csv}}\n{project.told}",
        metrics=HEALTHY
        + "deals: {connection: told, query: {what: deals}}\nleads: {connection: told, query: {what: leads}}",
        key_results=key_results("deals", "leads", "healthy"),
    ).apply()


def test_when_all_fail_the_exit_code_says_so_and_nothing_is_checked_in(told):
    told.tell(deals={"reason": "auth"}, leads={"reason": "auth"})
    (told.folder / "numbers.csv").write_text("name,value\nhealthy,n/a\n")

    report = told.sync()

    assert report.exit_code is ExitCode.ALL_FAILED
    assert told.table("check_in") == []
    (end,) = told.table("sync_run_end")
    assert (end["exit_code"], end["failed"]) == (4, 3)


def test_one_bad_question_spoils_no_other_of_its_connection(told):
    told.tell(deals={"reason": "query"}, leads=3)

    report = told.sync()

    assert {row.key: row.outcome for row in report.rows} == {
        "deals": Outcome.FAILED,
        "leads": Outcome.RECORDED,
        "healthy": Outcome.RECORDED,
    }


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("1e308", id="more digits than the database keeps"),
        pytest.param("NaN", id="not a number"),
        pytest.param("Infinity", id="not finite"),
    ],
)
def test_a_number_that_cannot_be_kept_is_a_bad_value_and_spoils_nobody_elses_transaction(told, value):
    told.tell(deals=value, leads=3)

    report = told.sync()

    rows = {row.key: row for row in report.rows}
    assert rows["deals"].reason is Reason.BAD_VALUE
    assert rows["deals"].hint
    assert "told" in rows["deals"].message
    assert rows["leads"].value == 3
    assert rows["healthy"].value == 8


def test_a_number_that_scaling_makes_too_large_is_a_bad_value_of_its_metric(project):
    project.tell(deals="1e20")
    project.write(
        connections=project.told,
        metrics="deals: {connection: told, query: {what: deals}, scale: 100000000}",
        key_results=key_results("deals"),
    ).apply()

    (row,) = project.sync().rows

    assert (row.reason, row.outcome) == (Reason.BAD_VALUE, Outcome.FAILED)
    assert "metric deals" in row.message


def test_a_value_from_the_future_is_refused(told):
    told.tell(deals={"value": "3", "as_of": (NOW + DAY).isoformat()}, leads=3)

    report = told.sync()

    row = next(row for row in report.rows if row.key == "deals")
    assert row.reason is Reason.BAD_VALUE
    assert "future" in row.message


def test_a_fault_in_a_connector_is_told_as_one_and_stops_no_other(told):
    code = (told.folder / "connectors" / "told.py").read_text()
    (told.folder / "connectors" / "told.py").write_text(
        code.replace("return History(query.history)", 'raise LookupError("the author was tired")')
    )

    report = told.sync()

    rows = {row.key: row for row in report.rows}
    assert rows["deals"].reason is rows["leads"].reason is Reason.INTERNAL
    assert "told" in rows["deals"].message
    assert rows["healthy"].outcome is Outcome.RECORDED
    assert report.exit_code is ExitCode.SOME_FAILED


def test_a_failure_never_improves_a_status_nor_hides_that_it_is_bad(told):
    told.tell(deals=1, leads=9)
    told.sync()
    told.tell(deals={"reason": "auth"}, leads={"reason": "auth"})

    report = told.sync(NOW + DAY)

    shown = {row.key: row.status for row in told.board(NOW + DAY).rows}
    assert shown["deals"] is Status.OFF_TRACK
    assert shown["leads"] is Status.UNKNOWN
    assert {row.key: row.status for row in report.rows if row.key != "healthy"} == {
        "deals": Status.OFF_TRACK,
        "leads": Status.UNKNOWN,
    }


def test_a_stale_number_has_no_say_in_its_objective(told):
    told.sync()
    told.tell(deals={"reason": "auth"}, leads={"reason": "auth"})
    told.sync(NOW + DAY)

    (objective,) = told.board(NOW + DAY).objectives

    assert objective.together.stands_on == (1, 3)
    assert objective.together.progress == Decimal("0.8")


def test_a_connection_that_is_no_longer_in_the_files_says_so(told):
    told.sync()
    told.write(
        connections="numbers: {connector: spreadsheet, path: numbers.csv}",
        metrics=HEALTHY,
        key_results=key_results("healthy"),
    )

    report = told.sync(NOW + DAY)

    row = next(row for row in report.rows if row.key == "deals")
    assert row.reason is Reason.CONFIG
    assert "told" in row.message
    assert "okrsync.yaml" in row.message
