from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from responses.matchers import header_matcher, json_params_matcher, query_param_matcher

from okrsync import Ask, Problem, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.contract import question_key
from okrsync.connect.registry import Registry
from okrsync.okrs.model import Connection

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
WINDOW = Window(datetime(2026, 9, 30, 22, tzinfo=UTC), NOW, ZoneInfo("Europe/Berlin"))
REGISTRY = Registry.load()
HTTP = REGISTRY.get("http")
URL = "https://crm.test/v1/deals"

DEALS = {
    "results": [{"amount": "10.10", "stage": "won"}, {"amount": 20, "stage": "lost"}, {"amount": 5, "stage": "won"}]
}


@pytest.fixture
def crm(tmp_path):
    return opened(tmp_path, bearer="${TOKEN}")


def opened(folder, **settings):
    spec = Connection("crm", "http", {"base_url": "https://crm.test/v1", **settings})
    return open_connection(spec, REGISTRY, {"TOKEN": "s3cret-token"}, folder)


def asked(window=WINDOW, as_of=NOW, **query):
    query = HTTP.Query.model_validate({"path": "/deals", **query})
    return Ask(question_key("http", "crm", query, window), query, window, as_of)


def ask(connector, *asks):
    return list(collect(connector, asks, NOW).values())


def ask_one(connector, **query):
    (answer,) = ask(connector, asked(**query))
    return answer


def test_reads_one_number_of_the_reply_exactly(crm, source):
    source.get(
        URL,
        body='{"data": {"total": 12345678901234567890.10}}',
        match=[header_matcher({"Authorization": "Bearer s3cret-token"})],
    )

    assert ask_one(crm, value="data.total").value == Decimal("12345678901234567890.10")


def test_reduces_rows_to_one_number(crm, source):
    source.get(URL, json=DEALS)

    reading = ask_one(crm, rows="results", agg="sum", of="amount", where="stage == 'won'")

    assert reading.value == Decimal("15.10")
    assert reading.rows == 3
    assert reading.sample[0]["stage"] == "won"
    assert reading.provenance["matched"] == 2
    assert reading.provenance["query"]["where"] == "stage == 'won'"


def test_the_window_reaches_the_source(crm, source):
    source.post(
        URL,
        json={"total": 7},
        match=[
            query_param_matcher({"tz": "UTC", "from": "2026-10-01", "all": "true"}),
            json_params_matcher(
                {"filter": {"from": 1790805600000, "to": "2026-11-21T12:00:00Z", "least": 0.5, "n": 3}}
            ),
        ],
    )

    reading = ask_one(
        crm,
        method="POST",
        params={"tz": "UTC", "from": "{window.start:date}", "all": True},
        json={"filter": {"from": "{window.start:ms}", "to": "{window.end}", "least": Decimal("0.5"), "n": 3}},
        value="total",
    )

    assert reading.value == 7


@pytest.mark.parametrize(
    ("query", "answered"),
    [
        pytest.param({"params": {"from": "{window.start}", "to": "{window.end}"}}, True, id="says where to stop"),
        pytest.param({"path": "/deals/at/{as_of:date}"}, True, id="says at which moment"),
        pytest.param({"params": {"from": "{window.start}"}}, False, id="would count up to today"),
        pytest.param({}, False, id="knows only the present"),
    ],
)
def test_the_past_is_answered_where_the_request_says_when_it_ends_and_refused_elsewhere(crm, source, query, answered):
    past = NOW - timedelta(days=7)
    asking = asked(Window(WINDOW.start, past, WINDOW.zone), past, value="total", **query)
    if answered:
        source.get(URL if "path" not in query else f"{URL}/at/2026-11-14", json={"total": 7})

    (answer,) = ask(crm, asking)

    assert isinstance(answer, Problem) is not answered
    assert answered or answer.reason is Reason.UNSUPPORTED


def test_follows_the_pages(crm, source):
    first = {"results": DEALS["results"], "paging": {"next": {"after": "x2"}}}
    source.post(URL, json=first, match=[json_params_matcher({"stage": "won"})])
    source.post(URL, json=DEALS, match=[json_params_matcher({"stage": "won", "after": "x2"})])

    reading = ask_one(
        crm,
        method="POST",
        json={"stage": "won"},
        rows="results",
        agg="count",
        paginate={"cursor": "paging.next.after", "into": "json.after"},
    )

    assert (reading.value, reading.rows) == (6, 6)
    assert len(reading.provenance["requests"]) == 2


