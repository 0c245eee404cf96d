import json
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from responses.matchers import header_matcher, query_param_matcher

from okrsync import Ask, Choice, History, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.contract import question_key
from okrsync.connect.registry import Registry
from okrsync.okrs.model import Connection
from okrsync.okrs.windows import cycle_window
from okrsync.testing import Case, ConnectorContract, Example, Exchange

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PACIFIC = ZoneInfo("America/Los_Angeles")
PRESENT = Window(None, NOW, PACIFIC)
THREE_DAYS = cycle_window(date(2026, 10, 1), date(2026, 10, 3), PACIFIC)
REGISTRY = Registry.load()
AMPLITUDE = REGISTRY.get("amplitude")
API = "https://analytics.eu.amplitude.com/api"
SEGMENTATION, USERS = f"{API}/2/events/segmentation", f"{API}/2/users"
LIST, CHART = f"{API}/2/events/list", f"{API}/3/chart/abc123/query"
SPAN = {"start": "20261001", "end": "20261003", "i": "1"}


@pytest.fixture
def product(tmp_path):
    settings = {"api_key": "${KEY}", "secret_key": "${SECRET}", "timezone": "America/Los_Angeles"}
    spec = Connection("product", "amplitude", {**settings, "base_url": "https://analytics.eu.amplitude.com"})
    return open_connection(spec, REGISTRY, {"KEY": "k3y-text", "SECRET": "s3cret-text"}, tmp_path)


def asked(window=THREE_DAYS, **query):
    query = AMPLITUDE.Query.model_validate(query)
    return Ask(question_key("amplitude", "product", query, window), query, window, window.end)


def ask(connector, *asks):
    return list(collect(connector, asks, NOW).values())


def ask_one(connector, window=THREE_DAYS, **query):
    (answer,) = ask(connector, asked(window, **query))
    return answer


def series(*values, whole=None, **more):
    days = [f"2026-10-{day:02}" for day in range(1, len(values) + 1)]
    data = {"series": [list(values)], "seriesLabels": [0], "xValues": days}
    return {
        "data": {**data, **({"seriesCollapsed": [[{"setId": "", "value": whole}]]} if whole is not None else {})},
        **more,
    }


def chart(points, **more):
    """Return a chart of these series: label to points."""
    lines = [[{"setId": "", "value": value} for value in values] for values in points.values()]
    wholes = [[{"setId": "", "value": sum(values)}] for values in points.values()]
    labels = [[0, label] for label in points]
    data = {"series": lines, "seriesLabels": labels, "seriesCollapsed": wholes, "xValues": ["Oct 1", "Oct 2"]}
    return {"data": data, "timeComputed": 1795260600000, **more}


def listed(*names):
    return {"data": [{"value": name, "display": name.title(), "deleted": False, "totals": 1} for name in names]}


def sent(event, measured):
    return query_param_matcher({"e": json.dumps(event), "m": measured, **SPAN})


def test_counts_an_event_over_the_days_of_the_window_in_the_projects_zone(product, source):
    basic = header_matcher({"Authorization": "Basic azN5LXRleHQ6czNjcmV0LXRleHQ="})
    source.get(SEGMENTATION, json=series(6, 0, 5), match=[basic, sent({"event_type": "Signed up"}, "totals")])

    reading = ask_one(product, event="Signed up")

    assert (reading.value, reading.complete, reading.as_of) == (11, True, THREE_DAYS.end)
    assert product.zone() == "America/Los_Angeles"


@pytest.mark.parametrize(
    ("query", "event"),
    [({"event": "Signed up", "count": "unique"}, "Signed up"), ({"users": "active"}, "_active")],
)
def test_people_are_counted_once_over_the_whole_window(product, source, query, event):
    source.get(SEGMENTATION, json=series(6, 6, 6, whole=7), match=[sent({"event_type": event}, "uniques")])

    assert ask_one(product, **query).value == 7


def test_people_counted_by_the_day_are_not_added_up(product, source):
    source.get(SEGMENTATION, json=series(6, 6, 6))

    assert ask_one(product, event="a", count="unique").reason is Reason.BAD_RESPONSE


def test_new_users_are_new_on_one_day_only(product, source):
    body = json.dumps(series(1, 5.5, 2))
    source.get(USERS, body=body, match=[query_param_matcher({"m": "new", **SPAN})])

    assert ask_one(product, users="new").value == Decimal("8.5")


def test_sums_a_property_of_the_events_that_fit(product, source):
    event = {
        "event_type": "Bought",
        "filters": [
            {"subprop_type": "user", "subprop_key": "gp:plan", "subprop_op": "is", "subprop_value": ["pro", "team"]}
        ],
        "group_by": [{"type": "event", "value": "amount"}],
    }
    source.get(SEGMENTATION, json=series(1, 2, 3), match=[sent(event, "sums")])

    where = [{"property": "gp:plan", "of": "user", "values": ["pro", "team"]}]

    assert ask_one(product, event="Bought", sum_of="amount", where=where).value == 6


