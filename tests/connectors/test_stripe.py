from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from responses.matchers import header_matcher, query_param_matcher

from okrsync import Ask, Choice, Problem, Reading, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.contract import question_key
from okrsync.connect.registry import Registry
from okrsync.okrs.model import Connection
from okrsync.testing import Case, ConnectorContract, Example, Exchange

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
OCTOBER = Window(datetime(2026, 9, 30, 22, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC), BERLIN)
PRESENT = Window(None, NOW, BERLIN)
REGISTRY = Registry.load()
STRIPE = REGISTRY.get("stripe")
API = "https://api.stripe.com"
SUBSCRIPTIONS = f"{API}/v1/subscriptions"
MOVEMENTS = f"{API}/v1/balance_transactions"


@pytest.fixture
def money(tmp_path):
    spec = Connection("money", "stripe", {"api_key": "${STRIPE_KEY}"})
    return open_connection(spec, REGISTRY, {"STRIPE_KEY": "rk_test_s3cret"}, tmp_path)


def asked(metric="mrr", window=None, **query):
    window = window or (PRESENT if metric == "mrr" else OCTOBER)
    query = STRIPE.Query.model_validate({"metric": metric, **query})
    return Ask(question_key("stripe", "money", query, window), query, window, window.end)


def ask(connector, *asks):
    return list(collect(connector, asks, NOW).values())


def ask_one(connector, metric="mrr", window=None, **query):
    (answer,) = ask(connector, asked(metric, window, **query))
    return answer


def price(amount="2000", interval="month", count=1, currency="usd", **more):
    recurring = {"interval": interval, "interval_count": count, "usage_type": more.pop("usage_type", "licensed")}
    return {
        "id": "price_1",
        "currency": currency,
        "product": "prod_1",
        "billing_scheme": "per_unit",
        "unit_amount_decimal": amount,
        "recurring": recurring,
        "transform_quantity": None,
        "tiers_mode": None,
        **more,
    }


def item(cost=None, quantity=1, discounts=(), number=1):
    return {"id": f"si_{number}", "price": cost or price(), "quantity": quantity, "discounts": list(discounts)}


def subscription(*items, currency="usd", discounts=(), number=1, has_more=False):
    parts = {"data": list(items) or [item(price(currency=currency))], "has_more": has_more}
    return {"id": f"sub_{number}", "currency": currency, "discounts": list(discounts), "items": parts}


def discount(duration="forever", **off):
    return {"coupon": {"duration": duration, "percent_off": None, "amount_off": None, "currency": None, **off}}


def movement(amount, category="charge", net=None, currency="usd", number=1, at=1_792_000_000):
    return {
        "id": f"txn_{number}",
        "created": at,
        "currency": currency,
        "reporting_category": category,
        "amount": amount,
        "net": amount if net is None else net,
    }


def page(*rows, more=False):
    return {"object": "list", "data": list(rows), "has_more": more}


def active(source, *subscriptions, status="active"):
    source.get(
        SUBSCRIPTIONS,
        json=page(*subscriptions),
        match=[query_param_matcher({"status": status}, strict_match=False)],
    )


THREE_PAGES = [
    Exchange(page(movement(1000, number=1), more=True)),
    Exchange(page(movement(500, number=2), more=True), containing="starting_after=txn_1"),
    Exchange(page(movement(50, number=3)), containing="starting_after=txn_2"),
]
TAKINGS = {"metric": "gross_revenue"}
EDGES = ["created[gte]=1790805600", "created[lt]=1793487600"]
UNKNOWN_CURRENCY = Exchange(
    {"error": {"type": "invalid_request_error", "code": "parameter_invalid"}}, 400, containing="currency=xxx"
)
CHECK = [
    Exchange(page(), path="/v1/subscriptions"),
    Exchange(page(), path="/v1/balance_transactions"),
    Exchange({"id": "acct_1", "business_profile": {"name": "Acme"}}, path="/v1/account"),
]
BALANCE = [Exchange({"available": [{"currency": "usd"}, {"currency": "eur"}]}, path="/v1/balance")]


