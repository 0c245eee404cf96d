"""Amplitude's replies: series of values beside the days, or the labels, that they belong to.

https://amplitude.com/docs/apis/analytics/dashboard-rest
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from okrsync.connect.answers.numbers import to_decimal
from okrsync.errors import Problem, Reason
from okrsync.nearest import did_you_mean

Over = Literal["whole", "latest", "sum"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EMPTY = "look at it in Amplitude; no data is not zero"


def added(reply: Any, days: Sequence[str]) -> Decimal:
    """Return what the only series comes to, added up over its days. `days` are the first and the last asked for."""
    values, at = _series(reply)[_only(reply)], _list(reply, "xValues")
    if foreign := [day for day in at if not days[0] <= str(day)[:10] <= days[1]]:
        what = f"Amplitude was asked for {days[0]} to {days[1]} and answers for {str(foreign[0])[:10]}, too"
        raise Problem(Reason.BAD_RESPONSE, what, "compare `timezone` with the project's")
    if len(values) != len(at):
        raise Problem(Reason.BAD_RESPONSE, f"Amplitude sent {len(values)} values for {len(at)} days", "")
    if not values:
        raise Problem(Reason.NO_DATA, "Amplitude sent no day at all", _EMPTY)
    return sum((_value(value, day) for value, day in zip(values, at, strict=True)), Decimal())


def collapsed(reply: Any) -> Decimal:
    """Return what the only series comes to as a whole: people who come back on another day counted once."""
    return _whole(reply, _only(reply))


def of_chart(reply: Any, part: str | None, over: Over) -> Decimal:
    """Return one number of a saved chart."""
    number = _only(reply, part)
    if over == "whole":
        return _whole(reply, number)
    if not (values := _series(reply)[number]):
        raise Problem(Reason.NO_DATA, "the chart is empty", _EMPTY)
    numbers = [_value(value, f"point {place}") for place, value in enumerate(values, 1)]
    return sum(numbers, Decimal()) if over == "sum" else numbers[-1]


def calculated(reply: Mapping[str, Any]) -> datetime | None:
    """Return when the answer was calculated, where it tells: it may be one from Amplitude's cache."""
    milliseconds = reply.get("timeComputed")
    return _EPOCH + timedelta(milliseconds=milliseconds) if type(milliseconds) is int and milliseconds > 0 else None


def sampled(reply: Mapping[str, Any]) -> bool:
    """Return whether only a part of the users was looked at."""
    rate = reply.get("minSampleRate")
    return isinstance(rate, int | Decimal) and not isinstance(rate, bool) and rate < 1


def _only(reply: Any, part: str | None = None) -> int:
    """Return the number of the series that is called `part`, or of the only one."""
    count = len(_series(reply))
    if not count:
        raise Problem(Reason.NO_DATA, "Amplitude sent no series", _EMPTY)
    if part is None and count == 1:
        return 0
    labels = [_label(label) for label in _list(reply, "seriesLabels")]
    if part is None:
        shown = ", ".join(labels[:12])
        raise Problem(Reason.QUERY, f"there are {count} series, expected 1: {shown}", "say which one with `part`")
    if part not in labels[:count]:
        raise Problem(Reason.QUERY, f"the chart has no part {part!r}", did_you_mean(part, labels))
    return labels.index(part)


def _whole(reply: Any, number: int) -> Decimal:
    wholes = _list(reply, "seriesCollapsed")
    if number >= len(wholes):
        raise Problem(Reason.NO_DATA, "Amplitude does not say what the series comes to as a whole", _EMPTY)
    whole = wholes[number]
    return _value(whole[0] if isinstance(whole, list) and len(whole) == 1 else whole, "the whole")


def _series(reply: Any) -> list[list[Any]]:
    series = _list(reply, "series")
    if not all(isinstance(one, list) for one in series):
        raise Problem(Reason.BAD_RESPONSE, "Amplitude's series are none as documented", "check `base_url`")
    return series


def _list(reply: Any, name: str) -> list[Any]:
    data = reply.get("data") if isinstance(reply, Mapping) else None
    found = data.get(name) if isinstance(data, Mapping) else None
    if not isinstance(found, list):
        what = f"Amplitude's reply holds no `{name}`"
        raise Problem(Reason.BAD_RESPONSE, what, "only charts that are lines or bars can be read")
    return found


def _value(value: Any, where: Any) -> Decimal:
    """Return a value, which charts wrap into an object."""
    if isinstance(value, Mapping):
        if "value" not in value:
            raise Problem(Reason.BAD_RESPONSE, f"Amplitude sent no value for {str(where)[:10]}", "check `base_url`")
        value = value["value"]
    return to_decimal(value, f"the value of {str(where)[:10]}")


def _label(label: Any) -> str:
    """Return what a series is called: a text, or the last of several."""
    return str(label[-1]) if isinstance(label, list) and label else str(label)
