"""How often a check-in is expected, and the slots that follow from it.

A slot is a UTC instant. It follows from the clock on the wall: `daily at 06:00` in Berlin is 05:00 UTC in
winter and 04:00 UTC in summer. Where the clock is put forward, a time that does not exist that day moves
forward with it; where it is put back, a time that comes twice counts once, the first time. Cadences of an
hour or less take every such instant, so that no hour of real time is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from okrsync.nearest import nearest


class CadenceError(ValueError):
    """A cadence that cannot be read; the message says which there are."""


class Every(StrEnum):
    """What a cadence counts in."""

    MINUTES = "minutes"
    DAY = "daily"
    WEEK = "weekly"
    MONTH = "monthly"


WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CADENCE_FORMS = (
    "hourly",
    "daily",
    "weekly",
    "monthly",
    "N minutes",
    "N hours",
    "daily at 06:00",
    "weekly on monday at 06:00",
    "monthly on 1 at 06:00",
)
DEFAULT_TIME = time(6)

_HOUR = 60
_DAY = 24 * _HOUR
_ONE_DAY = timedelta(days=1)
_STEPS = re.compile(r"(\d{1,4}) (minute|hour)s?")
_CALENDAR = re.compile(r"(daily|weekly|monthly)(?: on (\w+))?(?: at (\d{1,2}):(\d{2}))?")


@dataclass(frozen=True)
class Cadence:
    """How often a check-in is expected.

    `day` is the weekday (0 is Monday) of a weekly cadence and the day of the month (1 to 31; the last day,
    where a month is shorter) of a monthly one. `minutes` is set for cadences of less than a day and divides
    the hour or, as whole hours, the day; `at` and `day` are for the others.
    """

    every: Every
    at: time = DEFAULT_TIME
    day: int = 0
    minutes: int = 0

    @classmethod
    def daily(cls) -> Cadence:
        """Return the cadence of a key result that names none."""
        return cls(Every.DAY)

    @classmethod
    def parse(cls, text: str) -> Cadence:
        """Read a cadence in one of `CADENCE_FORMS`; raises `CadenceError`.

        >>> str(Cadence.parse("weekly on Friday"))
        'weekly on friday at 06:00'
        """
        words = " ".join(text.casefold().split())
        if words == "hourly":
            return cls(Every.MINUTES, minutes=_HOUR)
        if steps := _STEPS.fullmatch(words):
            return cls(Every.MINUTES, minutes=_minutes(int(steps[1]), steps[2], text))
        if found := _CALENDAR.fullmatch(words):
            every = Every(found[1])
            at = _time_of_day(found[3], found[4], text) if found[3] else DEFAULT_TIME
            return cls(every, at, _day(every, found[2], text))
        raise CadenceError(f"{text!r} is no cadence; one of {', '.join(CADENCE_FORMS)}")

    def __str__(self) -> str:
        if self.every is Every.MINUTES:
            return _steps_text(self.minutes)
        usual = Cadence(self.every, day=1 if self.every is Every.MONTH else 0)
        if self == usual:
            return str(self.every)
        on = {Every.WEEK: f" on {WEEKDAYS[self.day % 7]}", Every.MONTH: f" on {self.day}"}.get(self.every, "")
        return f"{self.every}{on} at {self.at:%H:%M}"

    @property
    def period(self) -> timedelta:
        """The longest time from one slot to the next, but for a clock that is put back."""
        days = {Every.DAY: 1, Every.WEEK: 7, Every.MONTH: 31}
        return timedelta(minutes=self.minutes) if self.every is Every.MINUTES else timedelta(days[self.every])

    def slot(self, now: datetime, zone: ZoneInfo) -> datetime:
        """Return the newest slot that is not later than `now` (aware), in UTC."""
        day = _local_day(now, zone)
        while True:
            if past := [instant for instant in _slots_of_day(self, day, zone) if instant <= now]:
                return past[-1]
            day -= _ONE_DAY

    def next_slot(self, now: datetime, zone: ZoneInfo) -> datetime:
        """Return the first slot that is later than `now` (aware), in UTC."""
        day = _local_day(now, zone)
        while True:
            for instant in _slots_of_day(self, day, zone):
                if instant > now:
                    return instant
            day += _ONE_DAY

    def slots(self, start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Yield the slots of `[start, end)` (aware), in UTC, oldest first."""
        day, last = _local_day(start, zone), _local_day(end, zone)
        while day <= last:
            yield from (instant for instant in _slots_of_day(self, day, zone) if start <= instant < end)
            day += _ONE_DAY