def test_a_sum_of_0_may_be_that_of_a_mistyped_property(product, source):
    source.get(SEGMENTATION, json=series(0, 0, 0))
    source.get(LIST, json=listed("Bought"))

    problem = ask_one(product, event="Bought", sum_of="amonut")

    assert problem.reason is Reason.NO_DATA
    assert "'amonut'" in problem.message


def test_a_mistyped_event_is_not_taken_for_one_that_did_not_happen(product, source):
    source.get(SEGMENTATION, json=series(0, 0, 0))
    source.get(LIST, json=listed("Signed up"))

    problem = ask_one(product, event="Sigend up")

    assert problem.reason is Reason.QUERY
    assert "'Signed up'" in problem.hint


@pytest.mark.parametrize("event", ["Signed up", "_all", "ce:Paid", "revenue_amount"])
def test_an_event_that_is_known_and_did_not_happen_counts_0(product, source, event):
    source.get(SEGMENTATION, json=series(0, 0, 0))
    source.add("GET", LIST, json=listed("Signed up"))
    source.assert_all_requests_are_fired = False

    assert ask_one(product, event=event).value == 0


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        pytest.param({"data": {"series": [], "seriesLabels": [], "xValues": []}}, Reason.NO_DATA, id="no series"),
        pytest.param(series(), Reason.NO_DATA, id="no days"),
        pytest.param(series(1, None, 2), Reason.NO_DATA, id="null"),
        pytest.param(series(1, "n/a", 2), Reason.BAD_VALUE, id="a text"),
        pytest.param({"data": {**series(1, 2)["data"], "xValues": ["2026-10-01"]}}, Reason.BAD_RESPONSE, id="days"),
        pytest.param({"data": {**series(1)["data"], "xValues": ["2026-09-30"]}}, Reason.BAD_RESPONSE, id="other days"),
        pytest.param({"data": {**series(1)["data"], "series": [[1], [2]]}}, Reason.QUERY, id="two series"),
        pytest.param({"data": {}}, Reason.BAD_RESPONSE, id="nothing"),
        pytest.param({"error": "no"}, Reason.BAD_RESPONSE, id="200 with an error"),
        pytest.param([], Reason.BAD_RESPONSE, id="a list"),
    ],
)
def test_what_is_no_count_is_a_problem(product, source, reply, reason):
    source.get(SEGMENTATION, json=reply)

    assert ask_one(product, event="a").reason is reason


@pytest.mark.parametrize(
    ("points", "query", "value"),
    [
        pytest.param({"All": [1, 2]}, {}, 3, id="as a whole"),
        pytest.param({"All": [1, 2]}, {"over": "latest"}, 2, id="the latest point"),
        pytest.param({"All": [1, 4]}, {"over": "sum"}, 5, id="all points"),
        pytest.param({"DE": [1, 2], "FR": [5, 6]}, {"part": "FR", "over": "latest"}, 6, id="one of two series"),
    ],
)
def test_reads_a_number_of_a_saved_chart(product, source, points, query, value):
    source.get(CHART, json=chart(points), match=[query_param_matcher({})])

    reading = ask_one(product, PRESENT, chart="abc123", **query)

    assert (reading.value, reading.as_of) == (value, datetime(2026, 11, 21, 11, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("reply", "query", "reason", "said"),
    [
        pytest.param(chart({}), {}, Reason.NO_DATA, "no series", id="empty"),
        pytest.param(chart({"All": []}), {"over": "latest"}, Reason.NO_DATA, "empty", id="no points"),
        pytest.param(chart({"DE": [1], "FR": [2]}), {}, Reason.QUERY, "2 series, expected 1: DE, FR", id="which"),
        pytest.param(chart({"DE": [1], "FR": [2]}), {"part": "FX"}, Reason.QUERY, "no part 'FX'", id="a typo"),
        pytest.param({"data": {"funnel": []}}, {}, Reason.BAD_RESPONSE, "holds no `series`", id="another kind"),
    ],
)
def test_a_chart_that_is_not_one_number_says_what_to_choose(product, source, reply, query, reason, said):
    source.get(CHART, json=reply)

    problem = ask_one(product, PRESENT, chart="abc123", **query)

    assert problem.reason is reason
    assert said in problem.message


def test_series_of_one_chart_share_one_query(product, source):
    source.get(CHART, json=chart({"DE": [1], "FR": [2]}))

    wrong, right = ask(product, asked(PRESENT, chart="abc123", part="DK"), asked(PRESENT, chart="abc123", part="FR"))

    assert (wrong.reason, right.value) == (Reason.QUERY, 2)
    assert len(source.calls) == 1


def test_a_sampled_answer_is_not_complete(product, source):
    source.get(SEGMENTATION, body=json.dumps(series(1, 2, 3, minSampleRate=0.1)))

    assert ask_one(product, event="a").complete is False


def test_a_chart_knows_no_window_and_no_past(product):
    assert product.history_of(asked(chart="abc123").query) is History.SNAPSHOT
    assert product.history_of(asked(users="new").query) is History.WINDOW
    assert ask_one(product, chart="abc123").reason is Reason.UNSUPPORTED
    assert ask_one(product, Window(THREE_DAYS.start, NOW, PACIFIC), chart="abc123").reason is Reason.QUERY


@pytest.mark.parametrize(
    "window", [PRESENT, cycle_window(date(2025, 1, 1), date(2026, 1, 1), PACIFIC)], ids=["no start", "366 days"]
)
def test_a_window_that_is_too_long_is_not_asked_for(product, window):
    assert ask_one(product, window, event="a").reason is Reason.UNSUPPORTED


@pytest.mark.parametrize(
    ("status", "said", "reason", "hint"),
    [
        pytest.param(400, {"error": {"message": "Unknown event"}}, Reason.QUERY, "okrsync discover product", id="400"),
        pytest.param(400, {"error": "Unknown event"}, Reason.QUERY, "okrsync discover product", id="bare text"),
        pytest.param(401, {}, Reason.AUTH, "SECRET", id="401"),
        pytest.param(403, "Forbidden", Reason.AUTH, "SECRET", id="403"),
    ],
)
def test_refusals_have_their_reasons(product, source, status, said, reason, hint):
    source.get(SEGMENTATION, json=said, status=status)

    problem = ask_one(product, event="a")

    assert problem.reason is reason
    assert hint in problem.hint
    assert ("Unknown event" in problem.message) is (status == 400)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"event": "a", "users": "new"},
        {"event": "a", "over": "sum"},
        {"users": "new", "where": [{"property": "x", "values": ["y"]}]},
        {"chart": "abc", "count": "unique"},
        {"chart": "../users"},
        {"event": "a", "count": "unique", "sum_of": "x"},
        {"event": "a", "where": [{"property": "x", "values": []}]},
    ],
)
def test_a_question_that_is_not_one_of_the_kinds_is_refused(query):
    with pytest.raises(ValidationError):
        AMPLITUDE.Query.model_validate(query)


