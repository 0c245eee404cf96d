from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from responses.matchers import header_matcher, json_params_matcher

from okrsync import Ask, Choice, Problem, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.contract import question_key
from okrsync.connect.registry import Registry
from okrsync.okrs.model import Connection
from okrsync.okrs.windows import cycle_window
from okrsync.testing import Case, ConnectorContract, Example, Exchange

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
WINDOW = Window(datetime(2026, 9, 30, 22, tzinfo=UTC), NOW, ZoneInfo("Europe/Berlin"))
PRESENT = Window(None, NOW, ZoneInfo("Europe/Berlin"))
REGISTRY = Registry.load()
HUBSPOT = REGISTRY.get("hubspot")
API = "https://api.hubapi.com"
DEALS = f"{API}/crm/v3/objects/deals/search"
WON = {"object": "deals", "where": {"dealstage": "closedwon"}, "date_property": "closedate"}
REVENUE = {**WON, "agg": "sum", "of": "amount"}


@pytest.fixture
def crm(tmp_path):
    return opened(tmp_path)


def opened(folder, **settings):
    spec = Connection("crm", "hubspot", {"token": "${HUBSPOT_TOKEN}", **settings})
    return open_connection(spec, REGISTRY, {"HUBSPOT_TOKEN": "pat-s3cret-token"}, folder)


def asked(window=WINDOW, **query):
    query = HUBSPOT.Query.model_validate(query)
    return Ask(question_key("hubspot", "crm", query, window), query, window, window.end)


def ask(connector, *asks):
    return list(collect(connector, asks, NOW).values())


def ask_one(connector, window=WINDOW, **query):
    (answer,) = ask(connector, asked(window, **query))
    return answer


def deal(number, amount, **properties):
    properties = {"amount": amount, "hs_object_id": str(number), **properties}
    return {"id": str(number), "properties": properties, "updatedAt": f"2026-11-{number % 20 + 1:02}T08:00:00.000Z"}


def found(*deals, after=None, total=None):
    paging = {"paging": {"next": {"after": after, "link": "https://api.hubapi.com/…"}}} if after else {}
    return {"total": len(deals) if total is None else total, "results": list(deals), **paging}


THREE_PAGES = [
    Exchange(found(deal(1, "10.10"), after="200", total=3)),
    Exchange(found(deal(2, "5"), after="400", total=3), containing='"after": "200"'),
    Exchange(found(deal(3, "1"), total=3), containing='"after": "400"'),
]
REFUSED = Exchange({"status": "error", "category": "VALIDATION_ERROR"}, status=400, containing="no_such_property")
ACCOUNT = {"portalId": 4711, "accountType": "STANDARD", "timeZone": "Europe/Berlin", "companyCurrency": "EUR"}
PIPELINES = [{"id": "default", "label": "Sales", "stages": [{"id": "closedwon", "label": "Closed won"}]}]


def properties(*rows):
    return {"results": [{"name": name, "label": label, "type": kind} for name, label, kind in rows]}


EXAMPLE = {
    "connector": HUBSPOT,
    "query": REVENUE,
    "exchanges": [
        Exchange(
            found(deal(1, "10.10"), deal(2, "5")),
            method="POST",
            path="/crm/v3/objects/deals/search",
            containing='"closedwon"',
        )
    ],
    "value": "15.10",
    "empty": Case([Exchange(found())]),
    "bad_query": Case([REFUSED], query={**REVENUE, "where": {"no_such_property": "x"}}),
    "error_in_200": Case([Exchange({"status": "error", "category": "RATE_LIMITS"})]),
    "pages": Case(THREE_PAGES, value="16.10"),
    "edges": Case(
        [
            Exchange(
                found(deal(1, "7")), containing=['"GTE", "value": "1790805600000"', '"LT", "value": "1793487600000"']
            )
        ],
        value=1,
        query=WON,
        window=Window(
            datetime(2026, 9, 30, 22, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC), ZoneInfo("Europe/Berlin")
        ),
    ),
    "batch": [
        Case(
            [Exchange(found(deal(1, "7")), containing='"renewal"')],
            value=7,
            query={**REVENUE, "where": {"dealstage": "renewal"}},
        ),
        Case(
            [Exchange(found(deal(2, "8"), deal(3, "1")), containing='"closedlost"')],
            value=2,
            query={**WON, "where": {"dealstage": "closedlost"}},
        ),
    ],
    "check": [Exchange(ACCOUNT), *[Exchange({"results": []})] * 4],
    "discover": [
        *[Exchange({"results": []})] * 5,
        Exchange(properties(("amount", "Amount", "number"), ("closedate", "Close date", "datetime"))),
        Exchange({"results": PIPELINES}),
        *[Exchange({"results": []})] * 3,
    ],
}
OAUTH = {"client_id": "app", "client_secret": "canary-secret", "refresh_token": "canary-refresh"}


class TestWithAPrivateApp(ConnectorContract):
    example = Example(settings={"token": "canary-token"}, **EXAMPLE)


