"""How the values of many rows become one number, a row at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import Any

from okrsync.connect.answers.numbers import to_decimal
from okrsync.errors import Problem, Reason

DIGITS = 50
"""Significant digits of sums, so that they stay exact; a division keeps 28."""


class Fold(ABC):
    """Takes values one by one and gives one number in the end. It is asked for it only after a first value."""

    def __init__(self) -> None:
        self.context = Context(prec=DIGITS)

    @abstractmethod
    def add(self, value: Decimal) -> None:
        """Take one more value."""

    @abstractmethod
    def value(self) -> Decimal:
        """Return the number that the values so far make."""


class Sum(Fold):
    """The sum."""

    def __init__(self) -> None:
        super().__init__()
        self.total = Decimal()
        self.count = 0

    def add(self, value: Decimal) -> None:
        """Add one more value."""
        self.total = self.context.add(self.total, value)
        self.count += 1

    def value(self) -> Decimal:
        """Return the sum."""
        return self.total


class Average(Sum):
    """The mean, to 28 digits."""

    def value(self) -> Decimal:
        """Return the mean."""
        return Context(prec=28).divide(self.total, self.count)


class Best(Fold):
    """The value that `choose`, `min` or `max`, prefers."""

    def __init__(self, choose: Callable[[Decimal, Decimal], Decimal]) -> None:
        super().__init__()
        self._choose = choose
        self._best: Decimal | None = None

    def add(self, value: Decimal) -> None:
        """Keep the better one."""
        self._best = value if self._best is None else self._choose(self._best, value)

    def value(self) -> Decimal:
        """Return the best of all."""
        assert self._best is not None  # noqa: S101 - what the base class promises
        return self._best


class Percentile(Fold):
    """The value below which `p` percent lie, interpolated between neighbours as spreadsheets do (PERCENTILE.INC)."""

    def __init__(self, p: Decimal) -> None:
        super().__init__()
        self._p = p
        self._values: list[Decimal] = []

    def add(self, value: Decimal) -> None:
        """Keep one more value; they are all needed."""
        self._values.append(value)

    def value(self) -> Decimal:
        """Return the value at the place that `p` means, counted from the smallest."""
        ordered, last = sorted(self._values), len(self._values) - 1
        place = self.context.divide(self._p * last, Decimal(100))
        below = int(place)
        step = self.context.subtract(ordered[min(below + 1, last)], ordered[below])
        return self.context.fma(place - below, step, ordered[below]).normalize(self.context)


class Dated:
    """The value of the newest row, or of the oldest. Two rows at that moment that differ are a problem."""

    def __init__(self, *, newest: bool) -> None:
        self._newest = newest
        self._moment: Decimal | datetime | None = None
        self._values: list[Any] = []

    def add(self, value: Any, moment: Any) -> None:
        """Take the value of a row and the moment it was true at; raises `Problem` for a moment that is none."""
        at = _moment(moment)
        if self._moment is None or self._before(self._moment, at):
            self._moment, self._values = at, [value]
        elif at == self._moment and value not in self._values:
            self._values.append(value)

    def value(self, of: str) -> Decimal:
        """Return the number that stands there."""
        which = "newest" if self._newest else "oldest"
        if len(self._values) > 1:
            raise Problem(
                Reason.BAD_VALUE,
                f"{len(self._values)} rows are the {which} and differ in {of!r}",
                "tell them apart with `where`, or aggregate them",
            )
        if self._values[0] in (None, ""):
            raise Problem(Reason.BAD_VALUE, f"{of!r} is empty in the {which} row")
        return to_decimal(self._values[0], f"{of!r} of the {which} row")

    def _before(self, known: Decimal | datetime, other: Decimal | datetime) -> bool:
        if isinstance(known, datetime) and isinstance(other, datetime):
            return known < other if self._newest else other < known
        if isinstance(known, Decimal) and isinstance(other, Decimal):
            return known < other if self._newest else other < known
        raise Problem(Reason.BAD_VALUE, "some rows carry a date and others a number")


def _moment(value: Any) -> Decimal | datetime:
    """Return what `value` says about time: an ISO date or time (UTC where it names no zone), or a number."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None:
        return to_decimal(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
