"""Product analytics from Amplitude: how often an event happened, new and active users, or a number of a saved chart.

https://amplitude.com/docs/apis/analytics/dashboard-rest
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr, model_validator

from okrsync import Answer, Ask, Basic, Choice, Config, Connector, History, Limits, Problem, Query, Reading, Reason
from okrsync.connect.transport.http import HttpClient, Reply
from okrsync.connect.vendors import amplitude
from okrsync.connect.zones import ZoneName
from okrsync.nearest import did_you_mean
from okrsync.redaction import redact

_MOST_DAYS = 365
_ANY_ACTIVE = "_active"
_OF_AMPLITUDE = ("_", "ce:", "revenue_amount", "verified_revenue", "unverified_revenue")
"""What the names of events that no list holds begin with."""
_LONGEST_REMARK = 160
_Known = Callable[[], list[str] | Problem]
"""Gives the events there are, asked for once and only where one counts nothing."""


class AmplitudeConfig(Config):
    """One Amplitude project."""

    api_key: SecretStr = Field(
        description="API key of the project: Settings, Projects.", examples=["${AMPLITUDE_API_KEY}"]
    )
    secret_key: SecretStr = Field(description="Secret key of the project.", examples=["${AMPLITUDE_SECRET_KEY}"])
    timezone: ZoneName = Field(
        description="Time zone of the project, as its settings say. Amplitude counts days in it.",
        examples=["America/Los_Angeles", "Europe/Berlin"],
    )
    base_url: HttpUrl = Field(
        HttpUrl("https://amplitude.com"),
        description="Where the project's data is kept: the default, or the EU.",
        examples=["https://analytics.eu.amplitude.com"],
    )


class Condition(BaseModel):
    """What a property of an event, or of the user who did it, must be like."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    property: str = Field(description="Name of the property; a user property of your own begins with `gp:`.")
    of: Literal["event", "user"] = Field("event", description="Whose property it is.")
    op: Literal[
        "is", "is not", "contains", "does not contain", "less", "less or equal", "greater", "greater or equal"
    ] = Field("is", description="How it is compared.")
    values: tuple[str, ...] = Field(min_length=1, description="With what; one of them has to fit.", examples=[["pro"]])


class AmplitudeQuery(Query):
    """One number: an `event` counted over the metric's window, new or active `users` in it, or a saved `chart`.

    A chart has dates of its own, so it is asked with `window: now`, and has no past.
    """

    event: str | None = Field(
        None,
        min_length=1,
        description="Name of the event; `_active` is any active one, `ce:` begins a custom one, `revenue_amount` is "
        "revenue.",
        examples=["Signed up", "_active"],
    )
    count: Literal["total", "unique"] | None = Field(
        None,
        description="What is counted of the event: how often it happened (`total`, if left out), or how many people "
        "did it.",
    )
    sum_of: str | None = Field(
        None, description="Instead of counting: the event's property that is added up.", examples=["amount"]
    )
    where: tuple[Condition, ...] = Field((), description="Which of the events; all conditions must hold.")
    users: Literal["active", "new"] | None = Field(None, description="Or how many users were active, or new.")
    chart: str | None = Field(
        None, pattern=r"^[A-Za-z0-9]+$", description="Or a saved chart: the end of its address.", examples=["abc123"]
    )
    part: str | None = Field(None, description="Which series of the chart, by its label, if it has several.")
    over: Literal["whole", "latest", "sum"] | None = Field(
        None,
        description="What to make of the chart's series: what Amplitude says it comes to (`whole`, if left out), its "
        "last point, or the sum of its points; people counted per day do not add up.",
    )

    @model_validator(mode="after")
    def _one_kind_of_number(self) -> Self:
        kinds = [name for name in ("event", "users", "chart") if getattr(self, name) is not None]
        if len(kinds) != 1:
            raise ValueError("say one of `event`, `users` and `chart`")
        belongs = {"count": "event", "sum_of": "event", "where": "event", "part": "chart", "over": "chart"}
        for name, kind in belongs.items():
            if getattr(self, name) and kind != kinds[0]:
                raise ValueError(f"`{name}` goes with `{kind}`")
        if self.sum_of and self.count:
            raise ValueError("say either `count` or `sum_of`")
        return self

    @property
    def people(self) -> bool:
        """Whether people are counted, not what they did: then the days do not add up."""
        return self.count == "unique" or self.users == "active"


