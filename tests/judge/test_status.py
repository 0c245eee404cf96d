from dataclasses import replace
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.judge.expectation import expected_progress
from okrsync.judge.goal import Goal, Point
from okrsync.judge.presets import PRESETS
from okrsync.judge.progress import progress
from okrsync.judge.status import judge, kpi_verdict
from okrsync.vocabulary import Commitment, KeyResultType, Status
from tests.judge.goals import (
    END,
    START,
    any_goal,
    binary,
    goals_that_maintain,
    goals_with_a_way,
    histories,
    kept,
    moments,
    moments_within,
    on,
    points,
    rising,
    values,
)

OKRSYNC = PRESETS["okrsync"]
presets = st.sampled_from(list(PRESETS.values()))
WORST_FIRST = [Status.MISSED, Status.OFF_TRACK, Status.AT_RISK, Status.ON_TRACK, Status.ACHIEVED]


def verdict(goal, known, day, preset=OKRSYNC):
    return judge(goal, points(*known), on(day), preset)


@pytest.mark.parametrize(
    ("goal", "known", "day", "status", "rule"),
    [
        pytest.param(
            rising(),
            [(57, 46)],
            57,
            Status.AT_RISK,
            "46 % of the way against 57 % expected: 81 % of the pace, under 90 %",
            id="behind",
        ),
        pytest.param(
            rising(),
            [(57, 60)],
            57,
            Status.ON_TRACK,
            "60 % of the way against 57 % expected: 105 % of the pace, at least 90 %",
            id="ahead",
        ),
        pytest.param(
            rising(),
            [(57, 46)],
            57.5,
            Status.AT_RISK,
            "46 % of the way against 57 % expected: 81 % of the pace, under 90 %",
            id="a value of this morning",
        ),
        pytest.param(
            rising(),
            [(40, 46)],
            57,
            Status.ON_TRACK,
            "46 % of the way against 40 % expected by 10 Feb, when the value was true: "
            "115 % of the pace, at least 90 %",
            id="a late value is compared with its own day",
        ),
        pytest.param(
            rising(8, 3),
            [(50, 9)],
            50,
            Status.OFF_TRACK,
            "-20 % of the way against 50 % expected: -40 % of the pace, under 70 %",
            id="a step back",
        ),
        pytest.param(
            rising(),
            [(2, 0)],
            2,
            Status.ON_TRACK,
            "0 % of the way against 2 % expected: 0 % of the pace, under 70 %, but under 10 % of the cycle is over",
            id="too early to say",
        ),
        pytest.param(
            rising(),
            [(30, 104)],
            30,
            Status.ACHIEVED,
            "104 % of the way: the target is reached",
            id="early success",
        ),
        pytest.param(
            rising(),
            [(99, "99.96")],
            99,
            Status.ON_TRACK,
            "99.96 % of the way against 99 % expected: 101 % of the pace, at least 90 %",
            id="nearly is not reached",
        ),
        pytest.param(rising(), [], 30, Status.UNKNOWN, "no value yet", id="no value"),
        pytest.param(
            rising(),
            [(-11, 50)],
            30,
            Status.UNKNOWN,
            "no value since the cycle began; the last is of 21 Dec",
            id="only a value from before the cycle",
        ),
        pytest.param(rising(), [(-1, 5)], -1, Status.NOT_STARTED, "the cycle begins on 1 Jan", id="before the cycle"),
        pytest.param(
            rising(),
            [(100, 100)],
            100,
            Status.ACHIEVED,
            "100 % of the way when the cycle ended: the target is reached",
            id="reached at the end",
        ),
        pytest.param(
            rising(),
            [(100, "99.9")],
            100,
            Status.MISSED,
            "99.9 % of the way when the cycle ended: under 100 %",
            id="just missed",
        ),
        pytest.param(
            rising(),
            [(90, 80)],
            120,
            Status.MISSED,
            "80 % of the way when the cycle ended, by the value of 1 Apr: under 100 %",
            id="missed by an old value",
        ),
        pytest.param(
            rising(),
            [(100, 80), (103, 101)],
            105,
            Status.ACHIEVED,
            "101 % of the way when the cycle ended: the target is reached",
            id="a person reports after the end",
        ),
        pytest.param(
            rising(commitment=Commitment.ASPIRATIONAL),
            [(100, 70)],
            100,
            Status.ACHIEVED,
            "70 % of the way when the cycle ended: at least 70 %, good for an aspirational goal",
            id="aspirational",
        ),
        pytest.param(
            rising(commitment=Commitment.ASPIRATIONAL),
            [(100, "69.9")],
            100,
            Status.MISSED,
            "69.9 % of the way when the cycle ended: under 70 %",
            id="aspirational, missed",
        ),
        pytest.param(
            binary(),
            [(50, 0)],
            50,
            Status.ON_TRACK,
            "0 % of the way against 0 % expected: nothing is expected yet",
            id="binary, not due",
        ),
        pytest.param(
            binary([(30, 1)]),
            [(50, 0)],
            50,
            Status.OFF_TRACK,
            "0 % of the way against 100 % expected: 0 % of the pace, under 70 %",
            id="binary, overdue",
        ),
        pytest.param(
            binary(), [(50, 1)], 50, Status.ACHIEVED, "100 % of the way: the target is reached", id="binary, done"
        ),
        pytest.param(
            binary(),
            [(99.5, 0)],
            100,
            Status.MISSED,
            "0 % of the way when the cycle ended: under 100 %",
            id="binary, never done",
        ),
    ],
)
def test_a_goal_with_a_way(goal, known, day, status, rule):
    found = verdict(goal, known, day)

    assert (found.status, found.rule) == (status, rule)


