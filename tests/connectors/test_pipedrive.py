import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from responses.matchers import header_matcher, query_param_matcher

from okrsync import Ask, Choice, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.contract import question_key
from okrsync.connect.registry import Registry
from okrsync.okrs.model import Connection
from okrsync.okrs.windows import cycle_window
from okrsync.testing import Case, ConnectorContract, Example, Exchange

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PRESENT = Window(None, NOW, ZoneInfo("UTC"))
THREE_DAYS = Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 4, tzinfo=UTC), ZoneInfo("UTC"))
REGISTRY = Registry.load()
PIPEDRIVE = REGISTRY.get("pipedrive")
API = "https://api.pipedrive.com"
SUMMARY, TIMELINE, ME = f"{API}/v1/deals/summary", f"{API}/v1/deals/timeline", f"{API}/v1/users/me"
WON_VALUE = {"value": "value", "status": "won", "date_field": "won_time"}


def opened(folder, **settings):
    spec = Connection("crm", "pipedrive", {"api_token": "${PIPEDRIVE_TOKEN}", **settings})
    return open_connection(spec, REGISTRY, {"PIPEDRIVE_TOKEN": "s3cret-token"}, folder)


@pytest.fixture
def crm(tmp_path):
    return opened(tmp_path)


def asked(window, **query):
    query = PIPEDRIVE.Query.model_validate(query)
    return Ask(question_key("pipedrive", "crm", query, window), query, window, window.end)


def ask(connector, *asks, now=NOW):
    return list(collect(connector, asks, now).values())


def ask_one(connector, window=PRESENT, **query):
    (answer,) = ask(connector, asked(window, **query))
    return answer


def summary(count=5, value="41.10", weighted="30.5"):
    return {
        "success": True,
        "data": {
            "values_total": {"EUR": {"value": 10, "count": 2, "value_converted": 11.1}} if count else [],
            "total_count": count,
            "total_currency_converted_value": Decimal(value),
            "total_weighted_currency_converted_value": Decimal(weighted),
        },
    }


def period(day, won=0, value=0, **more):
    return {
        "period_start": f"{day} 00:00:00",
        "period_end": f"{day} 23:59:59",
        "totals": {"count": won + 1, "open_count": 1, "won_count": won, "won_values": {"EUR": value} if won else []},
        "totals_converted": {"value": 100, "won_value": Decimal(str(value)), "open_value": 100, **more},
    }


def timeline(*won, first=date(2026, 10, 1)):
    days = [period(first + timedelta(days=n), *totals) for n, totals in enumerate(won)]
    return {"success": True, "data": days}


def text(body):
    return json.dumps(body, default=float)


OCTOBER = timeline(*[(1, "10.10"), (2, 5)], *[(0, 0)] * 29)
NOTHING = timeline(*[(0, 0)] * 31)
ERROR = {"success": False, "error": "Bad request", "errorCode": 400}
USER = {
    "success": True,
    "data": {
        "id": 1,
        "name": "Ann",
        "company_name": "Acme",
        "timezone_name": "Europe/Berlin",
        "default_currency": "EUR",
        "access": [{"app": "sales", "admin": True}, {"app": "global", "admin": False}],
    },
}
LISTS = [
    Exchange({"success": True, "data": [{"id": 1, "name": "Sales"}]}),
    Exchange({"success": True, "data": [{"id": 7, "name": "Demo", "pipeline_id": 1}]}),
]
EXAMPLE = {
    "connector": PIPEDRIVE,
    "query": WON_VALUE,
    "exchanges": [Exchange(OCTOBER, method="GET", path="/v1/deals/timeline", containing="field_key=won_time")],
    "value": "15.10",
    "empty": Case([Exchange(NOTHING)], value=0),
    "bad_query": Case(
        [Exchange(ERROR, status=400, containing="no_such_time")], query={**WON_VALUE, "date_field": "no_such_time"}
    ),
    "error_in_200": Case([Exchange(ERROR)]),
    "edges": Case(
        [Exchange(timeline((1, 1), (1, 1), (1, 1)), containing=["start_date=2026-10-01", "amount=3"])],
        value=3,
        window=THREE_DAYS,
    ),
    "batch": [
        Case([Exchange(OCTOBER, containing="field_key=won_time")], value="3", query={**WON_VALUE, "value": "count"}),
        Case(
            [Exchange(timeline((4, 20), *[(0, 0)] * 30), containing="field_key=add_time")],
            value=20,
            query={**WON_VALUE, "date_field": "add_time"},
        ),
    ],
    "check": [Exchange(USER)],
    "discover": LISTS,
    "without": dict.fromkeys(
        ("three_pages_are_counted", "the_same_cursor_twice_stops"),
        "a summary or timeline comes whole; only the pick-lists have pages, and they have a test of their own",
    ),
}


class TestWithAToken(ConnectorContract):
    example = Example(settings={"api_token": "canary-token"}, **EXAMPLE)