@dataclass(frozen=True)
class _Fetch:
    """A request; questions with the same one share its reply."""

    path: str
    params: tuple[tuple[str, str | int], ...] = ()


class Amplitude(Connector[AmplitudeConfig, AmplitudeQuery]):
    """Amplitude events, users and charts.

    Credentials:

    1. As an admin or manager open Settings, Projects, the project, General.
    2. Copy the API key into `api_key` and the secret key into `secret_key`. There are no narrower ones: they may read
       everything in that one project.
    3. Take the project's time zone into `timezone`; for a project in the EU set `base_url`.

    Limits: 5 queries at once per project, and a budget of costs: days of the window, times conditions, times events;
    1,000 within 5 minutes and 108,000 an hour, so some ten counts over a quarter every 5 minutes. Metrics of one
    chart share a query. Windows of up to 365 days.

    Cannot: ask a chart for other dates than its own, or read charts that are neither lines nor bars. Charts are read
    by an address that Amplitude's present documentation no longer shows (unverified). That people are counted once
    over the whole window is what it documents of its bar charts; that an unknown event is refused is unverified, so
    one that counts 0 is looked up among the project's events. A mistyped property in `where` fits no event, so it
    counts 0.
    """

    name, history, grain, max_batch = "amplitude", "snapshot", "day", 20
    settle = timedelta(days=2)
    limits = Limits(at_once=5)
    scopes = ("API key and secret key of one project",)
    auth = Basic("api_key", "secret_key")

    def __init__(self, connection: str, config: AmplitudeConfig, http: HttpClient) -> None:
        super().__init__(connection, config, http)
        http.classify = _classify

    def zone(self) -> str:
        """Return the project's zone."""
        return self.config.timezone

    def history_of(self, query: AmplitudeQuery) -> History:
        """Return that events and users can be counted in any window; a chart has dates of its own."""
        return History.SNAPSHOT if query.chart else History.WINDOW

    def together(self, ask: Ask[AmplitudeQuery]) -> _Fetch:
        """Return the request that questions must share; raises `Problem` for one that none answers."""
        return _fetch(ask)

    def check(self) -> str:
        """Ask for the project's events."""
        events = len(self._events())
        return f"connected to the project of this key at {self.config.base_url.host}: it has {events} events to count"

    def read_many(self, asks: Sequence[Ask[AmplitudeQuery]]) -> Iterable[Answer]:
        """Send each distinct request once and answer every question that its reply answers."""
        known, replies = cache(self._known), dict[_Fetch, Any]()
        answers = []
        for ask in asks:
            fetch = _fetch(ask)
            if fetch not in replies:
                replies[fetch] = self.http.get(fetch.path, params=dict(fetch.params))
            answers.append(_answer(ask, replies[fetch], known))
        return answers

    def discover(self, like: str = "") -> Iterator[Choice]:
        """Yield the events whose name holds `like`."""
        for event in self._events():
            name, shown = str(event["value"]), str(event.get("display") or "")
            if like.lower() in f"{name} {shown}".lower() and not event.get("deleted"):
                yield Choice("event", name, shown)

    def _known(self) -> list[str] | Problem:
        """Return the names of the events there are, or why they cannot be told."""
        try:
            return [str(event["value"]) for event in self._events()]
        except Problem as problem:
            return problem

    def _events(self) -> list[Mapping[str, Any]]:
        reply = self.http.get("/api/2/events/list")
        events = reply.get("data") if isinstance(reply, Mapping) else None
        if not isinstance(events, list) or not all(isinstance(one, Mapping) and "value" in one for one in events):
            raise Problem(Reason.BAD_RESPONSE, "Amplitude lists no events as documented", "check `base_url`")
        return events


