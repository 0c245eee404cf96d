from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from responses.matchers import header_matcher, json_params_matcher, query_param_matcher

from okrsync import Ask, Choice, Problem, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.contract import question_key
from okrsync.connect.registry import Registry
from okrsync.okrs.model import Connection
from okrsync.okrs.windows import cycle_window
from okrsync.testing import Case, ConnectorContract, Example, Exchange

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
OCTOBER = cycle_window(date(2026, 10, 1), date(2026, 10, 31), BERLIN)
PRESENT = Window(None, NOW, BERLIN)
REGISTRY = Registry.load()
JIRA = REGISTRY.get("jira")
SITE = "https://acme.atlassian.test"
COUNT = f"{SITE}/rest/api/3/search/approximate-count"
MYSELF = f"{SITE}/rest/api/3/myself"
ANN = {"accountId": "5b10", "displayName": "Ann", "timeZone": "America/New_York"}
BUGS = {"jql": "project = SHOP AND type = Bug"}
SOLVED = {**BUGS, "date_field": "resolved"}


@pytest.fixture
def jira(tmp_path):
    return opened(tmp_path)


def opened(folder, **settings):
    settings = {"base_url": SITE, "email": "ann@acme.test", "api_token": "${JIRA_TOKEN}", **settings}
    return open_connection(Connection("work", "jira", settings), REGISTRY, {"JIRA_TOKEN": "s3cret-token"}, folder)


def asked(window=PRESENT, **query):
    query = JIRA.Query.model_validate(query)
    return Ask(question_key("jira", "work", query, window), query, window, window.end)


def ask(connector, *asks):
    return list(collect(connector, asks, NOW).values())


def ask_one(connector, window=PRESENT, **query):
    (answer,) = ask(connector, asked(window, **query))
    return answer


def sends(jql):
    return [json_params_matcher({"jql": jql})]


WHO = Exchange(ANN, method="GET", path="/myself")
UNKNOWN = Exchange(
    {"errorMessages": ["The value 'SHPO' does not exist for the field 'project'."], "errors": {}},
    status=400,
    containing="SHPO",
)
EXAMPLE = {
    "connector": JIRA,
    "query": SOLVED,
    "value": 7,
    "empty": Case([WHO, Exchange({"count": 0})], value=0),
    "bad_query": Case([UNKNOWN, WHO], query={**SOLVED, "jql": "project = SHPO"}),
    "error_in_200": Case([WHO, Exchange({"errorMessages": ["no"]})]),
    "check": [WHO, Exchange({"total": 3, "values": []}, path="/project/search")],
    "discover": [
        Exchange({"isLast": True, "values": [{"key": "SHOP", "name": "Shop"}]}, path="/project/search"),
        Exchange([{"id": "created", "name": "Created", "schema": {"type": "datetime"}}], path="/field"),
    ],
    "without": {
        "three_pages_are_counted": "a count comes in one reply",
        "the_same_cursor_twice_stops": "a count comes in one reply",
    },
}
SETTINGS = {"base_url": SITE, "email": "ann@acme.test", "api_token": "canary-token"}


def counted(number, *containing):
    return Exchange({"count": number}, method="POST", path="/search/approximate-count", containing=containing)


class TestWithTheZoneOfTheProfile(ConnectorContract):
    example = Example(
        settings=SETTINGS,
        exchanges=[WHO, counted(7, "SHOP")],
        edges=Case(
            [WHO, counted(3, r"resolved >= \"2026-09-30 18:00\"", r"resolved < \"2026-10-31 19:00\"")],
            value=3,
            window=OCTOBER,
        ),
        batch=[
            Case([WHO, counted(7, "SHOP")], 7),
            Case([WHO, counted(2, "CORE")], 2, {**SOLVED, "jql": "project = CORE"}),
        ],
        **EXAMPLE,
    )


class TestWithAZoneOfItsOwn(ConnectorContract):
    example = Example(
        settings={**SETTINGS, "timezone": "Europe/Berlin"},
        exchanges=[counted(7, "SHOP")],
        edges=Case(
            [counted(3, r"resolved >= \"2026-10-01 00:00\"", r"resolved < \"2026-11-01 00:00\"")],
            value=3,
            window=OCTOBER,
        ),
        batch=[Case([counted(7, "SHOP")], 7), Case([counted(2, "CORE")], 2, {**SOLVED, "jql": "project = CORE"})],
        **EXAMPLE,
    )


def test_counts_what_jql_finds_now(jira, source):
    login = header_matcher({"Authorization": "Basic YW5uQGFjbWUudGVzdDpzM2NyZXQtdG9rZW4="})
    source.post(COUNT, json={"count": 153}, match=[login, *sends(BUGS["jql"])])

    reading = ask_one(jira, **BUGS)

    assert (reading.value, reading.complete) == (153, True)
    assert reading.provenance["jql"] == BUGS["jql"]


