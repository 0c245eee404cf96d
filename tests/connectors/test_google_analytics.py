"""Questions to a property of Google Analytics, asked as a sync asks them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError

from connectors.google_analytics import GoogleAnalytics, GoogleAnalyticsConfig, GoogleAnalyticsQuery
from okrsync import Ask, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.contract import Answer, question_key
from okrsync.connect.registry import Registry
from okrsync.okrs.model import Connection
from okrsync.okrs.windows import cycle_window
from okrsync.testing import Case, ConnectorContract, Example, Exchange, Sent
from tests.connectors import discovery

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OCTOBER = cycle_window(date(2026, 10, 1), date(2026, 10, 31), BERLIN)
TOKENS = "https://oauth2.googleapis.com/token"
API = "https://analyticsdata.googleapis.com"
PROPERTY = f"{API}/v1beta/properties/4711"
BATCH = f"{PROPERTY}:batchRunReports"
SENT_AT = {"Date": "Sat, 21 Nov 2026 12:00:00 GMT"}
NUMBERS = {
    "activeUsers": ("1204", "TYPE_INTEGER"),
    "sessions": ("98", "TYPE_INTEGER"),
    "engagementRate": ("0.52310000000000001", "TYPE_FLOAT"),
    "purchaseRevenue": ("10999.95", "TYPE_CURRENCY"),
    "averageSessionDuration": ("183.5", "TYPE_SECONDS"),
}


@cache
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def key_file() -> str:
    """Return the key file of a service account, with a key of its own."""
    pem = private_key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return json.dumps({"client_email": "kpi@acme.iam.test", "private_key": pem.decode(), "token_uri": TOKENS})


def report(metric: str, value: str | None = None, kind: str = "TYPE_INTEGER", **metadata: Any) -> dict[str, Any]:
    """Return a report as Google sends it; without a value there are no `rows` at all."""
    rows = {} if value is None else {"rows": [{"metricValues": [{"value": value}]}], "rowCount": 1}
    return {
        "metricHeaders": [{"name": metric, "type": kind}],
        **rows,
        "metadata": {"currencyCode": "EUR", "timeZone": "Europe/Berlin", **metadata},
        "propertyQuota": {
            "tokensPerDay": {"consumed": 1, "remaining": 199990},
            "serverErrorsPerProjectPerHour": {"remaining": 10},
        },
        "kind": "analyticsData#runReport",
    }


def batch(*reports: Mapping[str, Any]) -> dict[str, Any]:
    return {"reports": list(reports), "kind": "analyticsData#batchRunReports"}


def refusal(code: int, status: str, message: str, *reasons: str) -> dict[str, Any]:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason} for reason in reasons]
    return {"error": {"code": code, "message": message, "status": status, "details": details}}


def not_valid(metric: str) -> dict[str, Any]:
    message = f"Field {metric} is not a valid metric. For a list of valid dimensions and metrics, see https://…"
    return refusal(400, "INVALID_ARGUMENT", message)


def property_4711(sent: Sent) -> dict[str, Any]:
    """Answer any batch as Google does: a request with a mistake fails all of it."""
    metrics = [one["metrics"][0]["name"] for one in sent.json["requests"]]
    if unknown := [metric for metric in metrics if metric not in NUMBERS]:
        return Exchange(not_valid(unknown[0]), status=400)  # type: ignore[return-value]
    return batch(*(report(metric, *NUMBERS[metric]) for metric in metrics))


ANY = Exchange(property_4711, method="POST", path=":batchRunReports")


class TestContract(ConnectorContract):
    example = Example(
        connector=GoogleAnalytics,
        settings={
            "refresh_token": "1//refresh-canary",
            "client_id": "okrsync.apps.test",
            "client_secret": "GOCSPX-canary",
            "token_url": TOKENS,
            "property_id": 4711,
            "timezone": "Europe/Berlin",
        },
        query={"metric": "activeUsers", "where": {"country": "Germany"}},
        tokens=[Exchange({"access_token": "ya29.canary-4711", "expires_in": 3599}, path="/token")],
        exchanges=[ANY],
        value=1204,
        empty=Case([Exchange(batch(report("activeUsers")), path=":batchRunReports")]),
        bad_query=Case([ANY], query={"metric": "sesions"}),
        edges=Case(
            [
                Exchange(
                    property_4711,
                    containing=('"startDate": "2026-10-01"', '"endDate": "2026-10-31"', '"country"'),
                )
            ],
            value=1204,
            window=OCTOBER,
        ),
        batch=[Case([ANY], value=number, query={"metric": metric}) for metric, (number, _) in NUMBERS.items()],
        discover=[
            Exchange(
                {
                    "metrics": [{"apiName": "activeUsers", "uiName": "Active users", "description": "People."}],
                    "dimensions": [{"apiName": "country", "uiName": "Country", "description": "Where from."}],
                }
            )
        ],
        without={
            "three_pages_are_counted": "a question is one row of one report; there are no pages",
            "the_same_cursor_twice_stops": "there are no cursors",
        },
    )


@pytest.fixture
def web(tmp_path, source) -> GoogleAnalytics:
    source.post(TOKENS, json={"access_token": "ya29.token", "expires_in": 3599})
    return opened(tmp_path)


@pytest.fixture(autouse=True)
def known_to_google(source) -> Iterator[None]:
    """Every request that a test makes is one that Google's discovery document knows, where that is at hand."""
    yield
    if discovery.RECORDED.exists():
        analytics = discovery.Discovery("analyticsdata.v1beta.json")
        asked = [call.request for call in source.calls if call.request.url.startswith(API)]
        assert not [(request.url, faults) for request in asked if (faults := analytics.faults(request))]


