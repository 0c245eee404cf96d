"""Numbers from HubSpot's CRM: how many records there are, or what one of their properties adds up to.

https://developers.hubspot.com/docs/api-reference/search/guide
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Field, HttpUrl, SecretStr, StringConstraints, model_validator

from okrsync import (
    Aggregate,
    Answer,
    Ask,
    Auth,
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
)
from okrsync.connect.answers.rows import reduce_rows
from okrsync.connect.credentials.oauth import RefreshToken
from okrsync.connect.transport.http import HttpClient, Reply, Transient
from okrsync.connect.vendors.hubspot import MOST_FILTERS, Condition, Row, Scalar, Search, Span, filters_of, records
from okrsync.vocabulary import Aggregation

Property = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
"""The internal name of a property, as HubSpot's settings show it under `</>`."""

_NO_SCOPE = "403 MISSING_SCOPES"
_ROOM_FOR_DATES = 2
_SECONDLY = 1.0
"""Seconds after which the limit per second starts anew; HubSpot itself seldom says so."""
_LISTED = ("contacts", "companies", "deals", "tickets")
_FIELDS = {"number": "of", "date": "date_property", "datetime": "date_property"}
_STAGES = {"deals": ("pipeline", "dealstage"), "tickets": ("hs_pipeline", "hs_pipeline_stage")}


class HubspotConfig(Config):
    """One HubSpot account, by the token of a private app or by an OAuth app."""

    token: SecretStr | None = Field(None, description="Access token of a private app.", examples=["${HUBSPOT_TOKEN}"])
    client_id: str | None = Field(None, description="Or an OAuth app: its client ID.")
    client_secret: SecretStr | None = Field(None, description="Client secret of the OAuth app.")
    refresh_token: SecretStr | None = Field(None, description="What the OAuth app was given when it was installed.")
    base_url: HttpUrl = Field(HttpUrl("https://api.hubapi.com"), description="Where the API is.")
    token_url: HttpUrl = Field(
        HttpUrl("https://api.hubapi.com/oauth/v1/token"), description="Where OAuth apps get their access tokens."
    )
    api_version: str = Field(
        "v3", pattern=r"^(v3|20\d\d-\d\d)$", description="Version of the CRM API.", examples=["v3", "2026-03"]
    )
    per_second: float = Field(4, gt=0, description="Searches per second; HubSpot allows a token 4.")

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        app = [self.client_id, self.client_secret, self.refresh_token]
        if any(app) if self.token else not all(app):
            raise ValueError("say either `token`, or all of `client_id`, `client_secret` and `refresh_token`")
        return self


class HubspotQuery(Query):
    """A count of CRM records, or one property of them added up, averaged and so on.

    With `date_property`, only records whose date lies in the metric's window count, and the past can be asked for;
    without it the number is that of now. What `where` says is always held against the present state of a record.
    """

    object: str = Field(
        pattern=r"^[A-Za-z0-9_-]+$",
        description="Kind of record; for a custom one the ID of its type.",
        examples=["deals", "contacts", "2-3604285"],
    )
    where: dict[Property, Scalar | tuple[Scalar, ...] | Condition] = Field(
        {},
        description="Only records with these values: one value, a list of which one must fit, or conditions.",
        examples=[{"dealstage": "closedwon"}, {"pipeline": ["default", "renewals"], "amount": {"gte": 1000}}],
    )
    agg: Literal["count", "sum", "avg", "min", "max", "median", "distinct"] = Field(
        "count", description="How the records become one number."
    )
    of: Property | None = Field(
        None,
        description="Which property is added up. `amount` is in each deal's own currency; where there are several, "
        "take amount_in_home_currency (unverified).",
        examples=["amount"],
    )
    date_property: Property | None = Field(
        None, description="The date that must lie in the metric's window.", examples=["closedate", "createdate"]
    )
    whole_days: bool = Field(
        False, description="Whether `date_property` holds days without a time (type `date`, not `datetime`)."
    )

    @model_validator(mode="after")
    def _one_number(self) -> Self:
        if (self.agg == "count") != (self.of is None):
            raise ValueError("`of` says which property is added up: every `agg` but `count` needs it")
        if self.whole_days and self.date_property is None:
            raise ValueError("`whole_days` says something about `date_property`, which is missing")
        if len(filters_of(self.where)) > MOST_FILTERS - _ROOM_FOR_DATES:
            raise ValueError(f"`where` says too much: HubSpot takes {MOST_FILTERS - _ROOM_FOR_DATES} conditions")
        return self

    def search(self, ask: Ask[Any]) -> Search:
        """Return the search that answers this in the window of `ask`."""
        name = self.date_property
        span = Span.of(name, ask.window, whole_days=self.whole_days) if name else Span.all(self.object)
        return Search(self.object, filters_of(self.where), span)


