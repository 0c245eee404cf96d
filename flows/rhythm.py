"""When a sync has to run so that no slot waits: a few steady beats for any mix of cadences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from okrsync.okrs.cadence import Cadence
from okrsync.okrs.model import Project

LONGEST = timedelta(hours=1)
"""A failed slot is tried again at least this often, however rarely a key result is due."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, order=True)
class Beat:
    """Instants `interval` apart, one of them `offset` after the epoch: steady in UTC, whatever clocks are set to."""

    interval: timedelta
    offset: timedelta

    @property
    def anchor(self) -> datetime:
        """One of its instants."""
        return EPOCH + self.offset

    def covers(self, other: Beat) -> bool:
        """Whether every instant of `other` is one of this beat, too."""
        return not other.interval % self.interval and other.offset % self.interval == self.offset


def beats_of(project: Project, now: datetime) -> tuple[Beat, ...]:
    """Return the beats that the cadences of `project` need; hourly where nothing is measured."""
    first_zone = next(iter(project.cycles.values())).zone
    zones = {key: project.cycles[objective.cycle].zone for key, objective in project.objectives.items()}
    cadences = {(one.cadence, zones[one.objective]) for one in project.key_results.values()}
    cadences |= {(kpi.cadence, first_zone) for kpi in project.kpis.values()}
    return beats(cadences or {(Cadence.parse("hourly"), first_zone)}, now)


def beats(cadences: Iterable[tuple[Cadence, ZoneInfo]], now: datetime) -> tuple[Beat, ...]:
    """Return the fewest beats that hit every slot of `cadences`, each in its zone, at the hour's UTC offset of `now`.

    A cadence of an hour or more gives an hourly beat through its slots; a finer one a beat of its own.
    """
    wanted = sorted({_beat(cadence, zone, now) for cadence, zone in cadences})
    return tuple(beat for beat in wanted if not any(other.covers(beat) for other in wanted if other != beat))


def _beat(cadence: Cadence, zone: ZoneInfo, now: datetime) -> Beat:
    interval = min(cadence.period, LONGEST)
    return Beat(interval, (cadence.slot(now, zone) - EPOCH) % interval)