class TestWithAnOAuthApp(ConnectorContract):
    example = Example(
        settings=OAUTH,
        tokens=[Exchange({"access_token": "canary-access", "expires_in": 1800}, path="/oauth/v1/token")],
        **EXAMPLE,
    )


def test_a_count_is_one_call_for_one_record(crm, source):
    source.post(
        DEALS,
        json=found(deal(1, "7"), after="1", total=25_000),
        match=[
            header_matcher({"Authorization": "Bearer pat-s3cret-token"}),
            json_params_matcher(
                {
                    "filterGroups": [
                        {
                            "filters": [
                                {"propertyName": "dealstage", "operator": "EQ", "value": "closedwon"},
                                {"propertyName": "closedate", "operator": "GTE", "value": "1790805600000"},
                                {"propertyName": "closedate", "operator": "LT", "value": "1795262400000"},
                            ]
                        }
                    ],
                    "limit": 1,
                }
            ),
        ],
    )

    assert ask_one(crm, **WON).value == 25_000


def test_a_count_of_nothing_is_zero(crm, source):
    source.post(DEALS, json=found())

    assert ask_one(crm, **WON).value == 0


def test_count_and_sums_of_the_same_records_share_their_pages(crm, source):
    source.post(DEALS, json=found(deal(1, "10.10", hs_acv="1"), deal(2, "5", hs_acv="2")))

    count, amount, value, average = ask(
        crm,
        asked(**WON),
        asked(**REVENUE),
        asked(**{**REVENUE, "of": "hs_acv"}),
        asked(**{**REVENUE, "agg": "avg"}),
    )

    assert [count.value, amount.value, value.value, average.value] == [2, Decimal("15.10"), 3, Decimal("7.55")]
    assert amount.watermark == datetime(2026, 11, 3, 8, tzinfo=UTC)
    assert amount.rows == 2
    source.assert_call_count(DEALS, 1)


def test_an_empty_amount_is_no_zero_and_the_hint_leaves_it_out_on_purpose(crm, source):
    source.post(DEALS, json=found(deal(1, "10"), deal(2, None), deal(3, "")))

    problem = ask_one(crm, **REVENUE)

    assert problem.reason is Reason.BAD_VALUE
    assert "2 of 3" in problem.message
    assert "where: {amount: {known: true}}" in problem.hint


def test_a_typo_in_the_property_is_no_zero(crm, source):
    source.post(DEALS, json=found(deal(1, "10")))

    problem = ask_one(crm, **{**REVENUE, "of": "amont"})

    assert problem.reason is Reason.QUERY
    assert "amount" in problem.hint


@pytest.mark.parametrize(
    ("where", "filters"),
    [
        pytest.param("x", [("EQ", "value", "x")], id="a value"),
        pytest.param(True, [("EQ", "value", "true")], id="a yes"),
        pytest.param(["x", "y"], [("IN", "values", ["x", "y"])], id="one of several"),
        pytest.param({"gte": 1, "lt": Decimal("2.5")}, [("LT", "value", "2.5"), ("GTE", "value", "1")], id="a range"),
        pytest.param({"none_of": ["x"]}, [("NOT_IN", "values", ["x"])], id="none of several"),
        pytest.param({"contains": "acm*"}, [("CONTAINS_TOKEN", "value", "acm*")], id="a word"),
        pytest.param({"known": True}, [("HAS_PROPERTY", None, None)], id="has a value"),
        pytest.param({"known": False}, [("NOT_HAS_PROPERTY", None, None)], id="has none"),
    ],
)
def test_conditions_are_sent_as_filters(crm, source, where, filters):
    sent = [{"propertyName": "p", "operator": name, **({key: value} if key else {})} for name, key, value in filters]
    source.post(DEALS, json=found(), match=[json_params_matcher({"filterGroups": [{"filters": sent}], "limit": 1})])

    assert ask_one(crm, PRESENT, object="deals", where={"p": where}).value == 0


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati"])
def test_days_without_a_time_are_those_of_the_window_in_any_zone(crm, source, zone):
    source.post(DEALS, json=found())
    october = cycle_window(datetime(2026, 10, 1).date(), datetime(2026, 10, 31).date(), ZoneInfo(zone))  # noqa: DTZ001

    ask_one(crm, october, **WON, whole_days=True)

    assert '"GTE", "value": "1790812800000"' in source.calls[0].request.body.decode()  # 2026-10-01T00:00Z
    assert '"LT", "value": "1793491200000"' in source.calls[0].request.body.decode()  # 2026-11-01T00:00Z


def test_a_window_that_no_date_is_held_against_is_refused(crm):
    problem = ask_one(crm, object="deals")

    assert problem.reason is Reason.QUERY
    assert "date_property" in problem.message


def test_the_past_is_refused_where_no_date_says_what_was_then(crm):
    past = Window(None, NOW - timedelta(days=7), WINDOW.zone)

    assert ask_one(crm, past, object="deals").reason is Reason.UNSUPPORTED


