"""Product analytics from Mixpanel: how often an event happened, or a number of a saved report.

https://docs.mixpanel.com/reference/query-api
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, Literal, Self

from pydantic import Field, HttpUrl, SecretStr, model_validator

from okrsync import Answer, Ask, Basic, Choice, Config, Connector, History, Limits, Problem, Query, Reading, Reason
from okrsync.connect.transport.http import HttpClient, Reply
from okrsync.connect.vendors import mixpanel
from okrsync.connect.zones import ZoneName
from okrsync.nearest import did_you_mean

_TYPES = {None: "general", "total": "general", "unique": "unique", "average": "average"}
_MOST_NAMES = 5000
_Known = Callable[[], list[str] | Problem]
"""Gives the events there are, asked for once and only where one counts nothing."""


class MixpanelConfig(Config):
    """One Mixpanel project, as a service account sees it."""

    username: str = Field(description="Name of the service account.", examples=["okrsync.a1b2c3.mp-service-account"])
    secret: SecretStr = Field(description="Secret of the service account.", examples=["${MIXPANEL_SECRET}"])
    project_id: int = Field(gt=0, description="Number of the project: Project settings, Overview.")
    workspace_id: int | None = Field(None, gt=0, description="Number of the data view, in projects that have several.")
    timezone: ZoneName = Field(
        description="Time zone of the project: Project settings, Overview. Mixpanel counts days in it.",
        examples=["US/Pacific", "Europe/Berlin"],
    )
    base_url: HttpUrl = Field(
        HttpUrl("https://mixpanel.com/api/query"),
        description="Query API of the region that holds the project's data: US, EU or India.",
        examples=["https://eu.mixpanel.com/api/query", "https://in.mixpanel.com/api/query"],
    )


class MixpanelQuery(Query):
    """One number: an `event` counted over the metric's window, or a point of a saved `report`.

    A report has dates of its own, so it is asked with `window: now`, and has no past.
    """

    event: str | None = Field(None, min_length=1, description="Name of the event.", examples=["Signed up"])
    count: Literal["total", "unique", "average"] | None = Field(
        None,
        description="What is counted of the event: how often it happened (`total`, if left out), how many people did "
        "it, or how often each of them did it on average.",
    )
    sum_of: str | None = Field(
        None, description="Instead of counting: what is added up, an expression.", examples=['properties["amount"]']
    )
    where: str | None = Field(
        None, description="Which of the events, an expression.", examples=['properties["plan"] == "pro"']
    )
    report: int | None = Field(
        None, gt=0, description="Number of a saved Insights report: in its address after `report-`.", examples=[12345]
    )
    metric: str | None = Field(
        None, description="Which metric of the report, if it has several.", examples=["Signed up - Unique"]
    )
    segment: str | None = Field(
        None, description="Which part of the report, if it is broken down; else it is all of them.", examples=["DE"]
    )
    over: Literal["latest", "sum"] | None = Field(
        None, description="What to make of a report that is a line over time; people counted per day do not add up."
    )

    @model_validator(mode="after")
    def _one_kind_of_number(self) -> Self:
        if (self.event is None) == (self.report is None):
            raise ValueError("say either `event`, to count it, or `report`, to read it")
        foreign = ("metric", "segment", "over") if self.event else ("count", "sum_of", "where")
        for name in foreign:
            if getattr(self, name) is not None:
                raise ValueError(f"`{name}` goes with `{'report' if self.event else 'event'}`")
        if self.sum_of and self.count:
            raise ValueError("say either `count` or `sum_of`")
        return self

    @property
    def people(self) -> bool:
        """Whether people are looked at, not only what they did: then the days do not add up."""
        return self.count in ("unique", "average")


@dataclass(frozen=True)
class _Fetch:
    """A request; one to `/events` is about the events of all questions that it answers."""

    path: str
    params: tuple[tuple[str, str | int], ...]


class Mixpanel(Connector[MixpanelConfig, MixpanelQuery]):
    """Mixpanel events and reports.

    Credentials:

    1. Open Project settings, Service accounts, and make one in the one project with the role Consumer (that this least
       of the roles is enough is unverified; if `okrsync check` is refused, try Analyst), without an expiry that nobody
       will remember.
    2. Copy its name into `username` and its secret, which is shown once, into `secret`.
    3. Take number and time zone from Project settings, Overview, into `project_id` and `timezone`.

    Limits: 60 queries an hour and 5 at once per project, whoever asks. Events that are plainly counted share one
    query per window, metrics of one report share one; anything else costs a query each, and a count of 0 one more:
    whether the event exists. That is some 50 questions an hour that share no query.

    Cannot: tell a mistyped event from one that did not happen within the last 31 days (it is taken for a mistake; a
    saved report has no such bounds); tell a mistyped property in `where` from one that fits no event; ask a report
    for other dates than its own. Mixpanel keeps people, averages, sums and filters of events working, but recommends
    saved reports for them. That people are counted once over a window of any length rests on its documentation and
    is unverified; an answer in several periods is refused.
    """

    name, history, grain, max_batch = "mixpanel", "snapshot", "day", 20
    settle = timedelta(days=2)
    limits = Limits(at_once=5, per_hour=60)
    scopes = ("Consumer role in the project",)
    auth = Basic("username", "secret")

    def __init__(self, connection: str, config: MixpanelConfig, http: HttpClient) -> None:
        super().__init__(connection, config, http)
        http.classify = _classify

    def zone(self) -> str:
        """Return the project's zone."""
        return self.config.timezone

    def history_of(self, query: MixpanelQuery) -> History:
        """Return that events can be counted in any window; a report has dates of its own."""
        return History.WINDOW if query.event else History.SNAPSHOT

    def together(self, ask: Ask[MixpanelQuery]) -> _Fetch:
        """Return what questions that one query answers have in common; raises `Problem` for one that none answers."""
        return self._fetch(ask)

    def check(self) -> str:
        """Ask for the name of one event."""
        self._names(limit=1)
        return f"connected as {self.config.username} to project {self.config.project_id}; its events can be counted"

    def read_many(self, asks: Sequence[Ask[MixpanelQuery]]) -> Iterable[Answer]:
        """Send each distinct query once and answer every question that its reply answers."""
        groups: dict[_Fetch, list[Ask[MixpanelQuery]]] = {}
        for ask in asks:
            groups.setdefault(self._fetch(ask), []).append(ask)
        known = cache(self._known)
        answers: dict[str, Answer] = {}
        for fetch, group in groups.items():
            reply = self._asked(fetch, group)
            answers.update({ask.key: _answer(ask, reply, known) for ask in group})
        return [answers[ask.key] for ask in asks]

    def discover(self, like: str = "") -> Iterator[Choice]:
        """Yield the events of the last 31 days whose name holds `like`."""
        yield from (Choice("event", name) for name in self._names(_MOST_NAMES) if like.lower() in name.lower())

    def _known(self) -> list[str] | Problem:
        """Return the events there are, or why that cannot be told."""
        try:
            return self._names(_MOST_NAMES)
        except Problem as problem:
            return problem

    def _names(self, limit: int) -> list[str]:
        names = self._get("/events/names", {"type": "general", "limit": limit})
        if not isinstance(names, list):
            raise Problem(Reason.BAD_RESPONSE, "Mixpanel lists no events as documented", "check `base_url`")
        return [str(name) for name in names]

    def _get(self, path: str, params: Mapping[str, str | int]) -> Any:
        project = {"project_id": self.config.project_id, "workspace_id": self.config.workspace_id}
        return self.http.get(path, params={**project, **params})

    def _asked(self, fetch: _Fetch, asks: Sequence[Ask[MixpanelQuery]]) -> Any:
        params = dict(fetch.params)
        if fetch.path == "/events":
            params["event"] = json.dumps(list(dict.fromkeys(ask.query.event for ask in asks)))
        return self._get(fetch.path, params)

    def _fetch(self, ask: Ask[MixpanelQuery]) -> _Fetch:
        """Return the request that answers a question; raises `Problem` where there is none."""
        query = ask.query
        if query.report:
            _refuse_window(ask)
            return _Fetch("/insights", (("bookmark_id", query.report),))
        params: dict[str, str | int | None] = dict(zip(("from_date", "to_date"), _days(ask), strict=True))
        if not (query.sum_of or query.where or query.people):
            return _Fetch("/events", _given({**params, "type": "general", "unit": "day"}))
        params |= {"event": query.event, "where": query.where}
        if query.sum_of:
            return _Fetch("/segmentation/sum", _given({**params, "on": query.sum_of, "unit": "day"}))
        # A period that is as long as the window: people who come back on another day are counted once.
        period: dict[str, str | int] = {"interval": _length(ask)} if query.people else {"unit": "day"}
        return _Fetch("/segmentation", _given({**params, "type": _TYPES[query.count], **period}))


