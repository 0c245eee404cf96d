"""What may be written in a project folder: `okrsync.yaml` and the files below `goals/`.

The reference page and the JSON Schema for editors come from these models, so each field says what it means.
What it takes several fields or files to tell is checked in `rules` and `references`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from okrsync.okrs.cadence import Cadence
from okrsync.okrs.fields import CycleName, Day, Factor, FormulaText, HowOften, Id, Number, Positive, Text, Window, Zone
from okrsync.okrs.formulas import FUNCTIONS
from okrsync.vocabulary import Commitment, KeyResultType, Level, WhenEmpty

TEXT, MAPPING = "<text>", "<mapping>"
"""Tags of a field that takes either; they appear in the `loc` of errors and in no file."""

Preset = Literal["okrsync", "engagedly", "upraise", "oboard", "mooncamp", "servicenow", "viva"]


def _form(value: Any) -> str:
    return MAPPING if isinstance(value, (dict, BaseModel)) else TEXT


class Part(BaseModel):
    """The ground that all parts of a project's files stand on."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, arbitrary_types_allowed=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_what_is_left_open(cls, written: Any) -> Any:
        """Treat `key:` with nothing behind it as not written."""
        if not isinstance(written, dict):
            return written
        return {key: value for key, value in written.items() if value is not None or key not in cls.model_fields}


class CyclePart(Part):
    """A time box, mostly a quarter."""

    name: CycleName = Field(description="What people call it.", examples=["2026-Q4"])
    start: Day = Field(description="Its first day.", examples=["2026-10-01"])
    end: Day = Field(description="Its last day, which belongs to it.", examples=["2026-12-31"])
    timezone: Zone = Field(ZoneInfo("UTC"), description="The IANA time zone in which its days begin and end.")


class ConnectionPart(Part):
    """A named, configured use of a connector. The connector says which other settings there are."""

    model_config = ConfigDict(extra="allow")

    connector: Id = Field(
        description="Name of the connector; `okrsync connector list` shows them.", examples=["spreadsheet"]
    )


class MetricPart(Part):
    """A number that a connection is asked for, or a formula over other metrics."""

    connection: Id | None = Field(None, description="Name of the connection that is asked.")
    query: dict[str, Any] = Field({}, description="The question, in the words of the connection's connector.")
    window: Window | None = Field(
        None, description="The span of time the question is about; `now` where nothing is said. Not for formulas."
    )
    formula: FormulaText | None = Field(
        None,
        description="Instead of a connection: a formula over other metrics, each in its own window, with"
        f" + - * / ( ) and {', '.join(FUNCTIONS)}.",
        examples=["percent(sqls, mqls)"],
    )
    scale: Factor = Field(
        Decimal(1),
        json_schema_extra={"default": 1},
        description="What the source's number is multiplied with: 100 for a source that says 0.125 and means 12.5 %.",
    )
    when_empty: WhenEmpty = Field(
        WhenEmpty.PROBLEM, description="What it means when the source has nothing: a problem, zero, or no change."
    )
    minimum: Number | None = Field(None, description="A value below this is refused, as no value can be.")
    maximum: Number | None = Field(None, description="A value above this is refused, as no value can be.")


MetricReference = Annotated[
    Annotated[Id, Tag(TEXT)] | Annotated[MetricPart, Tag(MAPPING)],
    Discriminator(_form),
]


class TeamPart(Part):
    """The company, a team of it, or one person."""

    title: Text | None = Field(None, description="What people call it; made from the key where nothing is said.")
    level: Level = Field(Level.TEAM, description="Whose goals they are.")
    parent: Id | None = Field(None, description="Key of the team it belongs to; the company where nothing is said.")


class NamedTeamPart(TeamPart):
    """A team that a goals file describes itself."""

    key: Id = Field(description="Short name, the first part of the keys of its objectives.", examples=["marketing"])


TeamReference = Annotated[
    Annotated[Id, Tag(TEXT)] | Annotated[NamedTeamPart, Tag(MAPPING)],
    Discriminator(_form),
]


class StatusPart(Part):
    """What makes a status of a value."""

    preset: Preset = Field("okrsync", description="Set of thresholds, as okrsync or another product has them.")


