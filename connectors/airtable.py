"""Numbers kept in an Airtable base.

https://airtable.com/developers/web/api/list-records
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import Field, HttpUrl, SecretStr, model_validator

from okrsync import (
    Aggregate,
    Answer,
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
    Window,
)
from okrsync.connect.answers.numbers import to_decimal
from okrsync.connect.answers.paging import Page, Request, pages
from okrsync.connect.answers.rows import reduce_rows
from okrsync.connect.transport.http import HttpClient
from okrsync.connect.vendors.airtable import (
    UNKNOWN_FIELD,
    Listing,
    Record,
    any_of,
    around,
    choices_of,
    list_in,
    moment_of,
    trouble,
    value_of,
)
from okrsync.connect.zones import ZoneName
from okrsync.vocabulary import Aggregation

_BY_DATE = (Aggregation.LATEST, Aggregation.FIRST)
_FIELD_ID = re.compile(r"fld[A-Za-z0-9]{14}")
_NOTHING_IS_ZERO = "if nothing means zero here, give the metric `when_empty: zero`"


class AirtableConfig(Config):
    """One base."""

    token: SecretStr = Field(description="Personal access token with the scope data.records:read for this base.")
    base: str = Field(
        pattern=r"^app[A-Za-z0-9]+$",
        description="Id of the base: the part of its address that begins with app.",
        examples=["appLkNDICXNqxSDhG"],
    )
    timezone: ZoneName | None = Field(
        None,
        description="Where the days of date fields begin and end; the zone of the cycle if left out.",
        examples=["Europe/Berlin"],
    )
    base_url: HttpUrl = Field(HttpUrl("https://api.airtable.com/v0"), description="Where the API is.")


class AirtableQuery(Query):
    """One number of a table: a field of one record, or a field of many records reduced to one number."""

    table: str = Field(min_length=1, description="The table, by name or id.", examples=["Deals"])
    field: str | None = Field(
        None, min_length=1, description="The field that holds the number, by name or id.", examples=["Amount"]
    )
    record: str | None = Field(
        None, pattern=r"^rec[A-Za-z0-9]+$", description="The one record, by id.", examples=["recJFlKvA7Ah8D9Uk"]
    )
    formula: str | None = Field(
        None, min_length=1, description="Only records for which this formula is true.", examples=["{Stage}='Won'"]
    )
    view: str | None = Field(
        None, min_length=1, description="Only records of this view, by name or id.", examples=["Open deals"]
    )
    agg: Aggregation | None = Field(
        None, description="What becomes of all records; without it there must be just one.", examples=["sum"]
    )
    date_field: str | None = Field(
        None,
        min_length=1,
        description="Only records whose date lies in the metric's window; without it only the present is known.",
        examples=["Closed"],
    )
    p: Decimal | None = Field(None, ge=0, le=100, description="Which percentile.", examples=[90])

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.record is not None and (self.formula or self.view or self.agg or self.date_field):
            raise ValueError("`record` names one record and goes with `field` only")
        if self.agg is None and self.record is None and self.formula is None:
            raise ValueError("say which record by `record` or `formula`, or what becomes of all of them by `agg`")
        if (self.agg is Aggregation.COUNT) is (self.field is not None):
            raise ValueError("`field` says which field holds the number; only `agg: count`, of records, goes without")
        if self.agg is None and self.date_field is not None:
            raise ValueError("`date_field` needs `agg`: what becomes of the records of the window")
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.agg is Aggregation.PERCENTILE) != (self.p is not None):
            raise ValueError("`agg: percentile` and `p` go together")
        if self.agg in _BY_DATE and self.date_field is None:
            raise ValueError(f"`agg: {self.agg}` needs `date_field`")
        if len({_FIELD_ID.fullmatch(field) is None for field in self.fields}) > 1:
            raise ValueError("name `field` and `date_field` both by name or both by id")
        return self

    @property
    def fields(self) -> list[str]:
        """The fields that are looked at."""
        return [field for field in (self.field, self.date_field) if field]


class Airtable(Connector[AirtableConfig, AirtableQuery]):
    """A base of Airtable.

    Point at a field of one record, where a rollup or formula field has done the arithmetic, or let okrsync reduce the
    records of a table: Airtable's API adds nothing up.

    Credentials:

    1. In Airtable open Builder hub, Personal access tokens, Create new token.
    2. Give it the scope `data.records:read`. With `schema.bases:read` besides, `check` can see the base and `discover`
       lists tables, fields and views; questions do not need it.
    3. Under Access add this base and no other, create the token and copy it into `token`.

    Limits: 5 requests per second and base, 100 records per request; after a refusal 30 seconds of silence.

    Cannot: answer for the past without `date_field`. A percent field holds a fraction, a duration field seconds.
    That a formula may name `date_field` by its id is unverified.
    """

    name, history, max_batch = "airtable", "snapshot", 100
    auth = Bearer("token")
    scopes = ("data.records:read",)
    limits = Limits(per_second=5)

    def __init__(self, connection: str, config: AirtableConfig, http: HttpClient) -> None:
        """Take the connection's name and settings."""
        super().__init__(connection, config, http)
        http.classify = trouble

    def zone(self) -> str | None:
        """Return the zone of the base's days."""
        return self.config.timezone

    def history_of(self, query: AirtableQuery) -> History:
        """Return `window` for records that carry dates."""
        return History.SNAPSHOT if query.date_field is None else History.WINDOW

    def together(self, ask: Ask[AirtableQuery]) -> Hashable:
        """Questions about the same records."""
        return _listing(ask)

    def check(self) -> str:
        """Ask whose token it is, and look at the base."""
        me = self.http.get("/meta/whoami")
        if not isinstance(me, Mapping) or "id" not in me:
            raise Problem(Reason.BAD_RESPONSE, "the answer to whose token it is names nobody")
        scopes = f", scopes {', '.join(map(str, me['scopes']))}" if me.get("scopes") else ""
        return f"connected as {me.get('email') or me['id']}{scopes}; {self._seen_of_base()}"

    def _seen_of_base(self) -> str:
        base = self.config.base
        try:
            return f"{base} has the tables {', '.join(str(table['name']) for table in self._tables())}"
        except Problem as problem:
            if problem.reason not in (Reason.AUTH, Reason.QUERY, Reason.CONFIG):
                raise
            return f"cannot see whether it may read {base}, which takes the scope schema.bases:read"

    def discover(self, like: str = "") -> Iterable[Choice]:
        """Yield tables, fields and views; needs the scope schema.bases:read."""
        choices = (choice for table in self._tables() for choice in choices_of(table))
        return (choice for choice in choices if like.casefold() in choice.value.casefold())

    def _tables(self) -> Sequence[Record]:
        return list_in(self.http.get(f"/meta/bases/{self.config.base}/tables"), "tables")

    def read_many(self, asks: Sequence[Ask[AirtableQuery]]) -> Iterable[Answer]:
        """List the records that the questions are about, and answer each from them."""
        groups: dict[Listing, list[Ask[AirtableQuery]]] = {}
        for ask in asks:
            groups.setdefault(_listing(ask), []).append(ask)
        answers: dict[str, Answer] = {}
        for listing, group in groups.items():
            answers.update(zip([ask.key for ask in group], self._answered(listing, group), strict=True))
        return [answers[ask.key] for ask in asks]

    def _answered(self, listing: Listing, asks: Sequence[Ask[AirtableQuery]]) -> list[Answer]:
        try:
            records = list(self._records(listing, asks))
        except Problem as problem:
            # A wrong field is one question's; all else that is wrong with a listing is wrong for all who share it.
            if problem.reason.of_the_connection or UNKNOWN_FIELD in problem.message:
                raise
            return [problem] * len(asks)
        return [self._answer(records, ask) for ask in asks]

    def _answer(self, records: Sequence[Record], ask: Ask[AirtableQuery]) -> Answer:
        try:
            if ask.query.agg is None:
                return _single(records, ask)
            zone = ZoneInfo(self.config.timezone) if self.config.timezone else ask.window.zone
            return _reduced(records, ask, ask.query.agg, zone)
        except Problem as problem:
            return problem

    def _records(self, listing: Listing, asks: Sequence[Ask[AirtableQuery]]) -> Iterator[Record]:
        """Yield the records of a listing with the fields that any of the questions looks at."""
        if listing.formula is None:
            listing = replace(listing, formula=any_of(ask.query.record or "" for ask in asks))
        request, paginate = listing.request(self.config.base, {field for ask in asks for field in ask.query.fields})
        for page in pages(self._page, request, paginate, lambda body: list_in(body, "records")):
            yield from page

    def _page(self, request: Request) -> Page:
        return Page(self.http.json_reply(request.method, request.path, params=request.params, json=request.json).json())


