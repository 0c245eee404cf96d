"""What key results say together: of their objective, and objectives of the one they support."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from okrsync.judge.figures import ONE
from okrsync.judge.progress import clamped
from okrsync.vocabulary import DataState, Status

_TRUSTWORTHY = (DataState.FRESH, DataState.LATE)
_GREEN = (Status.ON_TRACK, Status.ACHIEVED)
_WEAKEST_FIRST = (Status.MISSED, Status.OFF_TRACK, Status.AT_RISK, Status.ON_TRACK, Status.ACHIEVED)


class StandsOn(NamedTuple):
    """How many key results have a number that can be trusted, `of` how many."""

    n: int
    of: int


@dataclass(frozen=True)
class Part:
    """What a key result, or an objective below, brings into a roll-up.

    `progress` (0 to 1) is None where no number can be trusted; such a part has no say in the mean.
    """

    progress: Decimal | None
    status: Status
    weight: Decimal
    stands_on: StandsOn


@dataclass(frozen=True)
class RollUp:
    """An objective's `progress` (0 to 1, None without any number), its status, and on how much both stand."""

    progress: Decimal | None
    status: Status
    stands_on: StandsOn

    def part(self, weight: Decimal = ONE) -> Part:
        """Return what this objective brings into the one it supports."""
        return Part(self.progress, self.status, weight, self.stands_on)


def shown_status(status: Status, data_state: DataState) -> Status:
    """Return the status that a person sees: a number that cannot be trusted never shows green.

    Trouble stays in sight, because a source that fails makes nothing better.

    >>> shown_status(Status.ON_TRACK, DataState.STALE)
    <Status.UNKNOWN: 'unknown'>
    >>> shown_status(Status.OFF_TRACK, DataState.STALE)
    <Status.OFF_TRACK: 'off_track'>
    """
    return Status.UNKNOWN if status in _GREEN and data_state not in _TRUSTWORTHY else status


def key_result_part(progress: Decimal | None, status: Status, data_state: DataState, weight: Decimal = ONE) -> Part:
    """Return what a key result brings into its objective; `progress` as judged, unclamped."""
    trusted = clamped(progress) if progress is not None and data_state in _TRUSTWORTHY else None
    return Part(trusted, shown_status(status, data_state), weight, StandsOn(int(trusted is not None), 1))


def roll_up(parts: Sequence[Part]) -> RollUp:
    """Return what `parts`, key results and objectives below alike, say together.

    Progress is their mean by weight, over those with a number that can be trusted. The status is that of
    the weakest part. Parts that are unknown or not started have no say in it, except that nothing is
    achieved while one of them is open.
    """
    return RollUp(
        progress=_mean([(part.progress, part.weight) for part in parts if part.progress is not None]),
        status=_weakest([part.status for part in parts]),
        stands_on=StandsOn(sum(part.stands_on.n for part in parts), sum(part.stands_on.of for part in parts)),
    )


def _mean(weighted: Sequence[tuple[Decimal, Decimal]]) -> Decimal | None:
    whole = sum(weight for _, weight in weighted)
    return sum((share * weight for share, weight in weighted), Decimal(0)) / whole if whole else None


def _weakest(statuses: Sequence[Status]) -> Status:
    weakest = next((status for status in _WEAKEST_FIRST if status in statuses), None)
    if weakest is None:
        return Status.NOT_STARTED if statuses and set(statuses) == {Status.NOT_STARTED} else Status.UNKNOWN
    all_achieved = set(statuses) == {Status.ACHIEVED}
    return Status.ON_TRACK if weakest is Status.ACHIEVED and not all_achieved else weakest
