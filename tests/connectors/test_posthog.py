import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from responses.matchers import header_matcher, json_params_matcher

from okrsync import Ask, History, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.contract import question_key
from okrsync.connect.registry import Registry
from okrsync.okrs.model import Connection
from okrsync.testing import Case, ConnectorContract, Example, Exchange

DOCUMENTED = Path(__file__).parents[2].parent / "shared" / "recordings" / "posthog" / "documented-responses.json"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
TO_DATE = Window(datetime(2026, 9, 30, 22, tzinfo=UTC), NOW, BERLIN)
OCTOBER = Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC), ZoneInfo("UTC"))
REGISTRY = Registry.load()
POSTHOG = REGISTRY.get("posthog")
URL = "https://eu.posthog.com/api/projects/123/query/"
SIGNUPS = "select count() from events where timestamp >= {window.start} and timestamp < {window.end}"


def documented(name):
    """Return one of the replies that PostHog's documentation and tests show."""
    if not DOCUMENTED.is_file():
        pytest.skip("needs the documented replies in ../shared, which are not here")
    return json.loads(DOCUMENTED.read_text())[name]


@pytest.fixture
def product(tmp_path):
    settings = {"api_key": "${POSTHOG_API_KEY}", "project_id": 123, "base_url": "https://eu.posthog.com"}
    spec = Connection("product", "posthog", settings)
    return open_connection(spec, REGISTRY, {"POSTHOG_API_KEY": "phx_s3cret"}, tmp_path)


def asked(hogql=SIGNUPS, window=TO_DATE):
    query = POSTHOG.Query(hogql=hogql)
    return Ask(question_key("posthog", "product", query, window), query, window, window.end)


def ask_one(connector, hogql=SIGNUPS, window=TO_DATE):
    (answer,) = collect(connector, [asked(hogql, window)], NOW).values()
    return answer


def rows(*found, **more):
    return {"results": list(found), "columns": ["count()"], **more}


def test_the_query_runs_past_the_cache_with_the_window_as_points_in_time(product, source):
    hogql = (
        "select count() from events where timestamp >= toDateTime('2026-09-30T22:00:00Z') "
        "and timestamp < toDateTime('2026-11-21T12:00:00Z')"
    )
    sent = {
        "query": {"kind": "HogQLQuery", "query": hogql},
        "refresh": "force_blocking",
        "name": "okrsync product",
    }
    source.post(
        URL,
        body='{"results": [[1204.10]], "columns": ["count()"]}',
        match=[header_matcher({"Authorization": "Bearer phx_s3cret"}), json_params_matcher(sent)],
    )

    reading = ask_one(product)

    assert str(reading.value) == "1204.10"
    assert (reading.as_of, reading.complete) == (NOW, True)
    assert reading.provenance["hogql"] == hogql


def test_a_window_without_a_start_begins_before_any_event(product, source):
    source.post(URL, json=rows([5]))

    ask_one(product, window=Window(None, NOW, BERLIN))

    assert "toDateTime('1970-01-01T00:00:00Z')" in json.loads(source.calls[0].request.body)["query"]["query"]


@pytest.mark.parametrize(
    ("hogql", "history"),
    [
        (SIGNUPS, History.WINDOW),
        ("select count() from persons where created_at < {as_of}", History.WINDOW),
        ("select count() from events where timestamp >= {window.start}", History.SNAPSHOT),
        ("select count() from persons", History.SNAPSHOT),
    ],
)
def test_the_past_can_be_asked_for_where_the_query_says_when_it_ends(product, hogql, history):
    assert product.history_of(POSTHOG.Query(hogql=hogql)) is history


@pytest.mark.parametrize(
    ("reply", "reason", "said"),
    [
        pytest.param(rows(), Reason.NO_DATA, "no row", id="no row"),
        pytest.param(rows([None]), Reason.NO_DATA, "empty", id="null"),
        pytest.param(rows([1], [2]), Reason.QUERY, "2 rows with 1 columns", id="two rows"),
        pytest.param(rows([1, 2]), Reason.QUERY, "1 rows with 2 columns", id="two columns"),
        pytest.param(rows(["a lot"]), Reason.BAD_VALUE, "'a lot'", id="a text"),
        pytest.param(rows([True]), Reason.BAD_VALUE, "true", id="a yes"),
        pytest.param({"columns": []}, Reason.QUERY, "not in the reply", id="no results"),
        pytest.param({"error": "Memory limit"}, Reason.QUERY, "Memory limit", id="200 with an error"),
        pytest.param([], Reason.BAD_RESPONSE, "none as documented", id="a list"),
    ],
)
def test_what_is_not_one_number_is_a_problem(product, source, reply, reason, said):
    source.post(URL, json=reply)

    problem = ask_one(product)

    assert problem.reason is reason
    assert said in problem.message


def test_a_number_in_a_text_is_one(product, source):
    source.post(URL, json=rows(["18446744073709551615"]))

    assert ask_one(product).value == Decimal(18446744073709551615)


def test_a_cached_answer_is_as_old_as_it_is(product, source):
    source.post(URL, json=rows([5], is_cached=True, last_refresh="2026-11-21T09:30:00Z"))

    assert ask_one(product).as_of == datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def test_documented_rows_of_several_columns_are_no_number(product, source):
    reply = documented("hogql_ok")
    source.post(URL, json=reply["body_contains"], status=reply["status"])

    problem = ask_one(product)

    assert problem.reason is Reason.QUERY
    assert "2 rows with 3 columns" in problem.message


