"""What is judged: a goal and the values known of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal

from okrsync.judge.bounds import Bounds
from okrsync.judge.figures import ONE, ZERO
from okrsync.vocabulary import Commitment, KeyResultType


@dataclass(frozen=True)
class Point:
    """A value, and the instant (aware) at which it held true."""

    as_of: datetime
    value: Decimal


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A key result as far as its verdict depends on it.

    The cycle is the half-open span from `starts_at` to `ends_at`, both aware. `checkpoints` are points of
    the target curve: the instant by which a value is wanted, and that value. `start_value` and
    `target_value` are set for types that go from one to the other, `low` and `high` for types that
    maintain; a binary goal goes from 0 to 1 unless it says otherwise. Days are named to people in `zone`.

    Raises `ValueError` for a goal that cannot be judged. Loading the project's files refuses all of these
    with their place; here they are the last line of defence.
    """

    type: KeyResultType
    starts_at: datetime
    ends_at: datetime
    start_value: Decimal | None = None
    target_value: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    checkpoints: tuple[tuple[datetime, Decimal], ...] = ()
    commitment: Commitment = Commitment.COMMITTED
    zone: tzinfo = UTC

    def __post_init__(self) -> None:
        self._check_times()
        if self.type.maintains:
            self._check_bounds()
        else:
            self._check_way()

    @property
    def way(self) -> tuple[Decimal, Decimal]:
        """The start value and the target value, of a type that goes from one to the other."""
        start, target = self.start_value, self.target_value
        if self.type is KeyResultType.BINARY:
            start, target = ZERO if start is None else start, ONE if target is None else target
        if start is None or target is None:
            raise ValueError(f"a goal of type {self.type} needs a start value and a target value")
        return start, target

    @property
    def bounds(self) -> Bounds:
        """The range to stay in, of a type that maintains."""
        return Bounds(self.low, self.high)

    def _check_times(self) -> None:
        wanted_by = [moment for moment, _ in self.checkpoints]
        if any(moment.tzinfo is None for moment in (self.starts_at, self.ends_at, *wanted_by)):
            raise ValueError("a goal needs aware times")
        if self.starts_at >= self.ends_at:
            raise ValueError("a cycle ends after it starts")
        if not all(self.starts_at < moment <= self.ends_at for moment in wanted_by):
            raise ValueError("a checkpoint lies within the cycle")

    def _check_bounds(self) -> None:
        needs_low = self.type in (KeyResultType.STAY_ABOVE, KeyResultType.IN_RANGE)
        needs_high = self.type in (KeyResultType.STAY_BELOW, KeyResultType.IN_RANGE)
        if (needs_low and self.low is None) or (needs_high and self.high is None):
            raise ValueError(f"a goal of type {self.type} needs its bounds")

    def _check_way(self) -> None:
        start, target = self.way
        if start == target:
            raise ValueError(f"target and start value are both {start}, so there is no way to go")