def test_follows_links_relative_to_the_page_they_stand_on(crm, source):
    source.get(
        URL, json=[1, 2], headers={"Link": '</v1/deals?page=2>; rel="next"'}, match=[query_param_matcher({"size": 2})]
    )
    source.get(URL, json=[3], match=[query_param_matcher({"page": "2"})])

    assert ask_one(crm, params={"size": 2}, rows="@", agg="sum", of="@", paginate={"link": "header"}).value == 6


def test_a_next_page_on_another_host_gets_no_credentials(crm, source):
    source.get(URL, json={"rows": [1], "next": "https://evil.test/deals"})

    problem = ask_one(crm, rows="rows", agg="count", paginate={"next": "next"})

    assert problem.reason is Reason.CONFIG
    assert "evil.test" in problem.message


def test_a_first_page_is_not_taken_for_all(crm, source):
    source.get(URL, json={**DEALS, "next_page": 2})

    assert "looks paged" in ask_one(crm, rows="results", agg="count").message


def test_questions_that_the_same_reply_answers_cost_one_request(crm, source):
    source.get(URL, json=DEALS)

    answers = ask(
        crm,
        asked(rows="results", agg="count"),
        asked(rows="results", agg="sum", of="amount"),
        asked(rows="results", agg="sum", of="amont"),
        asked(rows="results", agg="max", of="amount"),
    )

    assert [answers[0].value, answers[1].value, answers[3].value] == [3, Decimal("35.10"), 20]
    assert answers[2].reason is Reason.QUERY
    source.assert_call_count(URL, 1)


def test_a_bad_endpoint_spoils_no_other(crm, source):
    source.get(URL, status=404)
    source.get("https://crm.test/v1/contacts", json={"total": 5})

    bad, good = ask(crm, asked(value="total"), asked(path="/contacts", value="total"))

    assert bad.reason is Reason.QUERY
    assert good.value == 5


def test_refused_credentials_are_tried_once_and_name_the_way_out(crm, source):
    source.get(URL, status=401)

    answers = ask(crm, asked(value="total"), *[asked(path=f"/deals?{n}", value="total") for n in range(0)])

    assert answers[0].reason is Reason.AUTH
    assert "TOKEN" in answers[0].hint
    assert "s3cret" not in str(answers[0])
    source.assert_call_count(URL, 1)


@pytest.mark.parametrize(
    ("settings", "header", "sent"),
    [
        pytest.param(
            {"user": "ann", "password": "${TOKEN}"}, "Authorization", "Basic YW5uOnMzY3JldC10b2tlbg==", id="basic"
        ),
        pytest.param(
            {"header_name": "X-Api-Key", "header_value": "${TOKEN}"}, "X-Api-Key", "s3cret-token", id="header"
        ),
        pytest.param({}, "Authorization", None, id="none"),
    ],
)
def test_there_are_several_ways_in(tmp_path, source, settings, header, sent):
    source.get(URL, json={"total": 1})

    ask_one(opened(tmp_path, **settings), value="total")

    assert source.calls[0].request.headers.get(header) == sent


