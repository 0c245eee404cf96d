import json
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from responses.matchers import header_matcher, query_param_matcher

from okrsync import Ask, Choice, History, Problem, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.contract import question_key
from okrsync.connect.registry import Registry
from okrsync.okrs.model import Connection
from okrsync.okrs.windows import cycle_window
from okrsync.testing import Case, ConnectorContract, Example, Exchange

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PACIFIC = ZoneInfo("US/Pacific")
PRESENT = Window(None, NOW, PACIFIC)
THREE_DAYS = cycle_window(date(2026, 10, 1), date(2026, 10, 3), PACIFIC)
REGISTRY = Registry.load()
MIXPANEL = REGISTRY.get("mixpanel")
API = "https://eu.mixpanel.com/api/query"
EVENTS, SEGMENTATION, SUM = f"{API}/events", f"{API}/segmentation", f"{API}/segmentation/sum"
INSIGHTS, NAMES = f"{API}/insights", f"{API}/events/names"
DAYS = {"from_date": "2026-10-01", "to_date": "2026-10-03"}
ALL_NAMES = {"project_id": "123", "type": "general", "limit": "5000"}


def opened(folder, **settings):
    fixed = {"username": "okrsync.sa", "secret": "${MIXPANEL_SECRET}", "project_id": 123, "timezone": "US/Pacific"}
    spec = Connection("product", "mixpanel", {**fixed, "base_url": API, **settings})
    return open_connection(spec, REGISTRY, {"MIXPANEL_SECRET": "s3cret-text"}, folder)


@pytest.fixture
def product(tmp_path):
    return opened(tmp_path)


def asked(window=THREE_DAYS, **query):
    query = MIXPANEL.Query(**query)
    return Ask(question_key("mixpanel", "product", query, window), query, window, window.end)


def ask(connector, *asks):
    return list(collect(connector, asks, NOW).values())


def ask_one(connector, window=THREE_DAYS, **query):
    (answer,) = ask(connector, asked(window, **query))
    return answer


def counts(**events):
    days = sorted({day for series in events.values() for day in series})
    return {"data": {"series": days, "values": events}, "legend_size": len(events)}


def october(*values):
    return {f"2026-10-{day:02}": value for day, value in enumerate(values, 1) if value is not None}


def report(series, **more):
    return {
        "computed_at": "2026-11-21T11:30:00+00:00",
        "date_range": {"from_date": "2026-11-01T00:00:00-07:00", "to_date": "2026-11-20T23:59:59.999000-08:00"},
        "headers": ["$event"],
        "series": series,
        **more,
    }


def test_counts_an_event_over_the_days_of_the_window_in_the_projects_zone(product, source):
    sent = {"project_id": "123", "event": '["Signed up"]', "type": "general", "unit": "day", **DAYS}
    source.get(
        EVENTS,
        json=counts(**{"Signed up": october(6, None, 5)}),
        match=[header_matcher({"Authorization": "Basic b2tyc3luYy5zYTpzM2NyZXQtdGV4dA=="}), query_param_matcher(sent)],
    )

    reading = ask_one(product, event="Signed up")

    assert (reading.value, reading.complete) == (11, True)
    assert product.zone() == "US/Pacific"


def test_events_that_are_plainly_counted_share_one_query(product, source):
    source.get(EVENTS, json=counts(a=october(1, 2), b=october(10, 20)))

    answers = ask(product, asked(event="b"), asked(event="a"), asked(event="a", count="total"))

    assert [answer.value for answer in answers] == [30, 3, 3]
    assert len(source.calls) == 1
    assert json.loads(source.calls[0].request.params["event"]) == ["b", "a"]


def test_people_are_counted_once_over_the_whole_window(product, source):
    sent = {"project_id": "123", "event": "Signed up", "type": "unique", "interval": "3", **DAYS}
    source.get(SEGMENTATION, json=counts(**{"Signed up": october(7)}), match=[query_param_matcher(sent)])

    assert ask_one(product, event="Signed up", count="unique").value == 7


def test_people_counted_by_the_day_are_not_added_up(product, source):
    source.get(SEGMENTATION, json=counts(**{"Signed up": october(7, 7, 7)}))

    problem = ask_one(product, event="Signed up", count="unique")

    assert problem.reason is Reason.UNSUPPORTED
    assert "`report`" in problem.hint


def test_a_filter_is_sent_as_it_is_written(product, source):
    where = 'properties["plan"] == "pro"'
    sent = {"project_id": "123", "event": "a", "type": "general", "unit": "day", "where": where, **DAYS}
    source.get(SEGMENTATION, json=counts(a=october(1, 2)), match=[query_param_matcher(sent)])

    assert ask_one(product, event="a", where=where).value == 3