class TestWithAnOAuthApp(ConnectorContract):
    example = Example(
        settings={"client_id": "app", "client_secret": "canary-secret", "refresh_token": "canary-refresh"},
        tokens=[Exchange({"access_token": "canary-access", "expires_in": 3600}, path="/oauth/token")],
        **EXAMPLE,
    )


def test_the_summary_tells_how_many_and_how_much_in_one_call(crm, source):
    source.get(
        SUMMARY,
        body=text(summary()),
        match=[
            header_matcher({"x-api-token": "s3cret-token"}),
            query_param_matcher({"status": "open", "pipeline_id": 3}),
        ],
    )

    count, value, weighted = ask(
        crm,
        *[asked(PRESENT, status="open", pipeline_id=3, value=value) for value in ("count", "value", "weighted_value")],
    )

    assert [count.value, value.value, weighted.value] == [5, Decimal("41.1"), Decimal("30.5")]
    assert len(source.calls) == 1


def test_no_deals_at_all_are_zero_for_the_source_says_so(crm, source):
    source.get(SUMMARY, body=text(summary(0, "0", "0")))

    assert ask_one(crm).value == 0


def test_the_timeline_asks_for_the_days_of_the_window(crm, source):
    source.get(
        TIMELINE,
        body=text(timeline((1, "10.10"), (0, 0), (2, 5))),
        match=[
            query_param_matcher(
                {
                    "start_date": "2026-10-01",
                    "interval": "day",
                    "amount": 3,
                    "field_key": "won_time",
                    "exclude_deals": 1,
                    "totals_convert_currency": "EUR",
                    "user_id": 9,
                }
            )
        ],
    )

    count, value = ask(
        crm,
        asked(THREE_DAYS, status="won", date_field="won_time", user_id=9, value="value", currency="EUR"),
        asked(THREE_DAYS, date_field="won_time", user_id=9, value="value", currency="EUR"),
    )

    assert (count.value, count.unit, count.complete) == (Decimal("15.1"), "EUR", True)
    assert value.value == 300


@pytest.mark.parametrize(
    ("status", "number"),
    [pytest.param(None, 6, id="all"), pytest.param("open", 3, id="open"), pytest.param("won", 3, id="won")],
)
def test_the_timeline_counts_deals_by_status(crm, source, status, number):
    source.get(TIMELINE, body=text(timeline((1, 1), (0, 0), (2, 5))))

    assert ask_one(crm, THREE_DAYS, date_field="won_time", status=status).value == number


def test_a_period_that_is_a_bare_object_is_read_like_a_list_of_one(crm, source):
    one_day = Window(THREE_DAYS.start, THREE_DAYS.start + timedelta(days=1), THREE_DAYS.zone)
    source.get(TIMELINE, body=text({"success": True, "data": period("2026-10-01", 2)}))

    assert ask_one(crm, one_day, status="won", date_field="won_time").value == 2


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(timeline((1, 1), (1, 1)), id="fewer days"),
        pytest.param(timeline((1, 1), (1, 1), (1, 1), first=date(2026, 9, 1)), id="other days"),
        pytest.param({"success": True, "data": {"total_count": 3}}, id="no days"),
        pytest.param({"success": True, "data": [period("2026-10-01"), period("2026-10-03")]}, id="a day left out"),
    ],
)
def test_an_answer_about_other_days_is_no_answer(crm, source, reply):
    source.get(TIMELINE, body=text(reply))

    assert ask_one(crm, THREE_DAYS, **WON_VALUE).reason is Reason.BAD_RESPONSE


def test_an_oauth_app_logs_in_with_basic_authentication(tmp_path, source):
    app = {"client_id": "app", "client_secret": "${SECRET}", "refresh_token": "${REFRESH}"}
    spec = Connection("crm", "pipedrive", {**app, "base_url": "https://acme.pipedrive.com"})
    secrets = {"SECRET": "s3cret-of-app", "REFRESH": "s3cret-refresh"}
    source.post(
        "https://oauth.pipedrive.com/oauth/token",
        json={"access_token": "s3cret-access", "expires_in": 3600},
        match=[header_matcher({"Authorization": "Basic YXBwOnMzY3JldC1vZi1hcHA="})],
    )
    source.get(
        "https://acme.pipedrive.com/v1/deals/summary",
        body=text(summary()),
        match=[header_matcher({"Authorization": "Bearer s3cret-access"})],
    )

    assert ask_one(open_connection(spec, REGISTRY, secrets, tmp_path)).value == 5


def test_a_total_that_is_not_there_is_no_zero(crm, source):
    days = timeline((1, 1), (1, 1), (1, 1))
    del days["data"][1]["totals_converted"]["won_value"]
    source.get(TIMELINE, body=text(days))

    assert ask_one(crm, THREE_DAYS, **WON_VALUE).reason is Reason.BAD_RESPONSE


def test_the_days_are_counted_in_the_zone_of_the_connection(tmp_path):
    connector = opened(tmp_path, timezone="America/New_York")

    assert connector.zone() == "America/New_York"


