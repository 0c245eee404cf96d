"""The edges of a cycle and of the periods within it: what is asked, and when a number is old."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from okrsync.errors import Reason
from okrsync.vocabulary import DataState, Status
from tests.projects import DAY, NOW


class TestTheEdgesOfACycle:
    """Not asked before it begins; read to its end, and then no more."""

    @pytest.fixture
    def cycled(self, local_project):
        local_project.tell(deals=4, stock=9)
        return local_project.write(
            connections=local_project.told,
            metrics="""
            deals: {connection: told, query: {what: deals}, window: cycle_to_date}
            stock: {connection: told, query: {what: stock, history: snapshot}}
            mixed: {formula: deals + stock}
            """,
            key_results="""
            - {id: deals, title: Deals, metric: deals, unit: deals, start: 0, target: 10}
            - {id: stock, title: Stock, metric: stock, unit: pieces, start: 0, target: 10}
            - {id: mixed, title: Mixed, metric: mixed, unit: pieces, start: 0, target: 10}
            """,
        ).apply()

    BEGIN = datetime(2026, 9, 30, 22, tzinfo=UTC)
    END = datetime(2026, 12, 31, 23, tzinfo=UTC)

    def test_before_it_begins_nothing_is_asked(self, cycled):
        report = cycled.sync(self.BEGIN - timedelta(seconds=1))

        assert report.rows == ()
        assert cycled.asked() == []
        assert {row.status for row in cycled.board(self.BEGIN - DAY).rows} == {Status.NOT_STARTED}

    def test_its_begin_is_its_first_slot(self, cycled):
        report = cycled.sync(self.BEGIN + timedelta(minutes=1))

        assert {row.slot for row in report.rows} == {self.BEGIN}

    def test_after_it_window_sources_are_read_once_more_as_of_its_end_and_snapshots_are_not(self, cycled):
        report = cycled.sync(self.END + 3 * DAY, due_only=True)

        ((deals),) = report.rows
        assert (deals.key, deals.slot) == ("deals", self.END)
        assert cycled.row("deals", self.END + 3 * DAY).as_of == self.END
        assert cycled.asked() == ["deals"]

        assert cycled.sync(self.END + 4 * DAY, due_only=True).rows == ()
        assert cycled.asked() == ["deals"]

    def test_its_numbers_do_not_grow_old_when_it_is_over(self, cycled):
        cycled.sync(self.END - timedelta(hours=3))
        cycled.sync(self.END + DAY)

        later = {row.key: row for row in cycled.board(self.END + 60 * DAY).rows}

        assert {row.data_state for row in later.values()} == {DataState.FRESH}
        assert {key: row.status for key, row in later.items()} == {
            "deals": Status.MISSED,
            "stock": Status.MISSED,
            "mixed": Status.ACHIEVED,
        }

    def test_a_goal_that_nothing_was_known_of_is_late_when_its_cycle_is_over(self, cycled):
        assert {row.data_state for row in cycled.board(self.END + DAY).rows} == {DataState.LATE}


class TestTheWholeCycleWhileItRuns:
    """What is booked for all of it is a number of today."""

    END = datetime(2026, 12, 31, 23, tzinfo=UTC)

    @pytest.fixture
    def booked(self, local_project):
        local_project.tell(booked=4, lost={"reason": "no_data"})
        return local_project.write(
            connections=local_project.told,
            metrics="""
            booked: {connection: told, query: {what: booked}, window: cycle}
            lost: {connection: told, query: {what: lost}, window: cycle, when_empty: zero}
            """,
            key_results="""
            - {id: booked, title: Booked, metric: booked, unit: deals, start: 0, target: 10}
            - {id: lost, title: Lost, metric: lost, unit: deals, start: 0, target: 10}
            """,
        ).apply()

    def test_it_is_recorded_as_of_now_also_where_nothing_means_zero(self, booked):
        booked.sync()

        assert {key: (booked.row(key).value, booked.row(key).as_of) for key in ("booked", "lost")} == {
            "booked": (4, NOW),
            "lost": (0, NOW),
        }

        booked.tell(booked=5, lost=1)
        booked.sync(NOW + DAY)
        assert (booked.values("booked"), booked.row("lost", NOW + DAY).value) == (["4", "5"], 1)

    def test_it_is_never_dated_back(self, booked):
        rows = booked.backfill()

        assert {row.filled for row in rows.values()} == {0}
        assert {row.problem.reason for row in rows.values()} == {Reason.UNSUPPORTED}
        assert booked.asked() == []

    def test_when_it_is_over_its_last_number_is_read(self, booked):
        booked.sync(self.END + DAY)

        assert booked.row("booked", self.END + DAY).as_of == self.END


@pytest.mark.parametrize(
    ("window", "newest"),
    [
        pytest.param("previous(month)", date(2026, 11, 1), id="last month is news until this month is over"),
        pytest.param("previous(week)", date(2026, 11, 16), id="last week is news until this week is over"),
        pytest.param("trailing(7 days)", date(2026, 11, 21), id="whole days end at midnight"),
    ],
)
def test_a_number_of_a_closed_period_is_not_late_before_the_next_one_is_closed(local_project, window, newest):
    local_project.tell(churn="2.5")
    local_project.write(
        connections=local_project.told,
        metrics=f"churn: {{connection: told, query: {{what: churn}}, window: {window}}}",
        kpis="- {id: churn, title: Churn, metric: churn, unit: percent, healthy: {below: 3}, cadence: hourly}",
    ).apply()
    local_project.sync()

    row = local_project.row("churn")

    assert row.as_of.astimezone(local_project_zone(local_project)).date() == newest
    assert (row.data_state, row.status, row.value) == (DataState.FRESH, Status.ON_TRACK, Decimal("2.5"))
    assert local_project.row("churn", NOW + 40 * DAY).data_state is DataState.LATE


def local_project_zone(project):
    with project.opened() as workspace:
        return workspace.zone
