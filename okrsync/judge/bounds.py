"""The range a value is to stay in."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from okrsync.judge.figures import plain


@dataclass(frozen=True)
class Bounds:
    """From `low` to `high`, both included; a missing bound is open.

    >>> Bounds(low=None, high=Decimal(3)).contain(Decimal("3.0"))
    True
    """

    low: Decimal | None
    high: Decimal | None

    def contain(self, value: Decimal) -> bool:
        """Return whether `value` lies within; a value on a bound does."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def sentence(self, value: Decimal) -> str:
        """Say where `value` lies.

        >>> Bounds(Decimal(2), Decimal(5)).sentence(Decimal("5.5"))
        '5.5 is above 5'
        >>> Bounds(Decimal(2), None).sentence(Decimal(4))
        '4 is at least 2'
        """
        if self.low is not None and value < self.low:
            return f"{plain(value)} is below {plain(self.low)}"
        if self.high is not None and value > self.high:
            return f"{plain(value)} is above {plain(self.high)}"
        return f"{plain(value)} is {self._within()}"

    def _within(self) -> str:
        if self.low is not None and self.high is not None:
            return f"within {plain(self.low)} to {plain(self.high)}"
        if self.low is not None:
            return f"at least {plain(self.low)}"
        return f"at most {plain(self.high)}" if self.high is not None else "without bounds"