@pytest.mark.parametrize(
    ("goal", "known", "day", "status", "rule"),
    [
        pytest.param(
            kept(high=3),
            [(10, 2), (20, 3), (30, 1)],
            30,
            Status.ON_TRACK,
            "within bounds in 3 of 3 periods: 100 % of the pace, at least 90 %",
            id="kept, and not achieved before the end",
        ),
        pytest.param(
            kept(high=3),
            [(10, 2), (20, 4), (30, 1), (40, 1)],
            40,
            Status.AT_RISK,
            "within bounds in 3 of 4 periods: 75 % of the pace, under 90 %",
            id="missed one period of four",
        ),
        pytest.param(
            kept(high=3),
            [*((day, 2) for day in range(1, 20)), (20, "3.4")],
            20,
            Status.AT_RISK,
            "within bounds in 19 of 20 periods: 95 % of the pace, at least 90 %, and the current value 3.4 is above 3",
            id="outside now, at best at risk",
        ),
        pytest.param(
            kept(low=99),
            [(1, 98)],
            1,
            Status.AT_RISK,
            "within bounds in 0 of 1 periods: 0 % of the pace, under 70 %, but under 10 % of the cycle is over, "
            "and the current value 98 is below 99",
            id="outside now, however early",
        ),
        pytest.param(
            kept(low=-1, high=1),
            [(10, 5), (30, 5), (40, 0)],
            40,
            Status.OFF_TRACK,
            "within bounds in 1 of 3 periods: 33 % of the pace, under 70 %",
            id="mostly outside",
        ),
        pytest.param(
            kept(high=3),
            [(-30, 9), (-20, 9), (30, 1)],
            30,
            Status.ON_TRACK,
            "within bounds in 1 of 1 periods: 100 % of the pace, at least 90 %",
            id="history is no evidence of this cycle",
        ),
        pytest.param(
            kept(high=3),
            [(10, 1), (100, 3)],
            100,
            Status.ACHIEVED,
            "within bounds in 2 of 2 periods: 100 % of the pace, at least 90 % when the cycle ended",
            id="kept to the end",
        ),
        pytest.param(
            kept(high=3),
            [(10, 1), (20, 4), (100, 3)],
            100,
            Status.MISSED,
            "within bounds in 2 of 3 periods: 67 % of the pace, under 70 % when the cycle ended",
            id="not kept",
        ),
        pytest.param(
            kept(high=3, commitment=Commitment.ASPIRATIONAL),
            [*((day, 1) for day in range(7)), (8, 4), (9, 4), (100, 3)],
            100,
            Status.ACHIEVED,
            "within bounds in 8 of 10 periods: 80 % of the pace, under 90 % when the cycle ended: "
            "at least 70 %, good for an aspirational goal",
            id="aspirational",
        ),
        pytest.param(
            kept(high=3, commitment=Commitment.ASPIRATIONAL),
            [*((day, 1) for day in range(4)), (100, 4)],
            100,
            Status.MISSED,
            "within bounds in 4 of 5 periods: 80 % of the pace, under 90 %, and the current value 4 is above 3 "
            "when the cycle ended",
            id="aspirational, outside at the end",
        ),
        pytest.param(kept(high=3), [], 30, Status.UNKNOWN, "no value yet", id="no value"),
    ],
)
def test_a_goal_that_maintains(goal, known, day, status, rule):
    found = verdict(goal, known, day)

    assert (found.status, found.rule) == (status, rule)


@pytest.mark.parametrize(
    ("low", "high", "value", "status", "rule"),
    [
        pytest.param(None, 3, "3", Status.ON_TRACK, "healthy: 3 is at most 3", id="on the bound"),
        pytest.param(None, 3, "3.4", Status.OFF_TRACK, "unhealthy: 3.4 is above 3", id="above"),
        pytest.param(99, None, "98.50", Status.OFF_TRACK, "unhealthy: 98.5 is below 99", id="below"),
        pytest.param(2, 5, "4", Status.ON_TRACK, "healthy: 4 is within 2 to 5", id="within"),
        pytest.param(2, 5, None, Status.UNKNOWN, "no value yet", id="no value"),
    ],
)
def test_a_kpi_is_healthy_within_its_range(low, high, value, status, rule):
    low, high, value = (None if each is None else Decimal(each) for each in (low, high, value))
    found = kpi_verdict(low, high, value)

    assert (found.status, found.rule) == (status, rule)


