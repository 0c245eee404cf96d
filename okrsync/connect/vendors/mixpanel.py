"""Mixpanel's replies: counts by day, and the nested series of saved reports.

https://docs.mixpanel.com/reference/query-api
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from okrsync.connect.answers.numbers import to_decimal
from okrsync.errors import Problem, Reason
from okrsync.nearest import did_you_mean
from okrsync.redaction import redact

Series = Mapping[str, Any]

_OVERALL = "$overall"
"""Where a report that is broken down keeps what all parts come to."""
_WHOLE = "all"
"""Where a report that is no line over time keeps its only number."""
_LONGEST_REMARK = 160


def counts_of(reply: Any, event: str) -> Series:
    """Return the counts of `event` by day, or by longer periods; empty where the reply does not name it.

    A day on which nothing happened may be left out (seen in the specification's example of /events).
    """
    data = reply.get("data") if isinstance(reply, Mapping) else None
    values = data.get("values") if isinstance(data, Mapping) else None
    return _mapping(_mapping(values, "counts").get(event, {}), "counts")


def sums_of(reply: Any) -> Series:
    """Return the sums by day."""
    if isinstance(reply, Mapping) and reply.get("status") not in (None, "ok"):
        raise Problem(Reason.BAD_RESPONSE, f"Mixpanel answered with the status {short(reply['status'])}", "")
    return _mapping(reply.get("results") if isinstance(reply, Mapping) else None, "sums")


def added(series: Series, days: Sequence[str]) -> Decimal | None:
    """Return what days come to together; None where there are none. `days` are the first and the last asked for."""
    if foreign := [day for day in series if not days[0] <= str(day)[:10] <= days[1]]:
        what = f"Mixpanel was asked for {days[0]} to {days[1]} and answers for {short(foreign[0])}, too"
        raise Problem(Reason.BAD_RESPONSE, what, "compare `timezone` with the project's")
    return (
        sum((to_decimal(value, f"the count of {day}") for day, value in series.items()), Decimal()) if series else None
    )


def only(series: Series) -> Decimal | None:
    """Return the number of the only period; None where there is none."""
    if len(series) > 1:
        what = f"Mixpanel answers with {len(series)} periods, and people counted in each do not add up"
        raise Problem(Reason.UNSUPPORTED, what, "save it as an Insights report, and ask for that with `report`")
    return next((to_decimal(value, f"the count from {day}") for day, value in series.items()), None)


def picked(reply: Any, metric: str | None, segment: str | None, over: str | None) -> Decimal:
    """Return one number of a saved report."""
    series = _mapping(reply.get("series") if isinstance(reply, Mapping) else None, "series")
    if not series:
        raise Problem(Reason.NO_DATA, "the report is empty", "look at it in Mixpanel")
    found = _part(series, metric, "metric")
    if segment is not None:
        found = _part(_mapping(found, "segments"), segment, "segment")
    while isinstance(found, Mapping) and _OVERALL in found:
        found = found[_OVERALL]
    if isinstance(found, Mapping) and list(found) == [_WHOLE]:
        found = found[_WHOLE]
    return _of_line(found, over) if isinstance(found, Mapping) else to_decimal(found, "the report's number")


def dated(reply: Any) -> tuple[datetime | None, datetime | None]:
    """Return when a report was calculated, and until when it reaches, as far as it tells."""
    until = reply.get("date_range")
    return _moment(reply.get("computed_at")), _moment(until.get("to_date") if isinstance(until, Mapping) else None)


def _part(found: Series, name: str | None, kind: str) -> Any:
    """Return the part of that name, or the only one."""
    if name is None and len(found) == 1:
        return next(iter(found.values()))
    names = [str(one) for one in found]
    if name is None:
        raise Problem(
            Reason.QUERY, f"the report has {len(found)} parts", f"say which `{kind}`: {short(', '.join(names))}"
        )
    if name not in found:
        raise Problem(Reason.QUERY, f"the report has no {kind} {name!r}", did_you_mean(name, names))
    return found[name]


def _of_line(points: Series, over: str | None) -> Decimal:
    """Return what a line over time is meant to come to."""
    times = sorted(points)
    if not times:
        raise Problem(Reason.NO_DATA, "the report is empty", "look at it in Mixpanel")
    if not all(_moment(time) for time in times):
        raise Problem(Reason.QUERY, "the report is broken down", f"say which `segment`: {short(', '.join(times))}")
    if len(times) > 1 and over is None:
        hint = "say `over: latest` or `over: sum`; or save the report as a metric, so that it is one number"
        raise Problem(Reason.QUERY, f"the report is a line of {len(times)} points", hint)
    values = [to_decimal(points[time], f"the report at {time}") for time in times]
    return sum(values, Decimal()) if over == "sum" else values[-1]


def _mapping(value: Any, what: str) -> Series:
    if not isinstance(value, Mapping):
        raise Problem(Reason.BAD_RESPONSE, f"Mixpanel's reply holds no {what} as documented", "check `base_url`")
    return value


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def short(text: Any) -> str:
    """Return the first words of what Mixpanel said, without a secret."""
    line = redact(" ".join(str(text).split()))
    return line if len(line) <= _LONGEST_REMARK else line[: _LONGEST_REMARK - 1] + "…"
