from datetime import UTC, datetime
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
from okrsync.testing import Case, ConnectorContract, Example, Exchange

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")
PRESENT = Window(None, NOW, UTC_ZONE)
OCTOBER = Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC), UTC_ZONE)
REGISTRY = Registry.load()
PROMETHEUS = REGISTRY.get("prometheus")
API = "https://prometheus.test/prefix/api/v1"
QUERY, NAMES, BUILD = f"{API}/query", f"{API}/label/__name__/values", f"{API}/status/buildinfo"
ORDERS = "sum(increase(orders_total[{window}]))"


def opened(folder, **settings):
    spec = Connection("ops", "prometheus", {"base_url": "https://prometheus.test/prefix", **settings})
    return open_connection(spec, REGISTRY, {"TOKEN": "s3cret-token", "PASSWORD": "pa55-word"}, folder)


@pytest.fixture
def ops(tmp_path):
    return opened(tmp_path)


def asked(promql=ORDERS, window=OCTOBER):
    query = PROMETHEUS.Query(promql=promql)
    return Ask(question_key("prometheus", "ops", query, window), query, window, window.end)


def ask_one(connector, promql=ORDERS, window=OCTOBER):
    (answer,) = collect(connector, [asked(promql, window)], NOW).values()
    return answer


def found(*values, kind="vector", **more):
    series = [{"metric": {"shop": f"s{at}"}, "value": [1, value]} for at, value in enumerate(values)]
    return {"status": "success", "data": {"resultType": kind, "result": series}, **more}


def scalar(value, kind="scalar"):
    return {"status": "success", "data": {"resultType": kind, "result": [1793491199.999, value]}}


def names(*known):
    return {"status": "success", "data": list(known)}


def test_a_query_over_the_window_is_asked_for_just_before_the_windows_end(ops, source):
    sent = {"query": "sum(increase(orders_total[2678400s]))", "time": "1793491199.999", "timeout": "25s"}
    source.get(QUERY, json=found("12345678901234567890.10"), match=[query_param_matcher(sent)])

    reading = ask_one(ops)

    assert reading.value == Decimal("12345678901234567890.10")
    assert reading.complete
    assert reading.provenance["promql"] == sent["query"]


def test_a_window_that_ends_within_a_second_keeps_its_milliseconds(ops, source):
    window = Window(OCTOBER.start, datetime(2026, 10, 1, 0, 0, 1, 250_999, tzinfo=UTC), UTC_ZONE)
    sent = {"query": "sum(increase(orders_total[1250ms]))", "time": "1790812801.249", "timeout": "25s"}
    source.get(QUERY, json=found("1"), match=[query_param_matcher(sent)])

    assert ask_one(ops, window=window).value == 1


def test_without_the_window_in_it_a_query_tells_the_state_at_the_windows_end(ops, source):
    source.get(QUERY, json=scalar("4.5e2"))

    assert ask_one(ops, "scalar(orders_open)", PRESENT).value == 450
    assert ops.history_of(PROMETHEUS.Query(promql="up")) is History.VERSIONED
    assert ops.history_of(PROMETHEUS.Query(promql=ORDERS)) is History.WINDOW


def test_a_window_without_a_start_has_no_length(ops):
    problem = ask_one(ops, window=PRESENT)

    assert problem.reason is Reason.QUERY
    assert "cycle_to_date" in problem.hint


@pytest.mark.parametrize(
    ("reply", "reason", "said"),
    [
        pytest.param(found("1", "2", "3", "4"), Reason.QUERY, "4 series, expected 1: shop=s0 | shop=s1", id="many"),
        pytest.param(found(kind="matrix"), Reason.QUERY, "comes to a matrix", id="a range"),
        pytest.param(scalar("hello", "string"), Reason.QUERY, "comes to a string", id="a text"),
        pytest.param(scalar("NaN"), Reason.BAD_VALUE, "NaN, not a finite number", id="0/0"),
        pytest.param(found("+Inf"), Reason.BAD_VALUE, "+Inf, not a finite number", id="1/0"),
        pytest.param({"status": "success"}, Reason.BAD_RESPONSE, "something else", id="no data"),
        pytest.param([], Reason.BAD_RESPONSE, "something else", id="a list"),
        pytest.param({"status": "success", "data": {}}, Reason.BAD_RESPONSE, "no result", id="no result"),
        pytest.param({"status": "error", "errorType": "internal"}, Reason.BAD_RESPONSE, "(internal)", id="200 error"),
    ],
)
def test_what_is_not_one_number_is_a_problem(ops, source, reply, reason, said):
    source.get(QUERY, json=reply)

    problem = ask_one(ops)

    assert problem.reason is reason
    assert said in problem.message


def test_nothing_found_is_no_zero(ops, source):
    source.get(QUERY, json=found())
    source.get(NAMES, json=names("orders_total"))

    problem = ask_one(ops)

    assert problem.reason is Reason.NO_DATA
    assert "or vector(0)" in problem.hint


def test_a_mistyped_metric_is_not_taken_for_nothing(ops, source):
    source.get(QUERY, json=found())
    source.get(NAMES, json=names("orders_total", "up"))

    problem = ask_one(ops, 'sum by (shop) (rate(order_total{shop="a"}[5m] offset 1d))')

    assert problem.reason is Reason.QUERY
    assert "'order_total'" in problem.message
    assert "'orders_total'" in problem.hint


