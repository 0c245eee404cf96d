"""The tables of what happened. All but the state are written once: triggers refuse to change or delete their rows."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from okrsync.errors import Reason
from okrsync.store.base import Base, count, document, exact, finite, identity, moment, reference, words
from okrsync.store.types import one_of
from okrsync.vocabulary import DataState, Origin, Status, Trigger

APPEND_ONLY = ("sync_run", "sync_run_end", "reading", "check_in", "receipt", "evaluation", "transition")
"""Tables whose rows are never changed or deleted."""


def _once(origin: Origin) -> Index:
    only = text(f"origin = '{origin}'")
    return Index(
        f"uq_check_in_{origin}", "key_result_id", "slot", unique=True, sqlite_where=only, postgresql_where=only
    )


class SyncRun(Base):
    """The beginning of a sync run. One without an end was killed, or is under way."""

    __tablename__ = "sync_run"
    __table_args__ = (Index("ix_sync_run_started_at", "started_at"),)

    id: Mapped[words] = mapped_column(primary_key=True, comment="A UUID")
    started_at: Mapped[moment] = mapped_column(comment="When it began")
    trigger: Mapped[Trigger] = mapped_column(one_of(Trigger, "trigger"), comment="What set it going")
    version: Mapped[words] = mapped_column(comment="Version of okrsync")
    host: Mapped[words] = mapped_column(comment="Machine it ran on")
    key_results_due: Mapped[int] = mapped_column(comment="How many key results and KPIs were due")


class SyncRunEnd(Base):
    """The end of a sync run."""

    __tablename__ = "sync_run_end"

    run_id: Mapped[words] = mapped_column(ForeignKey("sync_run.id"), primary_key=True, comment="The run")
    finished_at: Mapped[moment] = mapped_column(comment="When it ended")
    exit_code: Mapped[int] = mapped_column(comment="What the command ended with")
    recorded: Mapped[int] = mapped_column(comment="Key results with a new check-in")
    unchanged: Mapped[int] = mapped_column(comment="Key results whose slot had its check-in already")
    failed: Mapped[int] = mapped_column(comment="Key results without a number")
    requests: Mapped[count] = mapped_column(comment="Requests made to sources")
    seconds: Mapped[exact] = mapped_column(comment="How long it took, in seconds")
    message: Mapped[words] = mapped_column(comment="What went wrong with the run as a whole, if anything")


class Reading(Base):
    """What one distinct question got for an answer in a run."""

    __tablename__ = "reading"
    __table_args__ = (
        Index("ix_reading_run_id", "run_id"),
        CheckConstraint("(value IS NULL) = (reason IS NOT NULL)", name="a_value_or_a_reason"),
        finite("value"),
    )

    id: Mapped[identity]
    run_id: Mapped[words] = mapped_column(ForeignKey("sync_run.id"), comment="The run that asked")
    connection: Mapped[words] = mapped_column(comment="Connection that was asked")
    metric: Mapped[words] = mapped_column(comment="Metric it was asked for")
    question: Mapped[words] = mapped_column(comment="Hash of connector, connection, query and window")
    asked_at: Mapped[moment] = mapped_column(comment="When it was asked")
    as_of: Mapped[moment | None] = mapped_column(comment="When the value held true at the source")
    value: Mapped[exact | None] = mapped_column(comment="What the source said; null for a problem")
    unit: Mapped[words | None] = mapped_column(comment="Unit, where the source names one")
    complete: Mapped[bool] = mapped_column(comment="False while the period runs, or for a sample")
    rows: Mapped[count | None] = mapped_column(comment="Rows looked at, where there are rows")
    reason: Mapped[Reason | None] = mapped_column(one_of(Reason, "reason"), comment="Why there is no value")
    message: Mapped[words] = mapped_column(comment="The problem in a sentence")
    hint: Mapped[words] = mapped_column(comment="What to do about it")
    retry_at: Mapped[moment | None] = mapped_column(comment="When the source may be asked again")
    provenance: Mapped[document] = mapped_column(comment="Enough to ask again by hand; holds no secret")


class CheckIn(Base):
    """The value of a key result at one slot; written once, never changed."""

    __tablename__ = "check_in"
    __table_args__ = (
        _once(Origin.AUTO),
        _once(Origin.BACKFILL),
        Index("ix_check_in_history", "key_result_id", "slot"),
        CheckConstraint("(origin = 'restatement') = (supersedes_id IS NOT NULL)", name="a_restatement_supersedes"),
        finite("value"),
    )

    id: Mapped[identity]
    key_result_id: Mapped[reference] = mapped_column(ForeignKey("key_result.id"), comment="Key result or KPI")
    slot: Mapped[moment] = mapped_column(comment="Scheduled instant it answers")
    value: Mapped[exact] = mapped_column(comment="The value")
    as_of: Mapped[moment] = mapped_column(comment="When the value held true at the source")
    recorded_at: Mapped[moment] = mapped_column(comment="When it was written down")
    origin: Mapped[Origin] = mapped_column(one_of(Origin, "origin"), comment="Who or what made it")
    author: Mapped[words] = mapped_column(comment="A person, or okrsync")
    note: Mapped[words | None] = mapped_column(comment="What the author says about it")
    run_id: Mapped[words | None] = mapped_column(ForeignKey("sync_run.id"), comment="Run that recorded it")
    complete: Mapped[bool] = mapped_column(comment="False while the period runs, or for a sample")
    supersedes_id: Mapped[reference | None] = mapped_column(
        ForeignKey("check_in.id"), unique=True, comment="Earlier check-in that this one replaces"
    )


class Receipt(Base):
    """The evidence of how a check-in's value was obtained."""

    __tablename__ = "receipt"

    check_in_id: Mapped[reference] = mapped_column(ForeignKey("check_in.id"), primary_key=True, comment="Its check-in")
    document: Mapped[document] = mapped_column(comment="Question, answer, formula and rounding; holds no secret")


