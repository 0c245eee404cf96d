"""Goals to judge, over a cycle of 100 days: the share of it that is over is the day's number in per cent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from okrsync.judge.goal import Goal, Point
from okrsync.vocabulary import Commitment, KeyResultType

START = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(days=100)
WAYS = (KeyResultType.INCREASE, KeyResultType.DECREASE, KeyResultType.MILESTONE, KeyResultType.BINARY)


def on(day: float) -> datetime:
    return START + timedelta(days=day)


def numbers(*texts: str | float) -> list[Decimal]:
    return [Decimal(str(text)) for text in texts]


def rising(start="0", target="100", checkpoints=(), commitment=Commitment.COMMITTED) -> Goal:
    """By default the value is the progress in per cent."""
    start, target = numbers(start, target)
    return Goal(
        type=KeyResultType.INCREASE if target > start else KeyResultType.DECREASE,
        starts_at=START,
        ends_at=END,
        start_value=start,
        target_value=target,
        checkpoints=tuple((on(day), Decimal(str(value))) for day, value in checkpoints),
        commitment=commitment,
    )


def kept(low=None, high=None, commitment=Commitment.COMMITTED) -> Goal:
    low, high = (None if bound is None else Decimal(str(bound)) for bound in (low, high))
    if high is None:
        kind = KeyResultType.STAY_ABOVE
    else:
        kind = KeyResultType.STAY_BELOW if low is None else KeyResultType.IN_RANGE
    return Goal(type=kind, starts_at=START, ends_at=END, low=low, high=high, commitment=commitment)


def binary(checkpoints=()) -> Goal:
    return Goal(
        type=KeyResultType.BINARY,
        starts_at=START,
        ends_at=END,
        checkpoints=tuple((on(day), Decimal(value)) for day, value in checkpoints),
    )


def points(*dated: tuple[float, str | float]) -> list[Point]:
    return [Point(on(day), Decimal(str(value))) for day, value in dated]


values = st.decimals(min_value=-100_000, max_value=100_000, places=2)
moments = st.integers(min_value=-20 * 24, max_value=120 * 24).map(lambda hours: on(hours / 24))
moments_within = st.integers(min_value=0, max_value=100 * 24 - 1).map(lambda hours: on(hours / 24))


@st.composite
def checkpoints(draw) -> tuple[tuple[datetime, Decimal], ...]:
    days = draw(st.lists(st.integers(min_value=1, max_value=99), unique=True, max_size=4))
    return tuple((on(day), draw(values)) for day in sorted(days))


@st.composite
def goals_with_a_way(draw, curved: bool = True) -> Goal:
    start = draw(values)
    target = draw(values.filter(lambda value: value != start))
    rises = KeyResultType.INCREASE if target > start else KeyResultType.DECREASE
    return Goal(
        type=draw(st.sampled_from([rises, KeyResultType.MILESTONE])),
        starts_at=START,
        ends_at=END,
        start_value=start,
        target_value=target,
        checkpoints=draw(checkpoints()) if curved else (),
        commitment=draw(st.sampled_from(Commitment)),
    )


@st.composite
def goals_that_maintain(draw) -> Goal:
    low, high = sorted([draw(values), draw(values)])
    kind = draw(st.sampled_from([kind for kind in KeyResultType if kind.maintains]))
    return Goal(
        type=kind,
        starts_at=START,
        ends_at=END,
        low=None if kind is KeyResultType.STAY_BELOW else low,
        high=None if kind is KeyResultType.STAY_ABOVE else high,
        commitment=draw(st.sampled_from(Commitment)),
    )


any_goal = st.one_of(goals_with_a_way(), goals_that_maintain(), st.just(binary()))


@st.composite
def histories(draw, max_size: int = 6) -> list[Point]:
    dated = draw(st.lists(st.tuples(moments, values), max_size=max_size, unique_by=lambda pair: pair[0]))
    return [Point(moment, value) for moment, value in sorted(dated)]
