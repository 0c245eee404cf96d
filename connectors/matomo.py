"""Numbers from Matomo, Reporting API.

https://developer.matomo.org/api-reference/reporting-api
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import Field, HttpUrl, SecretStr, field_validator

from okrsync import (
    Answer,
    Ask,
    Auth,
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
from okrsync.connect.credentials.auth import setting_text
from okrsync.connect.files import ProjectFile
from okrsync.connect.reporting_days import require_days
from okrsync.connect.vendors.matomo import (
    Call,
    choices_of,
    period_of,
    quoted,
    refusal_in,
    site_in,
    sites_in,
    value_in,
    written,
)
from okrsync.connect.zones import ZoneName

_NAMED = 5


class MatomoConfig(Config):
    """One Matomo, your own or in the cloud."""

    base_url: HttpUrl = Field(description="Where Matomo is.", examples=["https://matomo.example.com"])
    token: SecretStr = Field(
        description="Auth token of a user with view access only: under Personal, Security.",
        examples=["${MATOMO_TOKEN}"],
    )
    timezone: ZoneName | None = Field(
        None,
        description="The time zone of the sites, under Websites, Manage; the zone of the cycle if left out. Where a "
        "site has another one, its questions are refused.",
        examples=["Europe/Berlin"],
    )
    allow_private: bool = Field(False, description="Whether the host may be in a private network.")
    ca_file: ProjectFile | None = Field(None, description="Certificates of your own authority (PEM).")


class MatomoQuery(Query):
    """One number of a report of one site over the window.

    Rates are fractions: a bounce rate of 50 % is 0.5, so give the metric `scale: 100` for percent.
    """

    site: int = Field(gt=0, description="The site, by its number in Matomo.", examples=[1])
    metric: str = Field(
        pattern=r"^\w{1,100}$",
        description="The metric, by its name in the report; `value` for reports that are a bare number. Unique "
        "visitors exist for a day, week or month only, unless the administrator enables them for ranges.",
        examples=["nb_visits", "nb_uniq_visitors", "nb_conversions", "revenue", "bounce_rate"],
    )
    report: str = Field(
        "VisitsSummary.get",
        pattern=r"^[A-Z][A-Za-z0-9]*\.get[A-Za-z0-9]*$",
        description="The report, by its method in the API.",
        examples=["VisitsSummary.get", "Goals.get", "Actions.get", "Referrers.getReferrerType"],
    )
    row: str | None = Field(
        None,
        min_length=1,
        description="Which row of a report that has several, by its label; ` > ` leads to a row below another.",
        examples=["Search Engines"],
    )
    goal: int | None = Field(None, gt=0, description="The goal, by its number, for reports of goals.", examples=[2])
    segment: str | None = Field(
        None,
        min_length=1,
        pattern=r"^[^&]+$",
        description="Only visits of this segment, written as Matomo writes it: signs such as & within a value as %26.",
        examples=["countryCode==de;deviceType==smartphone"],
    )

    @field_validator("report")
    @classmethod
    def _of_one_site(cls, method: str) -> str:
        if method.startswith(("API.getBulk", "ImageGraph.")):
            raise ValueError(f"{method} is no report that holds one number")
        return method

    def call(self, window: Window) -> Call:
        """Return the call that answers this in `window`; raises `Problem` where none does."""
        period, days = period_of(window)
        wanted = {
            "method": self.report,
            "idSite": self.site,
            "period": period,
            "date": days,
            "format_metrics": 0,
            "label": quoted(self.row) if self.row else None,
            "idGoal": self.goal,
            "segment": self.segment,
        }
        return {name: value for name, value in wanted.items() if value is not None}


@dataclass(frozen=True)
class _InForm(Auth):
    """The token in the form that is sent: versions before 5 know no header for it."""

    field: str

    @property
    def secret_fields(self) -> tuple[str, ...]:
        """The token's field."""
        return (self.field,)

    def headers(self, config: Any) -> dict[str, str]:  # noqa: ARG002 - it is not in them
        """Return none."""
        return {}


