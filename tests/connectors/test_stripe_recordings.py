"""Stripe's own published objects, read as answers."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from okrsync import Ask, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.registry import Registry
from okrsync.okrs.model import Connection

FIXTURES = Path(__file__).parents[2].parent / "shared" / "recordings" / "stripe" / "fixtures3.json"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PRESENT = Window(None, NOW, ZoneInfo("UTC"))
REGISTRY = Registry.load()
API = "https://api.stripe.com/v1"

pytestmark = pytest.mark.skipif(not FIXTURES.is_file(), reason="needs the recordings in ../shared, which are not here")


@pytest.fixture
def published():
    return json.loads(FIXTURES.read_text())["resources"]


@pytest.fixture
def money(tmp_path):
    spec = Connection("money", "stripe", {"api_key": "${STRIPE_KEY}"})
    return open_connection(spec, REGISTRY, {"STRIPE_KEY": "rk_live_s3cret"}, tmp_path)


def answer(connector, metric):
    query = REGISTRY.get("stripe").Query(metric=metric)
    return collect(connector, [Ask("k", query, PRESENT, NOW)], NOW)["k"]


def listed(*rows):
    return {"object": "list", "data": list(rows), "has_more": False}


def test_the_published_subscription_is_worth_its_price(money, source, published):
    subscription = published["subscription"]
    # The example sells in packages of a billion and a half, of which one unit makes none.
    subscription["items"]["data"][0]["price"]["transform_quantity"] = None
    source.get(f"{API}/subscriptions", json=listed(subscription))

    reading = answer(money, "mrr")

    assert (reading.value, reading.unit, reading.rows) == (Decimal("20.00"), "USD", 1)


def test_the_published_subscription_as_it_stands_holds_no_whole_package(money, source, published):
    source.get(f"{API}/subscriptions", json=listed(published["subscription"]))

    assert answer(money, "mrr").value == 0


def test_the_published_balance_transaction_is_one_dollar(money, source, published):
    source.get(f"{API}/balance_transactions", json=listed(published["balance_transaction"]))

    reading = answer(money, "revenue")

    assert (reading.value, reading.unit) == (Decimal("1.00"), "USD")
    assert reading.watermark == datetime.fromtimestamp(1234567890, UTC)


def test_the_published_discount_of_a_newer_version_is_not_overlooked(money, source, published):
    subscription = {**published["subscription"], "discounts": [published["discount"]]}
    source.get(f"{API}/subscriptions", json=listed(subscription))

    problem = answer(money, "mrr")

    assert problem.reason is Reason.BAD_RESPONSE
    assert "discounts.0.coupon" in problem.message


def test_the_published_account_and_balance_are_understood(money, source, published):
    source.get(f"{API}/subscriptions", json=listed())
    source.get(f"{API}/balance_transactions", json=listed())
    source.get(f"{API}/account", json=published["account"])
    source.get(f"{API}/balance", json=published["balance"])

    assert money.check().startswith(f"connected as {published['account']['id']} in live mode; may read subscriptions")
    assert [choice.value for choice in money.discover()] == ["usd"]