def _listing(ask: Ask[AirtableQuery]) -> Listing:
    query = ask.query
    by_id = any(_FIELD_ID.fullmatch(field) for field in query.fields)
    if query.record:
        return Listing(query.table, by_id, formula=None)
    conditions = [f"({query.formula})"] if query.formula else []
    if query.date_field:
        conditions += around(query.date_field, ask.window)
    formula = f"AND({','.join(conditions)})" if len(conditions) > 1 else query.formula
    return Listing(query.table, by_id, query.view, formula or "".join(conditions))


def _single(records: Sequence[Record], ask: Ask[AirtableQuery]) -> Reading:
    query, field = ask.query, ask.query.field or ""
    if query.record:
        records = [record for record in records if record.get("id") == query.record]
        if not records:
            raise Problem(Reason.QUERY, f"{query.table} has no record {query.record}", "correct `record` or `table`")
    if not records:
        raise Problem(Reason.NO_DATA, f"no record of {query.table} fits `formula: {query.formula}`", _NOTHING_IS_ZERO)
    if len(records) > 1:
        message = f"{len(records)} records of {query.table} fit `formula: {query.formula}`, expected 1"
        raise Problem(Reason.QUERY, message, "narrow it down, or say by `agg` what becomes of them")
    value = to_decimal(value_of(records[0], field), f"{field!r} of {records[0].get('id')}")
    return Reading(value, ask.as_of, provenance={"record": records[0].get("id")})