class TestRevenue(ConnectorContract):
    example = Example(
        connector=STRIPE,
        settings={"api_key": "canary-key"},
        query=TAKINGS,
        exchanges=[Exchange(page(movement(1000), movement(550)), method="GET", path="/v1/balance_transactions")],
        value="15.50",
        empty=Case([Exchange(page())]),
        bad_query=Case([UNKNOWN_CURRENCY], query={**TAKINGS, "currency": "xxx"}),
        error_in_200=Case([Exchange({"error": {"type": "api_error"}})]),
        pages=Case(THREE_PAGES, value="15.50"),
        edges=Case([Exchange(page(movement(700)), containing=EDGES)], value=7, window=OCTOBER),
        batch=[
            Case([Exchange(page(movement(700, currency="eur")), containing="=eur")], 7, {**TAKINGS, "currency": "eur"}),
            Case([Exchange(page(movement(900)), containing="=usd")], 9, {**TAKINGS, "currency": "usd"}),
        ],
        check=CHECK,
        discover=BALANCE,
    )


FIRST_OF_NOVEMBER = Window(None, datetime(2026, 11, 1, tzinfo=UTC), BERLIN)
UP_TO_THEN = Window(OCTOBER.start, FIRST_OF_NOVEMBER.end, BERLIN)
EURO = Exchange(page(subscription(currency="eur")), path="/v1/subscriptions")
IN_TIERS = subscription(item(price(None, billing_scheme="tiered", tiers_mode="volume")))
LOST = Exchange({"error": {"type": "invalid_request_error", "code": "resource_missing"}}, 404, path="/prices/price_1")
MONTHLY_PAGES = [
    Exchange(page(subscription(number=1), more=True)),
    Exchange(page(subscription(number=2), more=True), containing="starting_after=sub_1"),
    Exchange(page(subscription(number=3)), containing="starting_after=sub_2"),
]


class TestRecurringRevenue(ConnectorContract):
    example = Example(
        connector=STRIPE,
        settings={"api_key": "canary-key"},
        query={"metric": "mrr", "currency": "eur"},
        window=FIRST_OF_NOVEMBER,
        exchanges=[EURO],
        value=20,
        empty=Case([Exchange(page())]),
        bad_query=Case(
            [LOST, Exchange(page(subscription(currency="eur"), IN_TIERS))], query={"metric": "mrr", "currency": "usd"}
        ),
        error_in_200=Case([Exchange({"error": {"type": "api_error"}})]),
        pages=Case(MONTHLY_PAGES, value=60, query={"metric": "mrr"}),
        batch=[
            Case([EURO], 20),
            Case([Exchange(page(movement(900)), path="/v1/balance_transactions")], 9, TAKINGS, UP_TO_THEN),
        ],
        check=CHECK,
        discover=BALANCE,
    )


def test_every_subscription_counts_by_the_month(money, source):
    source.get(
        SUBSCRIPTIONS,
        json=page(subscription(number=1), subscription(item(price("12000", "year"), 3), number=2)),
        match=[
            header_matcher({"Authorization": "Bearer rk_test_s3cret", "Stripe-Version": "2025-08-27.basil"}),
            query_param_matcher(
                {
                    "status": "active",
                    "limit": 100,
                    "expand[]": ["data.discounts.coupon.applies_to", "data.items.data.discounts"],
                }
            ),
        ],
    )

    reading = ask_one(money)

    assert reading.value == Decimal("50.00")
    assert (reading.unit, reading.rows, reading.complete) == ("USD", 2, True)


@pytest.mark.parametrize(
    ("cost", "quantity", "worth"),
    [
        pytest.param(price("2000"), 3, "60.00", id="a month"),
        pytest.param(price("3000", "month", 3), 1, "10.00", id="a quarter"),
        pytest.param(price("10000", "year"), 1, "8.33", id="a year, rounded once"),
        pytest.param(price("700", "week"), 1, "30.42", id="a week"),
        pytest.param(price("100", "day"), 1, "30.42", id="a day"),
        pytest.param(price("0.05"), 1000, "0.50", id="parts of a cent"),
        pytest.param(price("0"), 5, "0.00", id="for nothing"),
        pytest.param(
            price("500", transform_quantity={"divide_by": 10, "round": "up"}), 11, "10.00", id="begun packages"
        ),
        pytest.param(
            price("500", transform_quantity={"divide_by": 10, "round": "down"}), 19, "5.00", id="whole packages"
        ),
        pytest.param(price("999", usage_type="metered"), None, "0.00", id="metered counts nothing"),
    ],
)
def test_a_price_by_the_month(money, source, cost, quantity, worth):
    active(source, subscription(item(cost, quantity)))

    assert ask_one(money).value == Decimal(worth)


def test_thirds_of_a_cent_are_not_lost_one_by_one(money, source):
    active(source, *[subscription(item(price("10000", "year")), number=number) for number in range(12)])

    assert ask_one(money).value == Decimal("100.00")


