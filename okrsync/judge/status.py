"""The verdict on a goal, and the sentence that explains it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from okrsync.judge.bounds import Bounds
from okrsync.judge.expectation import elapsed, expected_progress
from okrsync.judge.figures import ONE, at_least, day, percent
from okrsync.judge.goal import Goal, Point
from okrsync.judge.presets import Preset, Ruling
from okrsync.judge.progress import meets, progress
from okrsync.vocabulary import Commitment, Status

GOOD_FOR_ASPIRATIONAL = Decimal("0.7")
"""The share of the way that is success for an aspirational goal when its cycle ends."""

_GOOD_ALL_THE_SAME = f"at least {percent(GOOD_FOR_ASPIRATIONAL)}, good for an aspirational goal"

_WORTH_DATING = timedelta(days=1)
"""A value older than this is named with its day, because people take it for today's."""


@dataclass(frozen=True)
class Verdict:
    """A status with its figures, all shares of the way, and `rule`: the sentence that says which rule spoke.

    `expected` is what `progress` was compared with, so `pace` = progress / expected (None while nothing is
    expected) and `gap` = expected - progress always agree with it.
    """

    status: Status
    progress: Decimal | None
    expected: Decimal | None
    pace: Decimal | None
    gap: Decimal | None
    rule: str


def judge(goal: Goal, points: Sequence[Point], at: datetime, preset: Preset) -> Verdict:
    """Return the verdict on `goal` at `at` (aware) by the rule of `preset`.

    `points` are the values in force, oldest first; the last is the current one. Values from before the cycle
    are history and no evidence of this cycle. A value dated after the cycle's end counts, because a person
    often reports the last number some days later.

    A value is compared with what was expected when it was true, not with what is expected today: a number
    that arrives a week late is late, which its data state says, and not a week behind. From the cycle's end
    on there is only `achieved` or `missed`; an aspirational goal is achieved at 70 % of the way. A type that
    maintains is judged by the share of its check-ins within bounds, each standing for its period, and is
    never on track while the current value is outside.
    """
    if at < goal.starts_at:
        return _without_figures(Status.NOT_STARTED, f"the cycle begins on {day(goal.starts_at, goal.zone)}")
    known = [point for point in points if point.as_of >= goal.starts_at]
    if not known:
        return _without_figures(Status.UNKNOWN, _why_unknown(goal, points))
    if goal.type.maintains:
        return _of_periods(goal, known, at, preset)
    return _of_way(goal, known[-1], at, preset)


def kpi_verdict(low: Decimal | None, high: Decimal | None, value: Decimal | None) -> Verdict:
    """Return whether a KPI is healthy: `on_track` within its bounds, both included, and `off_track` outside.

    >>> kpi_verdict(None, Decimal(3), Decimal("3.4")).rule
    'unhealthy: 3.4 is above 3'
    """
    if value is None:
        return _without_figures(Status.UNKNOWN, "no value yet")
    bounds = Bounds(low, high)
    if bounds.contain(value):
        return _without_figures(Status.ON_TRACK, f"healthy: {bounds.sentence(value)}")
    return _without_figures(Status.OFF_TRACK, f"unhealthy: {bounds.sentence(value)}")


def _of_way(goal: Goal, current: Point, at: datetime, preset: Preset) -> Verdict:
    done = progress(goal, current.value)
    if at >= goal.ends_at:
        return _verdict(_at_the_end(goal, current, done), done, ONE)
    moment = min(at, current.as_of)
    expected = expected_progress(goal, moment)
    if done >= 1:
        return _verdict(Ruling(Status.ACHIEVED, f"{percent(done)} of the way: the target is reached"), done, expected)
    status, because = preset.decide(done, expected, elapsed(goal, moment))
    old = f" by {day(moment, goal.zone)}, when the value was true" if at - moment > _WORTH_DATING else ""
    sentence = f"{percent(done, ONE)} of the way against {percent(expected)} expected{old}: {because}"
    return _verdict(Ruling(status, sentence), done, expected)


def _at_the_end(goal: Goal, current: Point, done: Decimal) -> Ruling:
    way = f"{percent(done, _good_enough(goal))} of the way when the cycle ended{_dated(goal, current)}"
    if done >= 1:
        return Ruling(Status.ACHIEVED, f"{way}: the target is reached")
    if at_least(done, _good_enough(goal)):
        return Ruling(Status.ACHIEVED, f"{way}: {_GOOD_ALL_THE_SAME}")
    return Ruling(Status.MISSED, f"{way}: under {percent(_good_enough(goal))}")


def _of_periods(goal: Goal, known: Sequence[Point], at: datetime, preset: Preset) -> Verdict:
    current = known[-1]
    met = sum(meets(goal, point.value) for point in known)
    share = Decimal(met) / len(known)
    ended = at >= goal.ends_at
    over = ONE if ended else elapsed(goal, min(at, current.as_of))
    status, because = preset.decide(share, ONE, over)
    sentence = f"within bounds in {met} of {len(known)} periods: {because}"
    if not meets(goal, current.value):
        status = Status.AT_RISK if status is Status.ON_TRACK else status
        sentence += f", and the current value {goal.bounds.sentence(current.value)}"
    if ended:
        return _verdict(_kept_to_the_end(goal, current, status, share, sentence), share, ONE)
    return _verdict(Ruling(status, sentence), share, ONE)


def _kept_to_the_end(goal: Goal, current: Point, status: Status, share: Decimal, sentence: str) -> Ruling:
    sentence = f"{sentence} when the cycle ended{_dated(goal, current)}"
    if status is Status.ON_TRACK:
        return Ruling(Status.ACHIEVED, sentence)
    if meets(goal, current.value) and at_least(share, _good_enough(goal)):
        return Ruling(Status.ACHIEVED, f"{sentence}: {_GOOD_ALL_THE_SAME}")
    return Ruling(Status.MISSED, sentence)


def _good_enough(goal: Goal) -> Decimal:
    return GOOD_FOR_ASPIRATIONAL if goal.commitment is Commitment.ASPIRATIONAL else ONE


def _dated(goal: Goal, current: Point) -> str:
    old = goal.ends_at - current.as_of > _WORTH_DATING
    return f", by the value of {day(current.as_of, goal.zone)}" if old else ""


def _why_unknown(goal: Goal, points: Sequence[Point]) -> str:
    if not points:
        return "no value yet"
    return f"no value since the cycle began; the last is of {day(points[-1].as_of, goal.zone)}"


def _verdict(ruling: Ruling, done: Decimal, expected: Decimal) -> Verdict:
    pace = done / expected if expected else None
    return Verdict(ruling.status, done, expected, pace, expected - done, ruling.because)


def _without_figures(status: Status, rule: str) -> Verdict:
    return Verdict(status, None, None, None, None, rule)
