"""From a source's answer to the value of a key result: scale, bounds, formulas, and what nothing means."""

from __future__ import annotations

from decimal import Decimal

import pytest

from okrsync.errors import Reason
from okrsync.sync.report import Outcome
from okrsync.vocabulary import DataState
from tests.fault_server import reply
from tests.projects import DAY, NOW


def on_told(project, metrics: str, metric: str):
    """A project with one key result on `metric`; `metrics` are asked of the source `told`."""
    goal = f"- {{id: goal, title: Goal, metric: {metric}, unit: pieces, start: 0, target: 10}}"
    return project.write(connections=project.told, metrics=metrics, key_results=goal).apply()


def only(report):
    (row,) = report.rows
    return row


def test_the_sources_number_times_the_scale_is_the_value_and_the_receipt_has_both(local_project):
    local_project.tell(share="0.125")
    on_told(local_project, "share: {connection: told, query: {what: share}, scale: 100}", "share")

    assert only(local_project.sync()).value == Decimal("12.5")
    (past,) = local_project.history("goal")
    assert past.receipt["value"] == Decimal("12.5")
    (answer,) = past.receipt["inputs"]
    assert (answer["raw"], answer["scale"]) == (Decimal("0.125"), 100)
    assert [row["value"] for row in local_project.table("reading")] in (["0.125"], [Decimal("0.125")])


@pytest.mark.parametrize(
    ("value", "said"),
    [
        pytest.param("-0.5", "-0.5 is below the minimum 0", id="below"),
        pytest.param("100.1", "100.1 is above the maximum 100", id="above"),
    ],
)
def test_a_value_outside_its_bounds_is_refused(local_project, value, said):
    local_project.tell(share=value)
    metric = "share: {connection: told, query: {what: share}, minimum: 0, maximum: 100}"
    on_told(local_project, metric, "share")

    row = only(local_project.sync())

    assert (row.outcome, row.reason, row.value) == (Outcome.FAILED, Reason.BAD_VALUE, None)
    assert row.message == f"metric share: {said}"
    assert "`minimum` and `maximum`" in row.hint


@pytest.mark.parametrize("value", ["0", "100"])
def test_the_bounds_themselves_are_good_values(local_project, value):
    local_project.tell(share=value)
    metric = "share: {connection: told, query: {what: share}, minimum: 0, maximum: 100}"
    on_told(local_project, metric, "share")

    assert only(local_project.sync()).value == Decimal(value)


class TestNothing:
    """No data is not zero, unless the metric says that it is."""

    @staticmethod
    def goal(project, when_empty: str):
        project.tell(deals={"reason": "no_data", "message": "no rows"})
        return on_told(
            project, f"deals: {{connection: told, query: {{what: deals}}, when_empty: {when_empty}}}", "deals"
        )

    def test_is_a_problem(self, local_project):
        row = only(self.goal(local_project, "problem").sync())

        assert (row.outcome, row.reason, row.value) == (Outcome.FAILED, Reason.NO_DATA, None)

    def test_may_mean_zero_and_the_receipt_says_that_it_was_nothing(self, local_project):
        row = only(self.goal(local_project, "zero").sync())

        assert (row.outcome, row.value, row.data_state) == (Outcome.RECORDED, 0, DataState.FRESH)
        (past,) = local_project.history("goal")
        assert past.receipt["inputs"][0]["empty"] == "told: no rows; the metric says when_empty: zero"

    def test_may_mean_that_the_last_value_stays_without_doubt(self, local_project):
        self.goal(local_project, "keep")
        local_project.tell(deals=7)
        local_project.sync()
        local_project.tell(deals={"reason": "no_data"})

        row = only(local_project.sync(NOW + DAY))

        assert (row.outcome, row.value, row.data_state) == (Outcome.KEPT, 7, DataState.FRESH)
        assert local_project.values("goal") == ["7"]

    def test_that_is_kept_for_long_shows_the_age_of_the_value(self, local_project):
        self.goal(local_project, "keep")
        local_project.tell(deals=7)
        local_project.sync()
        local_project.tell(deals={"reason": "no_data"})

        row = only(local_project.sync(NOW + 3 * DAY))

        assert (row.value, row.data_state) == (7, DataState.LATE)

    def test_is_no_excuse_for_another_failure(self, local_project):
        self.goal(local_project, "zero")
        local_project.tell(deals={"reason": "bad_value"})

        assert only(local_project.sync()).outcome is Outcome.FAILED