class ProjectFile(Part):
    """`okrsync.yaml`: cycles, connections and metrics, which the goals then name."""

    cycle: CyclePart | None = Field(None, description="The only cycle of the project.")
    cycles: list[CyclePart] = Field([], description="Several cycles, instead of `cycle`; goals files then name theirs.")
    company: Text | None = Field(None, description="The company's name. Its goals are those of the team `company`.")
    database: Text | None = Field(
        None,
        description="URL of the central database; a SQLite file in the project folder where nothing is said."
        " `${VARIABLE}` is filled in.",
    )
    connections: dict[Id, ConnectionPart] = Field({}, description="Where numbers come from, by name.")
    metrics: dict[Id, MetricPart] = Field({}, description="Which numbers there are, by name.")
    teams: dict[Id, TeamPart] = Field(
        {}, description="Teams by key. Where there are any, goals files may name these only."
    )
    status: StatusPart = Field(StatusPart(), description="How values are judged.")


class CheckpointPart(Part):
    """A point of the target curve."""

    date: Day = Field(description="The day at whose end the value is wanted.")
    value: Number = Field(description="The value wanted.")


class KeyResultPart(Part):
    """A number on its way from `start` to `target`, or one to be kept within bounds."""

    id: Id = Field(description="Short name, unique in the project; history hangs on it.", examples=["mql-to-sql"])
    title: Text = Field(description="What people call it.")
    metric: MetricReference | None = Field(
        None, description="Name of a metric, or a metric written out here. Without one, people check in by hand."
    )
    unit: Text | None = Field(None, description="Unit of its values.", examples=["percent", "GBP", "count"])
    type: KeyResultType | None = Field(
        None, description="How the value is judged; follows from start, target, low and high where nothing is said."
    )
    start: Number | None = Field(None, description="Value at the beginning of the cycle.")
    target: Number | None = Field(
        None,
        description="Value wanted at the end of the cycle; how many milestones there are; the bound that"
        " `stay_above` and `stay_below` keep.",
    )
    low: Number | None = Field(None, description="The value is to stay at or above this.")
    high: Number | None = Field(None, description="The value is to stay at or below this.")
    weight: Positive = Field(
        Decimal(1),
        json_schema_extra={"default": 1},
        description="Its share in the progress of the objective, next to the others'.",
    )
    owner: Text | None = Field(None, description="Who answers for it; the objective's owner where nothing is said.")
    cadence: HowOften = Field(
        Cadence.daily(),
        json_schema_extra={"default": "daily"},
        description="How often a check-in is expected, on the cycle's clock.",
    )
    checkpoints: list[CheckpointPart] = Field(
        [], description="Points of the target curve, which is a straight line where there are none."
    )
    preset: Preset | None = Field(None, description="Thresholds for this key result; the project's otherwise.")
    was: Id | None = Field(None, description="The id it had before, so that its history stays attached.")


class ObjectivePart(Part):
    """Where to."""

    id: Id = Field(description="Short name, unique within the team.", examples=["lead-quality"])
    title: Text = Field(description="What people call it.")
    owner: Text | None = Field(None, description="Who answers for it; the file's owner where nothing is said.")
    kind: Commitment = Field(
        Commitment.COMMITTED, description="Committed must be reached in full; of aspirational, 0.7 is good."
    )
    supports: Text | None = Field(
        None, description="Key (`team/id`) of the objective it is aligned to.", examples=["company/grow-in-europe"]
    )
    weight: Positive = Field(
        Decimal(1),
        json_schema_extra={"default": 1},
        description="Its share in the progress of the objective that it supports.",
    )
    key_results: list[KeyResultPart] = Field([], description="How one will know.")


class HealthyPart(Part):
    """The range in which a KPI is healthy; one bound may be left open."""

    above: Number | None = Field(None, description="Healthy at or above this.")
    below: Number | None = Field(None, description="Healthy at or below this.")


class KpiPart(Part):
    """A metric watched without a cycle."""

    id: Id = Field(description="Short name, unique in the project.", examples=["churn"])
    title: Text = Field(description="What people call it.")
    metric: MetricReference = Field(description="Name of a metric, or a metric written out here.")
    unit: Text = Field(description="Unit of its values.", examples=["percent"])
    owner: Text | None = Field(None, description="Who answers for it; the file's owner where nothing is said.")
    healthy: HealthyPart = Field(HealthyPart(), description="The range in which it is healthy.")
    cadence: HowOften = Field(
        Cadence.daily(), json_schema_extra={"default": "daily"}, description="How often a check-in is expected."
    )
    was: Id | None = Field(None, description="The id it had before, so that its history stays attached.")


class GoalsFile(Part):
    """A file below `goals/`: what one team wants to reach in one cycle."""

    team: TeamReference = Field(description="Key of the team, or the team written out here.")
    cycle: CycleName | None = Field(None, description="Name of the cycle; needed only where there are several.")
    owner: Text | None = Field(None, description="Who answers for what names no owner.")
    objectives: list[ObjectivePart] = Field([], description="Where to.")
    kpis: list[KpiPart] = Field([], description="What is watched all the time.")
