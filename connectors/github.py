"""How many issues and pull requests GitHub's search finds.

https://docs.github.com/en/rest/search/search#search-issues-and-pull-requests
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self

from pydantic import Field, HttpUrl, SecretStr, model_validator

from okrsync import (
    Ask,
    Bearer,
    Choice,
    Config,
    Connector,
    History,
    Limits,
    Problem,
    Query,
    Reading,
    Reason,
    number,
)
from okrsync.connect.answers.paging import Page, Paginate, Request, pages
from okrsync.connect.transport.http import HttpClient, Reply

_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_LINKED = Paginate(link="header", max_pages=50)
_QUOTED = re.compile(r'"[^"]*"')
_OR = re.compile(r"\bOR\b")
_NOTHING_SEEN = "do not exist or you do not have permission"


class GithubConfig(Config):
    """GitHub, or a GitHub Enterprise Server, seen with one token."""

    token: SecretStr = Field(description="Fine-grained personal access token.", examples=["${GITHUB_TOKEN}"])
    base_url: HttpUrl = Field(
        HttpUrl("https://api.github.com"),
        description="Where the API is; for an Enterprise Server https://HOST/api/v3.",
    )


class GithubQuery(Query):
    """A number of issues or pull requests.

    With `date_field`, those whose date lies in the metric's window, and the past can be asked for; what `q` says is
    always held against their present state. Without it the number is that of now.
    """

    q: str = Field(
        min_length=1,
        description="What is searched for, as in GitHub's own search. Say is:issue or is:pr: without, both count.",
        examples=["repo:acme/shop is:issue is:open label:bug", "org:acme is:pr is:merged"],
    )
    date_field: Literal["created", "updated", "closed", "merged"] | None = Field(
        None, description="The date that must lie in the metric's window."
    )

    @model_validator(mode="after")
    def _says_each_thing_once(self) -> Self:
        bare = _QUOTED.sub("", self.q)
        if '"' in bare or bare.count("(") != bare.count(")"):
            raise ValueError("a bracket or quotation mark in `q` is left open")
        if self.date_field and re.search(rf"(?<![\w-]){self.date_field}:", bare):
            raise ValueError(f"`q` says {self.date_field}: already; leave it to `date_field`")
        return self


class Github(Connector[GithubConfig, GithubQuery]):
    """GitHub, issues and pull requests.

    Credentials:

    1. Under Settings, Developer settings, Personal access tokens, Fine-grained tokens, generate a token whose owner is
       the organisation that owns the repositories.
    2. Give it access to these repositories alone, and the repository permissions Issues: read, Pull requests: read and
       Metadata: read.
    3. Copy it into `token`; `check` says when it expires.

    A classic token needs the scope `repo` for private repositories, which may write as well, and has to be authorised
    for organisations with single sign-on.

    Limits: 30 searches a minute and token; a question is one search. GitHub announces that a limit is reached with
    403 or 429, and okrsync asks again when the limit starts anew.

    Cannot: see what the token cannot see. Repositories in a search of several that it cannot see are left out without
    a word (unverified); where GitHub says that results are missing, or that the search ran out of time, the number is
    marked as not complete. That changes show in searches after minutes only is unverified. Labels, states and
    milestones are those of now.
    """

    name, history = "github", "snapshot"
    settle = timedelta(minutes=5)
    auth = Bearer("token")
    scopes = ("Issues: read", "Pull requests: read", "Metadata: read")
    limits = Limits(per_second=0.5, at_once=1)

    def __init__(self, connection: str, config: GithubConfig, http: HttpClient) -> None:
        super().__init__(connection, config, http)
        http.classify = _classify

    def history_of(self, query: GithubQuery) -> History:
        """Any window can be asked for where a date says what lies in it."""
        return History.WINDOW if query.date_field else History.SNAPSHOT

    def check(self) -> str:
        """Ask whose token it is."""
        reply = self._get("/user")
        me = reply.json()
        if not isinstance(me, Mapping) or not isinstance(me.get("login"), str):
            raise _undocumented("user")
        scopes = reply.headers.get("X-OAuth-Scopes")
        kind = "a fine-grained token" if scopes is None else f"a classic token with the scopes {scopes or 'none'}"
        expiry = reply.headers.get("GitHub-Authentication-Token-Expiration")
        return f"connected as {me['login']} with {kind}" + (f", which expires {expiry}" if expiry else "")

    def discover(self, like: str = "") -> Iterator[Choice]:
        """Yield the repositories that the token's owner has to do with and whose name holds `like`."""

        def fetch(request: Request) -> Page:
            reply = self._get(request.path, request.params)
            return Page(reply.json(), reply.next_link, reply.absolute)

        for page in pages(fetch, Request("GET", "/user/repos", {"per_page": 100}), _LINKED, _repositories):
            for repository in page:
                if like.lower() in repository["full_name"].lower():
                    yield Choice("q", f"repo:{repository['full_name']}", str(repository.get("description") or ""))

    def read(self, ask: Ask[GithubQuery]) -> Reading:
        """Search, and take the number instead of what was found."""
        params = _search(ask)
        reply = self._get("/search/issues", {**params, "per_page": 1})
        found = reply.json()
        if not isinstance(found, Mapping) or "total_count" not in found:
            raise _undocumented("total_count")
        if not isinstance(found.get("incomplete_results"), bool):
            raise _undocumented("incomplete_results")
        whole = not found["incomplete_results"] and "partial-results" not in reply.headers.get("X-GitHub-SSO", "")
        over = ask.query.date_field is None or ask.window.end <= ask.as_of
        return Reading(number(found, "total_count"), ask.as_of, complete=whole and over, provenance={"q": params["q"]})

    def _get(self, path: str, params: Mapping[str, Any] | None = None) -> Reply:
        return self.http.json_reply("GET", path, params=params, headers=_HEADERS)


