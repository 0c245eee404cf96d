"""Product analytics from PostHog: one number of one HogQL query, PostHog's SQL.

https://posthog.com/docs/api/queries
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field, HttpUrl, SecretStr, field_validator

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
from okrsync.connect.answers.placeholders import BEGINNING
from okrsync.connect.transport.http import HttpClient, Reply
from okrsync.connect.transport.retry import http_date
from okrsync.nearest import did_you_mean
from okrsync.redaction import redact

_MOMENTS = ("{window.start}", "{window.end}", "{as_of}")
_OURS = re.compile(r"(['\"]?)(\{\s*(?:w\w*\.|as_of|window)[\w.:]*\s*\})")
_EVENTS = "select event, count() as times from events where timestamp >= now() - interval 30 day group by event"
_IN_WINDOW = "timestamp >= {window.start} and timestamp < {window.end}"
_SECONDS = re.compile(r"available in (\d{1,6}) second")
_LONGEST_REMARK = 160


class PosthogConfig(Config):
    """One project of PostHog Cloud, or of a PostHog of your own."""

    api_key: SecretStr = Field(
        description="Personal API key, or a project secret API key, with the scope query:read.",
        examples=["${POSTHOG_API_KEY}"],
    )
    project_id: int = Field(gt=0, description="Number of the project, as in its settings and in the address bar.")
    base_url: HttpUrl = Field(
        HttpUrl("https://us.posthog.com"),
        description="Where the project is hosted: US cloud, EU cloud, or your own host.",
        examples=["https://eu.posthog.com"],
    )
    per_second: float = Field(4, gt=0, description="Queries per second; PostHog allows 240 a minute.")


class PosthogQuery(Query):
    """One number: the only column of the only row that `hogql` selects.

    `{window.start}` and `{window.end}` are the edges of the metric's window, `{as_of}` the moment asked for; they are
    points in time, and are written without quotes. With `{window.end}` or `{as_of}` in it, the past can be asked for.
    """

    hogql: str = Field(
        min_length=1,
        description="A HogQL query for one row with one column. The window is [start, end), so compare with >= and <.",
        examples=["select count() from events where timestamp >= {window.start} and timestamp < {window.end}"],
    )

    @field_validator("hogql")
    @classmethod
    def _moments_are_understood(cls, hogql: str) -> str:
        for quote, braces in _OURS.findall(hogql):
            if braces not in _MOMENTS:
                raise ValueError(f"{braces} stands for nothing; {did_you_mean(braces, _MOMENTS)}")
            if quote:
                raise ValueError(f"write {braces} without quotes: it stands for a point in time, not for a text")
        return hogql


class Posthog(Connector[PosthogConfig, PosthogQuery]):
    """PostHog, by HogQL.

    Credentials:

    1. Open Settings, Personal API keys, and make a key with the one scope query:read (Query: Read), limited to the one
       project.
    2. Copy it into `api_key`, and the project's number from Settings, Project, into `project_id`.

    A project secret API key with query:read belongs to no person and works as well.

    Limits: 2,400 queries an hour, 240 a minute and 3 at once per project; some older projects have 120 an hour. A
    query may run for 10 seconds. Every question is calculated anew, never taken from PostHog's cache.

    Cannot: answer by insights, funnels or dashboards; write their SQL into `hogql` (the menu of an insight shows it).
    Events that devices send late are counted when they arrive.
    """

    name, history, max_batch = "posthog", "snapshot", 1
    settle = timedelta(days=1)
    limits = Limits(per_second=4, at_once=3)
    scopes = ("query:read",)
    auth = Bearer("api_key")

    def __init__(self, connection: str, config: PosthogConfig, http: HttpClient) -> None:
        super().__init__(connection, config, http)
        http.classify = _classify

    def history_of(self, query: PosthogQuery) -> History:
        """Any past window can be asked for where the query says when it ends."""
        timed = "{window.end}" in query.hogql or "{as_of}" in query.hogql
        return History.WINDOW if timed else History.SNAPSHOT

    def check(self) -> str:
        """Run the smallest query there is."""
        number(self._asked("select 1"), "results[0][0]")
        host = self.config.base_url.host
        return f"connected to project {self.config.project_id} of {host} with a key that may run queries (query:read)"

    def read(self, ask: Ask[PosthogQuery]) -> Reading:
        """Run the query, past the cache."""
        hogql = _filled(ask)
        answer = self._asked(hogql)
        _refuse_tables(answer)
        value = number(answer, "results[0][0]")
        calculated = _moment(answer.get("last_refresh"))
        cached = answer.get("is_cached") is True and calculated is not None
        return Reading(
            value,
            as_of=min(calculated, ask.as_of) if cached and calculated else ask.as_of,
            complete=ask.window.end <= ask.as_of,
            provenance={"hogql": hogql},
        )

    def discover(self, like: str = "") -> Iterator[Choice]:
        """Yield a query for each event of the last 30 days whose name holds `like`, the most frequent first."""
        answer = self._asked(f"{_EVENTS} order by times desc limit 1000")
        rows = answer.get("results")
        if not isinstance(rows, list) or not all(isinstance(row, list) and len(row) == 2 for row in rows):
            raise Problem(Reason.BAD_RESPONSE, "PostHog lists no events as documented", "check `base_url`")
        for event, times in rows:
            if like.lower() in str(event).lower():
                yield Choice("hogql", _counting(str(event)), f"{event} ({times} in 30 days)")

    def _asked(self, hogql: str) -> Mapping[str, Any]:
        answer = self.http.post(
            f"/api/projects/{self.config.project_id}/query/",
            json={
                "query": {"kind": "HogQLQuery", "query": hogql},
                "refresh": "force_blocking",
                "name": f"okrsync {self.connection}",
            },
        )
        if not isinstance(answer, Mapping):
            raise Problem(Reason.BAD_RESPONSE, "PostHog's reply is none as documented", "check `base_url`")
        if answer.get("error"):
            raise Problem(
                Reason.QUERY, f"PostHog could not run the query: {_short(answer['error'])}", "correct `hogql`"
            )
        if "results" not in answer and answer.get("query_status"):
            hint = "have the query look at less: PostHog gives it 10 seconds"
            raise Problem(Reason.BAD_RESPONSE, "PostHog put the query off instead of answering it", hint)
        return answer


def _filled(ask: Ask[PosthogQuery]) -> str:
    """Return the query with its moments, as HogQL reads them whatever the project's time zone is."""
    moments = (ask.window.start or BEGINNING, ask.window.end, ask.as_of)
    hogql = ask.query.hogql
    for name, moment in zip(_MOMENTS, moments, strict=True):
        text = moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
        hogql = hogql.replace(name, f"toDateTime('{text}')")
    return hogql