def opened(folder: Any, **settings: Any) -> GoogleAnalytics:
    spec = Connection("web", "google_analytics", {"key_json": "${GA_KEY}", "property_id": 4711, **settings})
    return open_connection(spec, Registry.load(), {"GA_KEY": key_file()}, folder)  # type: ignore[return-value]


def asked(metric: str, window: Window = OCTOBER, as_of: datetime = NOW, **query: Any) -> Ask[Any]:
    parsed = GoogleAnalyticsQuery.model_validate({"metric": metric, **query})
    return Ask(question_key("google_analytics", "web", parsed, window), parsed, window, as_of)


def answers(connector: Any, *asks: Ask[Any]) -> list[Answer]:
    return list(collect(connector, asks, NOW).values())


def ask_one(connector: Any, metric: str, **asking: Any) -> Answer:
    (answer,) = answers(connector, asked(metric, **asking))
    return answer


def requests_in(call: Any) -> list[dict[str, Any]]:
    return json.loads(call.request.body)["requests"]


def replies(source: Any) -> None:
    """Have the source answer any batch."""

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        said = property_4711(Sent(request.method, request.url, {}, request.body))
        said = said if isinstance(said, Exchange) else Exchange(said)
        return said.status, {}, said.content.decode()

    source.add_callback("POST", BATCH, answer)


def test_a_service_account_asks_with_the_least_scope_for_exactly_one_number(web, source):
    source.post(BATCH, json=batch(report("activeUsers", "1204")))

    reading = ask_one(web, "activeUsers")

    grant = parse_qs(source.calls[0].request.body)["assertion"][0]
    claims = jwt.decode(
        grant, private_key().public_key(), algorithms=["RS256"], audience=TOKENS, options={"verify_exp": False}
    )
    assert claims["scope"] == "https://www.googleapis.com/auth/analytics.readonly"
    assert requests_in(source.calls[1]) == [
        {
            "dateRanges": [{"startDate": "2026-10-01", "endDate": "2026-10-31"}],
            "metrics": [{"name": "activeUsers"}],
            "keepEmptyRows": True,
            "returnPropertyQuota": True,
        }
    ]
    assert (reading.value, reading.as_of, reading.complete) == (Decimal(1204), NOW, True)
    assert reading.provenance["quota_left"]["tokensPerDay"] == 199990


