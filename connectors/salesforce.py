"""Numbers from Salesforce: a count or an aggregate in SOQL, or a total of a saved report.

https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-batch.html
https://developer.salesforce.com/docs/analytics/salesforce-reports-and-dashboards-rest-api/guide/intro_overview.html
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Self
from urllib.parse import quote

from pydantic import Field, HttpUrl, SecretStr, field_validator, model_validator

from okrsync import (
    Answer,
    Ask,
    Auth,
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
from okrsync.connect.answers.placeholders import Slots, fill, reaches_the_past, uses_window
from okrsync.connect.answers.placeholders import check as check_placeholders
from okrsync.connect.credentials.oauth import ClientCredentials, JwtBearer, RefreshToken
from okrsync.connect.transport.http import HttpClient
from okrsync.connect.vendors.salesforce import (
    number_of_batched,
    object_with,
    objects_in,
    told_by_code,
    total_of_report,
)

PER_CALL = 25
"""Subrequests of composite/batch, at most."""

_SELECT = re.compile(r"\s*SELECT\b", re.IGNORECASE)
_LITERAL = re.compile(r"'(?:[^'\\]|\\.)*'")
_WRITES = re.compile(r"\bFOR\s+(VIEW|REFERENCE|UPDATE)\b|\bUPDATE\s+(TRACKING|VIEWSTAT)\b", re.IGNORECASE)
_NUMERIC = frozenset({"currency", "double", "int", "long", "percent"})
_MOMENTS = {"date": ":date", "datetime": ""}
_IDENTITY = re.compile(r"/id/(\w{15,18})/(\w{15,18})$")
_USAGE = re.compile(r"\bapi-usage=(\d+/\d+)")


class SalesforceConfig(Config):
    """One Salesforce org, by an app that logs in with a signed statement, its own secret, or a refresh token."""

    client_id: str = Field(description="Consumer key of the external client app (or connected app).")
    client_secret: SecretStr | None = Field(
        None, description="Its consumer secret; alone, it logs in as the app's run-as user (client credentials)."
    )
    private_key: SecretStr | None = Field(
        None, description="Or the PEM key of the certificate uploaded to the app, with `username` (JWT bearer)."
    )
    username: str | None = Field(None, description="Whom the JWT acts for.", examples=["okrsync@acme.com"])
    refresh_token: SecretStr | None = Field(
        None, description="Or what a person's approval of the app gave; if it is replaced, the new one is kept."
    )
    token_url: HttpUrl = Field(
        HttpUrl("https://login.salesforce.com/services/oauth2/token"),
        description="Where to log in; test.salesforce.com for a sandbox, the org's My Domain for client credentials.",
        examples=["https://acme.my.salesforce.com/services/oauth2/token"],
    )
    audience: str = Field(
        "https://login.salesforce.com",
        description="Whom the JWT is for.",
        examples=["https://test.salesforce.com"],
    )
    base_url: HttpUrl | None = Field(
        None,
        description="The org's My Domain; left out, it is what the login names.",
        examples=["https://acme.my.salesforce.com"],
    )
    api_version: str = Field("67.0", pattern=r"^\d{2,3}\.0$", description="Version of the REST API.")
    per_call: int = Field(PER_CALL, ge=1, le=PER_CALL, description="Questions per call; fewer if they are slow.")

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.private_key is None) != (self.username is None):
            raise ValueError("`private_key` and `username` belong together")
        if self.private_key and (self.refresh_token or self.client_secret):
            raise ValueError("say one of `private_key`, `refresh_token` and `client_secret`")
        if not (self.private_key or self.refresh_token or self.client_secret):
            raise ValueError("say how to log in: `private_key` with `username`, `client_secret` or `refresh_token`")
        return self

    @model_validator(mode="after")
    def _login_fits(self) -> Self:
        general = self.token_url.host in ("login.salesforce.com", "test.salesforce.com")
        if general and not (self.private_key or self.refresh_token):
            raise ValueError("client credentials log in at the org itself: set `token_url` to that of its My Domain")
        return self


class SalesforceQuery(Query):
    """One number: of one row of SOQL, or a total of a saved report."""

    soql: str | None = Field(
        None,
        description="A SELECT with one COUNT() or one aggregate, without GROUP BY. {window.start} and {window.end} are "
        "the edges of the window for fields with a time, {window.start:date} and {window.end:date} for dates.",
        examples=[
            "SELECT COUNT() FROM Lead WHERE CreatedDate >= {window.start} AND CreatedDate < {window.end}",
            (
                "SELECT SUM(Amount) FROM Opportunity WHERE IsWon = true "
                "AND CloseDate >= {window.start:date} AND CloseDate < {window.end:date}"
            ),
        ],
    )
    report: str | None = Field(
        None, pattern=r"^00O[A-Za-z0-9]{12}([A-Za-z0-9]{3})?$", description="Or the ID of a report, as in its address."
    )
    summary: str = Field(
        "RowCount", min_length=1, description="Which total of the report.", examples=["RowCount", "s!AMOUNT"]
    )
    group: str = Field(
        "T!T",
        pattern=r"^(T|\d+(_\d+)*)!(T|\d+(_\d+)*)$",
        description="Of which of its groups, as the fact map names it; T!T is the grand total.",
        examples=["0!T"],
    )

    @field_validator("soql")
    @classmethod
    def _only_reads(cls, soql: str | None) -> str | None:
        if soql is None:
            return None
        check_placeholders(soql)
        if not _SELECT.match(soql):
            raise ValueError("`soql` must be one SELECT")
        if found := _WRITES.search(_LITERAL.sub("''", soql)):
            raise ValueError(f"`{found[0]}` marks records as seen or locks them; a connection only reads")
        return soql

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.soql is None) == (self.report is None):
            raise ValueError("say either `soql` or `report`")
        if self.soql is not None and self.model_fields_set & {"summary", "group"}:
            raise ValueError("`summary` and `group` say which number of a `report`; SOQL has just one")
        return self


class Salesforce(Connector[SalesforceConfig, SalesforceQuery]):
    """Salesforce.

    Credentials:

    1. In Setup, create an external client app with OAuth and the one scope "Manage user data via APIs (api)" (and
       refresh_token, if you use one). Its consumer key is `client_id`.
    2. Choose a user with the permission API Enabled and read access to the objects, fields and report folders that your
       metrics ask for, and no more.
    3. For unattended use take either client credentials (name the run-as user, give `client_secret`, set `token_url` to
       that of your My Domain) or the JWT bearer flow (upload a certificate, pre-authorise the user's permission set,
       give `private_key` and `username`).

    Limits: 25 SOQL questions travel in one call, and each counts as one of the org's API calls of 24 hours. A report
    is a call of its own; 500 of them may run per hour, 20 at once.

    Cannot: ask a report for another time than its own filters say; answer a query with more than one row. A report
    that leaves rows out (more than 2,000) gives an incomplete reading. Several currencies: aggregates come in the
    org's own (unverified). SOQL's date literals such as THIS_QUARTER count days in the user's zone.
    """

    name, history, max_batch = "salesforce", "snapshot", PER_CALL
    limits = Limits(at_once=4)
    scopes = ("api",)

    def __init__(self, connection: str, config: SalesforceConfig, http: HttpClient) -> None:
        super().__init__(connection, config, http)
        http.classify = told_by_code
        self._api = f"/services/data/v{config.api_version}"

    @classmethod
    def credentials(cls, config: SalesforceConfig) -> Auth:
        """Return the way to log in that the settings name."""
        home = "" if config.base_url else "instance_url"
        if config.private_key:
            return JwtBearer(base_url_in=home)
        if config.refresh_token:
            return RefreshToken(base_url_in=home)
        return ClientCredentials(in_body=False, base_url_in=home)

    def base_url(self) -> str:
        """Return the org's address, if the settings name it."""
        return str(self.config.base_url or "")

    def history_of(self, query: SalesforceQuery) -> History:
        """Any window can be asked for where the query says when it ends."""
        return History.WINDOW if query.soql and reaches_the_past(query.soql) else History.SNAPSHOT

    def together(self, ask: Ask[SalesforceQuery]) -> Hashable:
        """SOQL goes with SOQL, and the totals of one report with each other."""
        return ask.query.report

    def check(self) -> str:
        """Ask who the user is, and how many calls the org has left."""
        found = _IDENTITY.search(str(object_with(self.http.get(self._api), "identity")["identity"]))
        if not found:
            raise Problem(Reason.BAD_RESPONSE, "Salesforce does not say who is connected", "check `base_url`")
        org, user = found.groups()
        soql = f"SELECT Username, Profile.Name, TimeZoneSidKey FROM User WHERE Id = '{user}'"  # noqa: S608 - an Id
        reply = self.http.json_reply("GET", f"{self._api}/query", params={"q": soql})
        (row,) = objects_in(object_with(reply.json(), "records")["records"], "Username")[:1] or [{"Username": user}]
        profile = row.get("Profile")
        facts = [row.get("TimeZoneSidKey"), profile.get("Name") if isinstance(profile, Mapping) else None]
        usage = _USAGE.search(reply.headers.get("Sforce-Limit-Info", ""))
        calls = f"; {usage[1]} API calls used" if usage else ""
        scopes = f" with the scopes {scope}" if (scope := self.http.granted()) else ""
        who = f"{row['Username']} ({', '.join(str(one) for one in facts if one)})"
        return f"connected as {who} of org {org}{scopes}{calls}"

    def read_many(self, asks: Sequence[Ask[SalesforceQuery]]) -> Iterable[Answer]:
        """Send all SOQL in as few calls as may be, and run each report once."""
        answers: dict[str, Answer] = {ask.key: problem for ask in asks if (problem := _unused_window(ask))}
        groups: dict[str | None, list[Ask[SalesforceQuery]]] = {}
        for ask in asks:
            if ask.key not in answers:
                groups.setdefault(ask.query.report, []).append(ask)
        for report, group in groups.items():
            answers.update(self._report(report, group) if report else self._queries(group))
        yield from (answers[ask.key] for ask in asks)
        # A spent quota is the whole org's: the questions of later calls need not be asked.
        for answer in answers.values():
            if isinstance(answer, Problem) and answer.reason is Reason.RATE_LIMITED:
                raise answer

    def _queries(self, asks: Sequence[Ask[SalesforceQuery]]) -> dict[str, Answer]:
        answers: dict[str, Answer] = {}
        for start in range(0, len(asks), self.config.per_call):
            some = asks[start : start + self.config.per_call]
            answers.update(
                (ask.key, _row_answer(ask, result)) for ask, result in zip(some, self._batch(some), strict=True)
            )
        return answers

    def _batch(self, asks: Sequence[Ask[SalesforceQuery]]) -> list[Any]:
        version = f"v{self.config.api_version}"
        questions = [{"method": "GET", "url": f"{version}/query?q={quote(_soql(ask), safe='')}"} for ask in asks]
        body = {"haltOnError": False, "batchRequests": questions}
        results = object_with(self.http.post(f"{self._api}/composite/batch", json=body), "results")["results"]
        if not isinstance(results, list) or len(results) != len(asks):
            raise Problem(Reason.BAD_RESPONSE, "Salesforce did not answer each question of a batch", "check `base_url`")
        return results

    def _report(self, report: str, asks: Sequence[Ask[SalesforceQuery]]) -> dict[str, Answer]:
        try:
            ran = self.http.get(f"{self._api}/analytics/reports/{report}", params={"includeDetails": "false"})
        except Problem as problem:
            # A report that may not be read says nothing of the others.
            if problem.reason.of_the_connection and problem.reason is not Reason.AUTH:
                raise
            return dict.fromkeys((ask.key for ask in asks), problem)
        return {ask.key: _report_answer(ask, ran) for ask in asks}

    def discover(self, like: str = "") -> Iterator[Choice]:
        """Yield objects and reports whose name holds `like`; the fields of an object if `like` is its name."""
        listed = object_with(self.http.get(f"{self._api}/sobjects"), "sobjects")["sobjects"]
        for one in objects_in(listed, "name", "label"):
            if one.get("queryable") and like.lower() in f"{one['name']} {one['label']}".lower():
                yield Choice("soql", f"SELECT COUNT() FROM {one['name']}", one["label"])  # noqa: S608 - its own names
            if one["name"].lower() == like.lower():
                yield from self._fields(one["name"])
        for report in objects_in(self.http.get(f"{self._api}/analytics/reports"), "id", "name"):
            if like.lower() in report["name"].lower():
                yield Choice("report", report["id"], report["name"])

    def _fields(self, name: str) -> Iterator[Choice]:
        described = object_with(self.http.get(f"{self._api}/sobjects/{name}/describe"), "fields")
        for field in objects_in(described["fields"], "name", "label", "type"):
            what = f"{field['label']} ({field['type']})"
            if field["type"] in _NUMERIC and field.get("aggregatable"):
                yield Choice("soql", f"SELECT SUM({field['name']}) FROM {name}", what)  # noqa: S608
            if field["type"] in _MOMENTS:
                form = _MOMENTS[field["type"]]
                span = f"{field['name']} >= {{window.start{form}}} AND {field['name']} < {{window.end{form}}}"
                yield Choice("soql", f"SELECT COUNT() FROM {name} WHERE {span}", what)  # noqa: S608