def test_a_documented_answer_put_off_is_no_number_and_stops_no_other_question(product, source):
    reply = documented("async_accepted")
    source.post(URL, json=reply["body"], status=reply["status"])

    problem = ask_one(product)

    assert problem.reason is Reason.BAD_RESPONSE
    assert "put the query off" in problem.message


def test_a_documented_throttling_without_retry_after_is_waited_out_by_a_later_run(product, source, waits):
    reply = documented("throttled")
    headers = {"Date": "Sat, 21 Nov 2026 12:00:00 GMT"}
    source.post(URL, json=reply["body"], status=reply["status"], headers=headers)

    problem = ask_one(product)

    assert problem.reason is Reason.RATE_LIMITED
    assert problem.retry_at == datetime(2026, 11, 21, 12, 1, 2, tzinfo=UTC)
    assert waits == []


def test_a_short_throttling_is_waited_out_at_once(product, source, waits):
    said = {"type": "throttled_error", "code": "throttled", "detail": "Expected available in 2 seconds."}
    source.post(URL, json=said, status=429, headers={"Date": "Sat, 21 Nov 2026 12:00:00 GMT"})
    source.post(URL, json=rows([5]))

    assert ask_one(product).value == 5
    assert 2 in waits


def test_a_documented_parse_error_is_told_to_the_metrics_owner(product, source):
    expected = documented("bad_kind")
    detail = f"{expected['body_contains']['detail_contains']} and more"
    source.post(URL, json={"code": expected["body_contains"]["code"], "detail": detail}, status=expected["status"])

    problem = ask_one(product)

    assert problem.reason is Reason.QUERY
    assert "(400 parse_error): 1 validation error for QueryRequest" in problem.message


@pytest.mark.parametrize(
    ("status", "said", "reason", "hint"),
    [
        pytest.param(404, {"code": "not_found", "detail": "Not found."}, Reason.CONFIG, "project_id", id="project"),
        pytest.param(
            403,
            {"code": "permission_denied", "detail": "API key missing required scope 'query:read'"},
            Reason.AUTH,
            "query:read",
            id="scope",
        ),
        pytest.param(403, {"code": "permission_denied", "detail": "no"}, Reason.AUTH, "POSTHOG_API_KEY", id="403"),
        pytest.param(401, {"code": "authentication_failed"}, Reason.AUTH, "POSTHOG_API_KEY", id="401"),
    ],
)
def test_what_is_wrong_with_the_connection_names_the_setting(product, source, status, said, reason, hint):
    source.post(URL, json=said, status=status)

    problem = ask_one(product)

    assert problem.reason is reason
    assert hint in problem.hint


@pytest.mark.parametrize(
    ("hogql", "said"),
    [
        ("select 1 where timestamp > {window.strat}", "did you mean '{window.start}'"),
        ("select 1 where timestamp > {window.start:ms}", "stands for nothing"),
        ("select 1 where timestamp > '{window.start}'", "without quotes"),
        ("", "at least 1 character"),
    ],
)
def test_a_query_that_cannot_be_meant_is_refused_before_it_is_asked(hogql, said):
    with pytest.raises(ValidationError) as refused:
        POSTHOG.Query(hogql=hogql)

    assert said in str(refused.value)


def test_posthogs_own_placeholders_are_left_alone(product, source):
    source.post(URL, json=rows([5]))

    ask_one(product, "select count() from events where {filters}")

    assert "{filters}" in json.loads(source.calls[0].request.body)["query"]["query"]


def test_check_runs_a_query_and_says_where(product, source):
    source.post(URL, json=rows([1]))

    assert product.check() == (
        "connected to project 123 of eu.posthog.com with a key that may run queries (query:read)"
    )


def test_discover_gives_a_query_that_can_be_asked_for_each_event(product, source):
    source.post(URL, json=rows(["signed_up", 42], ["it's done", 7], ["other", 1]))

    (choice,) = product.discover("DONE")

    assert choice.label == "it's done (7 in 30 days)"
    assert r"event = 'it\'s done'" in choice.value
    assert product.history_of(POSTHOG.Query(hogql=choice.value)) is History.WINDOW


class TestContract(ConnectorContract):
    example = Example(
        connector=POSTHOG,
        settings={"api_key": "phx_canary-4711", "project_id": 123},
        query={"hogql": SIGNUPS},
        exchanges=[Exchange(rows([42]), path="/api/projects/123/query/", containing="count()")],
        value=42,
        empty=Case([Exchange(rows([None]))]),
        bad_query=Case(
            [Exchange({"code": "parse_error", "detail": "Unknown table"}, 400, containing="evnts")],
            query={"hogql": "select count(*) from evnts"},
        ),
        error_in_200=Case([Exchange({"results": [], "error": "Memory limit exceeded"})]),
        edges=Case(
            [
                Exchange(
                    rows([3]),
                    containing=[
                        "timestamp >= toDateTime('2026-10-01T00:00:00Z')",
                        "timestamp < toDateTime('2026-11-01T00:00:00Z')",
                    ],
                )
            ],
            value=3,
            window=OCTOBER,
        ),
        batch=[
            Case([Exchange(rows([1]), containing="from a")], 1, {"hogql": "select 1 from a where x < {window.end}"}),
            Case([Exchange(rows([2]), containing="from b")], 2, {"hogql": "select 1 from b where x < {window.end}"}),
        ],
        check=[Exchange(rows([1]))],
        discover=[Exchange(rows(["signed_up", 42]))],
        without={
            "three_pages_are_counted": "a query comes to one number",
            "the_same_cursor_twice_stops": "a query comes to one number",
        },
    )