def test_the_figures_agree_with_what_was_compared():
    found = verdict(rising(), [(40, 46)], 57)

    assert (found.progress, found.expected, found.pace, found.gap) == tuple(
        map(Decimal, ("0.46", "0.4", "1.15", "-0.06"))
    )


def test_there_is_no_pace_while_nothing_is_expected():
    assert verdict(rising(), [(0, 5)], 0).pace is None


def test_another_preset_may_see_the_same_goal_otherwise():
    seen = {name: verdict(rising(), [(57, 46)], 57, preset).status for name, preset in PRESETS.items()}

    assert seen == {
        "okrsync": Status.AT_RISK,
        "engagedly": Status.ON_TRACK,
        "upraise": Status.AT_RISK,
        "oboard": Status.ON_TRACK,
        "mooncamp": Status.AT_RISK,
        "servicenow": Status.AT_RISK,
        "viva": Status.AT_RISK,
    }


def test_days_are_named_in_the_zone_of_the_cycle():
    late_evening = [Point(on(40).replace(hour=23), Decimal(46))]
    in_berlin = replace(rising(), zone=ZoneInfo("Europe/Berlin"))

    assert "by 10 Feb," in judge(rising(), late_evening, on(57), OKRSYNC).rule
    assert "by 11 Feb," in judge(in_berlin, late_evening, on(57), OKRSYNC).rule


def test_values_of_any_size_make_a_readable_sentence():
    found = verdict(rising(target="0.01"), [(50, "1e30")], 50)

    assert found.status is Status.ACHIEVED
    assert "E" not in found.rule


@given(any_goal, histories(), moments, presets)
def test_every_goal_gets_a_verdict_that_fits_the_time(goal, known, at, preset):
    found = judge(goal, known, at, preset)
    of_this_cycle = [point for point in known if point.as_of >= START]

    if at < START:
        assert found.status is Status.NOT_STARTED
    elif not of_this_cycle:
        assert found.status is Status.UNKNOWN
    elif at >= END:
        assert found.status in (Status.ACHIEVED, Status.MISSED)
    else:
        assert found.status in WORST_FIRST[1:]
    assert found.rule
    assert "E+" not in found.rule


@given(any_goal, histories(), moments, presets)
def test_the_figures_always_agree(goal, known, at, preset):
    found = judge(goal, known, at, preset)
    if found.progress is None:
        assert (found.expected, found.pace, found.gap) == (None, None, None)
        return

    assert found.gap == found.expected - found.progress
    assert found.pace == (found.progress / found.expected if found.expected else None)


@given(goals_with_a_way(), histories(), moments, presets)
def test_a_goal_and_its_mirror_image_have_one_verdict(goal, known, at, preset):
    mirrored = replace(
        goal,
        type={KeyResultType.INCREASE: KeyResultType.DECREASE, KeyResultType.DECREASE: KeyResultType.INCREASE}.get(
            goal.type, goal.type
        ),
        start_value=-goal.start_value,
        target_value=-goal.target_value,
        checkpoints=tuple((moment, -value) for moment, value in goal.checkpoints),
    )

    assert judge(mirrored, _negative(known), at, preset) == judge(goal, known, at, preset)


@given(goals_that_maintain(), histories(), moments, presets)
def test_bounds_and_their_mirror_image_have_one_status(goal, known, at, preset):
    mirrored = Goal(
        type={
            KeyResultType.STAY_ABOVE: KeyResultType.STAY_BELOW,
            KeyResultType.STAY_BELOW: KeyResultType.STAY_ABOVE,
        }.get(goal.type, goal.type),
        starts_at=goal.starts_at,
        ends_at=goal.ends_at,
        low=None if goal.high is None else -goal.high,
        high=None if goal.low is None else -goal.low,
        commitment=goal.commitment,
    )

    assert judge(mirrored, _negative(known), at, preset).status is judge(goal, known, at, preset).status


@given(goals_with_a_way(), values, values, moments_within, presets)
def test_more_progress_never_makes_a_status_worse(goal, one, other, at, preset):
    farther, nearer = sorted([one, other], key=lambda value: progress(goal, value))
    less, more = (judge(goal, [Point(at, value)], at, preset).status for value in (farther, nearer))

    assert WORST_FIRST.index(less) <= WORST_FIRST.index(more)


@given(goals_with_a_way(), values, moments_within, moments_within, presets)
def test_a_late_value_has_the_verdict_of_its_own_moment(goal, value, one, other, preset):
    as_of, at = sorted([one, other])
    known = [Point(as_of, value)]
    then, now = judge(goal, known, as_of, preset), judge(goal, known, at, preset)

    assert replace(now, rule=then.rule) == then
    assert now.expected == expected_progress(goal, as_of)


@given(goals_that_maintain(), histories(), moments_within, presets)
def test_a_value_out_of_bounds_is_never_on_track(goal, known, at, preset):
    found = judge(goal, [*known, Point(on(119), goal.low - 1 if goal.low is not None else goal.high + 1)], at, preset)

    assert found.status in (Status.AT_RISK, Status.OFF_TRACK)


def _negative(known):
    return [Point(point.as_of, -point.value) for point in known]