def test_a_running_day_makes_a_reading_incomplete(crm, source):
    october = cycle_window(date(2026, 10, 1), date(2026, 10, 3), ZoneInfo("UTC"))
    source.get(TIMELINE, body=text(timeline((1, 1), (1, 1), (1, 1))))
    noon = datetime(2026, 10, 3, 12, tzinfo=UTC)
    query = PIPEDRIVE.Query(**WON_VALUE)

    (reading,) = ask(crm, Ask("k", query, october, noon), now=noon)

    assert not reading.complete


@pytest.mark.parametrize(
    ("window", "query", "reason", "said"),
    [
        pytest.param(PRESENT, WON_VALUE, Reason.UNSUPPORTED, "first day", id="a timeline without a beginning"),
        pytest.param(THREE_DAYS, {}, Reason.UNSUPPORTED, "present", id="the past of a summary"),
        pytest.param(
            Window(THREE_DAYS.start, NOW, THREE_DAYS.zone), {}, Reason.QUERY, "date_field", id="a window without a date"
        ),
    ],
)
def test_what_pipedrive_cannot_say_is_refused(crm, window, query, reason, said):
    problem = ask_one(crm, window, **query)

    assert problem.reason is reason
    assert said in problem.message


def test_a_reset_time_is_seconds_left(crm, source, waits):
    source.get(SUMMARY, status=429, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2"})
    source.get(SUMMARY, body=text(summary()))

    assert ask_one(crm).value == 5
    assert 2.0 in waits


def test_the_budget_of_the_day_is_not_asked_against(crm, source, waits):
    source.get(SUMMARY, status=429, headers={"x-daily-ratelimit-token-remaining": "0", "X-RateLimit-Reset": "2"})

    problem = ask_one(crm)

    assert problem.reason is Reason.RATE_LIMITED
    assert "budget of the day" in problem.message
    assert waits == []
    source.assert_call_count(SUMMARY, 1)


def test_a_plan_without_the_api_is_the_connections_to_settle(crm, source):
    source.get(SUMMARY, status=402, json=ERROR)

    assert ask_one(crm).reason is Reason.CONFIG


def test_an_error_in_a_successful_reply_is_told_with_its_code_only(crm, source):
    source.get(SUMMARY, json={**ERROR, "error": "s3cret text", "errorCode": 1042})

    problem = ask_one(crm)

    assert problem.reason is Reason.BAD_RESPONSE
    assert "1042" in problem.message
    assert "s3cret" not in str(problem)


def test_check_says_who_it_is_and_what_may_be_done(crm, source):
    source.get(ME, json=USER)

    assert crm.check() == (
        "connected as Ann of Acme (Europe/Berlin, EUR); may administer sales: a plain user is enough"
    )


def test_discover_follows_the_pages_of_the_pick_lists(crm, source):
    more = {"additional_data": {"next_cursor": "c2"}}
    first = {"success": True, "data": [{"id": 1, "name": "Sales"}], **more}
    source.get(f"{API}/api/v2/pipelines", json=first, match=[query_param_matcher({"limit": 500})])
    source.get(
        f"{API}/api/v2/pipelines",
        json={"success": True, "data": [{"id": 2, "name": "Renewals"}]},
        match=[query_param_matcher({"limit": 500, "cursor": "c2"})],
    )
    source.get(f"{API}/api/v2/stages", json=LISTS[1].reply)

    assert list(crm.discover()) == [
        Choice("pipeline_id", "1", "Sales"),
        Choice("pipeline_id", "2", "Renewals"),
        Choice("stage_id", "7", "Demo (pipeline 1)"),
        Choice("date_field", "won_time", "won"),
        Choice("date_field", "add_time", "created"),
        Choice("date_field", "expected_close_date", "expected to close"),
    ]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        pytest.param({"user_id": 1, "filter_id": 2}, "does not heed", id="a user beside a filter"),
        pytest.param({"status": "lost", "date_field": "add_time"}, "no lost ones", id="lost deals by date"),
        pytest.param({"stage_id": 1, "date_field": "add_time"}, "filter_id", id="a stage by date"),
        pytest.param({"currency": "EUR", "value": "value"}, "`currency` goes with", id="a currency of the summary"),
        pytest.param(
            {"value": "weighted_value", "status": "won", "date_field": "won_time"},
            "no weighted value",
            id="weighted won",
        ),
    ],
)
def test_questions_that_cannot_be_asked_are_refused_in_words(query, said):
    with pytest.raises(ValidationError, match=said):
        PIPEDRIVE.Query.model_validate(query)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param({}, "say either", id="no way in"),
        pytest.param({"api_token": "t", "client_id": "app"}, "say either", id="one and a half"),
        pytest.param({"api_token": "t", "timezone": "Berlin"}, "no time zone", id="no zone"),
    ],
)
def test_settings_that_do_not_fit_are_refused_in_words(settings, said):
    with pytest.raises(ValidationError, match=said):
        PIPEDRIVE.Config.model_validate(settings)
