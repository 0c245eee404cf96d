"""Website traffic from Plausible Analytics, Stats API v2.

https://plausible.io/docs/stats-api
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr, StringConstraints, model_validator

from okrsync import (
    Ask,
    Bearer,
    Choice,
    Config,
    Connector,
    Limits,
    Problem,
    Query,
    Reading,
    Reason,
    Window,
)
from okrsync.connect.answers.numbers import to_decimal
from okrsync.connect.files import ProjectFile
from okrsync.connect.reporting_days import require_first_instant, unaskable
from okrsync.connect.transport.http import HttpClient, Reply
from okrsync.connect.transport.retry import http_date
from okrsync.connect.zones import ZoneName

Dimension = Annotated[str, StringConstraints(pattern=r"^(visit:[a-z_]+|event:(page|hostname|props:.+))$")]
Text = Annotated[str, StringConstraints(min_length=1)]

_FIRST_DAY = date(2005, 1, 1)
"""Nothing was counted earlier: even imported figures begin with Google Analytics."""
_OF_GOALS = ("conversion_rate", "total_revenue", "average_revenue")
_OF_PAGES = ("scroll_depth", "time_on_page")
_UNITS = {"visit_duration": "seconds", "time_on_page": "seconds"}
_LONGEST_MESSAGE = 160


class PlausibleConfig(Config):
    """One site of Plausible, hosted or your own."""

    api_key: SecretStr = Field(
        description="API key of the kind Stats API: under Account settings, API Keys.", examples=["${PLAUSIBLE_KEY}"]
    )
    site: str = Field(min_length=1, description="The site, by its domain as Plausible knows it.", examples=["acme.com"])
    timezone: ZoneName | None = Field(
        None,
        description="The site's reporting timezone, under Site settings, General; the zone of the cycle if left out. "
        "Where it is another one, questions are refused.",
        examples=["Europe/Berlin"],
    )
    base_url: HttpUrl = Field(
        HttpUrl("https://plausible.io"), description="Your own host, if you run Plausible yourself."
    )
    allow_private: bool = Field(False, description="Whether the host may be in a private network.")
    ca_file: ProjectFile | None = Field(None, description="Certificates of your own authority (PEM).")


class Match(BaseModel):
    """What a dimension must be like; all that is said must hold. The names are those of Plausible's operators."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    is_not: tuple[Text, ...] | None = Field(None, min_length=1, description="None of these.")
    contains: tuple[Text, ...] | None = Field(None, min_length=1, description="Holds one of these.")
    contains_not: tuple[Text, ...] | None = Field(None, min_length=1, description="Holds none of these.")
    matches: tuple[Text, ...] | None = Field(
        None, min_length=1, description="Fits one of these regular expressions (RE2).", examples=[["^/blog/.+"]]
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if all(getattr(self, name) is None for name in type(self).model_fields):
            raise ValueError(f"say what the dimension must be like: {', '.join(type(self).model_fields)}")
        return self


class PlausibleQuery(Query):
    """One metric of the site over the window.

    Rates are percent, 0 to 100: a bounce rate of 63 is 63 %.
    """

    metric: Literal[
        "visitors",
        "visits",
        "pageviews",
        "views_per_visit",
        "bounce_rate",
        "visit_duration",
        "events",
        "scroll_depth",
        "time_on_page",
        "conversion_rate",
        "total_revenue",
        "average_revenue",
    ] = Field("visitors", description="What is counted; `events` with a `goal` counts its conversions.")
    goal: Text | None = Field(
        None,
        description="Only what reached this goal, by its name in Plausible; revenue needs one.",
        examples=["Signup", "Visit /pricing"],
    )
    where: dict[Dimension, Text | tuple[Text, ...] | Match] = Field(
        {},
        description="Only what has these values in these dimensions: one value, a list of which one must fit, or "
        "`is_not`, `contains`, `contains_not`, `matches`.",
        examples=[{"visit:country": ["DE", "AT"]}, {"event:page": {"contains": ["/blog/"]}}],
    )
    imports: bool = Field(False, description="Whether figures imported from another tool are added.")

    @model_validator(mode="after")
    def _has_what_the_metric_needs(self) -> Self:
        if self.metric in _OF_GOALS and self.goal is None:
            raise ValueError(f"`{self.metric}` needs `goal`: of which goal")
        if self.metric in _OF_PAGES and "event:page" not in self.where:
            raise ValueError(f"`{self.metric}` needs `where: {{event:page: …}}`: of which page")
        return self

    def filters(self) -> list[list[Any]]:
        """Return the filters that mean `goal` and `where`."""
        found: list[list[Any]] = [["is", "event:goal", [self.goal]]] if self.goal else []
        for dimension, condition in self.where.items():
            if isinstance(condition, Match):
                found += [[operator, dimension, list(texts)] for operator, texts in condition if texts]
            else:
                found.append(["is", dimension, [condition] if isinstance(condition, str) else list(condition)])
        return found


class Plausible(Connector[PlausibleConfig, PlausibleQuery]):
    """Plausible Analytics.

    Each question is one request with one metric: Plausible's numbers shift a little with the metrics that are asked
    for together, and a key result must not move because another one was added.

    Credentials:

    1. In Plausible open your account's settings, API Keys, New API Key.
    2. Choose Stats API: such a key can only read. Copy it, it is shown once, into `api_key`.
    3. Take the site's reporting timezone from Site settings, General, into `timezone`.

    Limits: 600 requests per hour for a key, unless Plausible has agreed to more.

    Cannot: answer for today; read revenue without a revenue goal; add imported figures to every filter, in which case
    the number is incomplete. Plausible says the same of a wrong key and of a site that it does not know.
    """

    name, history, grain = "plausible", "window", "day"
    settle = timedelta(hours=1)
    limits = Limits(at_once=2)
    scopes = ("stats:read",)
    auth = Bearer("api_key")

    def __init__(self, connection: str, config: PlausibleConfig, http: HttpClient) -> None:
        """Take the connection's name and settings."""
        super().__init__(connection, config, http)
        http.classify = _trouble

    def zone(self) -> str | None:
        """Return the zone in which the site counts its days, where the settings name it."""
        return self.config.timezone

    def check(self) -> str:
        """Count the visitors of the last seven days."""
        answer = self._query({"metrics": ["visitors"], "date_range": "7d"})
        first = _first_instant(answer)
        zone = f", its days counted at UTC{first:%z}" if first else ""
        visitors = to_decimal(_value(answer), "visitors")
        return (
            f"connected with a key that reads the figures (stats:read) of {self.config.site}{zone}:"
            f" {visitors:,} visitors in the last 7 days"
        )

    def discover(self, like: str = "") -> Iterator[Choice]:
        """Yield the goals that were reached in the last year, the dimensions' values not."""
        wanted = {"metrics": ["visitors"], "date_range": "12mo", "dimensions": ["event:goal"]}
        for row in _rows(self._query(wanted)):
            goal = next(iter(row.get("dimensions") or []), None)
            if isinstance(goal, str) and goal and like.lower() in goal.lower():
                yield Choice("goal", goal)

    def read(self, ask: Ask[PlausibleQuery]) -> Reading:
        """Ask for one metric; raises `Problem`."""
        if problem := unaskable(ask.window):
            raise problem
        query = ask.query
        wanted = {"metrics": [query.metric], "date_range": _dates(ask.window), "filters": query.filters()}
        answer = self._query({**wanted, **({"include": {"imports": True}} if query.imports else {})})
        if first := _first_instant(answer):
            hint = f"set `timezone` of {self.connection} to the site's reporting timezone"
            require_first_instant(ask.window, first, hint)
        found, about = _value(answer), _meta(answer)
        unit = _UNITS.get(query.metric)
        if isinstance(found, Mapping) and "value" in found:
            found, unit = found["value"], str(found.get("currency") or "") or None
        warning = _warning(about, query.metric)
        if found is None and warning:
            what = f"Plausible has no {query.metric} for this ({warning})"
            raise Problem(Reason.QUERY, what, "name a revenue goal in `goal`, all of whose amounts have one currency")
        doubts = {name: about[name] for name in ("imports_skip_reason", "imports_warning") if about.get(name)}
        partial = bool(warning or about.get("imports_warning"))
        return Reading(
            to_decimal(found, query.metric),
            ask.as_of,
            unit,
            complete=ask.window.end <= ask.as_of and not partial,
            provenance={"request": {"site_id": self.config.site, **wanted}, "doubts": doubts, "warning": warning},
        )

    def _query(self, wanted: Mapping[str, Any]) -> Any:
        try:
            return self.http.post("/api/v2/query", json={"site_id": self.config.site, **wanted})
        except Problem as problem:
            refused = problem
        if refused.reason is not Reason.AUTH:
            raise refused
        hint = f"{refused.hint}; Plausible says the same of a site it does not know: see whether `site` is right"
        raise Problem(refused.reason, refused.message, hint)


def _dates(window: Window) -> list[str]:
    first = max(window.first_day or _FIRST_DAY, _FIRST_DAY)
    return [first.isoformat(), window.last_day.isoformat()]


def _rows(answer: Any) -> list[Mapping[str, Any]]:
    rows = answer.get("results") if isinstance(answer, Mapping) else None
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise Problem(Reason.BAD_RESPONSE, "sent an answer that holds no results", "check `base_url`")
    return rows


def _value(answer: Any) -> Any:
    """Return the one value of the one metric that was asked for, null if that is what there is; raises `Problem`."""
    rows = _rows(answer)
    if not rows:
        hint = "if nothing means zero here, give the metric `when_empty: zero`"
        raise Problem(Reason.NO_DATA, "there are no results for the window", hint)
    metrics = rows[0].get("metrics")
    if len(rows) > 1 or not isinstance(metrics, list) or len(metrics) != 1:
        raise Problem(Reason.BAD_RESPONSE, "sent results that are no single number")
    return metrics[0]


def _meta(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    about = answer.get("meta")
    return about if isinstance(about, Mapping) else {}


def _warning(about: Mapping[str, Any], metric: str) -> str:
    """Return the code of what Plausible has to say against a metric; empty if it has nothing."""
    warnings = about.get("metric_warnings")
    warning = warnings.get(metric) if isinstance(warnings, Mapping) else None
    return str(warning.get("code") or "a warning") if isinstance(warning, Mapping) else ""


def _first_instant(answer: Any) -> datetime | None:
    """Return the first moment that was counted, in the site's zone, where the answer tells."""
    try:
        first = datetime.fromisoformat(answer["query"]["date_range"][0])
    except (TypeError, KeyError, IndexError, ValueError):
        return None
    return first if first.tzinfo else None


def _trouble(reply: Reply) -> Problem | None:
    """Return what a refusal means where its text tells more than its status."""
    said = _said(reply) if reply.status in (400, 402, 429) else ""
    match reply.status:
        case 400 if said:
            hint = "correct the metric's query; goals have the names that `okrsync discover` lists"
            return reply.problem(f"did not accept the question (400): {said}", hint, Reason.QUERY)
        case 402 if said:
            hint = f"see the subscription of the site's owner, then try `okrsync check {reply.connection}`"
            return reply.problem(f"wants a paid plan (402): {said}", hint, Reason.CONFIG)
        case 429 if "per hour" in said:
            problem = reply.problem("has no requests left for this hour (429)", "ask less often", Reason.RATE_LIMITED)
            sent = http_date(reply.headers.get("Date", ""))
            return Problem(problem.reason, problem.message, problem.hint, sent and sent + timedelta(hours=1))
    return None


def _said(reply: Reply) -> str:
    try:
        error = reply.json().get("error")
    except (Problem, AttributeError):
        return ""
    return " ".join(error.split())[:_LONGEST_MESSAGE] if isinstance(error, str) else ""
