"""The slots of the past, filled by sources that know it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from okrsync.errors import Reason, UnknownName
from okrsync.vocabulary import DataState, Origin
from tests.projects import DAY, NOW

ORDERS = [("2026-10-05", 2), ("2026-10-20", 3), ("2026-11-10", 4), ("2026-11-21", 5)]
SQL = "SELECT coalesce(sum(pieces), 0) FROM orders WHERE day >= date(:start) AND day < date(:end)"


@pytest.fixture
def shop(project):
    """One key result on dated orders, one on a cell that knows only the present."""
    project.numbers(stock=7)
    project.product(
        "CREATE TABLE orders (day TEXT, pieces INTEGER)",
        *(f"INSERT INTO orders VALUES ('{day}', {pieces})" for day, pieces in ORDERS),
    )
    return project.write(
        connections="numbers: {connector: spreadsheet, path: numbers.csv}\n"
        'shop: {connector: sql, url: "sqlite:///product.db"}',
        metrics=f"""
        orders: {{connection: shop, query: {{sql: "{SQL}"}}, window: cycle_to_date}}
        stock: {{connection: numbers, query: {{column: value, row: stock}}}}
        both: {{formula: orders + stock}}
        """,
        key_results="""
        - {id: orders, title: Orders, metric: orders, unit: pieces, start: 0, target: 20, cadence: weekly}
        - {id: stock, title: Stock, metric: stock, unit: pieces, start: 0, target: 20, cadence: weekly}
        - {id: both, title: Both, metric: both, unit: pieces, start: 0, target: 20, cadence: weekly}
        """,
    ).apply()


def test_fills_every_slot_since_the_cycle_began_with_what_was_true_then(shop):
    rows = shop.backfill()

    assert (rows["orders"].slots, rows["orders"].filled, rows["orders"].problem) == (6, 6, None)
    past = [one.check_in for one in shop.history("orders")]
    assert [f"{one.slot:%m-%d}" for one in past] == ["10-05", "10-12", "10-19", "10-26", "11-02", "11-09"]
    assert [f"{one.value}" for one in past] == ["0", "2", "2", "5", "5", "5"]
    assert {one.origin for one in past} == {Origin.BACKFILL}
    assert all(one.as_of == one.slot for one in past)


def test_every_filled_slot_has_its_receipt(shop):
    shop.backfill()

    for past in shop.history("orders"):
        (answer,) = past.receipt["inputs"]
        assert datetime.fromisoformat(answer["window"]["end"]) == past.check_in.slot
        assert answer["provenance"]["connection"] == "shop"


def test_a_source_that_knows_only_the_present_is_refused_with_the_reason_and_not_asked(shop):
    rows = shop.backfill()

    for key in ("stock", "both"):
        assert (rows[key].filled, rows[key].problem.reason) == (0, Reason.UNSUPPORTED)
        assert "numbers knows only the present of stock" in rows[key].problem.message
        assert not rows[key].failed
        assert shop.values(key) == []


def test_what_is_filled_is_not_asked_again(shop):
    shop.backfill()
    asked = []

    rows = shop.backfill(begun=asked.append)

    assert (rows["orders"].slots, rows["orders"].filled) == (0, 0)
    assert asked == [{}]
    assert len(shop.values("orders")) == 6


def test_a_gap_is_filled_and_nothing_beside_it(shop):
    shop.sync(datetime(2026, 10, 20, tzinfo=UTC))

    rows = shop.backfill()

    assert rows["orders"].filled == 5
    origins = {f"{one.check_in.slot:%m-%d}": one.check_in.origin for one in shop.history("orders")}
    assert origins.pop("10-19") is Origin.AUTO
    assert set(origins.values()) == {Origin.BACKFILL}


def test_the_current_value_does_not_go_back(shop):
    shop.sync()
    before = shop.row("orders")

    shop.backfill()

    after = shop.row("orders")
    assert (after.value, after.as_of, after.data_state) == (before.value, NOW, DataState.FRESH)
    assert before.value == 9
    assert [f"{value}" for value in after.values] == ["0", "2", "2", "5", "5", "5", "9"]


def test_the_newest_filled_value_is_the_current_one_where_there_is_none(shop):
    shop.backfill()

    row = shop.row("orders")

    assert (row.value, row.as_of) == (5, datetime(2026, 11, 9, 5, tzinfo=UTC))


def test_begins_where_it_is_told_to(shop):
    rows = shop.backfill(since=datetime(2026, 11, 1, tzinfo=UTC), only=["orders"])

    assert set(rows) == {"orders"}
    assert rows["orders"].filled == 2


def test_a_name_that_does_not_exist_is_refused(shop):
    with pytest.raises(UnknownName):
        shop.backfill(only=["order"])


def test_a_source_that_fails_is_a_failure_and_can_be_asked_again(local_project):
    local_project.tell(deals={"reason": "auth"})
    local_project.write(
        connections=local_project.told,
        metrics="deals: {connection: told, query: {what: deals}, window: cycle_to_date}",
        key_results="- {id: deals, title: Deals, metric: deals, unit: deals, start: 0, target: 10, cadence: weekly}",
    ).apply()

    first = local_project.backfill()["deals"]
    local_project.tell(deals=4)
    second = local_project.backfill()["deals"]

    assert (first.filled, first.failed, first.problem.reason) == (0, True, Reason.AUTH)
    assert (second.filled, second.failed) == (6, False)


def test_a_sync_after_it_makes_its_own_check_in(shop):
    shop.backfill(NOW - 14 * DAY)

    shop.sync(NOW)

    assert [one.check_in.origin for one in shop.history("orders")][-2:] == [Origin.BACKFILL, Origin.AUTO]
    assert shop.row("orders").as_of == NOW
    assert shop.row("orders").age == timedelta()
