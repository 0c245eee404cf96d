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
GITHUB = REGISTRY.get("github")
API = "https://api.github.com"
SEARCH = f"{API}/search/issues"
BUGS = {"q": "repo:acme/shop is:issue is:open label:bug"}
CLOSED = {"q": "repo:acme/shop is:issue", "date_field": "closed"}


@pytest.fixture
def github(tmp_path):
    spec = Connection("code", "github", {"token": "${GITHUB_TOKEN}"})
    return open_connection(spec, REGISTRY, {"GITHUB_TOKEN": "github_pat_s3cret"}, tmp_path)


def asked(window=PRESENT, **query):
    query = GITHUB.Query.model_validate(query)
    return Ask(question_key("github", "code", query, window), query, window, window.end)


def ask_one(connector, window=PRESENT, **query):
    asking = asked(window, **query)
    return collect(connector, [asking], NOW)[asking.key]


def found(number, *, incomplete=False):
    return {"total_count": number, "incomplete_results": incomplete, "items": [], "search_type": "lexical"}


def finds(number, *containing):
    return Exchange(found(number), method="GET", path="/search/issues", containing=containing)


INVALID = {
    "message": "Validation Failed",
    "errors": [
        {
            "message": "The listed users and repositories cannot be searched either because the resources do not exist "
            "or you do not have permission to view them.",
            "resource": "Search",
            "field": "q",
            "code": "invalid",
        }
    ],
}


class TestGithub(ConnectorContract):
    example = Example(
        connector=GITHUB,
        settings={"token": "canary-token"},
        query=CLOSED,
        exchanges=[finds(7, "acme/shop")],
        value=7,
        empty=Case([finds(0)], value=0),
        bad_query=Case([Exchange(INVALID, 422, containing="acme/shpo")], query={**CLOSED, "q": "repo:acme/shpo"}),
        error_in_200=Case([Exchange({"message": "Server Error"})]),
        edges=Case([finds(3, "closed:2026-09-30T22:00:00Z..2026-10-31T22:59:59Z")], value=3, window=OCTOBER),
        batch=[
            Case([finds(7, "acme/shop")], 7),
            Case([finds(2, "acme/core")], 2, {**CLOSED, "q": "repo:acme/core"}),
        ],
        check=[Exchange({"login": "ann"}, path="/user")],
        discover=[Exchange([{"full_name": "acme/shop", "description": None}], path="/user/repos")],
        without={
            "three_pages_are_counted": "a count comes in one reply",
            "the_same_cursor_twice_stops": "a count comes in one reply",
        },
    )


def test_counts_what_the_search_finds_now(github, source):
    source.get(
        SEARCH,
        json=found(25_000),
        match=[
            header_matcher(
                {
                    "Authorization": "Bearer github_pat_s3cret",
                    "Accept": "application/vnd.github+json",
                    "X-GitHub-Api-Version": "2022-11-28",
                }
            ),
            query_param_matcher({**BUGS, "per_page": 1}),
        ],
    )

    reading = ask_one(github, **BUGS)

    assert (reading.value, reading.complete) == (25_000, True)
    assert reading.provenance["q"] == BUGS["q"]


@pytest.mark.parametrize(
    ("window", "range_"),
    [
        pytest.param(OCTOBER, "2026-09-30T22:00:00Z..2026-10-31T22:59:59Z", id="up to the last second"),
        pytest.param(PRESENT, "*..2026-11-21T11:59:59Z", id="from the beginning"),
        pytest.param(
            Window(OCTOBER.start, OCTOBER.start + timedelta(seconds=2.5), BERLIN),
            "2026-09-30T22:00:00Z..2026-09-30T22:00:02Z",
            id="an end within a second takes that second along",
        ),
    ],
)
def test_a_range_holds_both_its_ends_and_a_window_does_not(github, source, window, range_):
    source.get(SEARCH, json=found(3), match=[query_param_matcher({"q": f"is:pr merged:{range_}", "per_page": 1})])

    assert ask_one(github, window, q="is:pr", date_field="merged").value == 3


