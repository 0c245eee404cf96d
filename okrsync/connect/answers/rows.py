"""Many rows of a source become one number, and a missing value never becomes a zero.

What "nothing" means, exactly:

- no rows at all, or none that `where` lets through: `no_data`, for every aggregation, because a source that lost
  its data answers in the same way. A metric that means zero by it says `when_empty: zero`.
- a row without the value, with null or with an empty text: `bad_value`, with the number of such rows; rows that
  are meant to be left out are left out by `where`.
- a field that no row has, in `of`, `by` or `where`: `query`, for it is a typo, and `when_empty` does not excuse it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from okrsync.connect.answers.expressions import compiled
from okrsync.connect.answers.fields import compared_fields_of, expression, fields_of, has_field, holds, keys_of
from okrsync.connect.answers.folds import Average, Best, Dated, Fold, Percentile, Sum
from okrsync.connect.answers.numbers import to_decimal
from okrsync.errors import Problem, Reason
from okrsync.nearest import did_you_mean
from okrsync.vocabulary import Aggregation

_SAMPLE = 3
_KEYS_SHOWN = 12

Expression = Annotated[str, AfterValidator(expression)]
"""A JMESPath expression."""

_BY = frozenset({Aggregation.LATEST, Aggregation.FIRST})
_FOLDS: Mapping[Aggregation, Callable[[Decimal | None], Fold]] = {
    Aggregation.SUM: lambda _: Sum(),
    Aggregation.AVG: lambda _: Average(),
    Aggregation.MIN: lambda _: Best(min),
    Aggregation.MAX: lambda _: Best(max),
    Aggregation.MEDIAN: lambda _: Percentile(Decimal(50)),
    Aggregation.PERCENTILE: lambda p: Percentile(p or Decimal()),
}


class Aggregate(BaseModel):
    """How rows become one number."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    agg: Aggregation = Field(description="How the rows become one number.", examples=["sum"])
    of: Expression | None = Field(
        None, description="Which value of each row, as JMESPath; not for `count`.", examples=["properties.amount"]
    )
    where: Expression | None = Field(
        None, description="Which rows, as a JMESPath condition on each row.", examples=["stage == 'won'"]
    )
    by: Expression | None = Field(
        None, description="What `latest` and `first` go by: a date, time or number of each row.", examples=["closed_at"]
    )
    p: Decimal | None = Field(None, ge=0, le=100, description="Which percentile, from 0 to 100.", examples=[90])

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.agg is Aggregation.COUNT and self.of is not None:
            raise ValueError("`count` counts rows and takes no `of`; say which rows with `where`")
        if self.agg is not Aggregation.COUNT and self.of is None:
            raise ValueError(f"`{self.agg}` needs `of`: which value of each row")
        if (self.agg in _BY) != (self.by is not None):
            raise ValueError("`by` says what `latest` and `first` go by: they need it, nothing else takes it")
        if (self.agg is Aggregation.PERCENTILE) != (self.p is not None):
            raise ValueError("`p` says which `percentile`: it needs one, nothing else takes it")
        return self


@dataclass(frozen=True)
class Reduced:
    """What rows became: `rows` were looked at, `matched` of them counted, `sample` holds the first of those."""

    value: Decimal
    rows: int
    matched: int
    sample: tuple[Any, ...]


def reduce_rows(rows: Iterable[Any], aggregate: Aggregate) -> Reduced:
    """Return the number that `rows` make; raises `Problem`. Keeps no row longer than the aggregation needs."""
    reducer = Reducer(aggregate)
    for row in rows:
        reducer.add(row)
    return reducer.result()