def test_a_token_with_scopes_goes_through_the_gateway(tmp_path, source):
    source.post("https://api.atlassian.test/ex/jira/c1/rest/api/3/search/approximate-count", json={"count": 1})

    assert ask_one(opened(tmp_path, base_url="https://api.atlassian.test/ex/jira/c1"), **BUGS).value == 1


def test_the_window_is_written_in_the_zone_of_the_user_and_binds_the_whole_query(jira, source):
    source.get(MYSELF, json=ANN)
    within = 'resolved >= "2026-09-30 18:00" AND resolved < "2026-10-31 19:00"'
    source.post(COUNT, json={"count": 3}, match=sends(f"(project = A OR project = B) AND {within}"))

    reading = ask_one(jira, OCTOBER, jql="project = A OR project = B", date_field="resolved")

    assert (reading.value, reading.complete) == (3, True)


def test_the_zone_is_asked_for_once_however_many_ask_at_the_same_time(jira, source):
    source.get(MYSELF, json=ANN)
    source.post(COUNT, json={"count": 3})
    start = Barrier(6)

    def read(number):
        start.wait()
        list(jira.read_many([asked(OCTOBER, jql=f"project = P{number}", date_field="created")]))

    threads = [Thread(target=read, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    source.assert_call_count(MYSELF, 1)
    source.assert_call_count(COUNT, 6)


def test_edges_between_minutes_are_moved_to_the_same_side(tmp_path, source):
    start = datetime(2026, 10, 1, 8, 30, 59, tzinfo=UTC)
    source.post(
        COUNT,
        json={"count": 3},
        match=sends('(project = A) AND created >= "2026-10-01 08:30" AND created < "2026-10-01 09:30"'),
    )
    hour = Window(start, start + timedelta(hours=1), BERLIN)

    assert ask_one(opened(tmp_path, timezone="UTC"), hour, jql="project = A", date_field="created").value == 3


def test_days_without_a_time_are_those_of_the_window(jira, source):
    kiritimati = cycle_window(date(2026, 10, 1), date(2026, 10, 31), ZoneInfo("Pacific/Kiritimati"))
    within = 'duedate >= "2026-10-01" AND duedate <= "2026-10-31"'
    source.post(COUNT, json={"count": 3}, match=sends(f"(project = A) AND {within}"))

    assert ask_one(jira, kiritimati, jql="project = A", date_field="duedate", whole_days=True).value == 3


@pytest.mark.parametrize(
    ("field", "written"),
    [
        pytest.param("cf[10021]", "cf[10021]", id="by number"),
        pytest.param("Go live", '"Go live"', id="in words"),
    ],
)
def test_fields_are_written_as_jql_wants_them(tmp_path, source, field, written):
    source.post(COUNT, json={"count": 3}, match=sends(f'(project = A) AND {written} < "2026-11-21 12:00"'))

    assert ask_one(opened(tmp_path, timezone="UTC"), jql="project = A", date_field=field).value == 3


def test_a_period_that_still_runs_is_not_complete(tmp_path, source):
    source.post(COUNT, json={"count": 3})
    asking = asked(Window(OCTOBER.start, NOW + timedelta(days=1), BERLIN), **SOLVED)

    answers = collect(opened(tmp_path, timezone="UTC"), [Ask(asking.key, asking.query, asking.window, NOW)], NOW)

    assert answers[asking.key].complete is False


def test_a_profile_without_a_zone_is_no_reason_to_guess(jira, source):
    source.get(MYSELF, json={"accountId": "5b10"})

    problem = ask_one(jira, OCTOBER, **SOLVED)

    assert problem.reason is Reason.CONFIG
    assert "`timezone`" in problem.hint


@pytest.mark.parametrize("header", ["AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED, AUTHENTICATED_FAILED"])
def test_nothing_found_by_a_stranger_is_no_zero_but_an_expired_token(jira, source, header):
    source.post(COUNT, json={"count": 0}, headers={"X-Seraph-LoginReason": header})

    problem = ask_one(jira, **BUGS)

    assert problem.reason is Reason.AUTH
    assert "okrsync check work" in problem.hint
    source.assert_call_count(COUNT, 1)


def test_a_login_that_went_well_is_none_of_that(jira, source):
    source.post(COUNT, json={"count": 0}, headers={"X-Seraph-LoginReason": "OK"})

    assert ask_one(jira, **BUGS).value == 0


@pytest.mark.parametrize(
    ("said", "told"),
    [
        pytest.param(
            "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.",
            "has no bounds",
            id="without bounds",
        ),
        pytest.param("The value 'X' does not exist for the field 'project'.", "names a value", id="unknown value"),
        pytest.param(
            "Field 'sev' does not exist or you do not have permission to view it.", "names a field", id="unknown field"
        ),
        pytest.param("Error in the JQL Query: Expecting operator but got 'x'.", "is no JQL", id="no JQL"),
        pytest.param("Something else.", "is not accepted", id="anything else"),
    ],
)
def test_a_query_that_jira_refuses_is_told_in_our_words(jira, source, said, told):
    source.post(COUNT, status=400, json={"errorMessages": [said], "errors": {}})

    problem = ask_one(jira, **BUGS)

    assert problem.reason is Reason.QUERY
    assert told in problem.message


@pytest.mark.parametrize("status", [404, 410])
def test_a_site_that_cannot_count_is_the_connections_trouble(jira, source, status):
    source.post(COUNT, status=status, body="<html>Oops", content_type="text/html")

    problem = ask_one(jira, **BUGS)

    assert problem.reason is Reason.CONFIG
    assert "Data Center" in problem.hint


def test_a_429_with_a_fraction_of_seconds_is_waited_for(jira, source, waits):
    source.post(COUNT, status=429, headers={"Retry-After": "2.5"})
    source.post(COUNT, json={"count": 5})

    assert ask_one(jira, **BUGS).value == 5
    assert 2.5 in waits


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param({"total": 3}, Reason.BAD_RESPONSE, id="another key"),
        pytest.param({"count": None}, Reason.NO_DATA, id="null"),
        pytest.param({"count": "many"}, Reason.BAD_VALUE, id="a text"),
    ],
)
def test_a_reply_without_the_number_is_no_zero(jira, source, body, reason):
    source.post(COUNT, json=body)

    assert ask_one(jira, **BUGS).reason is reason