def _answer(ask: Ask[MixpanelQuery], reply: Any, known: _Known) -> Answer:
    """Return the answer to one question; what is wrong with it is no other's trouble."""
    try:
        return _of_report(ask, reply) if ask.query.report else _of_event(ask, reply, known)
    except Problem as problem:
        return problem


def _of_report(ask: Ask[MixpanelQuery], reply: Any) -> Reading:
    query = ask.query
    value = mixpanel.picked(reply, query.metric, query.segment, query.over)
    computed, until = mixpanel.dated(reply)
    as_of = min(computed, ask.as_of) if computed and computed.tzinfo else ask.as_of
    complete = not (until and until.tzinfo) or until <= as_of
    return Reading(value, as_of, complete=complete, provenance={"date_range": reply.get("date_range")})


def _of_event(ask: Ask[MixpanelQuery], reply: Any, known: _Known) -> Reading:
    query, event = ask.query, ask.query.event or ""
    series = mixpanel.sums_of(reply) if query.sum_of else mixpanel.counts_of(reply, event)
    value = mixpanel.only(series) if query.people else mixpanel.added(series, _days(ask))
    if not value:
        _refuse_unknown(event, known())
    if value == 0 and query.sum_of:
        hint = "is the property written like this? If nothing means zero here, give the metric `when_empty: zero`"
        raise Problem(Reason.NO_DATA, f"{query.sum_of} comes to 0, as a property that is not there does", hint)
    if value is None:
        hint = "no data is not zero; if nothing means zero here, give the metric `when_empty: zero`"
        raise Problem(Reason.NO_DATA, f"Mixpanel tells nothing of {event!r} within the window", hint)
    return Reading(value, ask.as_of, complete=ask.window.end <= ask.as_of)