class Hubspot(Connector[HubspotConfig, HubspotQuery]):
    """HubSpot CRM.

    Credentials:

    1. In HubSpot under Settings, Integrations, Private Apps, create an app.
    2. Under Scopes tick crm.objects.deals.read and nothing else (or contacts, companies, tickets, custom: what the
       metrics ask for).
    3. Copy its access token into `token`.

    An OAuth app works as well: `client_id`, `client_secret` and the `refresh_token` that its installation gave.

    Limits: 4 searches per second and token (5 by newer pages, unverified), and the account's calls per day. A count
    costs one call, anything else one per 200 records. A search hands out 10,000 records at most; more are read in
    slices of time. New and changed records turn up in searches seconds to minutes later (unverified).

    Cannot: say what a record's stage, owner or amount was in the past; convert currencies; join conditions by "or".
    """

    name, history, max_batch = "hubspot", "snapshot", 100
    settle = timedelta(minutes=5)
    limits = Limits(per_second=4, at_once=4)
    scopes = tuple(f"crm.objects.{kind}.read" for kind in _LISTED)

    def __init__(self, connection: str, config: HubspotConfig, http: HttpClient) -> None:
        super().__init__(connection, config, http)
        http.classify = _classify

    @classmethod
    def credentials(cls, config: HubspotConfig) -> Auth:
        """Return the way in that the settings name."""
        return Bearer("token") if config.token else RefreshToken()

    def history_of(self, query: HubspotQuery) -> History:
        """Any window can be asked for where a date says what lies in it."""
        return History.WINDOW if query.date_property else History.SNAPSHOT

    def together(self, ask: Ask[HubspotQuery]) -> str:
        """Questions about the same records."""
        return ask.query.search(ask).key

    def check(self) -> str:
        """Ask which account this is and which kinds of records may be read."""
        account = self.http.get("/account-info/v3/details")
        if not isinstance(account, Mapping) or "portalId" not in account:
            raise Problem(Reason.BAD_RESPONSE, "HubSpot does not say which account this is", "check `base_url`")
        facts = [str(account[fact]) for fact in ("accountType", "timeZone", "companyCurrency") if account.get(fact)]
        readable = [kind for kind in _LISTED if self._may_read(kind)]
        rights = f"may read {', '.join(readable)}" if readable else "may read no records: give its app a scope"
        return f"connected as account {account['portalId']} ({', '.join(facts)}); {rights}"

    def read_many(self, asks: Sequence[Ask[HubspotQuery]]) -> Iterable[Answer]:
        """Make each distinct search once and answer every question that it answers."""
        answers: dict[str, Answer] = {ask.key: problem for ask in asks if (problem := _unused_window(ask))}
        groups: dict[str, list[Ask[HubspotQuery]]] = {}
        for ask in asks:
            if ask.key not in answers:
                groups.setdefault(self.together(ask), []).append(ask)
        for group in groups.values():
            answers.update(zip([ask.key for ask in group], self._answered(group), strict=True))
        return [answers[ask.key] for ask in asks]

    def _answered(self, asks: Sequence[Ask[HubspotQuery]]) -> Sequence[Answer]:
        search, properties = asks[0].query.search(asks[0]), sorted({ask.query.of for ask in asks if ask.query.of})

        def post(body: Any) -> Any:
            return self.http.post(self._path("objects", f"{search.kind}/search"), json=body)

        try:
            if not properties:
                total = Decimal(search.count(post))
                return [_reading(ask, total) for ask in asks]
            rows = search.rows(post, properties, asks[0].as_of)
        except Problem as problem:
            # A scope is for one kind of record: the others may well be readable.
            if problem.reason.of_the_connection and _NO_SCOPE not in problem.message:
                raise
            return [problem] * len(asks)
        return [_reduced(ask, rows) for ask in asks]

    def _path(self, part: str, rest: str) -> str:
        """Return where `rest` of objects, properties or pipelines is in the version of the API that is set."""
        version = self.config.api_version
        return f"/crm/v3/{part}/{rest}" if version == "v3" else f"/crm/{part}/{version}/{rest}"

    def _may_read(self, kind: str) -> bool:
        try:
            self.http.get(self._path("objects", kind), params={"limit": 1})
        except Problem as problem:
            if problem.reason is Reason.AUTH:
                return False
            raise
        return True

    def discover(self, like: str = "") -> Iterator[Choice]:
        """Yield properties and stages; `like` is a kind of record, or a part of a name or label."""
        for kind in (like,) if like in _LISTED else _LISTED:
            if self._may_read(kind):
                for one in (*self._properties(kind), *self._stages(kind)):
                    if like == kind or like.lower() in f"{one.value} {one.label}".lower():
                        yield one

    def _properties(self, kind: str) -> Iterator[Choice]:
        for one in records(self.http.get(self._path("properties", kind)), "name", "label", "type"):
            name, what = one["name"], f"{one['label']} ({kind}, {one['type']})"
            field = _FIELDS.get(one["type"], "where")
            yield Choice(field, f"{{{name}: …}}" if field == "where" else name, what)
            if name == "lifecyclestage":
                for stage in records(one, "value", "label", at="options"):
                    yield Choice("where", f"{{{name}: {stage['value']}}}", f"{stage['label']} ({kind})")

    def _stages(self, kind: str) -> Iterator[Choice]:
        if kind not in _STAGES:
            return
        pipeline_field, stage_field = _STAGES[kind]
        for pipeline in records(self.http.get(self._path("pipelines", kind)), "id", "label"):
            yield Choice("where", f"{{{pipeline_field}: {pipeline['id']}}}", f"{pipeline['label']} ({kind})")
            for stage in records(pipeline, "id", "label", at="stages"):
                what = f"{stage['label']} ({kind}, {pipeline['label']})"
                yield Choice("where", f"{{{stage_field}: {stage['id']}}}", what)


