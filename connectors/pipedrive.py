"""Deals of Pipedrive: how many and how much, now (the summary) or by one of their dates (the timeline).

https://developers.pipedrive.com/docs/api/v1/Deals
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, HttpUrl, SecretStr, field_validator, model_validator

from okrsync import (
    Answer,
    Ask,
    Auth,
    Choice,
    Config,
    Connector,
    Header,
    History,
    Limits,
    Problem,
    Query,
    Reading,
    Reason,
)
from okrsync.connect.answers.paging import Page, Paginate, Request, pages
from okrsync.connect.credentials.oauth import RefreshToken
from okrsync.connect.transport.http import HttpClient, Reply
from okrsync.connect.vendors.pipedrive import data_of, has_total_over, rows_of, total_now, total_over

_PAGES = Paginate(cursor="additional_data.next_cursor", into="params.cursor")
_DATES = {"won_time": "won", "add_time": "created", "expected_close_date": "expected to close"}


class PipedriveConfig(Config):
    """One Pipedrive account, by a user's API token or by an OAuth app."""

    api_token: SecretStr | None = Field(
        None, description="Personal API token, under Personal preferences, API.", examples=["${PIPEDRIVE_TOKEN}"]
    )
    client_id: str | None = Field(None, description="Or an OAuth app: its client ID.")
    client_secret: SecretStr | None = Field(None, description="Client secret of the OAuth app.")
    refresh_token: SecretStr | None = Field(None, description="What the OAuth app was given when it was installed.")
    base_url: HttpUrl = Field(
        HttpUrl("https://api.pipedrive.com"),
        description="Where the API is; for an OAuth app the company's own address.",
        examples=["https://acme.pipedrive.com"],
    )
    token_url: HttpUrl = Field(
        HttpUrl("https://oauth.pipedrive.com/oauth/token"), description="Where OAuth apps get their access tokens."
    )
    timezone: str = Field(
        "UTC",
        description="Zone that the timeline's days are counted in. Pipedrive keeps times in UTC, and so it is taken "
        "to count days (unverified).",
        examples=["Europe/Berlin"],
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            return ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{name!r} is no time zone; write it like Europe/Berlin") from None

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        app = [self.client_id, self.client_secret, self.refresh_token]
        if any(app) if self.api_token else not all(app):
            raise ValueError("say either `api_token`, or all of `client_id`, `client_secret` and `refresh_token`")
        return self


class PipedriveQuery(Query):
    """The number of deals, or their value added up.

    With `date_field`, deals whose date lies in the metric's window (Pipedrive's timeline: open and won deals, by
    whole days); the past can be asked for. Without it, all deals as they are now (Pipedrive's summary).
    Archived deals are in neither.
    """

    value: Literal["count", "value", "weighted_value"] = Field(
        "count", description="What is told of the deals: how many, their value, or their value times probability."
    )
    status: Literal["open", "won", "lost"] | None = Field(None, description="Only deals with this status.")
    date_field: str | None = Field(
        None,
        pattern=r"^[a-z0-9_]+$",
        description="The date that must lie in the metric's window: the key of a deal field.",
        examples=["won_time", "add_time", "expected_close_date"],
    )
    currency: str | None = Field(
        None,
        pattern=r"^[A-Z]{3}$",
        description="With `date_field`: the currency that values are converted into, else the user's own. The summary "
        "is always in the company's.",
        examples=["EUR"],
    )
    pipeline_id: int | None = Field(None, description="Only deals in this pipeline.", examples=[1])
    stage_id: int | None = Field(None, description="Only deals in this stage; not with `date_field`.")
    user_id: int | None = Field(None, description="Only deals of this user; not with `filter_id`.")
    filter_id: int | None = Field(None, description="Only deals that this saved filter lets through.")

    @model_validator(mode="after")
    def _can_be_answered(self) -> Self:
        if self.user_id is not None and self.filter_id is not None:
            raise ValueError("Pipedrive does not heed `user_id` beside `filter_id`; put the user into the filter")
        if self.currency and (self.date_field is None or self.value == "count"):
            raise ValueError("`currency` goes with `date_field` and a value; the summary is in the account's currency")
        if self.date_field is not None:
            self._fits_the_timeline()
        return self

    def _fits_the_timeline(self) -> None:
        if self.status == "lost":
            raise ValueError("with `date_field` there are open and won deals only, no lost ones")
        if self.stage_id is not None:
            raise ValueError("`stage_id` does not go with `date_field`; make a filter of it, and use `filter_id`")
        if not has_total_over(self.value, self.status):
            raise ValueError("won deals have no weighted value of their own; ask for their `value`")


class Pipedrive(Connector[PipedriveConfig, PipedriveQuery]):
    """Pipedrive deals.

    Credentials:

    1. Sign in as a user who sees all deals that count and nothing more.
    2. Open Personal preferences, API, and copy the personal API token into `api_token`; it can do what that user can.

    An OAuth app needs no more than the scopes deals:read and base: its client ID, client secret, and the refresh token
    of its installation.

    Limits: calls cost tokens of a daily budget that the whole company shares: a summary 40, a timeline 20. Questions
    that differ only in what they want of the same deals share a call. When the budget is used up, nothing is asked
    until the next day.

    Cannot: say what was open or lost at a past moment; tell the timeline of lost or archived deals.
    """

    name, history, grain, max_batch = "pipedrive", "snapshot", "day", 100
    limits = Limits(per_second=5, at_once=2)
    scopes = ("deals:read", "base")

    def __init__(self, connection: str, config: PipedriveConfig, http: HttpClient) -> None:
        super().__init__(connection, config, http)
        http.classify = _classify

    @classmethod
    def credentials(cls, config: PipedriveConfig) -> Auth:
        """Return the way in that the settings name."""
        return Header("x-api-token", "api_token") if config.api_token else RefreshToken(in_body=False)

    def zone(self) -> str:
        """Return the zone that the timeline counts its days in."""
        return self.config.timezone

    def history_of(self, query: PipedriveQuery) -> History:
        """Any window can be asked for where a date says what lies in it."""
        return History.WINDOW if query.date_field else History.SNAPSHOT

    def together(self, ask: Ask[PipedriveQuery]) -> str:
        """Questions that the same reply answers."""
        try:
            return repr(_request(ask))
        except Problem as problem:
            return problem.message

    def check(self) -> str:
        """Ask who the user is."""
        user = data_of(self.http.get("/v1/users/me"))
        if not isinstance(user, Mapping) or "id" not in user:
            raise Problem(Reason.BAD_RESPONSE, "Pipedrive does not say whose token this is", "check `base_url`")
        name, company = user.get("name"), user.get("company_name")
        facts = [str(user[fact]) for fact in ("timezone_name", "default_currency") if user.get(fact)]
        return f"connected as {name} of {company} ({', '.join(facts)}); {_rights(user)}"

    def read_many(self, asks: Sequence[Ask[PipedriveQuery]]) -> Iterable[Answer]:
        """Send each distinct request once and answer every question that its reply answers."""
        replies: dict[str, Any] = {}
        for ask in asks:
            key = self.together(ask)
            if key not in replies:
                replies[key] = self._asked(ask)
            reply = replies[key]
            yield reply if isinstance(reply, Problem) else _answer(ask, reply)

    def _asked(self, ask: Ask[PipedriveQuery]) -> Any:
        """Return the data of the reply, or the problem of the question."""
        try:
            path, params = _request(ask)
            return data_of(self.http.get(path, params=params))
        except Problem as problem:
            if problem.reason.of_the_connection:
                raise
            return problem

    def discover(self, like: str = "") -> Iterator[Choice]:
        """Yield dates, pipelines and stages whose name holds `like`."""
        for choice in (*self._listed("pipeline_id", "pipelines"), *self._listed("stage_id", "stages")):
            if like.lower() in choice.label.lower():
                yield choice
        yield from (Choice("date_field", key, what) for key, what in _DATES.items() if like.lower() in f"{key} {what}")

    def _listed(self, field: str, what: str) -> Iterator[Choice]:
        def fetch(request: Request) -> Page:
            return Page(self.http.get(request.path, params=request.params))

        for rows in pages(fetch, Request("GET", f"/api/v2/{what}", {"limit": 500}), _PAGES, rows_of):
            for row in rows:
                pipeline = f" (pipeline {row['pipeline_id']})" if "pipeline_id" in row else ""
                yield Choice(field, str(row["id"]), f"{row['name']}{pipeline}")


def _request(ask: Ask[PipedriveQuery]) -> tuple[str, dict[str, Any]]:
    """Return path and parameters; raises `Problem` where no request can ask this."""
    query, window = ask.query, ask.window
    chosen = query.model_dump(include={"pipeline_id", "stage_id", "user_id", "filter_id"}, exclude_none=True)
    if query.date_field is None:
        if window.start is not None:
            what = "the metric has a window, and its query no `date_field` that could lie in it"
            raise Problem(Reason.QUERY, what, "name one, such as won_time, or ask with `window: now`")
        return "/v1/deals/summary", {**chosen, **({"status": query.status} if query.status else {})}
    if window.first_day is None:
        what = "the timeline of deals needs a first day, and the metric's window has none"
        raise Problem(Reason.UNSUPPORTED, what, "give the metric a window such as cycle_to_date or trailing(28 days)")
    timeline = {
        "start_date": window.first_day.isoformat(),
        "interval": "day",
        "amount": len(_days(ask)),
        "field_key": query.date_field,
        "exclude_deals": 1,
        "totals_convert_currency": query.currency or "default_currency",
    }
    return "/v1/deals/timeline", {**timeline, **chosen}


def _days(ask: Ask[PipedriveQuery]) -> list[date]:
    last, first = ask.window.last_day, ask.window.first_day or ask.window.last_day
    return [first + timedelta(days=day) for day in range((last - first).days + 1)]


def _answer(ask: Ask[PipedriveQuery], data: Any) -> Answer:
    query = ask.query
    try:
        if query.date_field is None:
            return Reading(total_now(data, query.value), ask.as_of)
        value = total_over(data, _days(ask), query.value, query.status)
    except Problem as problem:
        return problem
    unit = None if query.value == "count" else query.currency
    return Reading(value, ask.as_of, unit=unit, complete=ask.window.end <= ask.as_of)


def _rights(user: Mapping[str, Any]) -> str:
    access = user.get("access")
    apps = [one for one in access if isinstance(one, Mapping)] if isinstance(access, list) else []
    admin = [str(one.get("app")) for one in apps if one.get("admin")]
    return f"may administer {', '.join(admin)}: a plain user is enough" if admin else "a plain user"


def _classify(reply: Reply) -> Problem | None:
    """Return what the status alone does not tell: which 429 no waiting helps against."""
    if reply.status == 429 and reply.headers.get("x-daily-ratelimit-token-remaining", "").strip() == "0":
        hint = "it is filled up at midnight; ask less often, or buy more for the company"
        return reply.problem("has no tokens left in the budget of the day (429)", hint, Reason.RATE_LIMITED)
    return None
