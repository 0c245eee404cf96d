"""Questions to a site of Plausible, asked as a sync asks them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from responses.matchers import header_matcher, json_params_matcher

from connectors.plausible import Plausible, PlausibleQuery
from okrsync import Ask, Problem, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.contract import Answer, question_key
from okrsync.connect.registry import Registry
from okrsync.okrs.model import Connection
from okrsync.okrs.windows import cycle_window
from okrsync.testing import Case, ConnectorContract, Example, Exchange

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OCTOBER = cycle_window(date(2026, 10, 1), date(2026, 10, 31), BERLIN)
URL = "https://plausible.io/api/v2/query"
WRONG_KEY_OR_SITE = {
    "error": "Invalid API key or site ID. Please make sure you're using a valid API key with access to the site"
    " you've requested."
}
TOO_MANY = {"error": "Too many API requests. Your API key is limited to 600 requests per hour."}
EUROS = {"value": 10999.95, "currency": "EUR", "short": "€11.0K", "long": "€10,999.95"}


def says(value: Any, **meta: Any) -> dict[str, Any]:
    """Return an answer as Plausible sends it."""
    counted = ["2026-10-01T00:00:00+02:00", "2026-10-31T23:59:59+01:00"]
    return {
        "results": [{"metrics": [value], "dimensions": []}],
        "meta": meta,
        "query": {"site_id": "acme.test", "date_range": counted},
    }


def metric(name: str, value: Any) -> Exchange:
    return Exchange(says(value), method="POST", path="/api/v2/query", containing=f'"metrics": ["{name}"]')


class TestContract(ConnectorContract):
    example = Example(
        connector=Plausible,
        settings={"api_key": "plausible-canary-key", "site": "acme.test", "timezone": "Europe/Berlin"},
        query={"metric": "visitors", "where": {"visit:country": "DE"}},
        exchanges=[metric("visitors", 1204)],
        value=1204,
        empty=Case([metric("bounce_rate", None)], query={"metric": "bounce_rate"}),
        bad_query=Case(
            [Exchange({"error": 'Invalid filter: "visit:contry"'}, status=400, containing="visit:contry")],
            query={"metric": "visitors", "where": {"visit:contry": "DE"}},
        ),
        edges=Case(
            [Exchange(says(7), containing='"date_range": ["2026-10-01", "2026-10-31"]')], value=7, window=OCTOBER
        ),
        batch=[
            Case([metric("visitors", 1204)], value=1204, query={"metric": "visitors"}),
            Case([metric("bounce_rate", 63)], value=63, query={"metric": "bounce_rate"}),
            Case([metric("views_per_visit", 2.5)], value="2.5", query={"metric": "views_per_visit"}),
        ],
        discover=[Exchange({"results": [{"metrics": [12], "dimensions": ["Signup"]}], "meta": {}, "query": {}})],
        without={
            "three_pages_are_counted": "a question is one row of one answer; there are no pages",
            "the_same_cursor_twice_stops": "there are no cursors",
        },
    )


@pytest.fixture
def web(tmp_path) -> Plausible:
    return opened(tmp_path)


def opened(folder: Any, **settings: Any) -> Plausible:
    spec = Connection("web", "plausible", {"api_key": "${PLAUSIBLE_KEY}", "site": "acme.test", **settings})
    return open_connection(spec, Registry.load(), {"PLAUSIBLE_KEY": "s3cret-key"}, folder)  # type: ignore[return-value]


def asked(window: Window = OCTOBER, as_of: datetime = NOW, **query: Any) -> Ask[Any]:
    parsed = PlausibleQuery.model_validate(query)
    return Ask(question_key("plausible", "web", parsed, window), parsed, window, as_of)


def ask_one(connector: Any, **asking: Any) -> Answer:
    (answer,) = collect(connector, [asked(**asking)], NOW).values()
    return answer


def test_reads_the_visitors_of_the_window(web, source):
    source.post(
        URL,
        json=says(1204),
        match=[
            header_matcher({"Authorization": "Bearer s3cret-key"}),
            json_params_matcher(
                {
                    "site_id": "acme.test",
                    "metrics": ["visitors"],
                    "date_range": ["2026-10-01", "2026-10-31"],
                    "filters": [],
                }
            ),
        ],
    )

    reading = ask_one(web)

    assert (reading.value, reading.as_of, reading.complete, reading.unit) == (1204, NOW, True, None)
    assert reading.provenance["request"]["site_id"] == "acme.test"


def test_a_goal_and_dimensions_become_filters(web, source):
    source.post(URL, json=says(7))
    where = {
        "visit:country": ["DE", "AT"],
        "event:page": {"contains": ["/blog/"], "is_not": ["/blog/jobs"]},
        "event:props:plan": "pro",
    }

    ask_one(web, metric="events", goal="Signup", where=where)

    assert json.loads(source.calls[0].request.body)["filters"] == [
        ["is", "event:goal", ["Signup"]],
        ["is", "visit:country", ["DE", "AT"]],
        ["is_not", "event:page", ["/blog/jobs"]],
        ["contains", "event:page", ["/blog/"]],
        ["is", "event:props:plan", ["pro"]],
    ]


def test_percent_metrics_come_as_they_are_from_0_to_100(web, source):
    source.post(URL, body=json.dumps(says("RATE")).replace('"RATE"', "63.10"))

    assert ask_one(web, metric="bounce_rate").value == Decimal("63.10")


def test_durations_are_in_seconds(web, source):
    source.post(URL, json=says(183))

    assert ask_one(web, metric="visit_duration").unit == "seconds"


def test_revenue_is_exact_and_has_its_currency(web, source):
    source.post(URL, json=says(EUROS))

    reading = ask_one(web, metric="total_revenue", goal="Purchase")

    assert (reading.value, reading.unit) == (Decimal("10999.95"), "EUR")


@pytest.mark.parametrize(
    ("body", "reason", "said"),
    [
        pytest.param(
            says(None, metric_warnings={"total_revenue": {"code": "no_revenue_goals_matching", "warning": "…"}}),
            Reason.QUERY,
            "no_revenue_goals_matching",
            id="null with a warning is a question to mend, which no when_empty makes 0",
        ),
        pytest.param(says(None), Reason.NO_DATA, "null", id="null"),
        pytest.param({**says(None), "results": []}, Reason.NO_DATA, "no results", id="no results"),
        pytest.param({"results": [{"metrics": []}]}, Reason.BAD_RESPONSE, "no single number", id="no metric"),
        pytest.param({"results": [{"metrics": [1, 2]}]}, Reason.BAD_RESPONSE, "no single number", id="two metrics"),
        pytest.param({"results": [{"metrics": [1]}] * 2}, Reason.BAD_RESPONSE, "no single number", id="two rows"),
        pytest.param({"result": []}, Reason.BAD_RESPONSE, "no results", id="another answer"),
        pytest.param(says("n/a"), Reason.BAD_VALUE, "n/a", id="a text"),
        pytest.param(says(True), Reason.BAD_VALUE, "true", id="a yes"),
    ],
)
def test_nothing_is_not_zero(web, source, body, reason, said):
    source.post(URL, json=body)

    problem = ask_one(web, metric="total_revenue", goal="Purchase")

    assert problem.reason is reason
    assert said in problem.message


def test_a_zero_that_plausible_says_is_zero(web, source):
    source.post(URL, json=says(0))

    assert ask_one(web).value == 0


@pytest.mark.parametrize(
    ("meta", "complete"),
    [
        pytest.param({"imports_included": True}, True, id="added"),
        pytest.param({"imports_included": False, "imports_skip_reason": "no_imported_data"}, True, id="none to add"),
        pytest.param(
            {
                "imports_included": False,
                "imports_skip_reason": "unsupported_query",
                "imports_warning": "Imported stats are not included in the results.",
            },
            False,
            id="could not be added",
        ),
        pytest.param({"metric_warnings": {"visitors": {"code": "no_imported_x"}}}, False, id="with a warning"),
    ],
)
def test_a_number_without_the_imported_figures_that_were_asked_for_is_incomplete(web, source, meta, complete):
    source.post(URL, json=says(1204, **meta))

    reading = ask_one(web, imports=True)

    assert json.loads(source.calls[0].request.body)["include"] == {"imports": True}
    assert (reading.value, reading.complete) == (1204, complete)


def test_a_period_that_still_runs_is_incomplete(web, source):
    source.post(URL, json=says(1204))

    assert not ask_one(web, as_of=OCTOBER.end - timedelta(days=1)).complete


def test_days_of_another_zone_are_refused(web, source):
    answer = says(1204)
    answer["query"]["date_range"] = ["2026-10-01T00:00:00-04:00", "2026-10-31T23:59:59-04:00"]
    source.post(URL, json=answer)

    problem = ask_one(web)

    assert problem.reason is Reason.CONFIG
    assert "UTC-0400" in problem.message
    assert "timezone" in problem.hint


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Kiritimati"])
def test_days_are_those_of_the_zone_and_not_of_utc(web, source, zone):
    october = cycle_window(date(2026, 10, 1), date(2026, 10, 31), ZoneInfo(zone))
    answer = says(1204)
    answer["query"]["date_range"] = [datetime(2026, 10, 1, tzinfo=ZoneInfo(zone)).isoformat(), "…"]
    source.post(URL, json=answer)

    assert ask_one(web, window=october).value == 1204

    assert json.loads(source.calls[0].request.body)["date_range"] == ["2026-10-01", "2026-10-31"]


def test_an_older_host_that_does_not_tell_its_zone_is_believed(web, source):
    source.post(URL, json={"results": [{"metrics": [1204], "dimensions": []}]})

    assert ask_one(web).value == 1204


def test_today_is_not_asked_for(web):
    problem = ask_one(web, window=Window(None, NOW, BERLIN))

    assert problem.reason is Reason.UNSUPPORTED


def test_a_lifetime_begins_before_anything_was_counted(web, source):
    source.post(URL, json=says(1204))

    ask_one(web, window=Window(None, OCTOBER.end, BERLIN))

    assert json.loads(source.calls[0].request.body)["date_range"] == ["2005-01-01", "2026-10-31"]


def test_a_refused_key_is_not_tried_twice_and_the_hint_names_both_ways_out(web, source):
    source.post(URL, status=401, json=WRONG_KEY_OR_SITE)

    problem = ask_one(web)

    assert problem.reason is Reason.AUTH
    assert "PLAUSIBLE_KEY" in problem.hint
    assert "okrsync check web" in problem.hint
    assert "`site`" in problem.hint
    source.assert_call_count(URL, 1)


def test_a_used_up_hour_is_not_asked_again_and_says_when(web, source, waits):
    source.post(URL, status=429, json=TOO_MANY, headers={"Date": "Sat, 21 Nov 2026 12:00:00 GMT"})

    problem = ask_one(web)

    assert (problem.reason, problem.retry_at) == (Reason.RATE_LIMITED, NOW + timedelta(hours=1))
    assert waits == []
    source.assert_call_count(URL, 1)


def test_a_mistake_in_a_question_is_told_in_plausibles_words(web, source):
    source.post(URL, status=400, json={"error": "The goal `Sginup` is not configured for this site."})

    problem = ask_one(web, goal="Sginup")

    assert problem.reason is Reason.QUERY
    assert "`Sginup` is not configured" in problem.message


def test_a_missing_subscription_is_the_owners_of_the_connection(web, source):
    source.post(URL, status=402, json={"error": "This Plausible site is locked due to missing active subscription."})

    problem = ask_one(web)

    assert problem.reason is Reason.CONFIG
    assert "missing active subscription" in problem.message


def test_a_metric_is_asked_for_alone_for_its_number_shifts_with_the_others(web, source):
    source.post(URL, json=says(1204))
    source.post(URL, json=says(63))

    collect(web, [asked(metric="visitors"), asked(metric="bounce_rate"), asked(metric="visitors")], NOW)

    sent = [json.loads(call.request.body)["metrics"] for call in source.calls]
    assert sorted(sent) == [["bounce_rate"], ["visitors"]]


def test_check_says_what_the_key_may_read(web, source):
    source.post(URL, json=says(1204))

    assert web.check() == (
        "connected with a key that reads the figures (stats:read) of acme.test, its days counted at UTC+0200:"
        " 1,204 visitors in the last 7 days"
    )


def test_check_fails_for_a_site_that_plausible_does_not_know(web, source):
    source.post(URL, status=401, json=WRONG_KEY_OR_SITE)

    with pytest.raises(Problem, match="refused the credentials"):
        web.check()


def test_discover_lists_goals(web, source):
    rows = [{"metrics": [12], "dimensions": [name]} for name in ("Signup", "Visit /pricing")]
    source.post(URL, json={"results": rows, "meta": {}, "query": {}})

    assert [(one.field, one.value) for one in web.discover("sign")] == [("goal", "Signup")]


def test_a_host_of_ones_own_is_asked_below_its_address(tmp_path, source):
    source.post("https://stats.acme.test/plausible/api/v2/query", json=says(3))

    assert ask_one(opened(tmp_path, base_url="https://stats.acme.test/plausible")).value == 3


@pytest.mark.parametrize(
    ("query", "said"),
    [
        pytest.param({"metric": "visitor"}, "visitors", id="a mistyped metric"),
        pytest.param({"metric": "total_revenue"}, "needs `goal`", id="revenue of what"),
        pytest.param({"metric": "scroll_depth"}, "event:page", id="of which page"),
        pytest.param({"where": {"country": "DE"}}, "pattern", id="no dimension"),
        pytest.param({"where": {"visit:country": {}}}, "must be like", id="a condition that says nothing"),
        pytest.param({"metrics": ["visitors"]}, "Extra", id="a mistyped key"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_before_it_is_sent(query, said):
    with pytest.raises(ValidationError, match=said):
        PlausibleQuery.model_validate(query)
