"""The value between two known ones."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from okrsync.judge.goal import Point

_MICROSECOND = timedelta(microseconds=1)


def value_at(points: Sequence[Point], at: datetime) -> Decimal | None:
    """Return the value at `at` on the straight line between the known points around it.

    `points` are in order of time; of two at one instant the later in the sequence counts. Outside of what
    is known there is no value: neither the first nor the last is carried on.
    """
    latest = _last_at(points, at)
    if latest < 0:
        return None
    before = points[latest]
    if before.as_of == at:
        return before.value
    if latest + 1 == len(points):
        return None
    after = points[_last_at(points, points[latest + 1].as_of)]
    return before.value + (after.value - before.value) * ratio(at - before.as_of, after.as_of - before.as_of)


def _last_at(points: Sequence[Point], at: datetime) -> int:
    """Return the index of the last point up to `at`, -1 where there is none."""
    return bisect_right(points, at, key=lambda point: point.as_of) - 1


def ratio(part: timedelta, whole: timedelta) -> Decimal:
    """Return how many times `whole` goes into `part`.

    >>> ratio(timedelta(days=3), timedelta(days=12))
    Decimal('0.25')
    """
    return Decimal(part // _MICROSECOND) / Decimal(whole // _MICROSECOND)
