from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from responses.matchers import header_matcher, query_param_matcher

from okrsync import Ask, Choice, Problem, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.contract import question_key
from okrsync.connect.registry import Registry
from okrsync.okrs.model import Connection
from okrsync.testing import Case, ConnectorContract, Example, Exchange

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
OCTOBER = Window(datetime(2026, 9, 30, 22, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC), BERLIN)
PRESENT = Window(None, NOW, BERLIN)
REGISTRY = Registry.load()
ZENDESK = REGISTRY.get("zendesk")
SITE = "https://acme.zendesk.test"
COUNT = f"{SITE}/api/v2/search/count.json"
ME = f"{SITE}/api/v2/users/me.json"
SOLVED = {"query": "tags:refund", "date_field": "solved"}
ANN = {"id": 7, "name": "Ann", "role": "agent", "ticket_restriction": None}


@pytest.fixture
def desk(tmp_path):
    return opened(tmp_path, oauth_token="${TOKEN}")


def opened(folder, **settings):
    spec = Connection("desk", "zendesk", {"base_url": SITE, **settings})
    return open_connection(spec, REGISTRY, {"TOKEN": "s3cret-token"}, folder)


def asked(window=PRESENT, **query):
    query = ZENDESK.Query.model_validate(query)
    return Ask(question_key("zendesk", "desk", query, window), query, window, window.end)


def ask_one(connector, window=PRESENT, **query):
    asking = asked(window, **query)
    return collect(connector, [asking], NOW)[asking.key]


def searches(query):
    return [query_param_matcher({"query": query})]


def counted(number, *containing):
    return Exchange({"count": number}, method="GET", path="/api/v2/search/count.json", containing=containing)


REFUSED = Exchange({"error": "invalid", "description": "Invalid search"}, 422, containing="tags:((")
EXAMPLE = {
    "connector": ZENDESK,
    "query": SOLVED,
    "exchanges": [counted(7, "tags:refund")],
    "value": 7,
    "empty": Case([counted(0)], value=0),
    "bad_query": Case([REFUSED], query={**SOLVED, "query": "tags:(("}),
    "error_in_200": Case([Exchange({"error": "unavailable", "description": "Please try again in a moment."})]),
    "edges": Case([counted(3, "solved>=2026-09-30T22:00:00Z", "solved<2026-10-31T23:00:00Z")], value=3, window=OCTOBER),
    "batch": [
        Case([counted(7, "tags:refund")], 7),
        Case([counted(2, "tags:praise")], 2, {**SOLVED, "query": "tags:praise"}),
    ],
    "check": [Exchange({"user": ANN}, path="/api/v2/users/me.json")],
    "discover": [Exchange({"groups": [{"name": "Support"}], "meta": {"has_more": False}}, path="/api/v2/groups.json")],
    "without": {
        "three_pages_are_counted": "a count comes in one reply",
        "the_same_cursor_twice_stops": "a count comes in one reply",
    },
}


class TestWithAnOAuthToken(ConnectorContract):
    example = Example(settings={"base_url": SITE, "oauth_token": "canary-token"}, **EXAMPLE)


class TestWithAnApiToken(ConnectorContract):
    example = Example(settings={"base_url": SITE, "email": "ann@acme.test", "api_token": "canary-token"}, **EXAMPLE)


@pytest.mark.parametrize(
    ("settings", "login"),
    [
        pytest.param({"oauth_token": "${TOKEN}"}, "Bearer s3cret-token", id="OAuth"),
        pytest.param(
            {"email": "ann@acme.test", "api_token": "${TOKEN}"},
            "Basic YW5uQGFjbWUudGVzdC90b2tlbjpzM2NyZXQtdG9rZW4=",  # ann@acme.test/token:s3cret-token
            id="API token",
        ),
    ],
)
def test_counts_what_the_search_finds_now(tmp_path, source, settings, login):
    match = [header_matcher({"Authorization": login}), *searches("type:ticket status<solved")]
    source.get(COUNT, json={"count": 5000}, match=match)

    reading = ask_one(opened(tmp_path, **settings), query="status<solved")

    assert (reading.value, reading.complete) == (5000, True)
    assert reading.provenance["search"] == "type:ticket status<solved"


@pytest.mark.parametrize(
    ("window", "query", "sent"),
    [
        pytest.param(
            OCTOBER,
            SOLVED,
            "type:ticket tags:refund solved>=2026-09-30T22:00:00Z solved<2026-10-31T23:00:00Z",
            id="a window",
        ),
        pytest.param(
            PRESENT,
            {"type": "user", "date_field": "created"},
            "type:user created<2026-11-21T12:00:00Z",
            id="from the beginning",
        ),
        pytest.param(PRESENT, {"type": "organization"}, "type:organization", id="all there are"),
        pytest.param(
            Window(OCTOBER.start, OCTOBER.start + timedelta(seconds=1.5), BERLIN),
            {"date_field": "created"},
            "type:ticket created>=2026-09-30T22:00:00Z created<2026-09-30T22:00:02Z",
            id="an end within a second",
        ),
    ],
)
def test_the_window_reaches_the_search_in_utc(desk, source, window, query, sent):
    source.get(COUNT, json={"count": 3}, match=searches(sent))

    assert ask_one(desk, window, **query).value == 3


def test_a_period_that_still_runs_is_not_complete(desk, source):
    source.get(COUNT, json={"count": 3})
    asking = asked(Window(OCTOBER.start, NOW + timedelta(days=1), BERLIN), **SOLVED)

    answers = collect(desk, [Ask(asking.key, asking.query, asking.window, NOW)], NOW)

    assert answers[asking.key].complete is False