def test_sums_a_property(product, source):
    sent = {"project_id": "123", "event": "Bought", "on": 'properties["amount"]', "unit": "day", **DAYS}
    body = (
        '{"status": "ok", "computed_at": "2026-10-07T23:02:11+00:00", "results": {"2026-10-01": 4.10, "2026-10-02": 7}}'
    )
    source.get(SUM, body=body, match=[query_param_matcher(sent)])

    assert ask_one(product, event="Bought", sum_of='properties["amount"]').value == Decimal("11.10")


def test_a_sum_of_0_may_be_that_of_a_mistyped_property(product, source):
    source.get(SUM, json={"status": "ok", "results": october(0, 0)})
    source.get(NAMES, json=["Bought"])

    problem = ask_one(product, event="Bought", sum_of='properties["amonut"]')

    assert problem.reason is Reason.NO_DATA
    assert "amonut" in problem.message


def test_a_mistyped_event_is_not_taken_for_one_that_did_not_happen(product, source):
    source.get(EVENTS, json=counts(**{"Sigend up": october(0, 0, 0)}))
    source.get(NAMES, json=["Signed up", "Bought"], match=[query_param_matcher(ALL_NAMES)])

    problem = ask_one(product, event="Sigend up")

    assert problem.reason is Reason.QUERY
    assert "'Signed up'" in problem.hint


def test_an_event_that_is_known_and_did_not_happen_counts_0(product, source):
    source.get(EVENTS, json=counts(a=october(0, 0, 0), b=october(0)))
    source.get(NAMES, json=["a", "b"])

    assert [answer.value for answer in ask(product, asked(event="a"), asked(event="b"))] == [0, 0]
    assert len(source.calls) == 2


def test_an_event_that_the_reply_leaves_out_is_no_zero(product, source):
    source.get(EVENTS, json=counts(a=october(1)))
    source.get(NAMES, json=["a", "b"])

    known, left_out = ask(product, asked(event="a"), asked(event="b"))

    assert known.value == 1
    assert left_out.reason is Reason.NO_DATA
    assert "when_empty" in left_out.hint


def test_the_counts_that_came_stay_when_the_names_cannot_be_had(product, source):
    source.get(EVENTS, json=counts(a=october(1), b=october(0), c=october(0)))
    source.get(NAMES, status=401)

    one, *others = ask(product, asked(event="a"), asked(event="b"), asked(event="c"))

    assert one.value == 1
    assert {other.reason for other in others} == {Reason.AUTH}
    assert len(source.calls) == 2


def test_days_that_were_not_asked_for_are_not_counted(product, source):
    source.get(EVENTS, json=counts(a={"2026-09-30": 5, **october(1, 2)}))

    problem = ask_one(product, event="a")

    assert problem.reason is Reason.BAD_RESPONSE
    assert "`timezone`" in problem.hint


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        pytest.param({"data": {}}, Reason.BAD_RESPONSE, id="no values"),
        pytest.param([], Reason.BAD_RESPONSE, id="a list"),
        pytest.param({"error": "no"}, Reason.BAD_RESPONSE, id="200 with an error"),
        pytest.param(counts(a=october("lots")), Reason.BAD_VALUE, id="a text"),
        pytest.param({"data": {"values": {"a": october(1) | {"2026-10-02": None}}}}, Reason.NO_DATA, id="null"),
    ],
)
def test_what_is_no_count_is_a_problem(product, source, reply, reason):
    source.get(EVENTS, json=reply)
    source.add("GET", NAMES, json=["a"])
    source.assert_all_requests_are_fired = False

    assert ask_one(product, event="a").reason is reason


@pytest.mark.parametrize(
    ("series", "query", "value"),
    [
        pytest.param({"Revenue": {"all": 12.5}}, {}, "12.5", id="a metric"),
        pytest.param({"Revenue": 12.5}, {}, "12.5", id="a bare number"),
        pytest.param({"a": {"all": 1}, "b": {"all": 2}}, {"metric": "b"}, "2", id="one of two metrics"),
        pytest.param({"a": october(1, 2, 4)}, {"over": "latest"}, "4", id="the latest point"),
        pytest.param({"a": {"2026-10-08": 8, "2026-10-01": 1}}, {"over": "latest"}, "8", id="the latest, not the last"),
        pytest.param({"a": october(1, 2, 4)}, {"over": "sum"}, "7", id="all points"),
        pytest.param({"a": october(3)}, {}, "3", id="one point"),
        pytest.param({"a": {"$overall": {"all": 9}, "DE": {"all": 4}}}, {}, "9", id="all segments"),
        pytest.param({"a": {"$overall": {"all": 9}, "DE": {"all": 4}}}, {"segment": "DE"}, "4", id="a segment"),
        pytest.param(
            {"a": {"$overall": october(9), "DE": {"$overall": october(4), "new": october(1)}}},
            {"segment": "DE", "over": "latest"},
            "4",
            id="a segment that is broken down again",
        ),
        pytest.param(
            {"count": {"1. sign up": {"all": 6030}, "2. integrate": {"all": 2844}}},
            {"segment": "2. integrate"},
            "2844",
            id="a step of a funnel",
        ),
    ],
)
def test_reads_a_number_of_a_saved_report(product, source, series, query, value):
    sent = {"project_id": "123", "bookmark_id": "77"}
    source.get(INSIGHTS, json=report(series), match=[query_param_matcher(sent)])

    assert ask_one(product, PRESENT, report=77, **query).value == Decimal(value)