@pytest.mark.parametrize(
    "promql",
    [
        'sum by (shop) (rate(orders_total{shop!="ab{c"}[5m] offset 1w)) / on(job) group_left(team) job:up:sum',
        "max_over_time(orders_total[{window}:5m]) > bool 0x1F or job:up:sum unless -Inf",
        'label_replace(orders_total, "a", "${1}", "b", "(?P<b>.*)") @ end() * 1e3 + 5',
        '{__name__="anything"}',
    ],
)
def test_only_metrics_are_looked_up_among_the_metrics(ops, source, promql):
    source.get(QUERY, json=found())
    source.add("GET", NAMES, json=names("orders_total", "job:up:sum"))
    source.assert_all_requests_are_fired = False

    assert ask_one(ops, promql).reason is Reason.NO_DATA


@pytest.mark.parametrize(("status", "kind"), [(400, "bad_data"), (422, "execution")])
def test_a_refused_query_is_told_in_the_servers_words(ops, source, status, kind):
    remark = 'invalid parameter "query": 1:5: parse error: unclosed left parenthesis'
    source.get(QUERY, status=status, json={"status": "error", "errorType": kind, "error": remark})

    problem = ask_one(ops, "sum(")

    assert problem.reason is Reason.QUERY
    assert f"({status} {kind})" in problem.message
    assert remark in problem.message
    assert len(source.calls) == 1


def test_a_query_that_takes_too_long_is_its_owners_to_lighten_and_stops_no_other(ops, source):
    source.get(QUERY, status=503, json={"status": "error", "errorType": "timeout", "error": "query timed out"})

    problem = ask_one(ops)

    assert problem.reason is Reason.QUERY
    assert "recording rule" in problem.hint
    assert len(source.calls) == 1


def test_a_server_that_is_shutting_down_is_unreachable(ops, source):
    source.get(QUERY, status=503, json={"status": "error", "errorType": "unavailable", "error": "shutting down"})

    assert ask_one(ops).reason is Reason.UNREACHABLE


def test_warnings_make_a_reading_incomplete(ops, source):
    source.get(QUERY, json=found("7", warnings=["partial response: store-2 is down"], infos=["not a counter?"]))

    reading = ask_one(ops)

    assert (reading.value, reading.complete) == (7, False)
    assert reading.provenance["warnings"] == ["partial response: store-2 is down"]


@pytest.mark.parametrize(
    ("settings", "header", "who"),
    [
        pytest.param({}, {}, "as anybody", id="open"),
        pytest.param({"bearer": "${TOKEN}"}, {"Authorization": "Bearer s3cret-token"}, "with a token", id="token"),
        pytest.param(
            {"user": "ann", "password": "${PASSWORD}"},
            {"Authorization": "Basic YW5uOnBhNTUtd29yZA=="},
            "as ann",
            id="password",
        ),
    ],
)
def test_check_says_to_what_and_as_whom(tmp_path, source, settings, header, who):
    source.get(QUERY, json=found("1"), match=[query_param_matcher({"query": "vector(1)"}), header_matcher(header)])
    source.get(BUILD, json={"status": "success", "data": {"version": "2.42.0"}})

    said = opened(tmp_path, **settings).check()

    assert said == f"connected to Prometheus 2.42.0 at prometheus.test {who}; it answers queries"


def test_check_does_without_a_version(ops, source):
    source.get(QUERY, json=found("1"))
    source.get(BUILD, status=404, body="404 page not found")

    assert "a server with Prometheus's API" in ops.check()


def test_discover_lists_metrics(ops, source):
    source.get(NAMES, json=names("orders_total", "up"))

    assert list(ops.discover("ORD")) == [Choice("promql", "orders_total")]


@pytest.mark.parametrize(
    ("promql", "said"),
    [
        ("increase(orders_total[{windw}])", "{windw} stands for nothing"),
        ("increase(orders_total[{window.start}])", "write {window}"),
        ("", "at least 1 character"),
    ],
)
def test_a_query_that_cannot_be_meant_is_refused_before_it_is_asked(promql, said):
    with pytest.raises(ValidationError) as refused:
        PROMETHEUS.Query(promql=promql)

    assert said in str(refused.value)


@pytest.mark.parametrize(
    "settings", [{"user": "ann"}, {"bearer": "${TOKEN}", "user": "ann", "password": "${PASSWORD}"}]
)
def test_there_is_one_way_in(tmp_path, settings):
    with pytest.raises(Exception, match="`user`") as refused:
        opened(tmp_path, **settings)

    assert refused.value.reason is Reason.CONFIG


class TestContract(ConnectorContract):
    example = Example(
        connector=PROMETHEUS,
        settings={"base_url": "https://prometheus.test/prefix", "bearer": "canary-4711"},
        query={"promql": ORDERS},
        exchanges=[Exchange(found("42"), path="/query", containing="orders_total")],
        value=42,
        empty=Case([Exchange(found(), path="/query"), Exchange(names("orders_total"), path="/values")]),
        bad_query=Case(
            [Exchange({"status": "error", "errorType": "bad_data", "error": "parse error"}, 400, containing="sum(!")],
            query={"promql": "sum(!"},
        ),
        error_in_200=Case([Exchange({"status": "error", "errorType": "internal", "error": "expanding series"})]),
        edges=Case([Exchange(found("3"), containing=["[2678400s]", "time=1793491199.999"])], value=3, window=OCTOBER),
        batch=[
            Case([Exchange(found("1"), containing="sum(a)")], 1, {"promql": "sum(a)"}),
            Case([Exchange(found("2"), containing="sum(b)")], 2, {"promql": "sum(b)"}),
        ],
        check=[Exchange(found("1")), Exchange({"status": "success", "data": {"version": "2.42.0"}})],
        discover=[Exchange(names("orders_total", "up"))],
        without={
            "three_pages_are_counted": "a query comes to one number",
            "the_same_cursor_twice_stops": "a query comes to one number",
        },
    )
