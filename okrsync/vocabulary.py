"""The field's terms, one word for one thing: in code, database, commands and pages alike."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """Whose goals they are."""

    COMPANY = "company"
    TEAM = "team"
    INDIVIDUAL = "individual"


class Commitment(StrEnum):
    """What counts as success: a committed objective must reach 1.0, for an aspirational one 0.7 is good."""

    COMMITTED = "committed"
    ASPIRATIONAL = "aspirational"


class KeyResultType(StrEnum):
    """How the value of a key result is judged."""

    INCREASE = "increase"
    DECREASE = "decrease"
    STAY_ABOVE = "stay_above"
    STAY_BELOW = "stay_below"
    IN_RANGE = "in_range"
    MILESTONE = "milestone"
    BINARY = "binary"

    @property
    def maintains(self) -> bool:
        """Whether the value is to be kept somewhere, so that there is no way from a start to a target."""
        return self in (KeyResultType.STAY_ABOVE, KeyResultType.STAY_BELOW, KeyResultType.IN_RANGE)


class Status(StrEnum):
    """The verdict on a goal, from its values alone; never on whether its number can be trusted."""

    NOT_STARTED = "not_started"
    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    OFF_TRACK = "off_track"
    ACHIEVED = "achieved"
    MISSED = "missed"
    UNKNOWN = "unknown"


class DataState(StrEnum):
    """Whether the number behind a goal can be trusted; never what it says about the goal."""

    FRESH = "fresh"
    LATE = "late"
    STALE = "stale"
    QUARANTINED = "quarantined"
    PINNED = "pinned"
    PAUSED = "paused"


class Origin(StrEnum):
    """Who or what made a check-in."""

    AUTO = "auto"
    """A sync, for its slot: at most one per key result and slot."""
    RESTATEMENT = "restatement"
    """A sync that found another number for a slot that has its check-in already; supersedes that one."""
    BACKFILL = "backfill"
    """Asked of the source's history later on."""
    MANUAL = "manual"
    """A person."""


class Aggregation(StrEnum):
    """How many rows become one number."""

    COUNT = "count"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    MEDIAN = "median"
    PERCENTILE = "percentile"
    DISTINCT = "distinct"
    LATEST = "latest"
    FIRST = "first"


class WhenEmpty(StrEnum):
    """What a source's "nothing" means for a metric."""

    PROBLEM = "problem"
    ZERO = "zero"
    KEEP = "keep"


class Trigger(StrEnum):
    """What set a sync run going."""

    COMMAND = "command"
    SCHEDULE = "schedule"
    DEMO = "demo"
    BACKFILL = "backfill"