@pytest.mark.parametrize(
    ("series", "query", "reason", "said"),
    [
        pytest.param({}, {}, Reason.NO_DATA, "is empty", id="no series"),
        pytest.param({"a": {}}, {}, Reason.NO_DATA, "is empty", id="no points"),
        pytest.param({"a": {"all": None}}, {}, Reason.NO_DATA, "empty", id="null"),
        pytest.param(None, {}, Reason.BAD_RESPONSE, "no series", id="nothing"),
        pytest.param({"a": {"all": 1}, "b": {"all": 2}}, {}, Reason.QUERY, "has 2 parts", id="which metric"),
        pytest.param({"Signed": {"all": 1}}, {"metric": "Singed"}, Reason.QUERY, "did you mean 'Signed'", id="a typo"),
        pytest.param({"a": october(1, 2)}, {}, Reason.QUERY, "a line of 2 points", id="which point"),
        pytest.param({"a": {"DE": {"all": 4}, "FR": {"all": 1}}}, {}, Reason.QUERY, "DE, FR", id="which segment"),
        pytest.param(
            {"a": {"DE": {"all": 4}}}, {"segment": "DK"}, Reason.QUERY, "no segment 'DK'", id="no such segment"
        ),
    ],
)
def test_a_report_that_is_not_one_number_says_what_to_choose(product, source, series, query, reason, said):
    source.get(INSIGHTS, json=report(series))

    problem = ask_one(product, PRESENT, report=77, **query)

    assert problem.reason is reason
    assert said in str(problem)


def test_a_report_is_as_old_as_it_says(product, source):
    source.get(INSIGHTS, json=report({"a": {"all": 1}}))

    reading = ask_one(product, PRESENT, report=77)

    assert (reading.as_of, reading.complete) == (datetime(2026, 11, 21, 11, 30, tzinfo=UTC), True)


def test_a_report_that_reaches_into_the_future_is_not_complete(product, source):
    reach = {"from_date": "2026-11-01T00:00:00-07:00", "to_date": "2026-11-30T23:59:59.999000-08:00"}
    source.get(INSIGHTS, json=report({"a": {"all": 1}}, date_range=reach))

    assert ask_one(product, PRESENT, report=77).complete is False


def test_metrics_of_one_report_share_one_query(product, source):
    source.get(INSIGHTS, json=report({"a": {"all": 1}, "b": {"all": 2}}))

    wrong, right = ask(product, asked(PRESENT, report=77, metric="c"), asked(PRESENT, report=77, metric="b"))

    assert (wrong.reason, right.value) == (Reason.QUERY, 2)
    assert len(source.calls) == 1


def test_a_report_knows_no_window_and_no_past(product):
    ask = asked(report=77)

    assert product.history_of(ask.query) is History.SNAPSHOT
    assert ask_one(product, report=77).reason is Reason.UNSUPPORTED
    assert ask_one(product, Window(THREE_DAYS.start, NOW, PACIFIC), report=77).reason is Reason.QUERY


def test_an_event_needs_a_first_day(product):
    assert ask_one(product, PRESENT, event="a").reason is Reason.UNSUPPORTED


@pytest.mark.parametrize(
    ("status", "error", "reason", "hint"),
    [
        pytest.param(400, "to_date cannot be later than today", Reason.CONFIG, "timezone", id="zone"),
        pytest.param(400, "Invalid where: unexpected ]", Reason.QUERY, "query", id="query"),
        pytest.param(402, "Your plan does not allow API calls", Reason.CONFIG, "okrsync check product", id="plan"),
        pytest.param(401, "Invalid credentials", Reason.AUTH, "MIXPANEL_SECRET", id="secret"),
        pytest.param(403, "not a member", Reason.AUTH, "MIXPANEL_SECRET", id="role"),
    ],
)
def test_refusals_have_their_reasons(product, source, status, error, reason, hint):
    source.get(EVENTS, json={"request": "/api/query/events", "error": error}, status=status)

    problem = ask_one(product, event="a")

    assert problem.reason is reason
    assert hint in problem.hint
    assert (error in problem.message) is (status == 400)