def _classify(reply: Reply) -> Problem | Transient | None:
    """Return what only HubSpot's own words tell; the rest is said by the status."""
    code, daily = _told(reply) if reply.status in (207, 400, 403, 429) else ("", False)
    match reply.status:
        case 207:
            return reply.problem("answered only a part (207)", "the next run asks again")
        case 429 if daily:
            hint = "it starts anew at midnight of the account; ask less often, or count instead of adding up"
            return reply.problem("has no calls left for today (429 DAILY)", hint, Reason.RATE_LIMITED)
        case 429:
            hint = "nothing to do yet: the next run asks again; other programs with the same token draw on it too"
            limited = reply.problem("wants to be asked less often (429)", hint, Reason.RATE_LIMITED)
            return Transient(limited, _SECONDLY)
        case 403 if code == "MISSING_SCOPES":
            hint = f"tick crm.objects.….read of that record in its app, then try `okrsync check {reply.connection}`"
            return reply.problem(f"does not let us read this ({_NO_SCOPE})", hint, Reason.AUTH)
        case 400 if code:
            hint = f"compare the names and values with `okrsync discover {reply.connection}`"
            return reply.problem(f"did not accept the question (400 {code})", hint, Reason.QUERY)
    return None


def _told(reply: Reply) -> tuple[str, bool]:
    """Return the category of an error, and whether the quota of the day is what is used up."""
    try:
        said = reply.json()
    except Problem:
        return "", False
    if not isinstance(said, Mapping):
        return "", False
    code = str(said.get("category") or "")
    return (code if code.replace("_", "").isalpha() else ""), said.get("policyName") == "DAILY"


def _unused_window(ask: Ask[HubspotQuery]) -> Problem | None:
    if ask.query.date_property or ask.window.start is None:
        return None
    return Problem(
        Reason.QUERY,
        "the metric has a window, and its query no `date_property` that could lie in it",
        "name one, such as closedate, or ask with `window: now`",
    )


def _reduced(ask: Ask[HubspotQuery], rows: Sequence[Row]) -> Answer:
    query, value = ask.query, Decimal(len(rows))
    try:
        if query.of:
            value = reduce_rows(rows, Aggregate(agg=Aggregation(query.agg), of=f"properties.{query.of}")).value
    except Problem as problem:
        left_out = f"to leave such records out on purpose: `where: {{{query.of}: {{known: true}}}}`"
        some_are_empty = problem.reason is Reason.BAD_VALUE and "is empty in" in problem.message
        return Problem(problem.reason, problem.message, left_out if some_are_empty else problem.hint)
    return replace(_reading(ask, value), rows=len(rows), watermark=_newest(rows), sample=rows[:3])


def _reading(ask: Ask[HubspotQuery], value: Decimal) -> Reading:
    complete = ask.query.date_property is None or ask.window.end <= ask.as_of
    return Reading(value, ask.as_of, complete=complete, provenance={"search": ask.query.search(ask).body()})


def _newest(rows: Sequence[Row]) -> datetime | None:
    moments = [str(row["updatedAt"]) for row in rows if row.get("updatedAt")]
    try:
        return max((datetime.fromisoformat(moment) for moment in moments), default=None)
    except (ValueError, TypeError):
        return None
