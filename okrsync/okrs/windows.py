"""The span of time a question is about.

Windows are half-open, `[start, end)`, and aware. The core computes them once per run from one clock;
a connector never asks what time it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Grain(StrEnum):
    """The finest step of time a source can tell apart."""

    INSTANT = "instant"
    DAY = "day"


@dataclass(frozen=True)
class Window:
    """The half-open span `[start, end)`, in UTC; `zone` is the one its days are counted in.

    `start` is None where the question reaches back to the beginning (`lifetime`, `now`).
    """

    start: datetime | None
    end: datetime
    zone: ZoneInfo

    def __post_init__(self) -> None:
        for moment in (self.start, self.end):
            if moment is not None and moment.tzinfo is None:
                raise ValueError(f"a window needs aware times, got {moment.isoformat()}")

    @property
    def first_day(self) -> date | None:
        """The first day the window touches, in its zone."""
        return None if self.start is None else self.start.astimezone(self.zone).date()

    @property
    def last_day(self) -> date:
        """The last day the window touches, in its zone: an end at midnight belongs to the day before."""
        return (self.end - timedelta(microseconds=1)).astimezone(self.zone).date()

    def dates(self) -> list[str]:
        """Return `[first day, last day]` as ISO dates, both included, as date-range APIs want them."""
        first = self.first_day or date(1970, 1, 1)
        return [first.isoformat(), self.last_day.isoformat()]

    @property
    def empty(self) -> bool:
        """Whether no time at all lies in the window."""
        return self.start is not None and self.end <= self.start


class WindowError(ValueError):
    """A window that cannot be read; the message lists the ones there are."""


_KINDS = ("cycle_to_date", "cycle", "month_to_date", "quarter_to_date", "lifetime", "now")
_TRAILING = re.compile(r"trailing\(\s*(\d{1,4})\s*days?\s*\)")
_PREVIOUS = re.compile(r"previous\(\s*(week|month)\s*\)")
WINDOW_FORMS = (*_KINDS, "trailing(N days)", "previous(week)", "previous(month)")


@dataclass(frozen=True)
class WindowRule:
    """A window as it is written in a file: a rule that gives a window for any moment of any cycle.

    >>> WindowRule.parse("trailing(28 days)")
    WindowRule(kind='trailing', days=28)
    """

    kind: str
    days: int = 0

    @classmethod
    def parse(cls, text: str) -> WindowRule:
        """Read a rule such as `cycle_to_date` or `trailing(28 days)`; raises `WindowError`."""
        text = text.strip()
        if text in _KINDS:
            return cls(text)
        if (trailing := _TRAILING.fullmatch(text)) and int(trailing[1]) > 0:
            return cls("trailing", int(trailing[1]))
        if previous := _PREVIOUS.fullmatch(text):
            return cls(f"previous_{previous[1]}")
        raise WindowError(f"{text!r} is no window; one of {', '.join(WINDOW_FORMS)}")

    def __str__(self) -> str:
        if self.kind == "trailing":
            return f"trailing({self.days} days)"
        if self.kind.startswith("previous_"):
            return f"previous({self.kind.removeprefix('previous_')})"
        return self.kind

    @property
    def needs_cycle(self) -> bool:
        """Whether the rule has a meaning only within a cycle (a KPI has none)."""
        return self.kind in ("cycle_to_date", "cycle")

    def at(self, now: datetime, cycle: Window | None, zone: ZoneInfo, grain: Grain = Grain.INSTANT) -> Window:
        """Return the window this rule means at `now` (aware), its days counted in `zone`.

        With `Grain.DAY` the end is brought back to the last midnight of `zone`, because such a source
        knows nothing finer; the window is then of whole days. `cycle` is needed by rules that say so.
        """
        if self.needs_cycle and cycle is None:
            raise WindowError(f"{self} needs a cycle, and a KPI has none")
        today = now.astimezone(zone).date()
        start = self._start(today, cycle, zone)
        end = self._end(today, now, cycle, zone)
        if grain is Grain.DAY and self.kind != "now":
            end = _midnight(end.astimezone(zone).date(), zone)
        return Window(start, end, zone)

    def _start(self, today: date, cycle: Window | None, zone: ZoneInfo) -> datetime | None:
        if self.needs_cycle:
            return cycle.start if cycle else None
        first_day = self._first_day(today)
        return None if first_day is None else _midnight(first_day, zone)

    def _first_day(self, today: date) -> date | None:
        month = today.replace(day=1)
        return {
            "month_to_date": month,
            "quarter_to_date": month.replace(month=(today.month - 1) // 3 * 3 + 1),
            "trailing": today - timedelta(days=self.days),
            "previous_week": today - timedelta(days=today.weekday() + 7),
            "previous_month": (month - timedelta(days=1)).replace(day=1),
        }.get(self.kind)

    def _end(self, today: date, now: datetime, cycle: Window | None, zone: ZoneInfo) -> datetime:
        match self.kind:
            case "cycle" if cycle:
                return cycle.end
            case "cycle_to_date" if cycle:
                return min(now, cycle.end).astimezone(UTC)
            case "trailing":
                return _midnight(today, zone)
            case "previous_week":
                return _midnight(today - timedelta(days=today.weekday()), zone)
            case "previous_month":
                return _midnight(today.replace(day=1), zone)
            case _:
                return now.astimezone(UTC)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def cycle_window(start: date, end: date, zone: ZoneInfo) -> Window:
    """Return the window of a cycle whose first and last day are `start` and `end`, both included."""
    return Window(_midnight(start, zone), _midnight(end + timedelta(days=1), zone), zone)
