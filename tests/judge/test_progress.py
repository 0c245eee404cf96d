from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.judge.progress import clamped, meets, progress, share_of_periods_met
from tests.judge.goals import binary, goals_that_maintain, goals_with_a_way, kept, numbers, rising, values


@pytest.mark.parametrize(
    ("start", "current", "target", "share"),
    [
        pytest.param(0, 250, 1000, "0.25", id="rising"),
        pytest.param(8, "5.5", 3, "0.5", id="falling, as churn should"),
        pytest.param(100, 90, 200, "-0.1", id="a step back"),
        pytest.param(8, 9, 3, "-0.2", id="a step back of what should fall"),
        pytest.param(0, 1500, 1000, "1.5", id="past the target"),
        pytest.param(-40, -10, 20, "0.5", id="through zero"),
        pytest.param(-10, -25, -20, "1.5", id="deeper below zero than wanted"),
        pytest.param(0, 5, -10, "-0.5", id="wrong side of zero"),
    ],
)
def test_progress_is_the_share_of_the_way(start, current, target, share):
    assert progress(rising(start, target), Decimal(current)) == Decimal(share)


@given(goals_with_a_way())
def test_the_way_goes_from_0_at_the_start_to_1_at_the_target(goal):
    assert progress(goal, goal.start_value) == 0
    assert progress(goal, goal.target_value) == 1
    assert not progress(goal, goal.start_value).is_signed()


@given(goals_with_a_way(), values, values)
def test_nearer_to_the_target_is_more_progress(goal, one, other):
    towards = 1 if goal.target_value > goal.start_value else -1
    nearer, farther = sorted([one, other], key=lambda value: -towards * value)

    assert progress(goal, nearer) >= progress(goal, farther)


def test_a_binary_goal_is_done_or_not():
    assert [progress(binary(), value) for value in numbers(0, 1)] == [0, 1]
    assert not meets(binary(), Decimal(0))


@pytest.mark.parametrize(
    ("goal", "inside", "outside"),
    [
        pytest.param(kept(low=99), (99, "99.5"), ("98.999", 0, -1), id="stay above"),
        pytest.param(kept(high=3), (3, 0, -5), ("3.001", 100), id="stay below"),
        pytest.param(kept(low=-2, high=2), (-2, 0, 2), ("-2.01", "2.01"), id="in range"),
    ],
)
def test_bounds_belong_to_the_range(goal, inside, outside):
    assert all(meets(goal, value) for value in numbers(*inside))
    assert not any(meets(goal, value) for value in numbers(*outside))


def test_a_missing_period_is_missing_and_not_missed():
    assert share_of_periods_met(kept(high=3), [Decimal(2), None, Decimal(4), None]) == Decimal("0.5")
    assert share_of_periods_met(kept(high=3), [None, None]) is None


@given(goals_that_maintain(), st.lists(st.one_of(st.none(), values)))
def test_missing_periods_change_nothing(goal, periods):
    known = [value for value in periods if value is not None]

    assert share_of_periods_met(goal, periods) == share_of_periods_met(goal, known)


@given(values)
def test_clamped_is_between_0_and_1_and_leaves_shares_alone(share):
    assert 0 <= clamped(share) <= 1
    assert clamped(clamped(share)) == clamped(share)
