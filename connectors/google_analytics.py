"""Numbers from Google Analytics 4, Data API v1beta.

https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/properties/batchRunReports
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field, HttpUrl, StringConstraints

from okrsync import Answer, Ask, Auth, Choice, Connector, Limits, Problem, Query, Reading, Reason
from okrsync.connect.reporting_days import require_days, unaskable
from okrsync.connect.transport.http import HttpClient, Reply, Transient
from okrsync.connect.vendors import google, google_reports
from okrsync.connect.vendors.google import GoogleConfig
from okrsync.connect.vendors.google_reports import Condition, Report
from okrsync.connect.zones import ZoneName

SCOPE = "https://www.googleapis.com/auth/analytics.readonly"

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]\w{0,99}(:[^\s:]{1,100})?$")]
"""A metric or dimension by its name in the API; custom ones have a prefix."""

_CHECKED = {"dateRanges": [{"startDate": "yesterday", "endDate": "yesterday"}], "metrics": [{"name": "activeUsers"}]}


class GoogleAnalyticsConfig(GoogleConfig):
    """One property of Google Analytics 4."""

    property_id: int = Field(
        gt=0, description="Number of the property: under Admin, Property details.", examples=[123456789]
    )
    timezone: ZoneName | None = Field(
        None,
        description="The property's reporting time zone, under Admin, Property details; the zone of the cycle if left "
        "out. Where it is another one, questions are refused.",
        examples=["Europe/Berlin"],
    )
    base_url: HttpUrl = Field(HttpUrl("https://analyticsdata.googleapis.com"), description="Where the API is.")


class GoogleAnalyticsQuery(Query):
    """One metric of the property over the window.

    Rates are fractions: an engagement rate of 52 % is 0.52 (unverified), so give the metric `scale: 100` for percent.
    """

    metric: Name = Field(
        description="The metric, by its name in the API; `okrsync discover` lists them.",
        examples=["activeUsers", "sessions", "purchaseRevenue", "keyEvents:sign_up"],
    )
    where: dict[Name, Condition] = Field(
        {},
        description="Only what has these values in these dimensions: one value, a list of which one must fit, or "
        "`contains`, `begins_with`, `ends_with`, `matches`, `none_of`.",
        examples=[{"country": "Germany"}, {"pagePath": {"begins_with": "/blog/"}}],
    )
    currency: str | None = Field(
        None,
        pattern=r"^[A-Z]{3}$",
        description="The currency that amounts are converted into; the property's own if left out.",
        examples=["EUR"],
    )


class GoogleAnalytics(Connector[GoogleAnalyticsConfig, GoogleAnalyticsQuery]):
    """Google Analytics 4.

    Five questions go out in one request. Numbers are incomplete where Google sampled, left small groups out
    (thresholding) or lost rows.

    Credentials:

    1. In Google Cloud create a project and enable the Google Analytics Data API in it.
    2. Create a service account without any role and make a JSON key for it; the whole file goes into `key_json`.
    3. In Google Analytics under Admin, Property access management, add the account's address as Viewer.
    4. Take number and time zone from Admin, Property details, into `property_id` and `timezone`.

    Instead of `key_json` a person's `refresh_token` with the scope `analytics.readonly` will do.

    Limits: 14,000 tokens per hour for a project and 200,000 per day for the property, most questions costing fewer
    than 10; `okrsync check` says what is left. After ten server errors in an hour Google locks the project out, so
    one is followed by a single late second try.

    Cannot: tell a day that has no data from one with nothing to count, where Google leaves the row out; add up users
    over days; answer for days before 2015-08-14, for today, or in another time zone than the property's. That one
    question with a mistake fails the other four of its request is unverified; they are asked again without it.
    """

    name, history, grain, max_batch = "google_analytics", "window", "day", 5
    settle = timedelta(days=3)
    scopes = (SCOPE,)
    limits = Limits(at_once=2)

    def __init__(self, connection: str, config: GoogleAnalyticsConfig, http: HttpClient) -> None:
        """Take the connection's name and settings."""
        super().__init__(connection, config, http)
        viewer = f"add {config.account} to property {config.property_id} as Viewer"
        self._meanings: google.Meanings = {
            400: (Reason.QUERY, f"compare `metric` and `where` with `okrsync discover {connection}`"),
            403: (Reason.AUTH, f"{viewer}, then try `okrsync check {connection}`"),
            404: (Reason.CONFIG, f"correct `property_id` of {connection}"),
        }
        self._errors_left: int | None = None
        http.classify = self._trouble

    @classmethod
    def credentials(cls, config: GoogleAnalyticsConfig) -> Auth:
        """Return how the account gets tokens that read reports."""
        return google.credentials(config, SCOPE)

    def zone(self) -> str | None:
        """Return the zone in which the property counts its days, where the settings name it."""
        return self.config.timezone

    def check(self) -> str:
        """Get a report about yesterday and what it says about the property."""
        (report,) = self._run([{**_CHECKED, "returnPropertyQuota": True}])
        left = report.quota.get("tokensPerDay")
        quota = "" if left is None else f"; {left:,} tokens are left for today"
        place = ", ".join(filter(None, (report.time_zone, report.currency)))
        number = self.config.property_id
        return f"connected as {self.config.account} with analytics.readonly: property {number} ({place}){quota}"

    def discover(self, like: str = "") -> Iterator[Choice]:
        """Yield metrics, then dimensions for `where`, whose name or description holds `like`."""
        listed = self.http.get(f"{self._path}/metadata")
        for field, what in (("metric", "metrics"), ("where", "dimensions")):
            for one in _listed(listed, what):
                label = f"{one.get('uiName', '')}: {one.get('description', '')}"
                if like.lower() in f"{one['apiName']} {label}".lower() and not one.get("blockedReasons"):
                    yield Choice(field, str(one["apiName"]), label)

    def read_many(self, asks: Sequence[Ask[GoogleAnalyticsQuery]]) -> Iterable[Answer]:
        """Get a report for each question, all in one request."""
        answers: dict[str, Answer] = {ask.key: problem for ask in asks if (problem := unaskable(ask.window))}
        asked = [ask for ask in asks if ask.key not in answers]
        requests = [_request(ask) for ask in asked]
        for ask, report in zip(asked, self._run(requests) if requests else (), strict=True):
            try:
                answers[ask.key] = self._reading(ask, report)
            except Problem as problem:
                answers[ask.key] = problem
        return [answers[ask.key] for ask in asks]

    def _reading(self, ask: Ask[GoogleAnalyticsQuery], report: Report) -> Reading:
        require_days(ask.window, report.time_zone, self.connection)
        over = ask.window.end <= ask.as_of
        return Reading(
            report.value(ask.query.metric),
            ask.as_of,
            unit=report.unit(),
            complete=over and not report.doubts,
            provenance={"request": _request(ask), "doubts": report.doubts, "quota_left": report.quota},
        )

    def _run(self, requests: Sequence[Mapping[str, Any]]) -> list[Report]:
        """Return the reports, in order; raises `Problem`."""
        answer = self.http.post(f"{self._path}:batchRunReports", json={"requests": list(requests)})
        reports = [Report(body) for body in google_reports.reports_in(answer, len(requests))]
        left = [report.quota.get("serverErrorsPerProjectPerHour") for report in reports]
        self._errors_left = min((count for count in left if count is not None), default=self._errors_left)
        return reports

    @property
    def _path(self) -> str:
        return f"/v1beta/properties/{self.config.property_id}"

    def _trouble(self, reply: Reply) -> Problem | Transient | None:
        return google_reports.trouble(reply, self._meanings, self._errors_left)


def _request(ask: Ask[GoogleAnalyticsQuery]) -> dict[str, Any]:
    query = ask.query
    return google_reports.request(query.metric, ask.window, query.where, query.currency)


def _listed(answer: Any, what: str) -> list[Mapping[str, Any]]:
    found = answer.get(what) if isinstance(answer, Mapping) else None
    if not isinstance(found, list) or not all(isinstance(one, Mapping) and one.get("apiName") for one in found):
        raise Problem(Reason.BAD_RESPONSE, f"sent an answer that holds no list of {what}", "check `base_url`")
    return found