def test_a_window_that_no_date_is_held_against_is_refused_and_so_is_the_past(jira):
    running = Window(OCTOBER.start, NOW, BERLIN)
    assert ask_one(jira, running, **BUGS).reason is Reason.QUERY

    past = Window(None, NOW - timedelta(days=7), BERLIN)
    assert ask_one(jira, past, **BUGS).reason is Reason.UNSUPPORTED


def test_check_says_who_the_user_is_and_how_much_there_is_to_see(jira, source):
    source.get(MYSELF, json=ANN)
    source.get(f"{SITE}/rest/api/3/project/search", json={"total": 12, "values": [{}]})

    assert jira.check() == "connected as Ann (time zone America/New_York); sees 12 projects"


def test_check_does_not_take_an_expired_token_for_a_user(jira, source):
    source.get(MYSELF, json=ANN, headers={"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"})

    with pytest.raises(Problem) as caught:
        jira.check()

    assert caught.value.reason is Reason.AUTH


def test_discover_lists_projects_page_by_page_and_the_fields_that_are_dates(jira, source):
    projects = f"{SITE}/rest/api/3/project/search"
    for at, last, key in ((0, False, "SHOP"), (1, True, "CORE")):
        source.get(
            projects,
            json={"isLast": last, "values": [{"key": key, "name": key.title()}]},
            match=[query_param_matcher({"maxResults": 50, "startAt": at})],
        )
    source.get(
        f"{SITE}/rest/api/3/field",
        json=[
            {"id": "created", "name": "Created", "schema": {"type": "datetime"}},
            {"id": "duedate", "name": "Due date", "schema": {"type": "date"}},
            {"id": "summary", "name": "Summary", "schema": {"type": "string"}},
            {"id": "thumbnail", "name": "Images"},
        ],
    )

    assert list(jira.discover()) == [
        Choice("jql", 'project = "SHOP"', "Shop"),
        Choice("jql", 'project = "CORE"', "Core"),
        Choice("date_field", "Created"),
        Choice("date_field", "Due date", "with `whole_days: true`"),
    ]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        pytest.param({"jql": ""}, "at least 1", id="nothing"),
        pytest.param({"jql": "project = A ORDER BY created"}, "ORDER BY", id="an order"),
        pytest.param({"jql": "project = A) OR (project = B"}, None, id="brackets that close"),
        pytest.param({"jql": "(project = A"}, "left open", id="an open bracket"),
        pytest.param({"jql": 'summary ~ "a'}, "left open", id="an open quotation mark"),
        pytest.param({"jql": "project = A", "whole_days": True}, "date_field", id="days of no date"),
        pytest.param({"jql": "project = A", "date_field": 'x" OR "1'}, "pattern", id="a field that breaks out"),
    ],
)
def test_questions_that_cannot_be_asked_are_refused_in_words(query, said):
    if said is None:
        JIRA.Query.model_validate(query)
        return
    with pytest.raises(ValidationError, match=said):
        JIRA.Query.model_validate(query)


def test_an_order_or_a_bracket_within_quotation_marks_is_part_of_a_text():
    assert JIRA.Query.model_validate({"jql": 'summary ~ "order by ("'}).jql == 'summary ~ "order by ("'
