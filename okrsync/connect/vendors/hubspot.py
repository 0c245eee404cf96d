"""HubSpot's search: conditions, spans of time, and how more records are read than one search hands out.

https://developers.hubspot.com/docs/api-reference/search/guide
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from okrsync.connect.answers.paging import Page, Paginate, Request, pages
from okrsync.errors import Problem, Reason
from okrsync.okrs.windows import Window

MOST_ROWS = 10_000
"""No search hands out more records than these, whatever its `total` is."""
PAGE = 200
"""Records on a page, at most."""
MOST_FILTERS = 10
"""Conditions in a group (changelog of August 2024)."""

Scalar = Annotated[str, Field(min_length=1)] | bool | int | Decimal
Row = Mapping[str, Any]

_PAGES = Paginate(cursor="paging.next.after", into="json.after", max_pages=MOST_ROWS // PAGE + 1)
_BY_ID = ({"propertyName": "hs_object_id", "direction": "ASCENDING"},)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FOUNDED = datetime(2006, 1, 1, tzinfo=UTC)
_SECOND, _DAY = 1000, 24 * 60 * 60 * 1000
_CREATED = dict.fromkeys(("contacts", "companies", "deals", "tickets", "products", "line_items"), "createdate")
_OPERATORS = {
    "eq": "EQ",
    "neq": "NEQ",
    "lt": "LT",
    "lte": "LTE",
    "gt": "GT",
    "gte": "GTE",
    "contains": "CONTAINS_TOKEN",
    "any_of": "IN",
    "none_of": "NOT_IN",
}


class Condition(BaseModel):
    """What one property must be like; all that is said must hold."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    eq: Scalar | None = Field(None, description="Equal to this.")
    neq: Scalar | None = Field(None, description="Anything but this.")
    lt: Scalar | None = Field(None, description="Less than this.", examples=[5000])
    lte: Scalar | None = Field(None, description="At most this.")
    gt: Scalar | None = Field(None, description="More than this.")
    gte: Scalar | None = Field(None, description="At least this.", examples=[1000])
    contains: Scalar | None = Field(None, description="Holds this word; `*` stands for any end.", examples=["acme*"])
    any_of: tuple[Scalar, ...] | None = Field(None, min_length=1, description="One of these.")
    none_of: tuple[Scalar, ...] | None = Field(None, min_length=1, description="None of these.")
    known: bool | None = Field(None, description="Whether the property has a value at all.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if all(getattr(self, name) is None for name in type(self).model_fields):
            raise ValueError(f"say what the property must be: {', '.join(type(self).model_fields)}")
        return self

    def filters(self, name: str) -> Iterator[dict[str, Any]]:
        """Yield the filters of a search that mean this of the property called `name`."""
        if self.known is not None:
            yield {"propertyName": name, "operator": "HAS_PROPERTY" if self.known else "NOT_HAS_PROPERTY"}
        for field, operator in _OPERATORS.items():
            value = getattr(self, field)
            if isinstance(value, tuple):
                yield {"propertyName": name, "operator": operator, "values": [_text(part) for part in value]}
            elif value is not None:
                yield {"propertyName": name, "operator": operator, "value": _text(value)}


def filters_of(where: Mapping[str, Scalar | tuple[Scalar, ...] | Condition]) -> list[dict[str, Any]]:
    """Return the filters that mean: each property is that value, one of those values, or fits those conditions."""
    return [one for name, value in where.items() for one in _condition(value).filters(name)]


@dataclass(frozen=True)
class Span:
    """A half-open stretch of a date property, in milliseconds since 1970; None where it is open."""

    property: str
    start: int | None = None
    end: int | None = None
    finest: int = _SECOND
    """Milliseconds that a slice of it must have."""

    @classmethod
    def of(cls, name: str, window: Window, *, whole_days: bool) -> Span:
        """Return where the property called `name` lies in `window`.

        HubSpot keeps a day without a time as its midnight in UTC, whatever the zone of the account is.
        """
        start, first = window.start, window.first_day
        if whole_days:
            after = window.last_day + timedelta(days=1)
            return cls(name, None if first is None else _midnight(first), _midnight(after), _DAY)
        return cls(name, None if start is None else milliseconds(start), milliseconds(window.end))

    @classmethod
    def all(cls, kind: str) -> Span:
        """Return the span of all records of a kind, which can be sliced by when they were created."""
        return cls(_CREATED.get(kind, "hs_createdate"))

    def filters(self) -> list[dict[str, Any]]:
        """Return the filters that mean this span."""
        edges = {"GTE": self.start, "LT": self.end}
        return [
            {"propertyName": self.property, "operator": operator, "value": str(edge)}
            for operator, edge in edges.items()
            if edge is not None
        ]

    def halves(self, now: int) -> tuple[Span, Span]:
        """Return two spans that make up this one, an open one cut before `now`; raises `Problem` if it is too short."""
        start = milliseconds(_FOUNDED) if self.start is None else self.start
        end = max(now, start) if self.end is None else self.end
        if end - start < 2 * self.finest:
            raise Problem(
                Reason.UNSUPPORTED,
                f"more than {MOST_ROWS:,} records share one moment of {self.property}, which no search hands out",
                "narrow `where`, count instead, or have HubSpot add up in a rollup property",
            )
        middle = start + (end - start) // 2 // self.finest * self.finest
        return replace(self, end=middle), replace(self, start=middle)


@dataclass(frozen=True)
class Search:
    """What is searched for: the records of a kind that all `filters` let through, dated within `span`."""

    kind: str
    filters: Sequence[Mapping[str, Any]]
    span: Span

    @property
    def key(self) -> str:
        """What searches have in common that the same replies answer."""
        return json.dumps([self.kind, *self.filters, *self.span.filters()])

    def body(self, **more: Any) -> dict[str, Any]:
        """Return the request's body."""
        found = [*self.filters, *self.span.filters()]
        return {"filterGroups": [{"filters": found}] if found else [], **more}

    def count(self, post: Callable[[Any], Any]) -> int:
        """Return how many records there are, in one call; `post` sends a body and returns the reply's."""
        answer = post(self.body(limit=1))
        total = _total(answer)
        _refuse_missing(len(records(answer, "id")), min(total, 1), total)
        return total

    def rows(self, post: Callable[[Any], Any], properties: Sequence[str], now: datetime) -> list[Row]:
        """Return every record, each once; in slices of time where one search would not hand out all of them."""
        rows, total = self._paged(post, properties)
        if total > MOST_ROWS:
            halves = [replace(self, span=half) for half in self.span.halves(milliseconds(now))]
            rows = [row for half in halves for row in half.rows(post, properties, now)]
        _refuse_missing(len(rows), total, total)
        return rows

    def _paged(self, post: Callable[[Any], Any], properties: Sequence[str]) -> tuple[list[Row], int]:
        """Return the records and how many there are; no records where they are too many to page through."""
        body = self.body(properties=list(properties), limit=PAGE, sorts=list(_BY_ID))
        totals, seen = [0], dict[str, Row]()

        def rows_of(answer: Any) -> list[Row]:
            totals.append(_total(answer))
            return records(answer, "id")

        for rows in pages(lambda asked: Page(post(asked.json)), Request("POST", "", json=body), _PAGES, rows_of):
            if totals[-1] > MOST_ROWS:
                return [], totals[-1]
            seen.update({str(row["id"]): row for row in rows})
        return list(seen.values()), totals[-1]


def records(answer: Any, *needed: str, at: str = "results") -> list[Row]:
    """Return the list `at` in a reply, each an object that has the keys `needed`; raises `Problem`."""
    rows = answer.get(at) if isinstance(answer, Mapping) else None
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) and row.keys() >= set(needed) for row in rows):
        raise Problem(Reason.BAD_RESPONSE, f"HubSpot's reply holds no `{at}` as documented", "check `base_url`")
    return rows


def milliseconds(moment: datetime) -> int:
    """Return `moment` as searches write it."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _refuse_missing(came: int, due: int, total: int) -> None:
    """Raise `Problem` when records are missing: just after a change a search counts some that it does not have."""
    if came < due:
        raise Problem(
            Reason.BAD_RESPONSE,
            f"HubSpot announced {total:,} records and handed out {came:,}",
            "they were just changed, or changed meanwhile; the next run asks again",
        )


def _total(answer: Any) -> int:
    total = answer.get("total") if isinstance(answer, Mapping) else None
    if not isinstance(total, int) or isinstance(total, bool) or total < 0:
        raise Problem(Reason.BAD_RESPONSE, "HubSpot's reply to a search says no `total`", "check `base_url`")
    return total


def _condition(value: Scalar | tuple[Scalar, ...] | Condition) -> Condition:
    if isinstance(value, Condition):
        return value
    return Condition(any_of=value) if isinstance(value, tuple) else Condition(eq=value)


def _text(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _midnight(day: date) -> int:
    return milliseconds(datetime.combine(day, time(), UTC))
