"""Where a value has been going."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from okrsync.judge.goal import Point
from okrsync.judge.interpolation import ratio, value_at

SPAN = timedelta(weeks=4)
"""How far a trend looks back."""

SHORTEST = timedelta(days=3)
"""Less than this between two values says more about noise than about a direction."""


def trend(points: Sequence[Point], now: datetime) -> Decimal | None:
    """Return the change per week over the four weeks up to the last value, in the value's own unit.

    The difference of the two ends, which a person can check by hand: the last value, and the value four
    weeks before it on the line between the check-ins around that moment (the first check-in, if there is none
    so old). `points` are in order of time. None without enough of them, or when the last value is itself
    over four weeks old at `now`.

    >>> from datetime import UTC
    >>> weekly = [Point(datetime(2026, 10, day, tzinfo=UTC), Decimal(value)) for day, value in [(1, 90), (15, 104)]]
    >>> trend(weekly, datetime(2026, 10, 16, tzinfo=UTC))
    Decimal('7')
    """
    if not points or now - points[-1].as_of > SPAN:
        return None
    last = points[-1]
    since = max(points[0].as_of, last.as_of - SPAN)
    before = value_at(points, since)
    if before is None or last.as_of - since < SHORTEST:
        return None
    return (last.value - before) / ratio(last.as_of - since, timedelta(weeks=1)) + 0