def test_five_questions_go_out_in_one_request_and_equal_ones_once(web, source):
    replies(source)
    windows = [Window(OCTOBER.start, OCTOBER.end - timedelta(days=n), BERLIN) for n in range(2)]

    found = answers(web, *[asked(metric, window) for window in windows for metric in [*NUMBERS, "sessions"]])

    assert [reading.value for reading in found] == [Decimal(number) for number, _ in NUMBERS.values()] * 2
    assert sorted(len(requests_in(call)) for call in source.calls[1:]) == [5, 5]


def test_values_are_exact_and_have_their_unit(web, source):
    replies(source)

    rate, revenue, duration = answers(web, *map(asked, ["engagementRate", "purchaseRevenue", "averageSessionDuration"]))

    assert (rate.value, rate.unit) == (Decimal("0.52310000000000001"), None)
    assert (revenue.value, revenue.unit) == (Decimal("10999.95"), "EUR")
    assert (duration.value, duration.unit) == (Decimal("183.5"), "seconds")


def test_a_question_with_a_mistake_is_told_and_the_others_of_its_request_are_answered(web, source):
    replies(source)

    good, bad, other = answers(web, asked("activeUsers"), asked("sesions"), asked("sessions"))

    assert (good.value, other.value) == (1204, 98)
    assert bad.reason is Reason.QUERY
    assert "'sesions' is not a valid metric" in bad.message
    assert "okrsync discover web" in bad.hint


def test_dimensions_are_filtered_by_values_lists_and_texts(web, source):
    source.post(BATCH, json=batch(report("sessions", "98")))
    where = {
        "country": "Germany",
        "deviceCategory": ["mobile", "tablet"],
        "pagePath": {"begins_with": "/blog/", "none_of": ["/blog/jobs"]},
    }

    ask_one(web, "sessions", where=where, currency="EUR")

    (sent,) = requests_in(source.calls[1])
    assert sent["currencyCode"] == "EUR"
    assert sent["dimensionFilter"]["andGroup"]["expressions"] == [
        {
            "filter": {
                "fieldName": "country",
                "stringFilter": {"matchType": "EXACT", "value": "Germany", "caseSensitive": True},
            }
        },
        {
            "filter": {
                "fieldName": "deviceCategory",
                "inListFilter": {"values": ["mobile", "tablet"], "caseSensitive": True},
            }
        },
        {"filter": {"fieldName": "pagePath", "stringFilter": {"matchType": "BEGINS_WITH", "value": "/blog/"}}},
        {
            "notExpression": {
                "filter": {
                    "fieldName": "pagePath",
                    "inListFilter": {"values": ["/blog/jobs"], "caseSensitive": True},
                }
            }
        },
    ]


@pytest.mark.parametrize(
    ("body", "reason", "said"),
    [
        pytest.param(report("activeUsers"), Reason.NO_DATA, "no activeUsers", id="no rows"),
        pytest.param({**report("activeUsers"), "rowCount": 0}, Reason.NO_DATA, "no activeUsers", id="zero rows"),
        pytest.param(report("activeUsers", emptyReason="COHORT"), Reason.NO_DATA, "(COHORT)", id="with a reason"),
        pytest.param(report("activeUsers", ""), Reason.NO_DATA, "empty", id="an empty text"),
        pytest.param(report("activeUsers", "1,204"), Reason.BAD_VALUE, "1,204", id="no number"),
        pytest.param(report("sessions", "98"), Reason.BAD_RESPONSE, "something else", id="another metric"),
        pytest.param({"kind": "analyticsData#runReport"}, Reason.BAD_RESPONSE, "something else", id="no report"),
        pytest.param(
            {**report("activeUsers"), "rows": [{"metricValues": []}]}, Reason.BAD_RESPONSE, "no single", id="no cell"
        ),
        pytest.param(
            report(
                "activeUsers",
                "0",
                schemaRestrictionResponse={
                    "activeMetricRestrictions": [
                        {"metricName": "activeUsers", "restrictedMetricTypes": ["REVENUE_DATA"]}
                    ]
                },
            ),
            Reason.AUTH,
            "may not see activeUsers",
            id="a zero instead of what may not be seen",
        ),
    ],
)
def test_nothing_is_not_zero(web, source, body, reason, said):
    source.post(BATCH, json=batch(body))

    problem = ask_one(web, "activeUsers")

    assert problem.reason is reason
    assert said in problem.message