class TestFormulas:
    """A number over other metrics, each asked once."""

    METRICS = """
    won: {connection: told, query: {what: won}, when_empty: zero}
    lost: {connection: told, query: {what: lost}}
    rate: {formula: "percent(won, won + lost)"}
    twice: {formula: rate * 2, scale: 10}
    """

    def test_is_worked_out_from_its_metrics(self, local_project):
        local_project.tell(won=1, lost=3)
        on_told(local_project, self.METRICS, "rate")

        assert only(local_project.sync()).value == 25
        (past,) = local_project.history("goal")
        assert past.receipt["formula"] == "percent(won, won + lost)"
        assert {one["metric"]: one["raw"] for one in past.receipt["inputs"]} == {"won": 1, "lost": 3}

    def test_may_stand_on_another_formula_and_have_a_scale(self, local_project):
        local_project.tell(won=1, lost=3)
        on_told(local_project, self.METRICS, "twice")

        assert only(local_project.sync()).value == 500

    def test_counts_nothing_as_zero_where_its_metric_says_so(self, local_project):
        local_project.tell(won={"reason": "no_data"}, lost=3)
        on_told(local_project, self.METRICS, "rate")

        assert only(local_project.sync()).value == 0

    def test_has_no_value_over_zero(self, local_project):
        local_project.tell(won=0, lost=0)
        on_told(local_project, self.METRICS, "rate")

        row = only(local_project.sync())

        assert (row.outcome, row.reason) == (Outcome.FAILED, Reason.NO_DATA)
        assert "metric rate" in row.message

    def test_has_no_value_without_one_of_its_metrics_and_names_that_one(self, local_project):
        local_project.tell(won=1, lost={"reason": "query", "message": "no such stage"})
        on_told(local_project, self.METRICS, "rate")

        row = only(local_project.sync())

        assert (row.outcome, row.reason) == (Outcome.FAILED, Reason.QUERY)
        assert "no such stage" in row.message

    def test_is_as_old_as_the_oldest_of_its_metrics(self, local_project):
        local_project.tell(won={"value": "1", "as_of": (NOW - DAY).isoformat()}, lost=3)
        on_told(local_project, self.METRICS, "rate")

        local_project.sync()

        assert local_project.row("goal").as_of == NOW - DAY

    def test_over_two_connections_waits_for_both(self, local_project):
        local_project.tell(won=1)
        local_project.numbers(lost=3)
        local_project.write(
            connections=f"numbers: {{connector: spreadsheet, path: numbers.csv}}\n{local_project.told}",
            metrics="""
            won: {connection: told, query: {what: won}}
            lost: {connection: numbers, query: {column: value, row: lost}}
            rate: {formula: "percent(won, won + lost)"}
            """,
            key_results="- {id: goal, title: Goal, metric: rate, unit: percent, start: 0, target: 50}",
        ).apply()

        assert only(local_project.sync()).value == 25


def test_a_question_that_several_key_results_share_is_asked_once(local_project, server):
    server.answer("/stats", reply({"total": 9, "open": 4}))
    local_project.write(
        connections=f'api: {{connector: http, base_url: "{server.url}"}}',
        metrics="""
        deals: {connection: api, query: {path: /stats, value: total}}
        same_deals: {connection: api, query: {path: /stats, value: total}}
        per_day: {formula: deals / 2}
        """,
        key_results="".join(
            f"- {{id: {name}, title: {name}, metric: {metric}, unit: deals, start: 0, target: 10}}\n"
            for name, metric in (("a", "deals"), ("b", "deals"), ("c", "same_deals"), ("d", "per_day"))
        ),
    ).apply()

    report = local_project.sync()

    assert {row.key: row.value for row in report.rows} == {"a": 9, "b": 9, "c": 9, "d": Decimal("4.5")}
    assert len(server.requests) == 1
    assert report.connections[0].requests == 1
    assert len(local_project.table("reading")) == 1


def test_different_questions_that_one_reply_answers_are_sent_once(local_project, server):
    server.answer("/stats", reply({"total": 9, "open": 4}))
    local_project.write(
        connections=f'api: {{connector: http, base_url: "{server.url}"}}',
        metrics="""
        all: {connection: api, query: {path: /stats, value: total}}
        open: {connection: api, query: {path: /stats, value: open}}
        """,
        key_results="""
        - {id: all, title: All, metric: all, unit: deals, start: 0, target: 10}
        - {id: open, title: Open, metric: open, unit: deals, start: 0, target: 10}
        """,
    ).apply()

    assert {row.key: row.value for row in local_project.sync().rows} == {"all": 9, "open": 4}
    assert len(server.requests) == 1


def test_digits_beyond_what_a_float_can_hold_are_kept(project):
    project.tell(deals="9007199254740993.000000000001")
    on_told(project, "deals: {connection: told, query: {what: deals}}", "deals")

    project.sync()

    assert project.values("goal") == ["9007199254740993.000000000001"]
    assert project.row("goal").value == Decimal("9007199254740993.000000000001")
