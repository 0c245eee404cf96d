"""How much of the way is done."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from okrsync.judge.figures import ONE, ZERO
from okrsync.judge.goal import Goal


def progress(goal: Goal, value: Decimal) -> Decimal:
    """Return the share of the way from start to target that `value` has done; not clamped.

    0 is the start value and 1 the target value, below 0 is a step back, above 1 is past the target. It
    holds for falling metrics as for rising ones. A type that maintains has no way to go: 1 while the value
    is within its bounds, else 0.

    >>> from datetime import UTC, datetime
    >>> from okrsync.vocabulary import KeyResultType
    >>> churn = Goal(type=KeyResultType.DECREASE, start_value=Decimal(8), target_value=Decimal(3),
    ...     starts_at=datetime(2026, 10, 1, tzinfo=UTC), ends_at=datetime(2027, 1, 1, tzinfo=UTC))
    >>> progress(churn, Decimal("5.5"))
    Decimal('0.5')
    """
    if goal.type.maintains:
        return ONE if goal.bounds.contain(value) else ZERO
    start, target = goal.way
    return (value - start) / (target - start) + 0


def meets(goal: Goal, value: Decimal) -> bool:
    """Return whether `value` is what the goal wants: the target reached, or within bounds, both included."""
    return progress(goal, value) >= 1


def share_of_periods_met(goal: Goal, values: Sequence[Decimal | None]) -> Decimal | None:
    """Return the share of periods whose value meets the goal, from 0 to 1.

    `values` holds one entry per period. None is a period without a value: missing, not missed, so it
    counts neither way. Without any value there is no share.
    """
    known = [value for value in values if value is not None]
    if not known:
        return None
    return Decimal(sum(meets(goal, value) for value in known)) / len(known)


def clamped(share: Decimal) -> Decimal:
    """Return `share` brought into 0 to 1, as roll-ups count it.

    >>> clamped(Decimal("1.4")), clamped(Decimal("-0.2"))
    (Decimal('1'), Decimal('0'))
    """
    return min(max(share, ZERO), ONE)
