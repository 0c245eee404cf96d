"""The calendar quarter that a sample project runs in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

HISTORY = timedelta(days=183)
"""How far the sources reach back before the cycle: half a year, so that trends have something to stand on."""


@dataclass(frozen=True)
class Quarter:
    """Three calendar months. `start` and `end` are the first and the last day, both included."""

    start: date
    end: date

    @classmethod
    def of(cls, day: date) -> Quarter:
        """Return the quarter that `day` lies in.

        >>> Quarter.of(date(2026, 11, 21)).name
        '2026-Q4'
        """
        start = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
        return cls(start, _next_month(_next_month(_next_month(start))) - timedelta(days=1))

    @property
    def name(self) -> str:
        """The name people know it by, such as `2026-Q4`."""
        return f"{self.start.year}-Q{(self.start.month + 2) // 3}"

    @property
    def length(self) -> int:
        """How many days it has."""
        return (self.end - self.start).days + 1

    def share_over(self, day: date) -> float:
        """Return which share of the quarter is over at the end of `day`: below 0 before it, above 1 after it."""
        return ((day - self.start).days + 1) / self.length

    def month_ends(self) -> tuple[date, date, date]:
        """Return the last days of its three months."""
        second = _next_month(self.start)
        return second - timedelta(days=1), _next_month(second) - timedelta(days=1), self.end

    def days(self) -> Iterator[date]:
        """Yield every day that the sources know of, from half a year before the quarter to its last day."""
        day = self.start - HISTORY
        while day <= self.end:
            yield day
            day += timedelta(days=1)


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)
