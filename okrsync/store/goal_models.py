"""The tables of what is wanted: brought in by `apply`, archived when the files no longer name them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from okrsync.store.base import Base, document, exact, finite, identity, moment, ordered, reference, words
from okrsync.store.types import one_of
from okrsync.vocabulary import Commitment, KeyResultType, Level, WhenEmpty

ARCHIVED = "When the files stopped naming it; null while it is active"


class Cycle(Base):
    """A time box that objectives belong to."""

    __tablename__ = "cycle"
    __table_args__ = (CheckConstraint("start_date <= end_date", name="dates_ordered"),)

    id: Mapped[identity]
    name: Mapped[words] = mapped_column(unique=True, comment="Its name, such as 2026-Q4")
    start_date: Mapped[date] = mapped_column(comment="First day, included")
    end_date: Mapped[date] = mapped_column(comment="Last day, included")
    timezone: Mapped[words] = mapped_column(comment="IANA zone its days are counted in")
    archived_at: Mapped[moment | None] = mapped_column(comment=ARCHIVED)


class Team(Base):
    """The company, a team of it, or one person."""

    __tablename__ = "team"

    id: Mapped[identity]
    key: Mapped[words] = mapped_column(unique=True, comment="Its id in the files")
    title: Mapped[words] = mapped_column(comment="Name for people")
    level: Mapped[Level] = mapped_column(one_of(Level, "level"), comment="company, team or individual")
    parent: Mapped[words | None] = mapped_column(
        ForeignKey("team.key", deferrable=True, initially="DEFERRED"), comment="Key of the team it belongs to"
    )
    archived_at: Mapped[moment | None] = mapped_column(comment=ARCHIVED)


class Objective(Base):
    """Where a team wants to be at the end of a cycle."""

    __tablename__ = "objective"
    __table_args__ = (UniqueConstraint("cycle_id", "key"),)

    id: Mapped[identity]
    key: Mapped[words] = mapped_column(comment="team/id, unique in its cycle")
    cycle_id: Mapped[reference] = mapped_column(ForeignKey("cycle.id"), comment="Its cycle")
    team_id: Mapped[reference] = mapped_column(ForeignKey("team.id"), comment="Whose objective it is")
    title: Mapped[words] = mapped_column(comment="The sentence people read")
    owner: Mapped[words] = mapped_column(comment="Who answers for it")
    commitment: Mapped[Commitment] = mapped_column(
        one_of(Commitment, "commitment"), comment="committed (1.0 is due) or aspirational (0.7 is good)"
    )
    supports: Mapped[words | None] = mapped_column(comment="Key of the objective it is aligned to")
    weight: Mapped[exact] = mapped_column(comment="Its weight in a roll-up")
    archived_at: Mapped[moment | None] = mapped_column(comment=ARCHIVED)


class Metric(Base):
    """A named question to a connection, or a formula over other metrics."""

    __tablename__ = "metric"
    __table_args__ = (
        CheckConstraint("(connection IS NULL) = (formula IS NOT NULL)", name="asked_or_computed"),
        ordered("minimum", "maximum"),
    )

    id: Mapped[identity]
    name: Mapped[words] = mapped_column(unique=True, comment="Its name in the files")
    connection: Mapped[words | None] = mapped_column(comment="Connection that is asked; null for a formula")
    query: Mapped[document] = mapped_column(comment="The question, in the words of its connector")
    window: Mapped[words] = mapped_column(comment="Rule for the time it is about, such as cycle_to_date")
    formula: Mapped[words | None] = mapped_column(comment="Formula over other metrics; null for a question")
    scale: Mapped[exact] = mapped_column(comment="The source's number is multiplied by this")
    when_empty: Mapped[WhenEmpty] = mapped_column(
        one_of(WhenEmpty, "when_empty"), comment="What nothing means: problem, zero or keep"
    )
    minimum: Mapped[exact | None] = mapped_column(comment="Smaller values are refused")
    maximum: Mapped[exact | None] = mapped_column(comment="Larger values are refused")
    archived_at: Mapped[moment | None] = mapped_column(comment=ARCHIVED)


class KeyResult(Base):
    """A key result, or a KPI: both are checked in, dated and grow stale in the same way."""

    __tablename__ = "key_result"
    __table_args__ = (
        UniqueConstraint("cycle_id", "key"),
        Index(
            "uq_key_result_kpi",
            "key",
            unique=True,
            sqlite_where=text("kind = 'kpi'"),
            postgresql_where=text("kind = 'kpi'"),
        ),
        CheckConstraint("kind IN ('key_result', 'kpi')", name="kind"),
        CheckConstraint(
            "kind <> 'key_result' OR (cycle_id IS NOT NULL AND objective_id IS NOT NULL AND type IS NOT NULL)",
            name="key_result_has_a_cycle",
        ),
        CheckConstraint(
            "kind <> 'kpi' OR (cycle_id IS NULL AND objective_id IS NULL AND type IS NULL AND metric IS NOT NULL)",
            name="kpi_has_no_cycle",
        ),
        CheckConstraint(
            "kind <> 'key_result' OR low IS NOT NULL OR high IS NOT NULL"
            " OR (start_value IS NOT NULL AND target_value IS NOT NULL)",
            name="somewhere_to_go_or_to_stay",
        ),
        CheckConstraint("start_value <> target_value", name="target_is_not_the_start"),
        ordered("low", "high"),
        finite("start_value"),
        finite("target_value"),
    )

    id: Mapped[identity]
    kind: Mapped[words] = mapped_column(comment="key_result or kpi")
    cycle_id: Mapped[reference | None] = mapped_column(ForeignKey("cycle.id"), comment="Its cycle; null for a KPI")
    objective_id: Mapped[reference | None] = mapped_column(
        ForeignKey("objective.id"), index=True, comment="Its objective; null for a KPI"
    )
    team_id: Mapped[reference] = mapped_column(ForeignKey("team.id"), comment="Whose number it is")
    key: Mapped[words] = mapped_column(comment="Its id in the files, unique in its cycle and among KPIs")
    title: Mapped[words] = mapped_column(comment="Name for people")
    owner: Mapped[words] = mapped_column(comment="Who answers for it")
    type: Mapped[KeyResultType | None] = mapped_column(
        one_of(KeyResultType, "type"), comment="How its value is judged; null for a KPI"
    )
    unit: Mapped[words] = mapped_column(comment="Unit of its values, such as percent or GBP")
    start_value: Mapped[exact | None] = mapped_column(comment="Value at the start: progress 0")
    target_value: Mapped[exact | None] = mapped_column(comment="Value wanted at the end: progress 1")
    low: Mapped[exact | None] = mapped_column(comment="Lower bound to stay above; null is open")
    high: Mapped[exact | None] = mapped_column(comment="Upper bound to stay below; null is open")
    weight: Mapped[exact] = mapped_column(comment="Its weight in a roll-up")
    cadence: Mapped[words] = mapped_column(comment="How often a check-in is expected")
    metric: Mapped[words | None] = mapped_column(
        ForeignKey("metric.name"), comment="Where its number comes from; null where people check in"
    )
    preset: Mapped[words | None] = mapped_column(comment="Its own preset of thresholds; null is the project's")
    checkpoints: Mapped[document] = mapped_column(
        comment="Target curve: pairs of a day and the value wanted by its end"
    )
    archived_at: Mapped[moment | None] = mapped_column(comment=ARCHIVED)