def _refuse_unknown(event: str, known: list[str] | Problem) -> None:
    """Raise `Problem` for an event that Mixpanel does not know: a mistyped one counts 0, too."""
    if isinstance(known, Problem):
        raise known
    if event not in known:
        hint = did_you_mean(event, known) or "Mixpanel lists the last 31 days; a saved report can look further back"
        raise Problem(Reason.QUERY, f"Mixpanel has seen no event {event!r} of late", hint)


def _refuse_window(ask: Ask[MixpanelQuery]) -> None:
    if ask.window.start is not None:
        what = "the metric has a window, and a saved report has dates of its own"
        raise Problem(Reason.QUERY, what, "ask with `window: now`, and set the dates in the report")


def _days(ask: Ask[MixpanelQuery]) -> list[str]:
    """Return first and last day; raises `Problem` for a window without a start."""
    if ask.window.start is None:
        what = "an event is counted from a first day on, and the metric's window has none"
        raise Problem(Reason.UNSUPPORTED, what, "give the metric a window such as cycle_to_date or trailing(28 days)")
    return ask.window.dates()


def _length(ask: Ask[MixpanelQuery]) -> int:
    """Return the number of days in the window."""
    first, last = ask.window.first_day, ask.window.last_day
    return (last - first).days + 1 if first else 0


def _given(params: Mapping[str, str | int | None]) -> tuple[tuple[str, str | int], ...]:
    return tuple((name, value) for name, value in params.items() if value is not None)


def _classify(reply: Reply) -> Problem | None:
    """Return what Mixpanel's own words add to a refusal."""
    if reply.status != 400:
        return None
    try:
        said = reply.json()
    except Problem:
        return None
    remark = mixpanel.short(said.get("error") or "") if isinstance(said, Mapping) else ""
    if "later than today" in remark:
        hint = f"set `timezone` of {reply.connection} to the project's: Project settings, Overview"
        return reply.problem(f"says that its day has not begun yet (400): {remark}", hint, Reason.CONFIG)
    if remark:
        return reply.problem(f"did not accept the question (400): {remark}", "correct the metric's query", Reason.QUERY)
    return None