class Matomo(Connector[MatomoConfig, MatomoQuery]):
    """Matomo.

    All questions go out in one bulk request, and with them a look at each site's time zone and currency.

    Credentials:

    1. In Matomo create a user, and give it the role View for the sites that count and nothing more.
    2. Sign in as that user and create an auth token under Personal, Security. "Only allow secure requests" can be
       ticked: the token is sent in the form of a POST.
    3. Copy it into `token`, and the sites' time zone from Websites, Manage, into `timezone`.

    Limits: Matomo documents none. A request holds 200 questions, because PHP ignores without a word what a form holds
    beyond its thousandth field. Reports that Matomo has not archived yet are computed while the request waits.

    Cannot: answer for today; read unique visitors of a span that is no day, week or month, unless the administrator
    has enabled them; tell that a segment is not archived, where browser archiving is off and Matomo sends nothing.
    """

    name, history, grain, max_batch = "matomo", "window", "day", 200
    settle = timedelta(days=1)
    limits = Limits(at_once=2)
    scopes = ("view",)
    auth = _InForm("token")

    def zone(self) -> str | None:
        """Return the zone in which the sites count their days, where the settings name it."""
        return self.config.timezone

    def check(self) -> str:
        """Ask which Matomo this is, and which sites the token may see and change."""
        version, seen, *changed = self._bulk(
            [
                {"method": "API.getMatomoVersion"},
                {"method": "SitesManager.getSitesWithAtLeastViewAccess"},
                {"method": "SitesManager.getSitesIdWithWriteAccess"},
                {"method": "SitesManager.getSitesIdWithAdminAccess"},
            ]
        )
        sites = sites_in(seen)
        if not sites:
            hint = f"give its user the role View for a site, then try `okrsync check {self.connection}`"
            raise Problem(Reason.AUTH, "Matomo shows no site to the token", hint)
        named = ", ".join(str(site.get("name")) for site in sites[:_NAMED]) + (", …" if len(sites) > _NAMED else "")
        number = str(version["value"]) if isinstance(version, Mapping) and "value" in version else ""
        rights = "and change none"
        if any(isinstance(ids, list) and ids for ids in changed):
            rights = "and change some of them: the role View is enough"
        return f"connected to Matomo {number}: the token may view {len(sites)} sites ({named}) {rights}"

    def discover(self, like: str = "") -> Iterator[Choice]:
        """Yield sites, their goals, and the reports and metrics of the first one, whose name or label holds `like`."""
        (seen,) = self._bulk([{"method": "SitesManager.getSitesWithAtLeastViewAccess"}])
        sites = {str(site.get("idsite")): str(site.get("name")) for site in sites_in(seen)}
        for choice in (*(Choice("site", *site) for site in sites.items()), *self._choices(sites)):
            if like.lower() in f"{choice.value} {choice.label}".lower():
                yield choice

    def _choices(self, sites: Mapping[str, str]) -> Iterator[Choice]:
        if not sites:
            return
        first, *_ = sites
        known, *goals = self._bulk(
            [
                {"method": "API.getReportMetadata", "idSites": first},
                *({"method": "Goals.getGoals", "idSite": site} for site in list(sites)[: self.max_batch]),
            ]
        )
        for site, of_site in zip(sites.values(), goals, strict=False):
            for goal in of_site.values() if isinstance(of_site, Mapping) else of_site or ():
                if isinstance(goal, Mapping) and "idgoal" in goal:
                    yield Choice("goal", str(goal["idgoal"]), f"{goal.get('name')} ({site})")
        for report in known if isinstance(known, list) else ():
            if isinstance(report, Mapping) and "dimension" not in report:
                yield from choices_of(report)

    def read_many(self, asks: Sequence[Ask[MatomoQuery]]) -> Iterable[Answer]:
        """Send every question and one about each site in one request."""
        answers: dict[str, Answer] = {}
        calls: dict[str, Call] = {}
        for ask in asks:
            try:
                calls[ask.key] = ask.query.call(ask.window)
            except Problem as problem:
                answers[ask.key] = problem
        asked = [ask for ask in asks if ask.key in calls]
        ids = list(dict.fromkeys(ask.query.site for ask in asked))
        about = [{"method": "SitesManager.getSiteFromId", "idSite": site} for site in ids]
        items = self._bulk([*about, *calls.values()]) if calls else []
        sites = {site: site_in(item) for site, item in zip(ids, items, strict=False)}
        for ask, item in zip(asked, items[len(ids) :], strict=True):
            answers[ask.key] = self._answer(ask, item, sites[ask.query.site], calls[ask.key])
        return [answers[ask.key] for ask in asks]

    def _answer(self, ask: Ask[MatomoQuery], item: Any, site: Mapping[str, Any], call: Call) -> Answer:
        try:
            if refusal := refusal_in(item, self.connection):
                return refusal
            require_days(ask.window, str(site.get("timezone") or ""), self.connection)
            value = value_in(item, call, ask.query.metric)
        except Problem as problem:
            return problem
        unit = str(site["currency"]) if "revenue" in ask.query.metric and site.get("currency") else None
        return Reading(value, ask.as_of, unit, complete=ask.window.end <= ask.as_of, provenance={"call": call})

    def _bulk(self, calls: Sequence[Call]) -> list[Any]:
        """Return what each call is answered with, in order; raises `Problem` when all of them fail."""
        form = {"module": "API", "method": "API.getBulkRequest", "format": "JSON", "language": "en"}
        urls = {f"urls[{number}]": written(call) for number, call in enumerate(calls)}
        token = {"token_auth": setting_text(self.config, "token")}
        answer = self.http.post("index.php", data={**form, **token, **urls})
        if refusal := refusal_in(answer, self.connection):
            raise refusal
        if not isinstance(answer, list) or len(answer) != len(calls):
            number = len(answer) if isinstance(answer, list) else "no"
            raise Problem(
                Reason.BAD_RESPONSE, f"sent {number} answers to {len(calls)} calls", "check that `base_url` is Matomo's"
            )
        return answer
