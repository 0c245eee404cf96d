"""A source that fails leaves the last good value, says why and what to do, and delays no other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from okrsync.errors import ExitCode, Reason
from okrsync.sync.report import Outcome
from okrsync.vocabulary import DataState, Status
from tests.fault_server import reply
from tests.projects import DAY, NOW
from tests.sync.samples import HEALTHY, key_results


@pytest.fixture
def workbook(project):
    """A key result on a cell of a workbook, beside one on a csv file that stays well."""
    project.numbers(healthy=8)
    project.workbook(cell=9)
    return project.write(
        connections="numbers: {connector: spreadsheet, path: numbers.csv}\n"
        "plan: {connector: spreadsheet, path: plan.xlsx}",
        metrics=HEALTHY + "cell: {connection: plan, query: {column: value, row: cell}}",
        key_results=key_results("cell", "healthy"),
    ).apply()


def assert_only_one_is_stale(project, report, key: str, at, reason: Reason) -> None:
    """The last good value and its moment stay, the reason stands beside them, and the other one is recorded."""
    assert report.exit_code is ExitCode.SOME_FAILED
    assert {row.key: row.outcome for row in report.rows} == {key: Outcome.FAILED, "healthy": Outcome.RECORDED}
    rows = {row.key: row for row in project.board(at).rows}
    stale = rows[key]
    assert (stale.value, stale.as_of) == (9, NOW)
    assert (stale.data_state, stale.reason) == (DataState.STALE, reason)
    assert stale.status is Status.UNKNOWN
    assert (rows["healthy"].data_state, rows["healthy"].as_of) == (DataState.FRESH, at)
    assert len(project.values(key)) == 1


@pytest.mark.parametrize(
    ("cell", "reason", "message", "hint"),
    [
        pytest.param("#REF!", Reason.BAD_VALUE, "#REF!", "repair", id="a formula that lost its cell"),
        pytest.param("around nine", Reason.BAD_VALUE, "around nine", "", id="text"),
        pytest.param(None, Reason.NO_DATA, "empty", "fill the cell in", id="nothing"),
        pytest.param(True, Reason.BAD_VALUE, "", "", id="true is no number"),
    ],
)
def test_a_bad_cell_keeps_the_last_good_value(workbook, cell, reason, message, hint):
    workbook.sync()
    workbook.workbook(cell=cell)

    report = workbook.sync(NOW + DAY)

    assert_only_one_is_stale(workbook, report, "cell", NOW + DAY, reason)
    row = workbook.row("cell", NOW + DAY)
    assert message in row.message
    assert "plan" in row.message
    assert hint in row.hint
    assert row.hint


def test_the_mark_goes_by_itself_when_the_source_answers_again(workbook):
    workbook.sync()
    workbook.workbook(cell="#REF!")
    workbook.sync(NOW + DAY)

    workbook.workbook(cell=9)
    report = workbook.sync(NOW + 2 * DAY)

    assert report.exit_code is ExitCode.OK
    row = workbook.row("cell", NOW + 2 * DAY)
    assert (row.data_state, row.reason, row.message, row.hint) == (DataState.FRESH, None, "", "")
    assert row.status is Status.ON_TRACK


def test_the_mark_goes_in_the_same_slot_when_a_person_asks_again(workbook):
    workbook.sync()
    workbook.workbook(cell="#REF!")
    failed = workbook.sync(NOW + timedelta(minutes=1))
    workbook.workbook(cell=9)
    mended = workbook.sync(NOW + timedelta(minutes=2))

    assert (failed.exit_code, mended.exit_code) == (ExitCode.SOME_FAILED, ExitCode.OK)
    assert workbook.row("cell").reason is None
    assert workbook.values("cell") == ["9"]


def test_since_when_it_fails_is_kept_over_several_runs(workbook):
    workbook.sync()
    workbook.workbook(cell="#REF!")
    workbook.sync(NOW + DAY)
    workbook.sync(NOW + 2 * DAY)

    with workbook.opened() as workspace, workspace.database.reading() as conn:
        since = conn.exec_driver_sql("SELECT failing_since FROM key_result_status WHERE key = 'cell'").scalar()
    assert str(since).startswith("2026-11-22")


def test_a_schedule_asks_again_what_failed(workbook):
    workbook.workbook(cell="#REF!")
    workbook.sync(due_only=True)
    workbook.workbook(cell=9)

    report = workbook.sync(NOW + timedelta(minutes=1), due_only=True)

    assert {row.key: row.outcome for row in report.rows} == {"cell": Outcome.RECORDED}
    assert report.waiting == 1


def test_a_source_that_never_answered_leaves_no_value_and_no_zero(workbook):
    workbook.workbook(cell="#REF!")

    workbook.sync()

    row = workbook.row("cell")
    assert (row.value, row.as_of, row.status, row.data_state) == (None, None, Status.UNKNOWN, DataState.STALE)
    assert workbook.values("cell") == []


def test_a_file_that_is_gone_names_the_file(workbook):
    workbook.sync()
    (workbook.folder / "plan.xlsx").unlink()

    report = workbook.sync(NOW + DAY)

    assert_only_one_is_stale(workbook, report, "cell", NOW + DAY, Reason.CONFIG)
    assert "plan.xlsx" in workbook.row("cell", NOW + DAY).message


def test_a_dead_database_names_the_connection_and_the_way_out(project):
    project.numbers(healthy=8)
    project.product("CREATE TABLE orders (pieces INTEGER)", "INSERT INTO orders VALUES (9)")
    connections = "numbers: {{connector: spreadsheet, path: numbers.csv}}\nshop: {{connector: sql, url: '{}'}}"
    goals = {
        "metrics": HEALTHY + "orders: {connection: shop, query: {sql: SELECT sum(pieces) FROM orders}}",
        "key_results": key_results("orders", "healthy"),
    }
    project.write(connections=connections.format("sqlite:///product.db"), **goals).apply()
    project.sync()
    project.write(connections=connections.format("postgresql://reader@127.0.0.1:1/shop"), **goals)

    report = project.sync(NOW + DAY)

    assert_only_one_is_stale(project, report, "orders", NOW + DAY, Reason.UNREACHABLE)
    row = project.row("orders", NOW + DAY)
    assert "shop" in row.message
    assert "127.0.0.1" in row.message
    assert row.hint


class TestHttp:
    """A source over HTTP, with a token from the environment."""

    @pytest.fixture
    def api(self, project, server, monkeypatch):
        monkeypatch.setenv("API_TOKEN", "t0ken-of-the-api")
        server.answer("/deals", reply({"total": 9}))
        project.numbers(healthy=8)
        project.write(
            connections="numbers: {connector: spreadsheet, path: numbers.csv}\n"
            f'api: {{connector: http, base_url: "{server.url}", bearer: "${{API_TOKEN}}"}}',
            metrics=HEALTHY + "deals: {connection: api, query: {path: /deals, value: total}}",
            key_results=key_results("deals", "healthy"),
        ).apply()
        project.sync()
        server.requests.clear()
        return project

    @pytest.mark.parametrize(
        ("status", "reason", "hint"),
        [
            pytest.param("401 Unauthorized", Reason.AUTH, "API_TOKEN", id="a refused token names its variable"),
            pytest.param("403 Forbidden", Reason.AUTH, "", id="forbidden"),
            pytest.param(
                "404 Not Found", Reason.QUERY, "correct the metric's query", id="an address that is not there"
            ),
        ],
    )
    def test_a_refusal_is_not_repeated_and_says_what_to_mend(self, api, server, status, reason, hint):
        server.answer("/deals", reply({"error": "no"}, status))

        report = api.sync(NOW + DAY)

        row = api.row("deals", NOW + DAY)
        assert_only_one_is_stale(api, report, "deals", NOW + DAY, reason)
        assert "api: " in row.message
        assert status[:3] in row.message
        assert hint in row.message + row.hint
        assert len(server.requests) == 1

    def test_a_variable_that_is_not_set_is_named_and_stops_no_other(self, api, monkeypatch):
        monkeypatch.delenv("API_TOKEN")

        report = api.sync(NOW + DAY)

        assert_only_one_is_stale(api, report, "deals", NOW + DAY, Reason.CONFIG)
        assert "API_TOKEN" in api.row("deals", NOW + DAY).hint

    def test_how_long_a_source_wants_to_be_left_in_peace_is_kept(self, api, server):
        server.answer("/deals", reply({"error": "slow down"}, "429 Too Many Requests", Retry_After=7200))

        report = api.sync(NOW + DAY)

        assert_only_one_is_stale(api, report, "deals", NOW + DAY, Reason.RATE_LIMITED)
        (reading,) = (row for row in api.table("reading") if row["reason"] == "rate_limited")
        assert reading["retry_at"]
        assert "a later run asks again" in api.row("deals", NOW + DAY).hint


def test_patience_ends_at_the_moment_the_source_named(project):
    until = NOW + timedelta(hours=2)
    project.tell(deals={"reason": "rate_limited", "retry_at": until.isoformat()})
    project.write(
        connections=project.told,
        metrics="deals: {connection: told, query: {what: deals}}",
        key_results=key_results("deals"),
    ).apply()
    project.sync(due_only=True)
    project.tell(deals=4)

    assert project.sync(until - timedelta(seconds=1), due_only=True).waiting == 1
    assert project.sync(until, due_only=True).rows[0].outcome is Outcome.RECORDED


def test_a_person_who_asks_is_not_kept_waiting_by_a_source_that_wanted_patience(project):
    project.tell(deals={"reason": "rate_limited", "retry_at": (NOW + DAY).isoformat()})
    project.write(
        connections=project.told,
        metrics="deals: {connection: told, query: {what: deals}}",
        key_results=key_results("deals"),
    ).apply()
    project.sync()
    project.tell(deals=4)

    assert project.sync(NOW + timedelta(minutes=1)).rows[0].outcome is Outcome.RECORDED
