"""How many issues Jira Cloud finds for a JQL query.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Self
from zoneinfo import ZoneInfo

from pydantic import Field, HttpUrl, SecretStr, model_validator

from okrsync import (
    Ask,
    Basic,
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
from okrsync.connect.zones import ZoneName

_API = "/rest/api/3"
_PAGES = Paginate(offset="params.startAt", more="!isLast")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'")
_ORDER = re.compile(r"\border\s+by\b", re.IGNORECASE)
_PLAIN_FIELD = re.compile(r"[A-Za-z]\w*|cf\[\d+\]", re.ASCII)
_NOT_LOGGED_IN = ("AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED")
_MISTAKES = {
    "Unbounded JQL": "has no bounds: add a restriction such as a project",
    "does not exist for the field": "names a value that is not there, or that the user may not see",
    "does not exist or you do not have permission": "names a field that is not there, or that the user may not see",
    "Error in the JQL Query": "is no JQL",
}


class JiraConfig(Config):
    """One site of Jira Cloud, seen by one of its users."""

    base_url: HttpUrl = Field(
        description="The site; for a token with scopes https://api.atlassian.com/ex/jira/ and the site's cloud ID.",
        examples=["https://acme.atlassian.net"],
    )
    email: str = Field(min_length=1, description="The user's e-mail address.", examples=["okr-bot@acme.test"])
    api_token: SecretStr = Field(description="The user's API token.", examples=["${JIRA_TOKEN}"])
    timezone: ZoneName | None = Field(
        None,
        description="Time zone of the user's profile, in which Jira reads times in JQL; Jira is asked if left out.",
        examples=["Europe/Berlin"],
    )


class JiraQuery(Query):
    """A number of issues.

    With `date_field`, issues whose date lies in the metric's window, and the past can be asked for; what `jql` says
    is always held against the present state of an issue. Without it the number is that of now.
    """

    jql: str = Field(
        min_length=1,
        description="Which issues, in JQL. Jira wants a restriction, such as a project.",
        examples=["project = SHOP AND type = Bug AND statusCategory != Done"],
    )
    date_field: str | None = Field(
        None,
        pattern=r"^[^\"\\]+$",
        description="The date that must lie in the metric's window: a field's name.",
        examples=["created", "resolved"],
    )
    whole_days: bool = Field(False, description="Whether `date_field` holds days without a time, as `duedate` does.")

    @model_validator(mode="after")
    def _can_be_counted(self) -> Self:
        bare = _QUOTED.sub("", self.jql)
        if _ORDER.search(bare):
            raise ValueError("a number has no order: take ORDER BY out of `jql`")
        if bare.count("(") != bare.count(")") or "'" in bare or '"' in bare:
            raise ValueError("a bracket or quotation mark in `jql` is left open")
        if self.whole_days and self.date_field is None:
            raise ValueError("`whole_days` says something about `date_field`, which is missing")
        return self


class Jira(Connector[JiraConfig, JiraQuery]):
    """Jira Cloud.

    Credentials:

    1. Have a user who sees the projects that count and nothing more; the address goes into `email`.
    2. Signed in as that user, open Account settings, Security, API tokens, and create a token with scopes:
       read:jira-work, and read:jira-user for `check` and for the user's time zone. Copy it into `api_token`; it expires
       after a year at most.
    3. Such a token goes with a `base_url` of https://api.atlassian.com/ex/jira/CLOUD_ID; the cloud ID is shown at
       /_edge/tenant_info of the site.

    A token without scopes can do what the user can, and goes with the site's own address.

    Limits: Jira does not state its limits and says when to wait (429); okrsync asks 5 questions a second. A question
    costs one call; the first with `date_field` one more, unless `timezone` is set.

    Cannot: count exactly. Jira calls the number approximate, does not say how near it is, and changed issues show with
    a delay. Times in JQL are minutes, so edges of a window within a minute are moved to its start. An issue's status
    in the past is only what JQL itself tells (`status was …`). Jira Server and Data Center have no such count.
    """

    name, history = "jira", "snapshot"
    settle = timedelta(minutes=5)
    auth = Basic("email", "api_token")
    scopes = ("read:jira-work", "read:jira-user")
    limits = Limits(per_second=5, at_once=2)

    def __init__(self, connection: str, config: JiraConfig, http: HttpClient) -> None:
        super().__init__(connection, config, http)
        http.classify = _classify
        self._asking_zone, self._zone = Lock(), config.timezone

    def history_of(self, query: JiraQuery) -> History:
        """Any window can be asked for where a date says what lies in it."""
        return History.WINDOW if query.date_field else History.SNAPSHOT

    def check(self) -> str:
        """Ask who the user is and how many projects there are to see."""
        me, seen = self._me(), self.http.get(f"{_API}/project/search", params={"maxResults": 1})
        who, zone = me.get("displayName") or me["accountId"], me.get("timeZone") or "unknown"
        return f"connected as {who} (time zone {zone}); sees {number(seen, 'total')} projects"

    def discover(self, like: str = "") -> Iterator[Choice]:
        """Yield projects and fields with a date whose name holds `like`."""
        for project in self._projects():
            if like.lower() in f"{project['key']} {project['name']}".lower():
                yield Choice("jql", f'project = "{project["key"]}"', str(project["name"]))
        for field in _objects(self.http.get(f"{_API}/field"), "id", "name"):
            schema = field.get("schema")
            kind = schema.get("type") if isinstance(schema, Mapping) else None
            if kind in ("date", "datetime") and like.lower() in str(field["name"]).lower():
                yield Choice("date_field", str(field["name"]), "with `whole_days: true`" if kind == "date" else "")

    def _projects(self) -> Iterator[Mapping[str, Any]]:
        def fetch(request: Request) -> Page:
            return Page(self.http.get(request.path, params=request.params))

        asked = Request("GET", f"{_API}/project/search", {"maxResults": 50})
        for page in pages(fetch, asked, _PAGES, lambda body: _objects(_at(body, "values"), "key", "name")):
            yield from page

    def read(self, ask: Ask[JiraQuery]) -> Reading:
        """Ask for the number."""
        jql = self._jql(ask)
        reply = self.http.post(f"{_API}/search/approximate-count", json={"jql": jql})
        if not isinstance(reply, Mapping) or "count" not in reply:
            raise _undocumented("count")
        complete = ask.query.date_field is None or ask.window.end <= ask.as_of
        return Reading(number(reply, "count"), ask.as_of, complete=complete, provenance={"jql": jql})

    def _jql(self, ask: Ask[JiraQuery]) -> str:
        query, window = ask.query, ask.window
        if query.date_field is None:
            if window.start is not None:
                what = "the metric has a window, and its query no `date_field` that could lie in it"
                raise Problem(Reason.QUERY, what, "name one, such as created, or ask with `window: now`")
            return query.jql
        field = query.date_field if _PLAIN_FIELD.fullmatch(query.date_field) else f'"{query.date_field}"'
        if query.whole_days:
            edges = [(">=", window.first_day), ("<=", window.last_day)]
            within = [f'{field} {sign} "{day.isoformat()}"' for sign, day in edges if day]
        else:
            moments = [(">=", window.start), ("<", window.end)]
            within = [f'{field} {sign} "{self._minute(moment)}"' for sign, moment in moments if moment]
        return " AND ".join([f"({query.jql})", *within])

    def _minute(self, moment: datetime) -> str:
        """Return `moment` as JQL writes times: in the zone of the user who asks, without saying so."""
        with self._asking_zone:
            if self._zone is None:
                self._zone = str(self._me().get("timeZone") or "")
        try:
            return moment.astimezone(ZoneInfo(self._zone)).strftime("%Y-%m-%d %H:%M")
        except (ValueError, OSError):
            raise Problem(
                Reason.CONFIG,
                "Jira does not say in which time zone its user lives, and reads times in JQL in it",
                "set `timezone` to that of the user's profile, as in Europe/Berlin",
            ) from None

    def _me(self) -> Mapping[str, Any]:
        me = self.http.get(f"{_API}/myself")
        if not isinstance(me, Mapping) or not me.get("accountId"):
            raise _undocumented("user")
        return me


def _at(body: Any, key: str) -> Any:
    return body.get(key) if isinstance(body, Mapping) else None


def _objects(rows: Any, *needed: str) -> Sequence[Mapping[str, Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) and row.keys() >= set(needed) for row in rows):
        raise _undocumented("list")
    return rows


def _undocumented(what: str) -> Problem:
    return Problem(Reason.BAD_RESPONSE, f"Jira's reply holds no {what} as documented", "check `base_url`")


def _classify(reply: Reply) -> Problem | None:
    """Return what the status does not tell, or tells wrongly."""
    # To a token that has expired Jira answers as to a stranger: with 200, and nothing found.
    login = reply.headers.get("X-Seraph-LoginReason", "")
    if reply.status < 400 and any(word in login for word in _NOT_LOGGED_IN):
        hint = f"renew `api_token`, then try `okrsync check {reply.connection}`"
        return reply.problem("did not accept the credentials, and answers as to a stranger", hint, Reason.AUTH)
    if reply.status in (404, 410):
        hint = "`base_url` must be that of a site of Jira Cloud; Jira Server and Data Center cannot count in this way"
        return reply.problem(f"knows no such call ({reply.status})", hint, Reason.CONFIG)
    if reply.status == 400:
        mistake = next((what for said, what in _MISTAKES.items() if said in reply.text), "is not accepted")
        return reply.problem(f"says that the query {mistake} (400)", "try the query in Jira's own search", Reason.QUERY)
    return None