class Reducer:
    """Takes rows one by one, so that the same rows can feed several aggregates in one pass."""

    def __init__(self, aggregate: Aggregate) -> None:
        self._aggregate = aggregate
        self._rows = self._matched = 0
        self._sample: list[Any] = []
        self._distinct: set[Any] = set()
        self._dated = Dated(newest=aggregate.agg is Aggregation.LATEST)
        self._fold = _FOLDS[aggregate.agg](aggregate.p) if aggregate.agg in _FOLDS else None
        self._faults = {text: _Faults(text) for text in (aggregate.of, aggregate.by) if text}
        self._unseen_in_where = _Unseen(aggregate.where) if aggregate.where else None
        self._like: Any = None

    def add(self, row: Any) -> None:
        """Take one more row."""
        self._rows += 1
        self._like = row if self._like is None else self._like
        if self._unseen_in_where:
            self._unseen_in_where.look(row)
        if self._aggregate.where and not holds(compiled(self._aggregate.where).search(row)):
            return
        self._matched += 1
        if len(self._sample) < _SAMPLE:
            self._sample.append(row)
        self._take(row)

    def _take(self, row: Any) -> None:
        agg, of, by = self._aggregate.agg, self._aggregate.of, self._aggregate.by
        if of is None:
            return
        value = compiled(of).search(row)
        if by is not None:
            self._faults[of].look(row, value)
            self._faults[by].guard(row, compiled(by).search(row), lambda moment: self._dated.add(value, moment))
        elif agg is Aggregation.DISTINCT:
            self._faults[of].guard(row, value, self._add_distinct)
        elif self._fold is not None:
            fold = self._fold
            self._faults[of].guard(row, value, lambda value: fold.add(to_decimal(value)))

    def _add_distinct(self, value: Any) -> None:
        if isinstance(value, Mapping | list):
            raise Problem(Reason.BAD_VALUE, "it is no single value that could be told apart")
        self._distinct.add((isinstance(value, bool), value))

    def result(self) -> Reduced:
        """Return the number that the rows made; raises the `Problem` that stands in its way."""
        self._refuse_unknown_fields_in_where()
        if self._matched == 0:
            raise self._nothing()
        for text, faults in self._faults.items():
            some_will_do = self._aggregate.agg in _BY and text == self._aggregate.of
            faults.raise_if_any(self._matched, self._sample[0], self._aggregate.where, some_will_do=some_will_do)
        value = to_decimal(self._value(), f"the {self._aggregate.agg} of {self._aggregate.of!r}")
        return Reduced(value, self._rows, self._matched, tuple(self._sample))

    def _value(self) -> Decimal | int:
        match self._aggregate.agg:
            case Aggregation.COUNT:
                return self._matched
            case Aggregation.DISTINCT:
                return len(self._distinct)
            case Aggregation.LATEST | Aggregation.FIRST:
                return self._dated.value(self._aggregate.of or "")
            case _:
                assert self._fold is not None  # noqa: S101 - every other aggregation has one
                return self._fold.value()

    def _refuse_unknown_fields_in_where(self) -> None:
        if not (self._rows and self._unseen_in_where):
            return
        text = self._aggregate.where or ""
        # A flag that no row carries may rightly be looked at; one that is compared, or lets nothing through, is a typo.
        suspects = compared_fields_of(text) if self._matched else fields_of(text)
        if missing := [field for field in suspects if field in self._unseen_in_where.fields]:
            raise _unknown_field(missing[0], " of `where`", self._rows, self._like)

    def _nothing(self) -> Problem:
        hint = "if nothing means zero here, give the metric `when_empty: zero`"
        if self._rows == 0:
            return Problem(Reason.NO_DATA, "no rows", hint)
        return Problem(Reason.NO_DATA, f"none of {self._rows} rows fits `where: {self._aggregate.where}`", hint)


class _Unseen:
    """The fields of an expression that no row has had yet."""

    def __init__(self, text: str) -> None:
        self.all = fields_of(text)
        self.fields = self.all

    def look(self, row: Any) -> None:
        if self.fields:
            self.fields = tuple(field for field in self.fields if not has_field(row, field))


class _Faults:
    """The rows in which one expression finds no value, or the wrong kind of one."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._unseen = _Unseen(text)
        self._empty = self._wrong = 0
        self._first: Problem | None = None

    def look(self, row: Any, value: Any) -> bool:
        """Count `value` if it is none, and return whether it is one."""
        self._unseen.look(row)
        empty = value is None or (isinstance(value, str) and not value.strip())
        self._empty += empty
        return not empty

    def guard(self, row: Any, value: Any, take: Callable[[Any], None]) -> None:
        """Hand `value` to `take`, or count why it cannot be taken."""
        if not self.look(row, value):
            return
        try:
            take(value)
        except Problem as problem:
            self._wrong += 1
            self._first = self._first or problem

    def raise_if_any(self, matched: int, like: Any, where: str | None, *, some_will_do: bool) -> None:
        """Raise the problem that these rows are; with `some_will_do`, only if no row at all has a value."""
        unknown = self._unseen.fields
        if unknown and (unknown == self._unseen.all or self._empty == matched):
            raise _unknown_field(unknown[0], "", matched, like)
        if self._empty and not (some_will_do and self._empty < matched):
            condition = f"({where}) && {self._text}" if where else self._text
            raise Problem(
                Reason.BAD_VALUE,
                f"{self._text!r} is empty in {self._empty} of {matched} rows{_has(like)}",
                f"to leave such rows out on purpose: `where: {condition}`",
            )
        if self._first:
            raise Problem(
                Reason.BAD_VALUE,
                f"{self._text!r} cannot be used in {self._wrong} of {matched} rows | the first: {self._first.message}",
                self._first.hint,
            )


def _unknown_field(field: str, place: str, rows: int, like: Any) -> Problem:
    return Problem(
        Reason.QUERY,
        f"{field!r}{place} is empty in {rows} of {rows} rows{_has(like)}",
        did_you_mean(field, keys_of(like)),
    )


def _has(row: Any) -> str:
    keys = keys_of(row)
    if not keys:
        return f" | a row is a {type(row).__name__}"
    more = ", …" if len(keys) > _KEYS_SHOWN else ""
    return f" | a row has: {', '.join(keys[:_KEYS_SHOWN])}{more}"
