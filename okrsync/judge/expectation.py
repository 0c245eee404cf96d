"""How much of the way is to be done by a moment."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from okrsync.judge.figures import ONE, ZERO
from okrsync.judge.goal import Goal, Point
from okrsync.judge.interpolation import ratio, value_at
from okrsync.judge.progress import clamped, progress
from okrsync.vocabulary import KeyResultType


def elapsed(goal: Goal, at: datetime) -> Decimal:
    """Return the share of the cycle that is over at `at`, from 0 to 1."""
    return clamped(ratio(at - goal.starts_at, goal.ends_at - goal.starts_at))


def expected_progress(goal: Goal, at: datetime) -> Decimal:
    """Return the progress that is expected at `at`, from 0 to 1.

    A straight line over the cycle, or the target curve where there are checkpoints; a curve that dips below
    the start value expects 0 there, and one that rises above the target value expects 1. Nothing is
    expected of a binary goal before its checkpoint or the cycle's end, because it cannot be half done. A
    type that maintains is expected to meet every period, from the first on.

    >>> from datetime import UTC
    >>> signups = Goal(type=KeyResultType.INCREASE, start_value=Decimal(0), target_value=Decimal(500),
    ...     starts_at=datetime(2026, 10, 1, tzinfo=UTC), ends_at=datetime(2026, 10, 11, tzinfo=UTC))
    >>> expected_progress(signups, datetime(2026, 10, 2, tzinfo=UTC))
    Decimal('0.1')
    """
    if goal.type.maintains:
        return ONE if at >= goal.starts_at else ZERO
    if not goal.checkpoints and goal.type is not KeyResultType.BINARY:
        return elapsed(goal, at)
    return clamped(progress(goal, _on_the_curve(goal, at)))


def expected_value(goal: Goal, at: datetime) -> Decimal | None:
    """Return the value that the target curve wants at `at`: the start value before the cycle, the target after.

    None for a type that maintains, which has no curve.
    """
    return None if goal.type.maintains else _on_the_curve(goal, at)


def _on_the_curve(goal: Goal, at: datetime) -> Decimal:
    start, target = goal.way
    if at <= goal.starts_at:
        return start
    if at >= goal.ends_at:
        return target
    curve = [Point(goal.starts_at, start), *_checkpoints(goal), Point(goal.ends_at, target)]
    if goal.type is KeyResultType.BINARY:
        return [point.value for point in curve if point.as_of <= at][-1]
    value = value_at(curve, at)
    assert value is not None, "the curve spans the cycle"  # noqa: S101
    return value


def _checkpoints(goal: Goal) -> list[Point]:
    return [Point(moment, value) for moment, value in sorted(goal.checkpoints)]