def _fetch(ask: Ask[AmplitudeQuery]) -> _Fetch:
    """Return the request that answers a question; raises `Problem` where there is none."""
    query = ask.query
    if query.chart:
        if ask.window.start is not None:
            what = "the metric has a window, and a saved chart has dates of its own"
            raise Problem(Reason.QUERY, what, "ask with `window: now`, and set the dates in the chart")
        return _Fetch(f"/api/3/chart/{query.chart}/query")
    first, last = (day.replace("-", "") for day in _days(ask))
    span: tuple[tuple[str, str | int], ...] = (("start", first), ("end", last), ("i", 1))
    if query.users == "new":
        # Everybody is new on one day only, so the days add up.
        return _Fetch("/api/2/users", (("m", "new"), *span))
    measured = "sums" if query.sum_of else "uniques" if query.people else "totals"
    return _Fetch("/api/2/events/segmentation", (("e", _event(query)), ("m", measured), *span))


def _event(query: AmplitudeQuery) -> str:
    """Return the event with its conditions, as Amplitude writes it."""
    event: dict[str, Any] = {"event_type": query.event or _ANY_ACTIVE}
    if query.where:
        event["filters"] = [
            {"subprop_type": one.of, "subprop_key": one.property, "subprop_op": one.op, "subprop_value": one.values}
            for one in query.where
        ]
    if query.sum_of:
        event["group_by"] = [{"type": "event", "value": query.sum_of}]
    return json.dumps(event)


def _days(ask: Ask[AmplitudeQuery]) -> list[str]:
    """Return first and last day; raises `Problem` for a window that Amplitude cannot count in."""
    first, last = ask.window.first_day, ask.window.last_day
    if first is None or (last - first).days >= _MOST_DAYS:
        what = "Amplitude counts within 365 days at most, and the metric's window is longer"
        raise Problem(Reason.UNSUPPORTED, what, "give the metric a window such as cycle_to_date or trailing(28 days)")
    return ask.window.dates()


def _answer(ask: Ask[AmplitudeQuery], reply: Any, known: _Known) -> Answer:
    """Return the answer to one question; what is wrong with it is no other's trouble."""
    try:
        value = _value(ask, reply)
        if value == 0 and ask.query.event:
            _refuse_unknown(ask.query, known)
    except Problem as problem:
        return problem
    calculated = amplitude.calculated(reply)
    complete = not amplitude.sampled(reply) and ask.window.end <= ask.as_of
    return Reading(value, min(calculated or ask.as_of, ask.as_of), complete=complete)


def _value(ask: Ask[AmplitudeQuery], reply: Any) -> Decimal:
    query = ask.query
    if query.chart:
        return amplitude.of_chart(reply, query.part, query.over or "whole")
    return amplitude.collapsed(reply) if query.people else amplitude.added(reply, _days(ask))


def _refuse_unknown(query: AmplitudeQuery, known: _Known) -> None:
    """Raise `Problem` for a name that may be mistyped: what Amplitude does not know could count 0, too."""
    event = query.event or ""
    names = [event] if event.startswith(_OF_AMPLITUDE) else known()
    if isinstance(names, Problem):
        raise names
    if event not in names:
        raise Problem(Reason.QUERY, f"the Amplitude project has no event {event!r}", did_you_mean(event, names))
    if query.sum_of:
        hint = "is the property written like this? If nothing means zero here, give the metric `when_empty: zero`"
        raise Problem(Reason.NO_DATA, f"{query.sum_of!r} comes to 0, as a property that is not there does", hint)


def _classify(reply: Reply) -> Problem | None:
    """Return what Amplitude's own words add to a refusal."""
    if reply.status != 400:
        return None
    try:
        said = reply.json()
    except Problem:
        return None
    error = said.get("error") if isinstance(said, Mapping) else None
    remark = error.get("message") if isinstance(error, Mapping) else error
    if not isinstance(remark, str):
        return None
    text = redact(" ".join(remark.split()))[:_LONGEST_REMARK]
    hint = f"compare the names with `okrsync discover {reply.connection}`"
    return reply.problem(f"did not accept the question (400): {text}", hint, Reason.QUERY)