@pytest.mark.parametrize(
    ("body", "query", "reason", "said"),
    [
        pytest.param(
            '{"error": "quota", "total": 0}',
            {"value": "total"},
            Reason.BAD_RESPONSE,
            "an error: quota",
            id="an error with 200",
        ),
        pytest.param(
            '{"errors": [{"m": 1}], "total": 0}',
            {"value": "total"},
            Reason.BAD_RESPONSE,
            "an error",
            id="a list of errors",
        ),
        pytest.param(
            '{"ok": false, "total": 0}',
            {"value": "total", "error_when": "ok == `false`"},
            Reason.BAD_RESPONSE,
            "an error",
            id="as the query says",
        ),
        pytest.param('{"total": null}', {"value": "total"}, Reason.NO_DATA, "empty", id="null is no data"),
        pytest.param('{"totals": 3}', {"value": "total"}, Reason.QUERY, "totals", id="a typo is no zero"),
        pytest.param('{"total": "n/a"}', {"value": "total"}, Reason.BAD_VALUE, "'n/a'", id="a text"),
        pytest.param('{"total": true}', {"value": "total"}, Reason.BAD_VALUE, "true", id="a yes"),
        pytest.param('{"total": [1, 2]}', {"value": "total"}, Reason.BAD_VALUE, "2 values", id="more than one"),
        pytest.param("null", {"value": "total"}, Reason.QUERY, "total", id="null for a reply"),
        pytest.param("[]", {"rows": "@", "agg": "sum", "of": "n"}, Reason.NO_DATA, "no rows", id="no rows"),
        pytest.param(
            '{"results": null}', {"rows": "results", "agg": "count"}, Reason.NO_DATA, "null", id="null for rows"
        ),
        pytest.param(
            '{"result": []}', {"rows": "results", "agg": "count"}, Reason.QUERY, "result", id="rows elsewhere"
        ),
        pytest.param(
            '{"results": {"a": 1}}', {"rows": "results", "agg": "count"}, Reason.QUERY, "not a list", id="no list"
        ),
        pytest.param("<html><form>Log in</form>", {"value": "total"}, Reason.AUTH, "login page", id="a login page"),
        pytest.param("", {"value": "total"}, Reason.BAD_RESPONSE, "empty", id="nothing"),
    ],
)
def test_what_is_no_answer_is_a_problem_and_never_zero(crm, source, body, query, reason, said):
    source.get(URL, body=body)

    problem = ask_one(crm, **query)

    assert isinstance(problem, Problem)
    assert problem.reason is reason
    assert said in str(problem)
    assert problem.message.startswith("crm: ")


@pytest.mark.parametrize(
    "fine",
    [
        '{"error": null, "total": 3}',
        '{"error": 0, "total": 3}',
        '{"errors": [], "total": 3}',
        '{"error": "", "total": 3}',
    ],
)
def test_a_reply_that_says_no_error_is_fine(crm, source, fine):
    source.get(URL, body=fine)

    assert ask_one(crm, value="total").value == 3


def test_check_asks_the_path_that_the_settings_name(tmp_path, source):
    source.get("https://crm.test/v1/me", json={"user": "ann"})

    assert opened(tmp_path, bearer="${TOKEN}", check="/me").check() == "connected to crm.test: GET /me answered 200"


def test_check_does_not_take_a_login_page_for_success(tmp_path, source):
    source.get("https://crm.test/v1/me", body="<html>Please log in")

    with pytest.raises(Problem):
        opened(tmp_path, check="/me").check()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        pytest.param({}, "either `value`", id="nothing to read"),
        pytest.param({"value": "a", "rows": "b", "agg": "count"}, "either `value`", id="two things to read"),
        pytest.param({"rows": "b"}, "need `agg`", id="rows and no aggregation"),
        pytest.param({"rows": "b", "agg": "sum"}, "needs `of`", id="a sum of what"),
        pytest.param({"value": "a", "agg": "count"}, "`agg` goes with `rows`", id="a value and an aggregation"),
        pytest.param({"value": "a", "json": {"a": 1}}, "POST", id="a body with GET"),
        pytest.param({"value": "a", "method": "DELETE"}, "GET", id="a method that writes"),
        pytest.param(
            {"value": "a", "params": {"x": "{windw.end}"}}, "did you mean 'window.end'", id="a typo in a placeholder"
        ),
        pytest.param({"value": "a", "path": "/{query.x}"}, "stands for nothing", id="a placeholder from another place"),
        pytest.param({"value": "a."}, "no JMESPath", id="half an expression"),
        pytest.param({"value": "a", "vallue": "b"}, "Extra", id="an unknown key"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_before_it_is_sent(query, said):
    with pytest.raises(ValidationError, match=said):
        HTTP.Query.model_validate({"path": "/deals", **query})


@pytest.mark.parametrize(
    "settings",
    [
        {"bearer": "a", "user": "b", "password": "c"},
        {"user": "b"},
        {"header_name": "X"},
        {"header_name": "X\r\nY", "header_value": "b"},
        {"base_url": "ftp://crm.test"},
        {"base_url": "file:///etc/passwd"},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(ValidationError):
        HTTP.Config.model_validate({"base_url": "https://crm.test", **settings})