def test_an_hour_that_is_used_up_is_not_slept_away(product, source, waits):
    source.get(EVENTS, json={"error": "rate limit"}, status=429, headers={"Retry-After": "1800"})

    problem = ask_one(product, event="a")

    assert problem.reason is Reason.RATE_LIMITED
    assert problem.retry_at == datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
    assert waits == []


def test_no_more_is_asked_than_a_project_may_in_an_hour(product, source):
    source.get(NAMES, json=["a"])
    for _ in range(60):
        product.check()

    with pytest.raises(Problem) as caught:
        product.check()

    assert caught.value.reason is Reason.RATE_LIMITED
    assert "60 requests per hour" in caught.value.message
    assert len(source.calls) == 60


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"event": "a", "report": 1},
        {"event": "a", "metric": "b"},
        {"report": 1, "count": "unique"},
        {"event": "a", "count": "unique", "sum_of": "x"},
    ],
)
def test_a_question_that_is_not_one_of_the_two_kinds_is_refused(query):
    with pytest.raises(ValidationError):
        MIXPANEL.Query(**query)


def test_check_says_as_whom(product, source):
    source.get(NAMES, json=["a"], match=[query_param_matcher({"project_id": "123", "type": "general", "limit": "1"})])

    assert product.check() == "connected as okrsync.sa to project 123; its events can be counted"


def test_the_data_view_goes_along(tmp_path, source):
    sent = {"project_id": "123", "workspace_id": "9", "type": "general", "limit": "1"}
    source.get(NAMES, json=["a"], match=[query_param_matcher(sent)])

    opened(tmp_path, workspace_id=9).check()


def test_discover_lists_events(product, source):
    source.get(NAMES, json=["Signed up", "Bought"])

    assert list(product.discover("sign")) == [Choice("event", "Signed up")]


SETTINGS = {"username": "okrsync.sa", "secret": "canary-4711", "project_id": 123, "timezone": "UTC"}
NO_PAGES = dict.fromkeys(("three_pages_are_counted", "the_same_cursor_twice_stops"), "one reply holds all days")


def counted(sent):
    """Return the counts of the events that a request names."""
    happened = {"a": october(1, 2), "b": october(0, 2)}
    return counts(**{event: happened[event] for event in json.loads(sent.params["event"])})


class TestContractOfEvents(ConnectorContract):
    example = Example(
        connector=MIXPANEL,
        settings=SETTINGS,
        query={"event": "a"},
        exchanges=[Exchange(counted, path="/events")],
        value=3,
        empty=Case([Exchange(counts(), path="/events"), Exchange(["a"], path="/names")]),
        bad_query=Case(
            [Exchange({"error": "bad where"}, 400, path="/segmentation", containing="(((")],
            query={"event": "a", "where": "((("},
        ),
        error_in_200=Case([Exchange({"error": "something broke"})]),
        edges=Case(
            [Exchange(counts(a=october(3)), containing=["from_date=2026-10-01", "to_date=2026-10-03"])],
            value=3,
            window=cycle_window(date(2026, 10, 1), date(2026, 10, 3), ZoneInfo("UTC")),
        ),
        batch=[
            Case([Exchange(counted, path="/events")], 3, {"event": "a"}),
            Case([Exchange(counted, path="/events")], 2, {"event": "b"}),
            Case(
                [Exchange(counts(a=october(4)), path="/segmentation", containing="type=unique")],
                4,
                {"event": "a", "count": "unique"},
            ),
        ],
        check=[Exchange(["a"])],
        discover=[Exchange(["a"])],
        without=NO_PAGES,
    )


class TestContractOfReports(ConnectorContract):
    example = Example(
        connector=MIXPANEL,
        settings=SETTINGS,
        query={"report": 77, "metric": "a"},
        window=Window(None, NOW, ZoneInfo("UTC")),
        exchanges=[Exchange(report({"a": {"all": 9}, "b": {"all": 5}}), path="/insights")],
        value=9,
        empty=Case([Exchange(report({"a": {}}))]),
        bad_query=Case([Exchange(report({"a": {"all": 9}}))], query={"report": 77, "metric": "aa"}),
        error_in_200=Case([Exchange({"error": "something broke"})]),
        batch=[
            Case([Exchange(report({"a": {"all": 9}, "b": {"all": 5}}))], 9, {"report": 77, "metric": "a"}),
            Case([Exchange(report({"a": {"all": 9}, "b": {"all": 5}}))], 5, {"report": 77, "metric": "b"}),
        ],
        check=[Exchange(["a"])],
        discover=[Exchange(["a"])],
        without=NO_PAGES,
    )