def test_a_zero_that_google_says_is_zero(web, source):
    source.post(BATCH, json=batch(report("activeUsers", "0")))

    assert ask_one(web, "activeUsers").value == 0


@pytest.mark.parametrize(
    ("doubt", "complete"),
    [
        pytest.param({"subjectToThresholding": True}, False, id="small groups left out"),
        pytest.param({"subjectToThresholding": False}, True, id="none left out"),
        pytest.param(
            {"samplingMetadatas": [{"samplesReadCount": "500", "samplingSpaceSize": "9000"}]}, False, id="sampled"
        ),
        pytest.param(
            {"samplingMetadatas": [{"samplesReadCount": "500", "samplingSpaceSize": "500"}]}, True, id="all read"
        ),
        pytest.param({"samplingMetadatas": [{}]}, False, id="sampled, nobody knows how much"),
        pytest.param({"dataLossFromOtherRow": True}, False, id="rows lost"),
        pytest.param(
            {"dataTruncationReasons": [{"dataTruncationType": "DATA_TRUNCATION_TYPE_DATE_RANGE"}]}, False, id="cut off"
        ),
    ],
)
def test_a_number_that_is_not_the_whole_truth_is_incomplete(web, source, doubt, complete):
    source.post(BATCH, json=batch(report("activeUsers", "1204", **doubt)))

    reading = ask_one(web, "activeUsers")

    assert (reading.value, reading.complete) == (1204, complete)
    assert bool(reading.provenance["doubts"]) is not complete


def test_a_period_that_still_runs_is_incomplete(web, source):
    source.post(BATCH, json=batch(report("activeUsers", "1204")))

    assert not ask_one(web, "activeUsers", as_of=OCTOBER.end - timedelta(days=1)).complete


def test_days_of_another_zone_are_refused_and_the_hint_names_the_right_one(web, source):
    source.post(BATCH, json=batch(report("activeUsers", "1204", timeZone="America/New_York")))

    problem = ask_one(web, "activeUsers")

    assert problem.reason is Reason.CONFIG
    assert "timezone: America/New_York" in problem.hint


def test_a_zone_with_the_same_days_by_another_name_is_fine(web, source):
    source.post(BATCH, json=batch(report("activeUsers", "1204", timeZone="Europe/Rome")))

    assert ask_one(web, "activeUsers").value == 1204


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Kiritimati"])
def test_days_are_those_of_the_zone_and_not_of_utc(tmp_path, source, zone):
    source.post(TOKENS, json={"access_token": "ya29.token", "expires_in": 3599})
    source.post(BATCH, json=batch(report("activeUsers", "1204", timeZone=zone)))
    october = cycle_window(date(2026, 10, 1), date(2026, 10, 31), ZoneInfo(zone))

    assert ask_one(opened(tmp_path, timezone=zone), "activeUsers", window=october).value == 1204

    assert requests_in(source.calls[1])[0]["dateRanges"] == [{"startDate": "2026-10-01", "endDate": "2026-10-31"}]


def test_the_settings_say_in_which_zone_the_core_counts_days(tmp_path):
    assert opened(tmp_path, timezone="America/New_York").zone() == "America/New_York"
    assert opened(tmp_path).zone() is None


def test_today_is_not_asked_for(web, source):
    source.reset()

    problem = ask_one(web, "activeUsers", window=Window(None, NOW, BERLIN))

    assert problem.reason is Reason.UNSUPPORTED
    assert "whole days" in problem.message