def test_a_missing_scope_is_named(crm, source):
    source.post(DEALS, status=403, json={"status": "error", "category": "MISSING_SCOPES", "message": "pat-s3cret"})

    problem = ask_one(crm, **WON)

    assert problem.reason is Reason.AUTH
    assert "MISSING_SCOPES" in problem.message
    assert "okrsync check crm" in problem.hint


@pytest.mark.parametrize(
    ("status", "code", "asked_too"),
    [
        pytest.param(403, "MISSING_SCOPES", True, id="a scope is for one kind of record"),
        pytest.param(401, "INVALID_AUTHENTICATION", False, id="a token is for all"),
    ],
)
def test_what_is_refused_for_deals_may_be_allowed_for_contacts(crm, source, status, code, asked_too):
    source.post(DEALS, status=status, json={"status": "error", "category": code})
    source.post(f"{API}/crm/v3/objects/contacts/search", json=found(deal(1, "7")))
    source.assert_all_requests_are_fired = False
    crm.limits = type(crm.limits)(at_once=1)

    deals, contacts = ask(crm, asked(**WON), asked(PRESENT, object="contacts"))

    assert deals.reason is Reason.AUTH
    assert isinstance(contacts, Problem) is not asked_too


def test_the_quota_of_the_day_is_not_asked_against(crm, source, waits):
    source.post(DEALS, status=429, json={"errorType": "RATE_LIMIT", "policyName": "DAILY"})

    problem = ask_one(crm, **WON)

    assert problem.reason is Reason.RATE_LIMITED
    assert "today" in problem.message
    assert waits == []
    source.assert_call_count(DEALS, 1)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        pytest.param({}, 1.0, id="as HubSpot mostly says it"),
        pytest.param({"Retry-After": "3"}, 3.0, id="with a time of its own"),
    ],
)
def test_the_limit_per_second_is_left_a_second(crm, source, waits, headers, wait):
    limited = {"status": "error", "errorType": "RATE_LIMIT", "policyName": "SECONDLY"}
    source.post(DEALS, status=429, json=limited, headers=headers)
    source.post(DEALS, json=found())

    assert ask_one(crm, **WON).value == 0
    assert waits == [wait]


def test_the_version_of_the_api_is_a_setting(tmp_path, source):
    source.post(f"{API}/crm/objects/2026-03/deals/search", json=found())

    assert ask_one(opened(tmp_path, api_version="2026-03"), **WON).value == 0


def test_check_says_which_account_it_is_and_what_may_be_read(crm, source):
    source.get(f"{API}/account-info/v3/details", json=ACCOUNT)
    for kind in ("contacts", "deals"):
        source.get(f"{API}/crm/v3/objects/{kind}", json={"results": []})
    for kind in ("companies", "tickets"):
        source.get(f"{API}/crm/v3/objects/{kind}", status=403, json={"category": "MISSING_SCOPES"})

    said = crm.check()

    assert said == "connected as account 4711 (STANDARD, Europe/Berlin, EUR); may read contacts, deals"


def test_discover_lists_properties_and_stages_of_a_kind(crm, source):
    source.get(f"{API}/crm/v3/objects/deals", json={"results": []})
    source.get(f"{API}/crm/v3/properties/deals", json=properties(("amount", "Amount", "number"), ("x", "X", "string")))
    source.get(f"{API}/crm/v3/pipelines/deals", json={"results": PIPELINES})

    assert list(crm.discover("deals")) == [
        Choice("of", "amount", "Amount (deals, number)"),
        Choice("where", "{x: …}", "X (deals, string)"),
        Choice("where", "{pipeline: default}", "Sales (deals)"),
        Choice("where", "{dealstage: closedwon}", "Closed won (deals, Sales)"),
    ]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param({}, "say either", id="no way in"),
        pytest.param({"client_id": "app", "refresh_token": "r"}, "all of", id="half a way in"),
        pytest.param({"token": "t", "client_id": "app"}, "say either", id="one and a half"),
    ],
)
def test_there_is_one_way_in(settings, said):
    with pytest.raises(ValidationError, match=said):
        HUBSPOT.Config.model_validate(settings)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        pytest.param({"agg": "sum"}, "`of` says which", id="a sum of nothing"),
        pytest.param({"of": "amount"}, "`of` says which", id="a count of something"),
        pytest.param({"whole_days": True}, "date_property", id="days of no date"),
        pytest.param({"where": {"p": {}}}, "what the property must be", id="a condition that says nothing"),
        pytest.param({"where": {f"p{n}": 1 for n in range(9)}}, "8 conditions", id="too many conditions"),
        pytest.param({"where": {"no such": 1}}, "pattern", id="no property"),
    ],
)
def test_questions_that_cannot_be_asked_are_refused_in_words(query, said):
    with pytest.raises(ValidationError, match=said):
        HUBSPOT.Query.model_validate({"object": "deals", **query})


def test_every_problem_is_one(crm, source):
    source.post(DEALS, status=404, body="<html><body><h2>HTTP ERROR 404</h2></body></html>", content_type="text/html")

    problem = ask_one(crm, **WON)

    assert isinstance(problem, Problem)
    assert problem.reason is Reason.QUERY