def _search(ask: Ask[GithubQuery]) -> dict[str, Any]:
    query, window = ask.query, ask.window
    either = {"advanced_search": "true"} if _OR.search(_QUOTED.sub("", query.q)) else {}
    if query.date_field is None:
        if window.start is not None:
            what = "the metric has a window, and its query no `date_field` that could lie in it"
            raise Problem(Reason.QUERY, what, "name one, such as created, or ask with `window: now`")
        return {"q": query.q, **either}
    # A range holds both its ends, and its times are whole seconds: it ends with the last second before the window's.
    first = "*" if window.start is None else _second(window.start)
    within = f"{query.date_field}:{first}..{_second(window.end - _SECOND)}"
    return {"q": f"({query.q}) {within}" if either else f"{query.q} {within}", **either}


def _second(moment: datetime) -> str:
    """Return the first whole second that is not before `moment`."""
    return f"{_EPOCH - (_EPOCH - moment) // _SECOND * _SECOND:%Y-%m-%dT%H:%M:%SZ}"


def _repositories(body: Any) -> Sequence[Mapping[str, Any]]:
    if not isinstance(body, list) or not all(
        isinstance(row, Mapping) and isinstance(row.get("full_name"), str) for row in body
    ):
        raise _undocumented("list")
    return body


def _undocumented(what: str) -> Problem:
    return Problem(Reason.BAD_RESPONSE, f"GitHub's reply holds no {what} as documented", "check `base_url`")


def _classify(reply: Reply) -> Problem | None:
    """Return what only GitHub's own words tell; the client itself knows a 403 that is a limit by its headers."""
    if reply.status == 403 and "required" in reply.headers.get("X-GitHub-SSO", ""):
        hint = f"authorise `token` for the organisation's single sign-on, then try `okrsync check {reply.connection}`"
        return reply.problem("wants a token that single sign-on has let in (403)", hint, Reason.AUTH)
    if reply.status == 403 and "abuse detection" in reply.text:
        return reply.problem("wants to be asked less often (403)", "", Reason.RATE_LIMITED)
    if reply.status == 422 and _NOTHING_SEEN in reply.text:
        hint = "correct repo:, org: and user: in `q`, or give the token access to them"
        return reply.problem("knows no such repository or user, or `token` may not see it (422)", hint, Reason.QUERY)
    if reply.status == 422:
        hint = "say is:issue or is:pr in `q`, and try it in GitHub's own search"
        return reply.problem("does not accept the search (422)", hint, Reason.QUERY)
    return None