@pytest.mark.parametrize(
    ("currency", "value"),
    [
        pytest.param("usd", "20.50", id="cents"),
        pytest.param("jpy", "2050", id="no minor unit"),
        pytest.param("krw", "2050", id="no minor unit either"),
        pytest.param("kwd", "2.050", id="thousandths"),
        pytest.param("isk", "20.50", id="cents that are always 00"),
        pytest.param("ugx", "20.50", id="in both of Stripe's lists: its special case holds"),
    ],
)
def test_amounts_are_in_the_main_unit_of_their_currency(money, source, currency, value):
    active(source, subscription(item(price("2050", currency=currency)), currency=currency))
    source.get(MOVEMENTS, json=page(movement(2050, currency=currency)))

    monthly, taken = ask(money, asked(), asked("revenue"))

    assert (monthly.value, monthly.unit) == (Decimal(value), currency.upper())
    assert (taken.value, taken.unit) == (Decimal(value), currency.upper())


TIERS = [
    {"up_to": 10, "unit_amount_decimal": "500", "flat_amount_decimal": "1000"},
    {"up_to": None, "unit_amount_decimal": "300", "flat_amount_decimal": None},
]


@pytest.mark.parametrize(
    ("mode", "quantity", "worth"),
    [
        pytest.param("graduated", 12, 66, id="each part at its own price"),
        pytest.param("graduated", 10, 60, id="up to and with the edge"),
        pytest.param("volume", 12, 36, id="all at the last price"),
        pytest.param("volume", 10, 60, id="all at the first price"),
    ],
)
def test_tiers_are_asked_for_once_per_price(money, source, mode, quantity, worth):
    tiered = price(None, billing_scheme="tiered", tiers_mode=mode)
    active(source, subscription(item(tiered, quantity)), subscription(item(tiered, quantity), number=2))
    source.get(f"{API}/v1/prices/price_1", json={**tiered, "tiers": TIERS})

    assert ask_one(money).value == 2 * worth
    assert len(source.calls) == 2


def test_a_price_with_several_currencies_is_taken_in_that_of_the_subscription(money, source):
    both = price("2000", currency="usd")
    active(source, subscription(item(both), currency="eur"))
    options = {"eur": {"unit_amount_decimal": "1900"}, "usd": {"unit_amount_decimal": "2000"}}
    source.get(f"{API}/v1/prices/price_1", json={**both, "currency_options": options})

    reading = ask_one(money)

    assert (reading.value, reading.unit) == (19, "EUR")


def test_a_price_that_is_not_told_in_the_currency_is_no_zero(money, source):
    active(source, subscription(item(price("2000", currency="usd")), currency="eur"))
    source.get(f"{API}/v1/prices/price_1", json=price("2000", currency="usd"))

    problem = ask_one(money)

    assert problem.reason is Reason.UNSUPPORTED
    assert "price_1 says no amount in EUR" in problem.message


@pytest.mark.parametrize(
    ("discounts", "worth"),
    [
        pytest.param([discount(percent_off=25)], "75.00", id="a share"),
        pytest.param([discount(percent_off=12.5)], "87.50", id="half a percent"),
        pytest.param([discount(amount_off=1000, currency="usd")], "90.00", id="an amount"),
        pytest.param([discount(amount_off=999_999, currency="usd")], "0.00", id="never less than nothing"),
        pytest.param([discount("once", percent_off=50)], "100.00", id="not one that passes"),
        pytest.param([discount("repeating", percent_off=50)], "100.00", id="not one that ends"),
        pytest.param([discount(percent_off=50), discount(percent_off=50)], "25.00", id="one after the other"),
        pytest.param(
            [discount(percent_off=50, applies_to={"products": ["prod_2"]})], "80.00", id="for some products only"
        ),
        pytest.param(
            [discount(amount_off=5000, currency="usd", applies_to={"products": ["prod_2"]})],
            "60.00",
            id="no more than those products cost",
        ),
    ],
)
def test_discounts_that_last_for_ever_are_taken_off(money, source, discounts, worth):
    other = item(price("4000", product="prod_2"), number=2)
    active(source, subscription(item(price("6000")), other, discounts=discounts))

    assert ask_one(money).value == Decimal(worth)


def test_a_discount_of_one_item_leaves_the_others(money, source):
    half = [discount(percent_off=50)]
    active(source, subscription(item(discounts=half), item(price("4000"), number=2)))

    assert ask_one(money).value == 50


def test_a_yearly_amount_is_taken_off_once_a_year(money, source):
    off = [discount(amount_off=1200, currency="usd")]
    active(source, subscription(item(price("12000", "year")), discounts=off))

    assert ask_one(money).value == 9


