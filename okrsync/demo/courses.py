"""How the sample company's numbers travel through the quarter: the story that the board tells.

`pace` is the share of the expected way that a number really goes: with 1.0 it is where it should be on every
day of the quarter, with 0.8 it is at risk, with 0.3 off track. The sources are filled so that asking them gives
these numbers, give or take the noise of daily life.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from random import Random

from okrsync.demo.quarters import Quarter

STRAIGHT = ((0.0, 0.0), (1.0, 1.0))
LATE_RAMP = ((0.0, 0.0), (1 / 3, 0.2), (2 / 3, 0.55), (1.0, 1.0))
"""A campaign that starts in the second month: the way of sign-ups, and the checkpoints of their key result."""
HISTORY_RATE = 0.85
"""What the company did per day in the half year before, as a share of what the quarter's targets ask for."""
WORKDAY, WEEKEND = 1.2, 0.5
"""Weights of a day; a week of them adds up to seven."""


@dataclass(frozen=True)
class Course:
    """The way of one number: from `start` towards `target`, along `curve` as (share of quarter, share of way)."""

    start: float
    target: float
    pace: float
    curve: tuple[tuple[float, float], ...] = STRAIGHT

    def level(self, quarter: Quarter, day: date, lead: int = 0) -> float:
        """Return the number at the end of `day`.

        `lead` days early: the average over the last 28 days says today what was true a fortnight ago, so what it
        is made of has to run ahead.
        """
        return self.start + (self.target - self.start) * self.pace * self._way(
            quarter.share_over(day) + lead / quarter.length
        )

    def gain(self, quarter: Quarter, day: date) -> float:
        """Return by how much a number that adds up from 0 grows on `day`, before and within the quarter."""
        weight = WORKDAY if day.weekday() < 5 else WEEKEND
        if day < quarter.start:
            return weight * HISTORY_RATE * self.target / quarter.length
        return weight * (self.level(quarter, day) - self.level(quarter, day - timedelta(days=1)))

    def _way(self, share: float) -> float:
        if share <= 0:
            return 0.0
        legs = list(pairwise(self.curve))
        (from_x, from_y), (to_x, to_y) = next((leg for leg in legs if share <= leg[1][0]), legs[-1])
        return from_y + (share - from_x) * (to_y - from_y) / (to_x - from_x)


class Whole:
    """Makes whole things of fractions: what is cut off today is not lost, but comes on a later day."""

    def __init__(self) -> None:
        self._rest = 0.5

    def of(self, amount: float) -> int:
        """Return how many whole things `amount` and what was left over make."""
        self._rest += amount
        whole = math.floor(self._rest)
        self._rest -= whole
        return whole

    def put_back(self, count: int) -> None:
        """Take back what could not be used, so that it comes again later."""
        self._rest += count


class Noise:
    """Factors around 1 that come in pairs, one above and one below, so that they even out over the weeks."""

    def __init__(self, rng: Random, width: float) -> None:
        self._rng = rng
        self._width = width
        self._swing: float | None = None

    def factor(self) -> float:
        """Return the next factor, between 1 - width and 1 + width."""
        if self._swing is not None:
            factor, self._swing = 1 - self._swing, None
            return factor
        self._swing = self._rng.uniform(-self._width, self._width)
        return 1 + self._swing


NEW_REVENUE = Course(0, 900_000, 0.99)
WON_DEALS = Course(0, 100, 1.03)
RECURRING_REVENUE = Course(410_000, 470_000, 1.05)
GROSS_MARGIN = Course(61, 66, 0.8)
SATISFACTION = Course(4.1, 4.5, 1.05)
MQLS = Course(0, 600, 1.04)
MQL_TO_SQL = Course(18, 28, 0.79)
COST_PER_MQL = Course(85, 60, 1.05)
SIGNUPS = Course(0, 4000, 1.02, LATE_RAMP)
SALES_CYCLE = Course(48, 38, 0.3)
ACTIVATION = Course(31, 40, 1.08)
FIRST_REPLY = Course(9, 4, 0.25)
PARTNERS_SIGNED_AT = (0.08, 0.19, 0.3)
"""Shares of the quarter; three agreements are the target."""
RELEASES = 8
MONTHLY_CHURN = 2.4
"""Percent of the customers."""


def release_share(number: int) -> float:
    """Return at which share of the quarter release `number` of 1..8 went out: a little before it was due."""
    return (number - 0.8) / RELEASES
