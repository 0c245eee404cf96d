"""How numbers, shares, ages and courses are written for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

_BARS = "▁▂▃▄▅▆▇█"
_LARGE = 100_000
_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$", "percent": "%"}


def number(value: Decimal | None) -> str:
    """Write a value as a person reads it: grouped thousands, as many decimals as its size is worth.

    The exact digits are in the documents for programs.

    >>> number(Decimal("1234567.891")), number(Decimal("28.0500")), number(Decimal("0.00123"))
    ('1,234,568', '28.05', '0.00123')
    """
    if value is None:
        return "–"
    size = abs(value)
    decimals = 0 if size >= _LARGE else 1 if size >= 1000 else 2
    if 0 < size < 1:
        decimals = max(2, 2 - size.adjusted())
    text = f"{value:,.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def with_unit(value: Decimal | None, unit: str) -> str:
    """Write a value with its unit.

    >>> with_unit(Decimal("12.5"), "percent"), with_unit(Decimal(3), "tickets")
    ('12.5 %', '3 tickets')
    """
    if value is None:
        return "–"
    shown = _SYMBOLS.get(unit, unit)
    return f"{number(value)} {shown}".rstrip()


def share(part: Decimal | None) -> str:
    """Write a share of the way as a whole percentage.

    >>> share(Decimal("0.456")), share(None)
    ('46 %', '–')
    """
    if part is None:
        return "–"
    text = f"{part * 100:.0f}"
    return f"{'0' if text == '-0' else text} %"


def age(span: timedelta | None) -> str:
    """Write how long ago something was, in its largest whole unit.

    >>> age(timedelta(hours=50)), age(timedelta(seconds=20)), age(None)
    ('2 d', 'now', '–')
    """
    if span is None:
        return "–"
    seconds = span.total_seconds()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "now"


def per_week(change: Decimal | None) -> str:
    """Write a trend with its sign.

    >>> per_week(Decimal("6.56")), per_week(Decimal("-1.114")), per_week(Decimal(0))
    ('+6.56', '−1.11', '±0')
    """
    if change is None:
        return "–"
    text = number(abs(change))
    if text == "0":
        return "±0"
    return f"{'+' if change > 0 else '−'}{text}"


def course(values: Sequence[Decimal], width: int) -> str:
    """Draw the course of `values`, oldest first, in at most `width` small bars; the last one is the newest value.

    >>> course([Decimal(1), Decimal(2), Decimal(3)], 8)
    '▁▅█'
    """
    shown = _thinned(values, width)
    low, high = (min(shown), max(shown)) if shown else (Decimal(0), Decimal(0))
    if high == low:
        return _BARS[3] * len(shown)
    return "".join(_BARS[int((value - low) / (high - low) * (len(_BARS) - 1) + Decimal("0.5"))] for value in shown)


def _thinned(values: Sequence[Decimal], width: int) -> list[Decimal]:
    if len(values) <= width:
        return list(values)
    last = len(values) - 1
    return [values[round(place * last / (width - 1))] for place in range(width)]
