"""Times of the day at which things happen in the sample data; everything is in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random

_OPENS, _CLOSES = 6 * 3600, 20 * 3600
"""Seconds after midnight."""


def moments_of(day: date, count: int, rng: Random) -> list[datetime]:
    """Return `count` times within the working hours of `day`, earliest first."""
    midnight = datetime.combine(day, time(), UTC)
    return sorted(midnight + timedelta(seconds=rng.randint(_OPENS, _CLOSES)) for _ in range(count))


def if_past(moment: datetime | None, now: datetime) -> datetime | None:
    """Return `moment`, or None where it still lies in the future."""
    return moment if moment is not None and moment <= now else None


def iso(moment: datetime | None) -> str | None:
    """Return `2026-11-21T10:15:00Z`, as a web service writes it."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def sql_text(moment: datetime | None) -> str | None:
    """Return `2026-11-21 10:15:00.000000`: text that sorts by time, in the form SQL time limits are bound in."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