def test_alternatives_are_held_together_before_the_window_is_added(github, source):
    wanted = {"q": "(label:a OR label:b) created:*..2026-11-21T11:59:59Z", "advanced_search": "true", "per_page": 1}
    source.get(SEARCH, json=found(3), match=[query_param_matcher(wanted)])

    assert ask_one(github, q="label:a OR label:b", date_field="created").value == 3


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        pytest.param(found(12, incomplete=True), {}, id="the search ran out of time"),
        pytest.param(found(12), {"X-GitHub-SSO": "partial-results; organizations=21955855"}, id="single sign-on"),
    ],
)
def test_a_search_that_is_missing_results_is_not_complete(github, source, body, headers):
    source.get(SEARCH, json=body, headers=headers)

    reading = ask_one(github, **BUGS)

    assert (reading.value, reading.complete) == (12, False)


def test_a_period_that_still_runs_is_not_complete(github, source):
    source.get(SEARCH, json=found(3))
    asking = asked(Window(OCTOBER.start, NOW + timedelta(days=1), BERLIN), **CLOSED)

    answers = collect(github, [Ask(asking.key, asking.query, asking.window, NOW)], NOW)

    assert answers[asking.key].complete is False


def limited(seconds, status=403):
    reset = int((NOW + timedelta(seconds=seconds)).timestamp())
    headers = {"X-RateLimit-Limit": "30", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
    return {"status": status, "json": {"message": "API rate limit exceeded for user ID 1."}, "headers": headers}


@pytest.mark.parametrize("status", [403, 429])
def test_a_limit_that_starts_anew_soon_is_waited_for_although_it_says_forbidden(github, source, waits, status):
    source.get(SEARCH, **limited(10, status))
    source.get(SEARCH, json=found(3))

    assert ask_one(github, **BUGS).value == 3
    assert 10 in waits


def test_a_server_that_fails_is_asked_again_however_far_away_the_next_limit_is(github, source):
    source.get(SEARCH, status=503, headers=limited(2400)["headers"] | {"X-RateLimit-Remaining": "17"})
    source.get(SEARCH, json=found(3))

    assert ask_one(github, **BUGS).value == 3


def test_half_an_answer_is_asked_for_once_more(github, source):
    source.get(SEARCH, body=b'{"total_count": 3, "incomp')
    source.get(SEARCH, json=found(3))

    assert ask_one(github, **BUGS).value == 3


def test_a_limit_that_starts_anew_later_is_no_lack_of_permission(github, source):
    source.get(SEARCH, **limited(50))

    problem = ask_one(github, **BUGS)

    assert problem.reason is Reason.RATE_LIMITED
    assert problem.retry_at == NOW + timedelta(seconds=50)
    source.assert_call_count(f"{SEARCH}?q=repo%3Aacme%2Fshop+is%3Aissue+is%3Aopen+label%3Abug&per_page=1", 1)


@pytest.mark.parametrize(
    ("words", "headers"),
    [
        pytest.param("You have exceeded a secondary rate limit. Please wait a few minutes.", {}, id="no header"),
        pytest.param("You have exceeded a secondary rate limit.", {"X-RateLimit-Remaining": "29"}, id="some left"),
        pytest.param("You have exceeded a secondary rate limit.", {"Retry-After": "60"}, id="a time"),
        pytest.param("You have triggered an abuse detection mechanism.", {}, id="as it was said before"),
    ],
)
def test_a_secondary_limit_is_a_limit_however_it_is_said(github, source, words, headers):
    source.get(SEARCH, status=403, json={"message": words}, headers=headers)

    assert ask_one(github, **BUGS).reason is Reason.RATE_LIMITED
    assert len(source.calls) == 1


def test_a_403_that_means_it_is_a_lack_of_permission(github, source):
    source.get(
        SEARCH,
        status=403,
        json={"message": "Resource not accessible by personal access token"},
        headers={"X-RateLimit-Remaining": "29", "X-RateLimit-Reset": "1795262460"},
    )

    problem = ask_one(github, **BUGS)

    assert problem.reason is Reason.AUTH
    assert "GITHUB_TOKEN" in problem.hint


def test_single_sign_on_is_named(github, source):
    source.get(SEARCH, status=403, headers={"X-GitHub-SSO": "required; url=https://github.com/orgs/acme/sso?x=1"})

    problem = ask_one(github, **BUGS)

    assert problem.reason is Reason.AUTH
    assert "single sign-on" in problem.hint


def test_html_with_503_and_500_are_asked_again(github, source):
    source.get(SEARCH, status=503, body="<html>Unicorn!", content_type="text/html")
    source.get(SEARCH, status=500)
    source.get(SEARCH, json=found(3))

    assert ask_one(github, **BUGS).value == 3


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param(INVALID, "knows no such repository", id="a repository that is not there"),
        pytest.param(
            {"message": "Query must include 'is:issue' or 'is:pull-request'"}, "the search", id="no kind of thing"
        ),
    ],
)
def test_a_search_that_github_refuses_is_told_in_our_words(github, source, body, told):
    source.get(SEARCH, status=422, json=body)

    problem = ask_one(github, **BUGS)

    assert problem.reason is Reason.QUERY
    assert told in problem.message


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param({"incomplete_results": False, "items": []}, Reason.BAD_RESPONSE, id="no number"),
        pytest.param({"total_count": 3, "items": []}, Reason.BAD_RESPONSE, id="not said whether it is all"),
        pytest.param({"total_count": None, "incomplete_results": False}, Reason.NO_DATA, id="null"),
    ],
)
def test_a_reply_without_the_number_is_no_zero(github, source, body, reason):
    source.get(SEARCH, json=body)

    assert ask_one(github, **BUGS).reason is reason


