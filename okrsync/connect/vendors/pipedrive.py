"""What Pipedrive's replies say: the totals of deals, now or by the day, and what is wrong with a reply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from okrsync.connect.answers.numbers import number
from okrsync.errors import Problem, Reason

_SUMMARY = {
    "count": "total_count",
    "value": "total_currency_converted_value",
    "weighted_value": "total_weighted_currency_converted_value",
}
_TIMELINE = {
    ("count", None): "totals.count",
    ("count", "open"): "totals.open_count",
    ("count", "won"): "totals.won_count",
    ("value", None): "totals_converted.value",
    ("value", "open"): "totals_converted.open_value",
    ("value", "won"): "totals_converted.won_value",
    ("weighted_value", None): "totals_converted.weighted_value",
    ("weighted_value", "open"): "totals_converted.weighted_open_value",
}
"""Pipedrive's specification says that there are converted totals, not what they are called (value and won_value are
seen in other people's code, the rest is unverified)."""


def data_of(body: Any) -> Any:
    """Return what a reply is about; raises `Problem` where it is an error, whatever its status was."""
    if not isinstance(body, Mapping) or body.get("success") is not True:
        code = body.get("errorCode") if isinstance(body, Mapping) else None
        what = f"an error ({code})" if isinstance(code, int) else "something else"
        raise Problem(Reason.BAD_RESPONSE, f"Pipedrive answered with {what} instead of numbers", "check `base_url`")
    if not body.get("data"):
        raise Problem(Reason.NO_DATA, "Pipedrive's reply is empty", "see whether its user sees the deals")
    return body["data"]


def rows_of(body: Any) -> list[Mapping[str, Any]]:
    """Return the named entries of a list; raises `Problem`."""
    rows = body.get("data") if isinstance(body, Mapping) else None
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) and {"id", "name"} <= row.keys() for row in rows):
        raise Problem(Reason.BAD_RESPONSE, "Pipedrive's reply holds no list as documented", "check `base_url`")
    return rows


def total_now(data: Any, value: str) -> Decimal:
    """Return a total of a summary: the count, value or weighted_value of its deals; raises `Problem`."""
    return _told(data, _SUMMARY[value])


def total_over(data: Any, days: Sequence[date], value: str, status: str | None) -> Decimal:
    """Return a total over the periods of a timeline, if these are `days`; raises `Problem`."""
    name = _TIMELINE[value, status]
    return sum((_told(period, name) for period in _by_day(data, days)), Decimal())


def has_total_over(value: str, status: str | None) -> bool:
    """Whether a timeline tells this."""
    return (value, status) in _TIMELINE


def _by_day(data: Any, days: Sequence[date]) -> list[Mapping[str, Any]]:
    # The specification shows one period as a bare object; live answers are lists.
    periods = data if isinstance(data, list) else [data]
    found = [period for period in periods if isinstance(period, Mapping)]
    starts, last_end = [_day(period, "period_start") for period in found], found and _day(found[-1], "period_end")
    if starts != [day.isoformat() for day in days] or last_end not in _ends(days[-1]):
        what = f"Pipedrive was asked for {len(days)} days from {days[0]} on, and answers for others"
        raise Problem(Reason.BAD_RESPONSE, what, "check `base_url`")
    return found


def _day(period: Mapping[str, Any], edge: str) -> str:
    return str(period.get(edge))[:10]


def _ends(day: date) -> tuple[str, str]:
    """Return how a period of `day` may end: at its last second, as documented, or at the midnight after."""
    return day.isoformat(), (day + timedelta(days=1)).isoformat()


def _told(data: Any, name: str) -> Decimal:
    """Return the number called `name`; that it is not there is no mistake of the question."""
    try:
        return number(data, name)
    except Problem as problem:
        reason = Reason.BAD_RESPONSE if problem.reason is Reason.QUERY else problem.reason
        raise Problem(reason, problem.message, "Pipedrive's replies may have changed; report it") from None
