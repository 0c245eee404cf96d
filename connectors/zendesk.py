"""How many tickets, users or organisations Zendesk's search finds.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/search/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self

from pydantic import Field, HttpUrl, SecretStr, model_validator

from okrsync import (
    Ask,
    Auth,
    Basic,
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

_PAGES = Paginate(cursor="meta.after_cursor", into="params.page[after]", more="meta.has_more")
_QUOTED = re.compile(r'"[^"]*"')
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


class ZendeskConfig(Config):
    """One Zendesk account, by an OAuth token or by an agent's API token."""

    base_url: HttpUrl = Field(description="The account's address.", examples=["https://acme.zendesk.com"])
    oauth_token: SecretStr | None = Field(
        None, description="OAuth access token with the scope `read`.", examples=["${ZENDESK_TOKEN}"]
    )
    email: str | None = Field(
        None, description="Or an agent's e-mail address, with `api_token`.", examples=["okr-bot@acme.test"]
    )
    api_token: SecretStr | None = Field(None, description="API token of the account, with `email`.")

    @property
    def login(self) -> str | None:
        """The user name that goes with an API token."""
        return f"{self.email}/token" if self.email else None

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        agent = [self.email, self.api_token]
        if any(agent) if self.oauth_token else not all(agent):
            raise ValueError("say either `oauth_token`, or both `email` and `api_token`")
        return self


class ZendeskQuery(Query):
    """A number of tickets, users, organisations or groups.

    With `date_field`, those whose date lies in the metric's window, and the past can be asked for; what `query` says
    is always held against their present state. Without it the number is that of now.
    """

    type: Literal["ticket", "user", "organization", "group"] = Field("ticket", description="What is counted.")
    query: str = Field(
        "",
        description="Only those that Zendesk's search finds for this.",
        examples=["status<solved tags:refund", "satisfaction:bad group:Support"],
    )
    date_field: Literal["created", "updated", "solved", "due_date"] | None = Field(
        None, description="The date that must lie in the metric's window; the last two are those of tickets."
    )

    @model_validator(mode="after")
    def _says_each_thing_once(self) -> Self:
        bare = _QUOTED.sub("", self.query)
        if '"' in bare:
            raise ValueError("a quotation mark in `query` is left open")
        if re.search(r"(?<!\w)type[:<>]", bare):
            raise ValueError("`query` says type: already; leave it to `type`")
        if self.date_field and re.search(rf"(?<!\w){self.date_field}[:<>]", bare):
            raise ValueError(f"`query` says {self.date_field} already; leave it to `date_field`")
        if self.date_field in ("solved", "due_date") and self.type != "ticket":
            raise ValueError(f"`date_field: {self.date_field}` is a date of tickets")
        return self