def test_a_lifetime_begins_where_google_begins(web, source):
    source.post(BATCH, json=batch(report("activeUsers", "1204")))

    ask_one(web, "activeUsers", window=Window(None, OCTOBER.end, BERLIN))

    assert requests_in(source.calls[1])[0]["dateRanges"] == [{"startDate": "2015-08-14", "endDate": "2026-10-31"}]


@pytest.mark.parametrize(
    ("message", "said", "later"),
    [
        pytest.param(
            "Exhausted property tokens for a project per hour.", "tokens of the hour", timedelta(hours=1), id="hour"
        ),
        pytest.param(
            "Exhausted property tokens per day. These quota tokens will return in under 24 hours.",
            "tokens of the day",
            timedelta(hours=20),
            id="day",
        ),
        pytest.param(
            "Exhausted potentially thresholded requests quota.",
            "thresholded requests",
            timedelta(hours=1),
            id="thresholded",
        ),
        pytest.param("Exhausted server errors quota.", "server errors", timedelta(hours=1), id="server errors"),
    ],
)
def test_a_quota_that_is_used_up_is_not_asked_again_and_says_when(web, source, waits, message, said, later):
    source.post(BATCH, status=429, headers=SENT_AT, json=refusal(429, "RESOURCE_EXHAUSTED", message))

    problem = ask_one(web, "activeUsers")

    assert problem.reason is Reason.RATE_LIMITED
    assert said in problem.message
    assert problem.retry_at == NOW + later
    assert waits == []
    source.assert_call_count(BATCH, 1)


def test_a_quota_of_an_hour_without_a_date_is_not_asked_again_either(web, source, waits):
    message = "Exhausted property tokens for a project per hour."
    source.post(BATCH, status=429, json=refusal(429, "RESOURCE_EXHAUSTED", message))

    problem = ask_one(web, "activeUsers")

    assert (problem.reason, problem.retry_at, waits) == (Reason.RATE_LIMITED, None, [])


def test_too_many_requests_at_once_are_asked_again_after_a_while(web, source, waits):
    source.post(BATCH, status=429, json=refusal(429, "RESOURCE_EXHAUSTED", "Exhausted concurrent requests quota."))
    source.post(BATCH, json=batch(report("activeUsers", "1204")))

    assert ask_one(web, "activeUsers").value == 1204
    assert waits == [15.0]


def test_a_server_error_is_asked_again_once_and_late(web, source, waits):
    source.post(BATCH, status=500, json=refusal(500, "INTERNAL", "Internal error encountered."))

    problem = ask_one(web, "activeUsers")

    assert problem.reason is Reason.UNREACHABLE
    assert waits == [15.0]
    source.assert_call_count(BATCH, 2)


def test_a_server_error_is_not_asked_again_when_few_are_left(web, source, waits):
    few = {**report("activeUsers", "1204"), "propertyQuota": {"serverErrorsPerProjectPerHour": {"remaining": 3}}}
    source.post(BATCH, json=batch(few))
    source.post(BATCH, status=503, json=refusal(503, "UNAVAILABLE", "The service is currently unavailable."))
    ask_one(web, "activeUsers")

    problem = ask_one(web, "sessions")

    assert problem.reason is Reason.UNREACHABLE
    assert waits == []
    source.assert_call_count(BATCH, 2)


