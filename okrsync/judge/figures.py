"""How figures stand in a sentence for people, and how shares of the way are compared."""

from __future__ import annotations

from datetime import datetime, tzinfo
from decimal import Decimal

ZERO = Decimal(0)
ONE = Decimal(1)

_ROUNDING = Decimal("1e-12")
"""What dividing may have cost: a third of the way is no exact decimal, and must not tip a comparison."""

_MOST_DECIMALS = 12


def at_least(share: Decimal, limit: Decimal) -> bool:
    """Return whether `share` reaches `limit`, forgiving what rounding took from either.

    >>> at_least(Decimal("0.9") * Decimal(1) / Decimal(3), Decimal("0.3"))
    True
    """
    return share - limit >= -_ROUNDING


def percent(share: Decimal, apart_from: Decimal | None = None) -> str:
    """Return a share as a percentage: whole, unless it takes decimals to show its side of `apart_from`.

    >>> percent(Decimal("0.807"))
    '81 %'
    >>> percent(Decimal("0.8961"), apart_from=Decimal("0.9"))
    '89.6 %'
    """
    return f"{_hundredths(share, apart_from)} %"


def points(gap: Decimal, apart_from: Decimal | None = None) -> str:
    """Return a difference of two shares in percentage points, rounded as `percent` does.

    >>> points(Decimal("0.11")), points(Decimal("0.01"))
    ('11 points', '1 point')
    """
    figure = _hundredths(gap, apart_from)
    return f"{figure} point" if figure == "1" else f"{figure} points"


def plain(value: Decimal) -> str:
    """Return a number without exponent and without zeros that say nothing.

    >>> plain(Decimal("9E+1")), plain(Decimal("3.40"))
    ('90', '3.4')
    """
    text = f"{value + 0:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def day(moment: datetime, zone: tzinfo) -> str:
    """Return the day of `moment` in `zone`, for a sentence about the running cycle.

    >>> from datetime import UTC
    >>> day(datetime(2026, 11, 14, 6, tzinfo=UTC), UTC)
    '14 Nov'
    """
    local = moment.astimezone(zone)
    return f"{local.day} {local:%b}"


def _hundredths(share: Decimal, apart_from: Decimal | None) -> str:
    hundredths = share * 100 + 0
    if apart_from is None:
        return _rounded(hundredths, 0)
    limit = apart_from * 100
    if abs(share - apart_from) <= _ROUNDING:
        return plain(limit)
    for decimals in range(_MOST_DECIMALS):
        text = _rounded(hundredths, decimals)
        if (Decimal(text) - limit) * (hundredths - limit) > 0:
            return text
    return _rounded(hundredths, _MOST_DECIMALS)


def _rounded(number: Decimal, decimals: int) -> str:
    text = f"{number:.{decimals}f}"
    return text.removeprefix("-") if not Decimal(text) else text
