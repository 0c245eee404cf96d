"""Named sets of thresholds: okrsync's own, and those of products that people come from.

Products name three steps differently, and what one calls "at risk" is another's worst. Here the best step
is `on_track`, the middle one `at_risk` and the worst `off_track`; each preset keeps its product's own words
in `labels`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from okrsync.judge.figures import ZERO, at_least, percent, plain, points
from okrsync.vocabulary import Status


class Ruling(NamedTuple):
    """A status, and the part of the rule that gave it, in words with its figures."""

    status: Status
    because: str


@dataclass(frozen=True)
class ByPace:
    """Progress as a share of what is expected: on track from `on_track`, at risk from `at_risk`, else off track."""

    on_track: Decimal
    at_risk: Decimal

    def decide(self, progress: Decimal, expected: Decimal) -> Ruling:
        """Return the status of `progress` against `expected`, both shares of the way."""
        if at_least(progress, self.on_track * expected):
            return Ruling(Status.ON_TRACK, self._because(progress, expected, "at least", self.on_track))
        if at_least(progress, self.at_risk * expected):
            return Ruling(Status.AT_RISK, self._because(progress, expected, "under", self.on_track))
        return Ruling(Status.OFF_TRACK, self._because(progress, expected, "under", self.at_risk))

    @staticmethod
    def _because(progress: Decimal, expected: Decimal, side: str, limit: Decimal) -> str:
        if not expected:
            return "below the start value" if progress < 0 else "nothing is expected yet"
        return f"{percent(progress / expected, limit)} of the pace, {side} {percent(limit)}"


@dataclass(frozen=True)
class ByGap:
    """How far progress lies behind what is expected: on track up to `on_track`, at risk up to `at_risk`.

    Both are shares of the whole way: 0.165 is 16.5 percentage points.
    """

    on_track: Decimal
    at_risk: Decimal

    def decide(self, progress: Decimal, expected: Decimal) -> Ruling:
        """Return the status of `progress` against `expected`, both shares of the way."""
        gap = expected - progress
        if at_least(self.on_track, gap):
            return Ruling(Status.ON_TRACK, self._because(gap, "at most", self.on_track))
        if at_least(self.at_risk, gap):
            return Ruling(Status.AT_RISK, self._because(gap, "over", self.on_track))
        return Ruling(Status.OFF_TRACK, self._because(gap, "over", self.at_risk))

    @staticmethod
    def _because(gap: Decimal, side: str, limit: Decimal) -> str:
        if at_least(ZERO, gap):
            return "as far as expected" if at_least(gap, ZERO) else f"{points(-gap, ZERO)} ahead"
        behind = f"{points(gap, limit)} behind"
        return f"{behind}, {side} {plain(limit * 100)}" if limit else behind


@dataclass(frozen=True)
class Preset:
    """A named rule for the status.

    `source` is where the rule is written down. `quiet_share` of the cycle at its start, and gaps under
    `quiet_gap` of the way, give no verdict under `on_track`: so early and so near, noise says more than
    pace. `labels` are the product's own words for a status.
    """

    name: str
    title: str
    source: str
    rule: ByPace | ByGap
    quiet_share: Decimal = ZERO
    quiet_gap: Decimal = ZERO
    labels: Mapping[Status, str] = field(default_factory=dict)

    def decide(self, progress: Decimal, expected: Decimal, elapsed: Decimal) -> Ruling:
        """Return the status of `progress` against `expected` when `elapsed` of the cycle is over; all three shares."""
        ruling = self.rule.decide(progress, expected)
        if ruling.status is Status.ON_TRACK:
            return ruling
        if not at_least(elapsed, self.quiet_share):
            return Ruling(
                Status.ON_TRACK, f"{ruling.because}, but under {percent(self.quiet_share)} of the cycle is over"
            )
        if not at_least(expected - progress, self.quiet_gap):
            return Ruling(Status.ON_TRACK, f"{ruling.because}, but less than {points(self.quiet_gap)} behind")
        return ruling

    def label(self, status: Status) -> str:
        """Return the product's own word for `status`, or okrsync's where it has none.

        >>> PRESETS["engagedly"].label(Status.OFF_TRACK)
        'At risk'
        """
        return self.labels.get(status, status.replace("_", " ").capitalize())


def _words(on_track: str, at_risk: str, off_track: str) -> Mapping[Status, str]:
    return MappingProxyType({Status.ON_TRACK: on_track, Status.AT_RISK: at_risk, Status.OFF_TRACK: off_track})


_ALL = (
    Preset(
        name="okrsync",
        title="okrsync",
        source="okrsync's own",
        rule=ByPace(on_track=Decimal("0.90"), at_risk=Decimal("0.70")),
        quiet_share=Decimal("0.10"),
        quiet_gap=Decimal("0.05"),
    ),
    Preset(
        name="engagedly",
        title="Engagedly",
        source="https://help.engagedly.com/automatic-status-updates-for-goals",
        rule=ByGap(on_track=Decimal("0.165"), at_risk=Decimal("0.33")),
        labels=_words("On track", "Behind", "At risk"),
    ),
    Preset(
        name="upraise",
        title="UpRaise",
        source="https://amoeboids.atlassian.net/wiki/spaces/UPFJ/pages/1396867084",
        rule=ByPace(on_track=Decimal("0.95"), at_risk=Decimal("0.75")),
        labels=_words("On track", "Lagging", "At risk"),
    ),
    Preset(
        name="oboard",
        title="Oboard",
        source="https://oboard.atlassian.net/wiki/spaces/OBPFJ/pages/42729609",
        rule=ByPace(on_track=Decimal("0.70"), at_risk=Decimal("0.40")),
        labels=_words("On track", "Behind", "At risk"),
    ),
    Preset(
        name="mooncamp",
        title="Mooncamp",
        source="https://mooncamp.com/docs/goal-statuses",
        rule=ByPace(on_track=Decimal("0.90"), at_risk=Decimal("0.70")),
        labels=_words("On track", "Progressing", "Off track"),
    ),
    Preset(
        name="servicenow",
        title="ServiceNow Goal Framework",
        source="https://www.servicenow.com/docs/r/australia/it-business-management/goal-framework/"
        "target-status-calculation-examples.html",
        rule=ByPace(on_track=Decimal("0.90"), at_risk=Decimal("0.75")),
        labels=_words("Green", "Yellow", "Red"),
    ),
    Preset(
        name="viva",
        title="Microsoft Viva Goals",
        source="Microsoft Viva Goals",
        rule=ByGap(on_track=ZERO, at_risk=Decimal("0.25")),
        labels=_words("On track", "Behind", "At risk"),
    ),
)

PRESETS: Mapping[str, Preset] = MappingProxyType({preset.name: preset for preset in _ALL})
"""Every preset by its name."""
