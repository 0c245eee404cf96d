from decimal import Decimal

import pytest
from hypothesis import given

from okrsync.judge.expectation import elapsed, expected_progress, expected_value
from tests.judge.goals import (
    END,
    START,
    any_goal,
    binary,
    goals_with_a_way,
    kept,
    moments,
    on,
    rising,
)


@pytest.mark.parametrize(
    ("day", "share"),
    [
        pytest.param(-5, "0", id="before the cycle"),
        pytest.param(0, "0", id="at its start"),
        pytest.param(0.5, "0.005", id="half a day in"),
        pytest.param(40, "0.4", id="in the middle"),
        pytest.param(100, "1", id="at its end"),
        pytest.param(130, "1", id="after the cycle"),
    ],
)
def test_without_checkpoints_it_is_a_straight_line(day, share):
    assert expected_progress(rising(), on(day)) == Decimal(share)
    assert elapsed(rising(), on(day)) == Decimal(share)


@pytest.mark.parametrize(
    ("day", "value", "share"),
    [
        pytest.param(10, "95", "0.1", id="on the way to the checkpoint"),
        pytest.param(20, "90", "0.2", id="at the checkpoint"),
        pytest.param(60, "70", "0.6", id="between two"),
        pytest.param(80, "60", "0.8", id="at the second"),
        pytest.param(90, "55", "0.9", id="on the way to the target"),
    ],
)
def test_a_falling_goal_follows_its_checkpoints_the_right_way_round(day, value, share):
    cost = rising(start=100, target=50, checkpoints=[(20, 90), (80, 60)])

    assert expected_value(cost, on(day)) == Decimal(value)
    assert expected_progress(cost, on(day)) == Decimal(share)


def test_a_late_start_is_a_flat_curve():
    goal = rising(checkpoints=[(50, 0)])

    assert [expected_progress(goal, on(day)) for day in (25, 50, 75)] == [0, 0, Decimal("0.5")]


def test_a_curve_that_dips_below_the_start_expects_no_negative_progress():
    goal = rising(start=100, target=200, checkpoints=[(20, 90)])

    assert expected_value(goal, on(20)) == 90
    assert expected_progress(goal, on(20)) == 0


def test_checkpoints_may_come_in_any_order():
    assert expected_progress(rising(checkpoints=[(80, 40), (20, 10)]), on(50)) == Decimal("0.25")


def test_nothing_is_expected_of_a_binary_goal_before_it_is_due():
    assert [expected_progress(binary(), on(day)) for day in (1, 99, 100)] == [0, 0, 1]
    assert [expected_progress(binary([(30, 1)]), on(day)) for day in (29, 30, 31)] == [0, 1, 1]


def test_a_type_that_maintains_is_expected_to_meet_every_period():
    assert expected_progress(kept(high=3), on(1)) == 1
    assert expected_value(kept(high=3), on(1)) is None


@given(any_goal, moments)
def test_it_is_a_share(goal, at):
    assert 0 <= expected_progress(goal, at) <= 1


@given(goals_with_a_way())
def test_it_goes_from_0_to_1_over_the_cycle(goal):
    assert expected_progress(goal, START) == 0
    assert expected_progress(goal, END) == 1


@given(goals_with_a_way(curved=False), moments, moments)
def test_a_straight_line_never_falls(goal, one, other):
    earlier, later = sorted([one, other])

    assert expected_progress(goal, earlier) <= expected_progress(goal, later)


@given(goals_with_a_way())
def test_the_curve_passes_through_every_checkpoint(goal):
    assert [expected_value(goal, moment) for moment, _ in goal.checkpoints] == [value for _, value in goal.checkpoints]