SLOW_DOWN = "Number of allowed API requests per minute exceeded"


def test_a_429_in_plain_text_says_when_to_ask_again(desk, source, waits):
    headers = {"Retry-After": "27", "X-Rate-Limit": "700"}
    source.get(COUNT, status=429, body=SLOW_DOWN, content_type="text/plain; charset=UTF-8", headers=headers)

    problem = ask_one(desk, **SOLVED)

    assert problem.reason is Reason.RATE_LIMITED
    assert problem.retry_at == NOW + timedelta(seconds=27)
    assert len(source.calls) == 1


def test_a_429_in_plain_text_that_is_over_soon_is_waited_for(desk, source, waits):
    source.get(COUNT, status=429, body=SLOW_DOWN, content_type="text/plain", headers={"Retry-After": "7"})
    source.get(COUNT, json={"count": 3})

    assert ask_one(desk, **SOLVED).value == 3
    assert 7 in waits


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        pytest.param(422, '{"error": "invalid", "description": "Invalid search"}', "(422 invalid)", id="with a code"),
        pytest.param(400, '{"error": {"title": "Bad", "message": "s3cret"}}', "(400)", id="with an object"),
        pytest.param(422, "Unprocessable", "(422)", id="in plain text"),
    ],
)
def test_a_search_that_zendesk_refuses_is_told_with_its_code(desk, source, status, body, told):
    source.get(COUNT, status=status, body=body)

    problem = ask_one(desk, query="tags:((")

    assert problem.reason is Reason.QUERY
    assert told in problem.message
    assert "s3cret" not in str(problem)


def test_refused_credentials_are_tried_once_and_named(desk, source):
    source.get(COUNT, status=401, json={"error": "Couldn't authenticate you"})

    problem = ask_one(desk, **SOLVED)

    assert problem.reason is Reason.AUTH
    assert "TOKEN" in problem.hint
    assert len(source.calls) == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param({"results": []}, Reason.BAD_RESPONSE, id="another key"),
        pytest.param({"count": None}, Reason.NO_DATA, id="null"),
        pytest.param({"count": {"value": 7, "refreshed_at": "…"}}, Reason.BAD_VALUE, id="as other calls count"),
    ],
)
def test_a_reply_without_the_number_is_no_zero(desk, source, body, reason):
    source.get(COUNT, json=body)

    assert ask_one(desk, **SOLVED).reason is reason


def test_a_window_that_no_date_is_held_against_is_refused_and_so_is_the_past(desk):
    running = Window(OCTOBER.start, NOW, BERLIN)
    assert ask_one(desk, running, query="tags:refund").reason is Reason.QUERY

    past = Window(None, NOW - timedelta(days=7), BERLIN)
    assert ask_one(desk, past, query="tags:refund").reason is Reason.UNSUPPORTED


@pytest.mark.parametrize(
    ("user", "said"),
    [
        pytest.param(ANN, "connected as Ann (agent); no restriction of tickets in its profile", id="all"),
        pytest.param(
            {**ANN, "ticket_restriction": "groups"},
            "connected as Ann (agent); sees only some tickets (groups)",
            id="those of groups",
        ),
    ],
)
def test_check_says_who_the_agent_is_and_what_there_is_to_see(desk, source, user, said):
    source.get(ME, json={"user": user})

    assert desk.check() == said


def test_check_does_not_take_the_anonymous_user_for_a_login(desk, source):
    source.get(ME, json={"user": {"id": None, "name": "Anonymous user", "role": "end-user"}})

    with pytest.raises(Problem) as caught:
        desk.check()

    assert caught.value.reason is Reason.AUTH


def test_discover_lists_the_groups_page_by_page(desk, source):
    groups = f"{SITE}/api/v2/groups.json"
    source.get(
        groups,
        json={"groups": [{"name": "Support"}], "meta": {"has_more": True, "after_cursor": "x2"}},
        match=[query_param_matcher({"page[size]": 100})],
    )
    source.get(
        groups,
        json={"groups": [{"name": "Second line"}], "meta": {"has_more": False, "after_cursor": "x3"}},
        match=[query_param_matcher({"page[size]": 100, "page[after]": "x2"})],
    )

    assert list(desk.discover()) == [
        Choice("query", 'group:"Support"', "tickets of Support"),
        Choice("query", 'group:"Second line"', "tickets of Second line"),
    ]


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({}, id="no way in"),
        pytest.param({"email": "ann@acme.test"}, id="half a way in"),
        pytest.param({"oauth_token": "t", "email": "ann@acme.test"}, id="one and a half"),
    ],
)
def test_there_is_one_way_in(settings):
    with pytest.raises(ValidationError, match="say either"):
        ZENDESK.Config.model_validate({"base_url": SITE, **settings})


@pytest.mark.parametrize(
    ("query", "said"),
    [
        pytest.param({"query": "type:user"}, "`type`", id="a type said twice"),
        pytest.param({"query": "created>2026-01-01", "date_field": "created"}, "already", id="a date said twice"),
        pytest.param({"query": '"refund'}, "left open", id="an open quotation mark"),
        pytest.param({"type": "user", "date_field": "solved"}, "tickets", id="users that are solved"),
        pytest.param({"type": "article"}, "ticket", id="another kind of thing"),
    ],
)
def test_questions_that_cannot_be_asked_are_refused_in_words(query, said):
    with pytest.raises(ValidationError, match=said):
        ZENDESK.Query.model_validate(query)


def test_a_word_that_ends_in_type_is_not_the_type():
    assert ZENDESK.Query.model_validate({"query": "ticket_type:incident"}).query == "ticket_type:incident"