@pytest.mark.parametrize(
    "coupon",
    [
        pytest.param({"amount_off": 100, "currency": "eur"}, id="in another currency"),
        pytest.param({"amount_off": 100, "currency": "usd"}, id="on items billed at different intervals"),
    ],
)
def test_a_discount_that_cannot_be_told_by_the_month_is_no_guess(money, source, coupon):
    parts = [item(), item(price("12000", "year"), number=2)]
    active(source, subscription(*parts[: 1 if coupon["currency"] == "eur" else 2], discounts=[discount(**coupon)]))

    problem = ask_one(money)

    assert problem.reason is Reason.UNSUPPORTED
    assert "sub_1 has a discount" in problem.message


def test_a_discount_that_does_not_hold_its_coupon_is_not_overlooked(money, source):
    active(source, subscription(discounts=[{"source": {"type": "coupon", "coupon": "half-off"}}]))

    assert ask_one(money).reason is Reason.BAD_RESPONSE


def test_a_subscription_with_many_items_is_read_to_its_end(money, source):
    active(source, subscription(item(), has_more=True))
    source.get(
        f"{API}/v1/subscription_items",
        json=page(item(), item(number=2), item(number=3)),
        match=[query_param_matcher({"subscription": "sub_1", "limit": 100, "expand[]": "data.discounts"})],
    )

    assert ask_one(money).value == 60


def test_late_payers_count_where_they_are_asked_for_and_the_active_are_listed_once(money, source):
    active(source, subscription(number=1))
    active(source, subscription(number=2), status="past_due")

    alone, with_late = ask(money, asked(), asked(past_due=True))

    assert (alone.value, with_late.value) == (20, 40)
    assert len(source.calls) == 2


def test_amounts_in_several_currencies_are_not_added_up(money, source):
    active(source, subscription(), subscription(item(price("500", currency="eur")), currency="eur", number=2))

    both, euros, pounds = ask(money, asked(), asked(currency="EUR"), asked(currency="gbp"))

    assert both.reason is Reason.QUERY
    assert "EUR, USD" in both.message
    assert "`currency`" in both.hint
    assert euros.value == 5
    assert pounds.reason is Reason.NO_DATA
    assert "in GBP, only in EUR, USD" in pounds.message
    assert len(source.calls) == 1


def test_one_subscription_that_cannot_be_told_spoils_no_other_currency(money, source):
    broken = subscription(item(price(None, currency="eur")), currency="eur", number=2)
    active(source, subscription(), broken)

    euros, dollars = ask(money, asked(currency="eur"), asked(currency="usd"))

    assert euros.reason is Reason.UNSUPPORTED
    assert dollars.value == 20


MOVED = [
    movement(10_000, net=9_680, number=1),
    movement(-2_000, "partial_capture_reversal", number=2),
    movement(-1_000, "refund", number=3),
    movement(-500, "dispute", net=-2_000, number=4),
    movement(-7_000, "payout", number=5),
    movement(-300, "fee", number=6, at=1_792_999_999),
]


@pytest.mark.parametrize(
    ("metric", "value"), [("gross_revenue", "80.00"), ("revenue", "65.00"), ("net_revenue", "46.80")]
)
def test_what_counts_as_revenue(money, source, metric, value):
    source.get(MOVEMENTS, json=page(*MOVED))

    reading = ask_one(money, metric)

    assert reading.value == Decimal(value)
    assert reading.watermark == datetime.fromtimestamp(1_792_000_000, UTC)


def test_the_revenues_of_a_window_share_their_pages(money, source):
    source.get(MOVEMENTS, json=page(*MOVED))

    answers = ask(money, asked("gross_revenue"), asked("revenue"), asked("net_revenue"))

    assert all(isinstance(answer, Reading) for answer in answers)
    source.assert_call_count(f"{MOVEMENTS}?created%5Bgte%5D=1790805600&created%5Blt%5D=1793487600&limit=100", 1)


def test_a_list_that_fails_is_read_once_for_all_who_wait_for_it(money, source):
    source.get(MOVEMENTS, json={"object": "list", "data": None, "has_more": False})

    answers = ask(money, asked("gross_revenue"), asked("revenue"), asked("net_revenue"))

    assert [answer.reason for answer in answers] == [Reason.BAD_RESPONSE] * 3
    assert len(source.calls) == 1


def test_edges_within_a_second_go_to_the_next_one(money, source):
    start = datetime(2026, 10, 1, 0, 0, 0, 1, tzinfo=UTC)
    source.get(
        MOVEMENTS,
        json=page(movement(1)),
        match=[query_param_matcher({"created[gte]": 1_790_812_801, "created[lt]": 1_790_812_802, "limit": 100})],
    )

    assert ask_one(money, "revenue", Window(start, start + timedelta(seconds=1), BERLIN)).value == Decimal("0.01")