def _reduced(records: Sequence[Record], ask: Ask[AirtableQuery], agg: Aggregation, zone: ZoneInfo) -> Reading:
    query, field = ask.query, ask.query.field
    rows = [
        {"value": value_of(record, field) if field else None, "at": moment, "record": record.get("id")}
        for record in records
        if (moment := moment_of(record, query.date_field, zone)) is None or _lies_in(ask.window, moment)
    ]
    if empty := sum(row["value"] in (None, "") for row in rows) if field else 0:
        hint = f"fill it in, or leave such records out: `formula: NOT({{{field}}}=BLANK())`"
        raise Problem(Reason.BAD_VALUE, f"{field!r} is empty in {empty} of {len(rows)} records of {query.table}", hint)
    aggregate = Aggregate(agg=agg, of="value" if field else None, by="at" if agg in _BY_DATE else None, p=query.p)
    try:
        reduced = reduce_rows(rows, aggregate)
    except Problem as problem:
        message = problem.message.replace("'value'", repr(field)).replace("rows", "records")
        raise Problem(problem.reason, f"{query.table}: {message}", problem.hint) from None
    return Reading(
        reduced.value,
        ask.as_of,
        complete=query.date_field is None or ask.window.end <= ask.as_of,
        rows=reduced.rows,
        watermark=max((row["at"] for row in rows if row["at"]), default=None),
        sample=[{"record": row["record"], field or "counted": row["value"] if field else 1} for row in rows[:3]],
    )


def _lies_in(window: Window, moment: datetime) -> bool:
    return (window.start is None or window.start <= moment) and moment < window.end
