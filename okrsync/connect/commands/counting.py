"""Rows of a program become one number: many by an aggregate, a single one by the value in it."""

from __future__ import annotations

from typing import Any

from okrsync.connect.answers.numbers import number
from okrsync.connect.answers.rows import Aggregate, Reduced, Reducer
from okrsync.connect.commands.messages import Row
from okrsync.connect.commands.output import Output
from okrsync.errors import Problem, Reason


class Count:
    """One question on its way through the rows; a problem of its own stops no other.

    `stream` says which rows count, all of them if None. They become a number by `aggregate`, or the only one does by
    the expression `value`.
    """

    def __init__(self, stream: str | None, aggregate: Aggregate | None, value: str | None) -> None:
        self._stream = stream
        self._rows = Reducer(aggregate) if aggregate else _OnlyRow(value or "@")
        self._problem: Problem | None = None

    def add(self, row: Row) -> None:
        """Take one more row."""
        if self._problem or self._stream not in (None, row.stream):
            return
        try:
            self._rows.add(row.fields)
        except Problem as problem:
            self._problem = problem

    def result(self, output: Output) -> Reduced:
        """Return the number, when all of `output` was read; raises `Problem`."""
        output.refuse_wrong(self._stream)
        if self._problem:
            raise self._problem
        return self._rows.result()


class _OnlyRow:
    """Takes the value of one row, and no more rows than one."""

    def __init__(self, value: str) -> None:
        self._value = value
        self._row: Any = None
        self._rows = 0

    def add(self, row: Any) -> None:
        """Take one more row."""
        self._rows += 1
        self._row = row if self._rows == 1 else None

    def result(self) -> Reduced:
        """Return the value of the only row; raises `Problem`."""
        if self._rows == 0:
            raise Problem(Reason.NO_DATA, "no rows", "if nothing means zero here, give the metric `when_empty: zero`")
        if self._rows > 1:
            hint = "have it print the one, or reduce them with `agg`"
            raise Problem(Reason.QUERY, f"{self._rows} rows, expected 1 for `value`", hint)
        return Reduced(number(self._row, self._value), 1, 1, (self._row,))