class Zendesk(Connector[ZendeskConfig, ZendeskQuery]):
    """Zendesk Support.

    Credentials:

    1. Choose an agent who sees the tickets that count, best a light agent or one with a read-only role.
    2. In Admin Center under Apps and integrations, APIs, create an OAuth client.
    3. Make an access token of that agent with the scope `read` with it, and copy it into `oauth_token`.

    An API token (same place) works as well, with the agent's `email`; it may do whatever any agent may, so keep it as
    the second choice.

    Limits: a number of calls a minute that depends on the plan (700 were seen); okrsync asks 3 a second. A question is
    one call. New and changed tickets turn up in searches after some minutes. The call for the number alone is known
    from other people's code only, and so is `>=` with times (unverified).

    Cannot: say what a ticket's status, group or tags were in the past; count what the agent may not see. An agent who
    sees the tickets of some groups gets their number without a word: `check` tells a restriction in the agent's
    profile, but not one that comes from a custom role.
    """

    name, history = "zendesk", "snapshot"
    settle = timedelta(minutes=10)
    scopes = ("read",)
    limits = Limits(per_second=3, at_once=2)

    def __init__(self, connection: str, config: ZendeskConfig, http: HttpClient) -> None:
        super().__init__(connection, config, http)
        http.classify = _classify

    @classmethod
    def credentials(cls, config: ZendeskConfig) -> Auth:
        """Return the way in that the settings name."""
        return Bearer("oauth_token") if config.oauth_token else Basic("login", "api_token")

    def history_of(self, query: ZendeskQuery) -> History:
        """Any window can be asked for where a date says what lies in it."""
        return History.WINDOW if query.date_field else History.SNAPSHOT

    def check(self) -> str:
        """Ask who the agent is and which tickets there are to see."""
        user = _at(self.http.get("/api/v2/users/me.json"), "user")
        if not isinstance(user, Mapping) or "id" not in user:
            raise _undocumented("user")
        if user["id"] is None:  # what Zendesk tells a stranger, with status 200 (unverified)
            hint = f"renew the token, then try `okrsync check {self.connection}`"
            raise Problem(Reason.AUTH, "Zendesk takes us for an anonymous user", hint)
        some = user.get("ticket_restriction")
        seen = (
            f"sees only some tickets ({some})" if isinstance(some, str) else "no restriction of tickets in its profile"
        )
        return f"connected as {user.get('name') or user['id']} ({user.get('role') or 'no role'}); {seen}"

    def discover(self, like: str = "") -> Iterator[Choice]:
        """Yield the groups whose name holds `like`."""

        def fetch(request: Request) -> Page:
            return Page(self.http.get(request.path, params=request.params))

        asked = Request("GET", "/api/v2/groups.json", {"page[size]": 100})
        for page in pages(fetch, asked, _PAGES, _groups):
            for group in page:
                if like.lower() in str(group["name"]).lower():
                    yield Choice("query", f'group:"{group["name"]}"', f"tickets of {group['name']}")

    def read(self, ask: Ask[ZendeskQuery]) -> Reading:
        """Ask for the number of what a search finds."""
        query = _search(ask)
        reply = self.http.get("/api/v2/search/count.json", params={"query": query})
        if not isinstance(reply, Mapping) or "count" not in reply:
            raise _undocumented("count")
        complete = ask.query.date_field is None or ask.window.end <= ask.as_of
        return Reading(number(reply, "count"), ask.as_of, complete=complete, provenance={"search": query})


def _search(ask: Ask[ZendeskQuery]) -> str:
    query, window = ask.query, ask.window
    if query.date_field is None:
        if window.start is not None:
            what = "the metric has a window, and its query no `date_field` that could lie in it"
            raise Problem(Reason.QUERY, what, "name one, such as created, or ask with `window: now`")
        return f"type:{query.type} {query.query}".rstrip()
    edges = [(">=", window.start), ("<", window.end)]
    within = [f"{query.date_field}{sign}{_second(moment)}" for sign, moment in edges if moment]
    return " ".join(filter(None, [f"type:{query.type}", query.query, *within]))


def _second(moment: datetime) -> str:
    """Return the first whole second that is not before `moment`: Zendesk's times are whole seconds."""
    return f"{_EPOCH - (_EPOCH - moment) // _SECOND * _SECOND:%Y-%m-%dT%H:%M:%SZ}"


def _at(body: Any, key: str) -> Any:
    return body.get(key) if isinstance(body, Mapping) else None


def _groups(body: Any) -> Sequence[Mapping[str, Any]]:
    rows = _at(body, "groups")
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) and "name" in row for row in rows):
        raise _undocumented("list")
    return rows


def _undocumented(what: str) -> Problem:
    return Problem(Reason.BAD_RESPONSE, f"Zendesk's reply holds no {what} as documented", "check `base_url`")


def _classify(reply: Reply) -> Problem | None:
    """Return what only Zendesk's own words tell; the rest is said by the status."""
    if reply.status not in (400, 422):
        return None
    try:
        code = _at(reply.json(), "error")
    except Problem:
        code = None
    told = f" {code}" if isinstance(code, str) and code.isidentifier() else ""
    hint = "try `query` in Zendesk's own search"
    return reply.problem(f"did not accept the search ({reply.status}{told})", hint, Reason.QUERY)
