"""Whether the number behind a goal can be trusted."""

from __future__ import annotations

from datetime import datetime, timedelta

from okrsync.errors import Reason
from okrsync.vocabulary import DataState


def data_state(
    *,
    as_of: datetime | None,
    period: timedelta,
    now: datetime,
    problem: Reason | None,
    settle: timedelta = timedelta(),
) -> DataState:
    """Return the state of a number that was true at `as_of`, expected once a `period`.

    `stale`: the source was asked and did not answer properly (`problem`), so nobody knows what is true now,
    however young the last value is. `late`: nothing failed, but the value is older than one and a half
    periods and the time `settle` that the source takes to settle, or there is none yet. `fresh` otherwise.

    >>> from datetime import UTC
    >>> monday, sunday = datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 8, tzinfo=UTC)
    >>> data_state(as_of=monday, period=timedelta(days=7), now=sunday, problem=None)
    <DataState.FRESH: 'fresh'>
    >>> data_state(as_of=monday, period=timedelta(days=1), now=sunday, problem=None)
    <DataState.LATE: 'late'>
    """
    if problem is not None:
        return DataState.STALE
    if as_of is None or now - as_of > period + period / 2 + settle:
        return DataState.LATE
    return DataState.FRESH