@pytest.mark.parametrize(
    ("status", "body", "reason", "hint"),
    [
        pytest.param(
            403,
            refusal(403, "PERMISSION_DENIED", "User does not have sufficient permissions for this property."),
            Reason.AUTH,
            "add kpi@acme.iam.test to property 4711 as Viewer",
            id="no access",
        ),
        pytest.param(
            403,
            refusal(403, "PERMISSION_DENIED", "API has not been used in project", "SERVICE_DISABLED"),
            Reason.CONFIG,
            "enable this API",
            id="the API is off",
        ),
        pytest.param(
            403,
            refusal(403, "PERMISSION_DENIED", "insufficient scopes", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
            Reason.AUTH,
            "scope",
            id="too little scope",
        ),
        pytest.param(
            403,
            refusal(403, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Core'", "RATE_LIMIT_EXCEEDED"),
            Reason.RATE_LIMITED,
            "",
            id="a quota as 403",
        ),
        pytest.param(
            400, refusal(400, "INVALID_ARGUMENT", "Bad."), Reason.QUERY, "okrsync discover web", id="bad question"
        ),
        pytest.param(404, refusal(404, "NOT_FOUND", "Not found."), Reason.CONFIG, "property_id", id="no property"),
        pytest.param(404, "<html><body>Not Found</body></html>", Reason.QUERY, "", id="HTML"),
    ],
)
def test_a_refusal_says_whose_turn_it_is(web, source, status, body, reason, hint):
    content = body if isinstance(body, str) else json.dumps(body)
    source.post(BATCH, status=status, body=content)

    problem = ask_one(web, "activeUsers")

    assert problem.reason is reason
    assert hint in problem.hint
    source.assert_call_count(BATCH, 1)


def test_a_report_that_is_missing_spoils_no_other_number(web, source):
    source.post(BATCH, json=batch(report("activeUsers", "1204")))

    for problem in answers(web, asked("activeUsers"), asked("sessions")):
        assert problem.reason is Reason.BAD_RESPONSE
        assert "1 reports where 2 were asked for" in problem.message


def test_check_says_who_asks_what_may_be_read_and_what_is_left(web, source):
    source.post(BATCH, json=batch(report("activeUsers", "12")))

    assert web.check() == (
        "connected as kpi@acme.iam.test with analytics.readonly: property 4711 (Europe/Berlin, EUR);"
        " 199,990 tokens are left for today"
    )


def test_discover_lists_metrics_and_dimensions_that_may_be_read(web, source):
    source.get(
        f"{PROPERTY}/metadata",
        json={
            "metrics": [
                {"apiName": "activeUsers", "uiName": "Active users", "description": "The number of people."},
                {"apiName": "sessions", "uiName": "Sessions", "description": "Visits."},
                {"apiName": "userCost", "uiName": "Users' cost", "blockedReasons": ["NO_COST_METRICS"]},
            ],
            "dimensions": [{"apiName": "userAgeBracket", "uiName": "Age", "description": "By tens."}],
        },
    )

    found = list(web.discover("user"))

    assert [(one.field, one.value) for one in found] == [("metric", "activeUsers"), ("where", "userAgeBracket")]


@pytest.mark.parametrize(
    "query",
    [
        pytest.param({"metric": "active users"}, id="no name of a metric"),
        pytest.param({"metric": "activeUsers", "where": {"country": {}}}, id="a condition that says nothing"),
        pytest.param({"metric": "activeUsers", "where": {"country": {"contain": "a"}}}, id="a mistyped condition"),
        pytest.param({"metric": "activeUsers", "currency": "euro"}, id="no currency"),
        pytest.param({"metrics": ["activeUsers"]}, id="a mistyped key"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_before_it_is_sent(query):
    with pytest.raises(ValidationError):
        GoogleAnalyticsQuery.model_validate(query)


def test_the_number_of_the_property_may_be_written_with_or_without_quotes():
    written = [GoogleAnalyticsConfig.model_validate({"key_json": "{}", "property_id": one}) for one in (4711, "4711")]

    assert [config.property_id for config in written] == [4711, 4711]


@pytest.mark.skipif(
    not discovery.RECORDED.exists(), reason="needs Google's discovery documents in ../shared/recordings"
)
def test_the_discovery_document_would_notice_a_misspelt_request():
    analytics = discovery.Discovery("analyticsdata.v1beta.json")
    wrong = {"requests": [{"metric": [{"name": "activeUsers"}], "limit": "10"}]}

    assert analytics.faults(requests.Request("POST", BATCH, json=wrong).prepare()) == ["body.requests[0] has no metric"]