def test_a_period_that_still_runs_is_not_complete(money, source):
    source.get(MOVEMENTS, json=page(movement(1)))
    running = Window(OCTOBER.start, NOW + timedelta(days=1), BERLIN)
    asking = asked("revenue", running)

    answers = collect(money, [Ask(asking.key, asking.query, running, NOW)], NOW)

    assert answers[asking.key].complete is False


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(page(), id="no movements"),
        pytest.param(page(movement(-700, "payout")), id="none that count"),
    ],
)
def test_no_payments_are_no_zero(money, source, body):
    source.get(MOVEMENTS, json=body)

    problem = ask_one(money, "revenue")

    assert problem.reason is Reason.NO_DATA
    assert "when_empty: zero" in problem.hint


def test_an_empty_page_that_is_not_the_last_is_no_end(money, source):
    source.get(MOVEMENTS, json=page(more=True))

    assert ask_one(money, "revenue").reason is Reason.BAD_RESPONSE


def test_recurring_revenue_has_no_window_and_no_past(money):
    windowed = ask_one(money, "mrr", OCTOBER)
    assert windowed.reason is Reason.UNSUPPORTED

    running = Window(OCTOBER.start, NOW, BERLIN)
    assert ask_one(money, "mrr", running).reason is Reason.QUERY

    past = Window(None, NOW - timedelta(days=7), BERLIN)
    assert ask_one(money, "mrr", past).reason is Reason.UNSUPPORTED


def test_a_429_without_retry_after_is_asked_again(money, source, waits):
    refusal = {"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "Too many requests"}}
    source.get(MOVEMENTS, status=429, json=refusal)
    source.get(MOVEMENTS, json=page(movement(100)))

    assert ask_one(money, "revenue").value == 1
    assert len(waits) == 1


def test_a_missing_right_is_named_in_stripes_words_and_the_key_is_not(money, source):
    words = "The provided key 'rk_test_s3cret' does not have the required permissions for this endpoint on account "
    words += "'acct_1'. Having the 'rak_subscription_read' permission would allow this request to continue."
    source.get(SUBSCRIPTIONS, status=403, json={"error": {"type": "invalid_request_error", "message": words}})

    problem = ask_one(money)

    assert problem.reason is Reason.AUTH
    assert "rak_subscription_read is missing" in problem.message
    assert "okrsync check money" in problem.hint
    assert "s3cret" not in str(problem)


def test_check_says_whose_key_it_is_which_mode_and_what_it_may_read(money, source):
    source.get(SUBSCRIPTIONS, json=page())
    source.get(MOVEMENTS, status=403, json={"error": {"type": "invalid_request_error"}})
    source.get(f"{API}/v1/account", json={"id": "acct_1", "business_profile": {"name": "Acme"}})

    said = money.check()

    assert said == "connected as Acme (acct_1) in test mode; may read subscriptions, not balance transactions"


def test_check_does_without_a_name_where_the_key_may_not_ask_for_it(money, source):
    source.get(SUBSCRIPTIONS, json=page())
    source.get(MOVEMENTS, json=page())
    source.get(f"{API}/v1/account", status=403)

    assert money.check().startswith("connected as an account that the key may not name in test mode; may read subs")


def test_check_fails_where_nothing_may_be_read(money, source):
    for url in (SUBSCRIPTIONS, MOVEMENTS):
        source.get(url, status=403, json={"error": {"type": "invalid_request_error"}})

    with pytest.raises(Problem) as caught:
        money.check()

    assert caught.value.reason is Reason.AUTH


def test_discover_lists_the_currencies_of_the_balance(money, source):
    source.get(f"{API}/v1/balance", json={"available": [{"currency": "usd"}, {"currency": "eur"}], "pending": []})

    assert list(money.discover("EU")) == [Choice("currency", "eur", "balance in EUR")]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        pytest.param({}, "metric", id="nothing"),
        pytest.param({"metric": "arr"}, "mrr", id="another figure"),
        pytest.param({"metric": "mrr", "currency": "euro"}, "pattern", id="no currency"),
        pytest.param({"metric": "revenue", "past_due": True}, "past_due", id="late payers of what"),
    ],
)
def test_questions_that_cannot_be_asked_are_refused_in_words(query, said):
    with pytest.raises(ValidationError, match=said):
        STRIPE.Query.model_validate(query)