def _minutes(count: int, unit: str, text: str) -> int:
    whole, name = (_HOUR, "an hour has 60 minutes") if unit == "minute" else (24, "a day has 24 hours")
    if count < 1 or whole % count:
        fitting = ", ".join(str(n) for n in range(1, whole + 1) if whole % n == 0)
        raise CadenceError(f"{text!r} does not come out even: {name}, so use one of {fitting} {unit}s")
    return count if unit == "minute" else count * _HOUR


def _steps_text(minutes: int) -> str:
    if minutes == _HOUR:
        return "hourly"
    return f"{minutes // _HOUR} hours" if minutes > _HOUR else f"{minutes} minutes"


def _time_of_day(hour: str, minute: str, text: str) -> time:
    try:
        return time(int(hour), int(minute))
    except ValueError:
        raise CadenceError(f"{text!r}: {hour}:{minute} is no time of day; 00:00 to 23:59") from None


def _day(every: Every, word: str | None, text: str) -> int:
    if every is Every.DAY and word:
        raise CadenceError(f"{text!r}: a daily cadence has no day; weekly on {word}?")
    if every is Every.WEEK:
        return _weekday(word or WEEKDAYS[0], text)
    if every is Every.MONTH:
        return _day_of_month(word or "1", text)
    return 0


def _weekday(word: str, text: str) -> int:
    if word in WEEKDAYS:
        return WEEKDAYS.index(word)
    meant = nearest(word, WEEKDAYS)
    raise CadenceError(f"{text!r}: {word!r} is no weekday; " + (f"did you mean {meant}?" if meant else "say monday …"))


def _day_of_month(word: str, text: str) -> int:
    if word.isascii() and word.isdigit() and 1 <= int(word) <= 31:
        return int(word)
    raise CadenceError(f"{text!r}: {word!r} is no day of a month; 1 to 31")


def _local_day(moment: datetime, zone: ZoneInfo) -> date:
    if moment.tzinfo is None:
        raise ValueError(f"slots need aware times, got {moment.isoformat()}")
    return moment.astimezone(zone).date()


@lru_cache(maxsize=2048)
def _slots_of_day(cadence: Cadence, day: date, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Return the slots that fall on a local day, oldest first; one that moves over midnight belongs to the next."""
    instants = (
        instant
        for wall_day in (day - _ONE_DAY, day)
        for wall in _wall_times(cadence, wall_day)
        for instant in _instants(wall, zone, repeats=0 < cadence.minutes <= _HOUR)
    )
    return tuple(sorted({instant for instant in instants if instant.astimezone(zone).date() == day}))


def _wall_times(cadence: Cadence, day: date) -> list[datetime]:
    if cadence.every is Every.MINUTES:
        midnight = datetime.combine(day, time())
        return [midnight + timedelta(minutes=step) for step in range(0, _DAY, cadence.minutes)]
    tomorrow = day + _ONE_DAY
    due = {
        Every.DAY: True,
        Every.WEEK: day.weekday() == cadence.day,
        Every.MONTH: day.day == cadence.day or (tomorrow.month != day.month and day.day < cadence.day),
    }
    return [datetime.combine(day, cadence.at)] if due[cadence.every] else []


def _instants(wall: datetime, zone: ZoneInfo, *, repeats: bool) -> list[datetime]:
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    # A time that does not exist has its two readings the other way round: the second lies before the first.
    return [first, second] if repeats and second > first else [first]