def test_a_window_that_no_date_is_held_against_is_refused_and_so_is_the_past(github):
    running = Window(OCTOBER.start, NOW, BERLIN)
    assert ask_one(github, running, **BUGS).reason is Reason.QUERY

    past = Window(None, NOW - timedelta(days=7), BERLIN)
    assert ask_one(github, past, **BUGS).reason is Reason.UNSUPPORTED


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        pytest.param(
            {"GitHub-Authentication-Token-Expiration": "2027-01-31 00:00:00 UTC"},
            "connected as ann with a fine-grained token, which expires 2027-01-31 00:00:00 UTC",
            id="fine-grained",
        ),
        pytest.param(
            {"X-OAuth-Scopes": "repo, read:org"},
            "connected as ann with a classic token with the scopes repo, read:org",
            id="classic",
        ),
        pytest.param({"X-OAuth-Scopes": ""}, "connected as ann with a classic token with the scopes none", id="bare"),
    ],
)
def test_check_says_whose_token_it_is_and_of_which_kind(github, source, headers, said):
    source.get(f"{API}/user", json={"login": "ann"}, headers=headers)

    assert github.check() == said


def test_check_fails_with_a_token_that_is_no_longer_good(github, source):
    source.get(f"{API}/user", status=401, json={"message": "Bad credentials"})

    with pytest.raises(Problem) as caught:
        github.check()

    assert caught.value.reason is Reason.AUTH
    assert "GITHUB_TOKEN" in caught.value.hint


def test_discover_follows_the_links_to_all_repositories(github, source):
    repositories = f"{API}/user/repos"
    source.get(
        repositories,
        json=[{"full_name": "acme/shop", "description": "The shop"}],
        headers={"Link": f'<{repositories}?per_page=100&page=2>; rel="next"'},
        match=[query_param_matcher({"per_page": 100})],
    )
    source.get(
        repositories,
        json=[{"full_name": "acme/core", "description": None}],
        match=[query_param_matcher({"per_page": 100, "page": 2})],
    )

    assert list(github.discover()) == [
        Choice("q", "repo:acme/shop", "The shop"),
        Choice("q", "repo:acme/core", ""),
    ]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        pytest.param({"q": ""}, "at least 1", id="nothing"),
        pytest.param({"q": "is:pr merged:>2026-01-01", "date_field": "merged"}, "already", id="a date said twice"),
        pytest.param({"q": 'label:"help wanted'}, "left open", id="an open quotation mark"),
        pytest.param({"q": "(label:a OR label:b"}, "left open", id="an open bracket"),
        pytest.param({"q": "is:pr", "date_field": "reviewed"}, "created", id="no date that GitHub knows"),
    ],
)
def test_questions_that_cannot_be_asked_are_refused_in_words(query, said):
    with pytest.raises(ValidationError, match=said):
        GITHUB.Query.model_validate(query)


def test_a_date_within_quotation_marks_is_part_of_a_text():
    assert GITHUB.Query.model_validate({"q": '"closed: done"', "date_field": "closed"}).q == '"closed: done"'