def _soql(ask: Ask[SalesforceQuery]) -> str:
    return str(fill(ask.query.soql, Slots(ask.window, ask.as_of)))


def _unused_window(ask: Ask[SalesforceQuery]) -> Problem | None:
    if ask.window.start is None or (ask.query.soql and uses_window(ask.query.soql)):
        return None
    if ask.query.report:
        what, hint = "a report has its own filters, and heeds no window of a metric", ""
    else:
        what, hint = "the metric has a window, and its `soql` does not use it", "put {window.start} in, or "
    return Problem(Reason.QUERY, what, f"{hint}ask with `window: now`")


def _row_answer(ask: Ask[SalesforceQuery], result: Any) -> Answer:
    soql = _soql(ask)
    try:
        value = number_of_batched(result, soql)
    except Problem as problem:
        return problem
    complete = not uses_window(ask.query.soql) or ask.window.end <= ask.as_of
    return Reading(value, ask.as_of, complete=complete, provenance={"soql": soql})


def _report_answer(ask: Ask[SalesforceQuery], ran: Any) -> Answer:
    try:
        value, currency = total_of_report(ran, ask.query.summary, ask.query.group)
    except Problem as problem:
        return problem
    return Reading(value, ask.as_of, unit=currency, complete=ran.get("allData") is not False)