def _refuse_tables(answer: Mapping[str, Any]) -> None:
    """Raise `Problem` for more than one row or more than one column, and for no row at all."""
    rows = answer.get("results")
    if rows == []:
        hint = "no data is not zero; a query with count() and without `group by` always has a row"
        raise Problem(Reason.NO_DATA, "the query selects no row", hint)
    if not isinstance(rows, list):
        return
    columns = len(rows[0]) if isinstance(rows[0], list) else 1
    if len(rows) > 1 or columns > 1:
        what = f"the query selects {len(rows)} rows with {columns} columns, expected one row with one column"
        raise Problem(Reason.QUERY, what, "aggregate with count() or sum(), and leave out `group by`")


def _classify(reply: Reply) -> Problem | None:
    """Return what PostHog's own words add to the status."""
    code, detail = _told(reply) if reply.status in (400, 403, 404, 429) else ("", "")
    match reply.status:
        case 400 if code:
            hint = "correct the metric's `hogql`; PostHog's SQL editor shows where it is wrong"
            return reply.problem(f"did not accept the query (400 {code}): {detail}", hint, Reason.QUERY)
        case 404 if code:
            hint = f"correct `project_id` of {reply.connection}, or its `base_url`: US and EU cloud are apart"
            return reply.problem(f"knows no such project (404 {code})", hint, Reason.CONFIG)
        case 403 if "scope" in detail:
            hint = f"give the key of `api_key` the scope query:read, then try `okrsync check {reply.connection}`"
            return reply.problem(f"does not let this key run queries (403 {code})", hint, Reason.AUTH)
        case 429 if "Retry-After" not in reply.headers and (until := _end_of_throttling(reply, detail)):
            message = reply.problem("wants to be asked less often (429)").message
            return Problem(Reason.RATE_LIMITED, message, retry_at=until)
    return None


def _told(reply: Reply) -> tuple[str, str]:
    """Return code and detail of an error; empty where it has none."""
    try:
        said = reply.json()
    except Problem:
        return "", ""
    return (_short(said.get("code") or ""), _short(said.get("detail") or "")) if isinstance(said, Mapping) else ("", "")


def _end_of_throttling(reply: Reply, detail: str) -> datetime | None:
    """Return when PostHog may be asked again: its words are "Expected available in 62 seconds."."""
    seconds, sent = _SECONDS.search(detail), http_date(reply.headers.get("Date", ""))
    return sent + timedelta(seconds=int(seconds[1])) if seconds and sent else None


def _moment(text: Any) -> datetime | None:
    """Return an aware moment, or None where `text` is none."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


def _counting(event: str) -> str:
    """Return a query that counts `event`, its name as HogQL writes texts."""
    name = event.replace("\\", "\\\\").replace("'", "\\'")
    return f"select count() from events where event = '{name}' and {_IN_WINDOW}"  # noqa: S608 - escaped, and only shown


def _short(text: Any) -> str:
    line = redact(" ".join(str(text).split()))
    return line if len(line) <= _LONGEST_REMARK else line[: _LONGEST_REMARK - 1] + "…"