def test_check_says_where(product, source):
    source.get(LIST, json=listed("a", "b"))

    assert product.check() == (
        "connected to the project of this key at analytics.eu.amplitude.com: it has 2 events to count"
    )


def test_discover_lists_events_that_are_there(product, source):
    events = [*listed("signed up", "signed in")["data"], {"value": "signed off", "deleted": True}]
    source.get(LIST, json={"data": events})

    assert list(product.discover("SIGNED")) == [
        Choice("event", "signed up", "Signed Up"),
        Choice("event", "signed in", "Signed In"),
    ]


SETTINGS = {"api_key": "canary-4711", "secret_key": "canary-0815", "timezone": "UTC"}
NO_PAGES = dict.fromkeys(("three_pages_are_counted", "the_same_cursor_twice_stops"), "one reply holds all days")


class TestContractOfEvents(ConnectorContract):
    example = Example(
        connector=AMPLITUDE,
        settings=SETTINGS,
        query={"event": "aaa"},
        exchanges=[Exchange(series(1, 2), path="/segmentation", containing=["aaa", "totals"])],
        value=3,
        empty=Case([Exchange(series(), path="/segmentation")]),
        bad_query=Case(
            [Exchange({"error": {"message": "Unknown event"}}, 400, path="/segmentation", containing="wrong")],
            query={"event": "wrong"},
        ),
        error_in_200=Case([Exchange({"error": "something broke"})]),
        edges=Case(
            [Exchange(series(3), containing=["start=20261001", "end=20261003"])],
            value=3,
            window=cycle_window(date(2026, 10, 1), date(2026, 10, 3), ZoneInfo("UTC")),
        ),
        batch=[
            Case([Exchange(series(5, whole=4), containing="uniques")], 4, {"event": "aaa", "count": "unique"}),
            Case([Exchange(series(7), path="/users")], 7, {"users": "new"}),
        ],
        check=[Exchange(listed("aaa"))],
        discover=[Exchange(listed("aaa"))],
        without=NO_PAGES,
    )


class TestContractOfCharts(ConnectorContract):
    example = Example(
        connector=AMPLITUDE,
        settings=SETTINGS,
        query={"chart": "abc123", "part": "DE"},
        window=Window(None, NOW, ZoneInfo("UTC")),
        exchanges=[Exchange(chart({"DE": [4, 5], "FR": [6, 6]}), path="/abc123/query")],
        value=9,
        empty=Case([Exchange(chart({}))]),
        bad_query=Case([Exchange(chart({"DE": [4, 5], "FR": [6, 6]}))], query={"chart": "abc123", "part": "DX"}),
        error_in_200=Case([Exchange({"error": "something broke"})]),
        batch=[
            Case([Exchange(chart({"DE": [4, 5], "FR": [6, 6]}))], 9, {"chart": "abc123", "part": "DE"}),
            Case([Exchange(chart({"DE": [4, 5], "FR": [6, 6]}))], 12, {"chart": "abc123", "part": "FR"}),
        ],
        check=[Exchange(listed("aaa"))],
        discover=[Exchange(listed("aaa"))],
        without=NO_PAGES,
    )