class KeyResultState(Base):
    """Where a key result stands now: the one row that changes."""

    __tablename__ = "key_result_state"
    __table_args__ = (finite("value"),)

    key_result_id: Mapped[reference] = mapped_column(
        ForeignKey("key_result.id"), primary_key=True, comment="Key result or KPI"
    )
    check_in_id: Mapped[reference | None] = mapped_column(ForeignKey("check_in.id"), comment="Its current check-in")
    value: Mapped[exact | None] = mapped_column(comment="Current value: the last good one")
    as_of: Mapped[moment | None] = mapped_column(comment="When the current value held true at the source")
    slot: Mapped[moment | None] = mapped_column(comment="Slot of the current check-in")
    data_state: Mapped[DataState] = mapped_column(
        one_of(DataState, "data_state"), comment="Whether to trust the number"
    )
    reason: Mapped[Reason | None] = mapped_column(
        one_of(Reason, "reason"), comment="Why the last asking gave no number"
    )
    message: Mapped[words] = mapped_column(comment="That problem in a sentence")
    hint: Mapped[words] = mapped_column(comment="What to do about it")
    failing_since: Mapped[moment | None] = mapped_column(comment="When asking began to fail")
    retry_at: Mapped[moment | None] = mapped_column(comment="When the source may be asked again")
    last_asked_at: Mapped[moment | None] = mapped_column(comment="When it was last asked for")
    status: Mapped[Status] = mapped_column(one_of(Status, "status"), comment="Verdict on the goal")
    status_since: Mapped[moment | None] = mapped_column(comment="Since when it has this status")
    progress: Mapped[exact | None] = mapped_column(comment="Share of the way: 0 start, 1 target, unclamped")
    expected: Mapped[exact | None] = mapped_column(comment="Share of the way expected, 0 to 1")
    pace: Mapped[exact | None] = mapped_column(comment="progress / expected; null where expected is 0")
    rule: Mapped[words] = mapped_column(comment="The sentence that explains the status")
    evaluated_at: Mapped[moment | None] = mapped_column(comment="When the status was last judged")


class Evaluation(Base):
    """What the rules made of a key result, kept when a person would see a difference."""

    __tablename__ = "evaluation"
    __table_args__ = (Index("ix_evaluation_history", "key_result_id", "evaluated_at"),)

    id: Mapped[identity]
    key_result_id: Mapped[reference] = mapped_column(ForeignKey("key_result.id"), comment="Key result or KPI")
    check_in_id: Mapped[reference | None] = mapped_column(ForeignKey("check_in.id"), comment="Check-in it stands on")
    run_id: Mapped[words] = mapped_column(ForeignKey("sync_run.id"), comment="Run that judged")
    evaluated_at: Mapped[moment] = mapped_column(comment="When it was judged")
    status: Mapped[Status] = mapped_column(one_of(Status, "status"), comment="The verdict")
    progress: Mapped[exact | None] = mapped_column(comment="Share of the way: 0 start, 1 target, unclamped")
    expected: Mapped[exact | None] = mapped_column(comment="Share of the way expected, 0 to 1")
    pace: Mapped[exact | None] = mapped_column(comment="progress / expected; null where expected is 0")
    gap: Mapped[exact | None] = mapped_column(comment="expected - progress, as a share")
    preset: Mapped[words] = mapped_column(comment="Preset of thresholds it was judged by")
    rule: Mapped[words] = mapped_column(comment="The sentence that explains the status")
    data_state: Mapped[DataState] = mapped_column(
        one_of(DataState, "data_state"), comment="Whether to trust the number"
    )


class Transition(Base):
    """A change of status."""

    __tablename__ = "transition"
    __table_args__ = (Index("ix_transition_history", "key_result_id", "at"),)

    id: Mapped[identity]
    key_result_id: Mapped[reference] = mapped_column(ForeignKey("key_result.id"), comment="Key result or KPI")
    at: Mapped[moment] = mapped_column(comment="When it changed")
    before: Mapped[Status] = mapped_column(one_of(Status, "before"), comment="Status before")
    after: Mapped[Status] = mapped_column(one_of(Status, "after"), comment="Status after")
    check_in_id: Mapped[reference | None] = mapped_column(ForeignKey("check_in.id"), comment="Check-in that caused it")
    run_id: Mapped[words] = mapped_column(ForeignKey("sync_run.id"), comment="Run that judged")
    rule: Mapped[words] = mapped_column(comment="The sentence that explains it")
