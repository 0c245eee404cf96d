"""Whether the days of a source that counts by the day are those of the window.

Such a source takes dates and counts them in a zone of its own, which the settings may name wrongly or not at all:
the number would be that of other hours, and nothing would look wrong.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from okrsync.errors import Problem, Reason
from okrsync.okrs.windows import Window

_OFFSET = re.compile(r"UTC([+-]\d{1,2}(?:\.\d{1,2})?)")


def zone_called(name: str) -> tzinfo | None:
    """Return the zone that a source calls so, None if there is none of that name.

    >>> zone_called("UTC-3.5").utcoffset(None) == timedelta(hours=-3.5)
    True
    """
    if offset := _OFFSET.fullmatch(name):
        hours = float(offset[1])
        return timezone(timedelta(hours=hours)) if abs(hours) < 24 else None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def counts_the_days_of(window: Window, zone: tzinfo) -> bool:
    """Whether the edges of `window` fall on the same clock times in `zone` as in its own."""
    edges = [edge for edge in (window.start, window.end) if edge is not None]
    return all(edge.astimezone(zone).utcoffset() == edge.astimezone(window.zone).utcoffset() for edge in edges)


def unaskable(window: Window) -> Problem | None:
    """Return why a source that knows whole days only cannot be asked for `window`; None if it can."""
    local = window.end.astimezone(window.zone)
    if (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0):
        return None
    return Problem(
        Reason.UNSUPPORTED,
        f"its source counts whole days, and the metric's window ends within one ({local:%Y-%m-%d %H:%M})",
        "give the metric a window such as cycle_to_date or trailing(28 days); `now` means nothing here",
    )


def require_days(window: Window, zone_name: str, connection: str) -> None:
    """Raise `Problem` (`config`) where a source that counts in the zone it calls `zone_name` has other days.

    A name that is not known here proves nothing and passes.
    """
    zone = zone_called(zone_name)
    if zone is not None and not counts_the_days_of(window, zone):
        raise other_days(window, zone_name, f"set `timezone: {zone_name}` of {connection}")


def require_first_instant(window: Window, first: datetime, hint: str) -> None:
    """Raise `Problem` (`config`) where a source says that it counted from `first` (aware), when no day begins here."""
    if window.first_day is not None and first != datetime.combine(window.first_day, time(), window.zone):
        raise other_days(window, f"UTC{first:%z}", hint)


def other_days(window: Window, told: str, hint: str) -> Problem:
    """Return the problem of a number that is about other hours than were asked for."""
    return Problem(Reason.CONFIG, f"its days are counted in {told}, and were asked for in {window.zone}", hint)
