"""The tables as they were first made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from okrsync.store.types import UTC, Document, Exact, Words

revision = "0001"
down_revision = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def one_of(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=20)


def upgrade() -> None:
    op.create_table(
        "cycle",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("name", Words(), nullable=False, comment="Its name, such as 2026-Q4"),
        sa.Column("start_date", sa.Date(), nullable=False, comment="First day, included"),
        sa.Column("end_date", sa.Date(), nullable=False, comment="Last day, included"),
        sa.Column("timezone", Words(), nullable=False, comment="IANA zone its days are counted in"),
        sa.Column(
            "archived_at", UTC(), nullable=True, comment="When the files stopped naming it; null while it is active"
        ),
        sa.CheckConstraint("start_date <= end_date", name=op.f("ck_cycle_dates_ordered")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cycle")),
        sa.UniqueConstraint("name", name=op.f("uq_cycle_name")),
    )
    op.create_table(
        "metric",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("name", Words(), nullable=False, comment="Its name in the files"),
        sa.Column("connection", Words(), nullable=True, comment="Connection that is asked; null for a formula"),
        sa.Column("query", Document(), nullable=False, comment="The question, in the words of its connector"),
        sa.Column("window", Words(), nullable=False, comment="Rule for the time it is about, such as cycle_to_date"),
        sa.Column("formula", Words(), nullable=True, comment="Formula over other metrics; null for a question"),
        sa.Column("scale", Exact(), nullable=False, comment="The source's number is multiplied by this"),
        sa.Column(
            "when_empty",
            one_of("when_empty", "problem", "zero", "keep"),
            nullable=False,
            comment="What nothing means: problem, zero or keep",
        ),
        sa.Column("minimum", Exact(), nullable=True, comment="Smaller values are refused"),
        sa.Column("maximum", Exact(), nullable=True, comment="Larger values are refused"),
        sa.Column(
            "archived_at", UTC(), nullable=True, comment="When the files stopped naming it; null while it is active"
        ),
        sa.CheckConstraint("(connection IS NULL) = (formula IS NOT NULL)", name=op.f("ck_metric_asked_or_computed")),
        sa.CheckConstraint(
            "CAST(minimum AS REAL) <= CAST(maximum AS REAL)", name=op.f("ck_metric_minimum_maximum_ordered")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metric")),
        sa.UniqueConstraint("name", name=op.f("uq_metric_name")),
    )
    op.create_table(
        "sync_run",
        sa.Column("id", Words(), nullable=False, comment="A UUID"),
        sa.Column("started_at", UTC(), nullable=False, comment="When it began"),
        sa.Column(
            "trigger",
            one_of("trigger", "command", "schedule", "demo", "backfill"),
            nullable=False,
            comment="What set it going",
        ),
        sa.Column("version", Words(), nullable=False, comment="Version of okrsync"),
        sa.Column("host", Words(), nullable=False, comment="Machine it ran on"),
        sa.Column("key_results_due", sa.Integer(), nullable=False, comment="How many key results and KPIs were due"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_run")),
    )
    op.create_index("ix_sync_run_started_at", "sync_run", ["started_at"], unique=False)

    op.create_table(
        "team",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("key", Words(), nullable=False, comment="Its id in the files"),
        sa.Column("title", Words(), nullable=False, comment="Name for people"),
        sa.Column(
            "level",
            one_of("level", "company", "team", "individual"),
            nullable=False,
            comment="company, team or individual",
        ),
        sa.Column("parent", Words(), nullable=True, comment="Key of the team it belongs to"),
        sa.Column(
            "archived_at", UTC(), nullable=True, comment="When the files stopped naming it; null while it is active"
        ),
        sa.ForeignKeyConstraint(
            ["parent"], ["team.key"], name=op.f("fk_team_parent"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.UniqueConstraint("key", name=op.f("uq_team_key")),
    )
    op.create_table(
        "objective",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("key", Words(), nullable=False, comment="team/id, unique in its cycle"),
        sa.Column("cycle_id", IDENTITY, nullable=False, comment="Its cycle"),
        sa.Column("team_id", IDENTITY, nullable=False, comment="Whose objective it is"),
        sa.Column("title", Words(), nullable=False, comment="The sentence people read"),
        sa.Column("owner", Words(), nullable=False, comment="Who answers for it"),
        sa.Column(
            "commitment",
            one_of("commitment", "committed", "aspirational"),
            nullable=False,
            comment="committed (1.0 is due) or aspirational (0.7 is good)",
        ),
        sa.Column("supports", Words(), nullable=True, comment="Key of the objective it is aligned to"),
        sa.Column("weight", Exact(), nullable=False, comment="Its weight in a roll-up"),
        sa.Column(
            "archived_at", UTC(), nullable=True, comment="When the files stopped naming it; null while it is active"
        ),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_objective_cycle_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_objective_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objective")),
        sa.UniqueConstraint("cycle_id", "key", name=op.f("uq_objective_cycle_id_key")),
    )
    op.create_table(
        "reading",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("run_id", Words(), nullable=False, comment="The run that asked"),
        sa.Column("connection", Words(), nullable=False, comment="Connection that was asked"),
        sa.Column("metric", Words(), nullable=False, comment="Metric it was asked for"),
        sa.Column("question", Words(), nullable=False, comment="Hash of connector, connection, query and window"),
        sa.Column("asked_at", UTC(), nullable=False, comment="When it was asked"),
        sa.Column("as_of", UTC(), nullable=True, comment="When the value held true at the source"),
        sa.Column("value", Exact(), nullable=True, comment="What the source said; null for a problem"),
        sa.Column("unit", Words(), nullable=True, comment="Unit, where the source names one"),
        sa.Column("complete", sa.Boolean(), nullable=False, comment="False while the period runs, or for a sample"),
        sa.Column("rows", IDENTITY, nullable=True, comment="Rows looked at, where there are rows"),
        sa.Column(
            "reason",
            one_of(
                "reason",
                "auth",
                "config",
                "query",
                "unsupported",
                "no_data",
                "bad_value",
                "suspicious",
                "rate_limited",
                "unreachable",
                "timeout",
                "bad_response",
                "internal",
            ),
            nullable=True,
            comment="Why there is no value",
        ),
        sa.Column("message", Words(), nullable=False, comment="The problem in a sentence"),
        sa.Column("hint", Words(), nullable=False, comment="What to do about it"),
        sa.Column("retry_at", UTC(), nullable=True, comment="When the source may be asked again"),
        sa.Column("provenance", Document(), nullable=False, comment="Enough to ask again by hand; holds no secret"),
        sa.CheckConstraint("CAST(value AS TEXT) NOT LIKE '%N%'", name=op.f("ck_reading_value_finite")),
        sa.CheckConstraint("(value IS NULL) = (reason IS NOT NULL)", name=op.f("ck_reading_a_value_or_a_reason")),
        sa.ForeignKeyConstraint(["run_id"], ["sync_run.id"], name=op.f("fk_reading_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
    )
    op.create_index("ix_reading_run_id", "reading", ["run_id"], unique=False)

    op.create_table(
        "sync_run_end",
        sa.Column("run_id", Words(), nullable=False, comment="The run"),
        sa.Column("finished_at", UTC(), nullable=False, comment="When it ended"),
        sa.Column("exit_code", sa.Integer(), nullable=False, comment="What the command ended with"),
        sa.Column("recorded", sa.Integer(), nullable=False, comment="Key results with a new check-in"),
        sa.Column("unchanged", sa.Integer(), nullable=False, comment="Key results whose slot had its check-in already"),
        sa.Column("failed", sa.Integer(), nullable=False, comment="Key results without a number"),
        sa.Column("requests", IDENTITY, nullable=False, comment="Requests made to sources"),
        sa.Column("seconds", Exact(), nullable=False, comment="How long it took, in seconds"),
        sa.Column("message", Words(), nullable=False, comment="What went wrong with the run as a whole, if anything"),
        sa.ForeignKeyConstraint(["run_id"], ["sync_run.id"], name=op.f("fk_sync_run_end_run_id")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_sync_run_end")),
    )
    op.create_table(
        "key_result",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("kind", Words(), nullable=False, comment="key_result or kpi"),
        sa.Column("cycle_id", IDENTITY, nullable=True, comment="Its cycle; null for a KPI"),
        sa.Column("objective_id", IDENTITY, nullable=True, comment="Its objective; null for a KPI"),
        sa.Column("team_id", IDENTITY, nullable=False, comment="Whose number it is"),
        sa.Column("key", Words(), nullable=False, comment="Its id in the files, unique in its cycle and among KPIs"),
        sa.Column("title", Words(), nullable=False, comment="Name for people"),
        sa.Column("owner", Words(), nullable=False, comment="Who answers for it"),
        sa.Column(
            "type",
            one_of("type", "increase", "decrease", "stay_above", "stay_below", "in_range", "milestone", "binary"),
            nullable=True,
            comment="How its value is judged; null for a KPI",
        ),
        sa.Column("unit", Words(), nullable=False, comment="Unit of its values, such as percent or GBP"),
        sa.Column("start_value", Exact(), nullable=True, comment="Value at the start: progress 0"),
        sa.Column("target_value", Exact(), nullable=True, comment="Value wanted at the end: progress 1"),
        sa.Column("low", Exact(), nullable=True, comment="Lower bound to stay above; null is open"),
        sa.Column("high", Exact(), nullable=True, comment="Upper bound to stay below; null is open"),
        sa.Column("weight", Exact(), nullable=False, comment="Its weight in a roll-up"),
        sa.Column("cadence", Words(), nullable=False, comment="How often a check-in is expected"),
        sa.Column("metric", Words(), nullable=True, comment="Where its number comes from; null where people check in"),
        sa.Column("preset", Words(), nullable=True, comment="Its own preset of thresholds; null is the project's"),
        sa.Column(
            "checkpoints",
            Document(),
            nullable=False,
            comment="Target curve: pairs of a day and the value wanted by its end",
        ),
        sa.Column(
            "archived_at", UTC(), nullable=True, comment="When the files stopped naming it; null while it is active"
        ),
        sa.CheckConstraint("CAST(start_value AS TEXT) NOT LIKE '%N%'", name=op.f("ck_key_result_start_value_finite")),
        sa.CheckConstraint("CAST(target_value AS TEXT) NOT LIKE '%N%'", name=op.f("ck_key_result_target_value_finite")),
        sa.CheckConstraint(
            "kind <> 'key_result' OR (cycle_id IS NOT NULL AND objective_id IS NOT NULL AND type IS NOT NULL)",
            name=op.f("ck_key_result_key_result_has_a_cycle"),
        ),
        sa.CheckConstraint(
            "kind <> 'key_result' OR low IS NOT NULL OR high IS NOT NULL"
            " OR (start_value IS NOT NULL AND target_value IS NOT NULL)",
            name=op.f("ck_key_result_somewhere_to_go_or_to_stay"),
        ),
        sa.CheckConstraint(
            "kind <> 'kpi' OR (cycle_id IS NULL AND objective_id IS NULL AND type IS NULL AND metric IS NOT NULL)",
            name=op.f("ck_key_result_kpi_has_no_cycle"),
        ),
        sa.CheckConstraint("kind IN ('key_result', 'kpi')", name=op.f("ck_key_result_kind")),
        sa.CheckConstraint("CAST(low AS REAL) <= CAST(high AS REAL)", name=op.f("ck_key_result_low_high_ordered")),
        sa.CheckConstraint("start_value <> target_value", name=op.f("ck_key_result_target_is_not_the_start")),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_key_result_cycle_id")),
        sa.ForeignKeyConstraint(["metric"], ["metric.name"], name=op.f("fk_key_result_metric")),
        sa.ForeignKeyConstraint(["objective_id"], ["objective.id"], name=op.f("fk_key_result_objective_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_key_result_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_result")),
        sa.UniqueConstraint("cycle_id", "key", name=op.f("uq_key_result_cycle_id_key")),
    )
    op.create_index("ix_key_result_objective_id", "key_result", ["objective_id"], unique=False)
    op.create_index(
        "uq_key_result_kpi",
        "key_result",
        ["key"],
        unique=True,
        sqlite_where=sa.text("kind = 'kpi'"),
        postgresql_where=sa.text("kind = 'kpi'"),
    )

    op.create_table(
        "check_in",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("key_result_id", IDENTITY, nullable=False, comment="Key result or KPI"),
        sa.Column("slot", UTC(), nullable=False, comment="Scheduled instant it answers"),
        sa.Column("value", Exact(), nullable=False, comment="The value"),
        sa.Column("as_of", UTC(), nullable=False, comment="When the value held true at the source"),
        sa.Column("recorded_at", UTC(), nullable=False, comment="When it was written down"),
        sa.Column(
            "origin",
            one_of("origin", "auto", "restatement", "backfill", "manual"),
            nullable=False,
            comment="Who or what made it",
        ),
        sa.Column("author", Words(), nullable=False, comment="A person, or okrsync"),
        sa.Column("note", Words(), nullable=True, comment="What the author says about it"),
        sa.Column("run_id", Words(), nullable=True, comment="Run that recorded it"),
        sa.Column("complete", sa.Boolean(), nullable=False, comment="False while the period runs, or for a sample"),
        sa.Column("supersedes_id", IDENTITY, nullable=True, comment="Earlier check-in that this one replaces"),
        sa.CheckConstraint(
            "(origin = 'restatement') = (supersedes_id IS NOT NULL)", name=op.f("ck_check_in_a_restatement_supersedes")
        ),
        sa.CheckConstraint("CAST(value AS TEXT) NOT LIKE '%N%'", name=op.f("ck_check_in_value_finite")),
        sa.ForeignKeyConstraint(["key_result_id"], ["key_result.id"], name=op.f("fk_check_in_key_result_id")),
        sa.ForeignKeyConstraint(["run_id"], ["sync_run.id"], name=op.f("fk_check_in_run_id")),
        sa.ForeignKeyConstraint(["supersedes_id"], ["check_in.id"], name=op.f("fk_check_in_supersedes_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_in")),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_check_in_supersedes_id")),
    )
    op.create_index("ix_check_in_history", "check_in", ["key_result_id", "slot"], unique=False)
    op.create_index(
        "uq_check_in_auto",
        "check_in",
        ["key_result_id", "slot"],
        unique=True,
        sqlite_where=sa.text("origin = 'auto'"),
        postgresql_where=sa.text("origin = 'auto'"),
    )
    op.create_index(
        "uq_check_in_backfill",
        "check_in",
        ["key_result_id", "slot"],
        unique=True,
        sqlite_where=sa.text("origin = 'backfill'"),
        postgresql_where=sa.text("origin = 'backfill'"),
    )

    op.create_table(
        "evaluation",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("key_result_id", IDENTITY, nullable=False, comment="Key result or KPI"),
        sa.Column("check_in_id", IDENTITY, nullable=True, comment="Check-in it stands on"),
        sa.Column("run_id", Words(), nullable=False, comment="Run that judged"),
        sa.Column("evaluated_at", UTC(), nullable=False, comment="When it was judged"),
        sa.Column(
            "status",
            one_of("status", "not_started", "on_track", "at_risk", "off_track", "achieved", "missed", "unknown"),
            nullable=False,
            comment="The verdict",
        ),
        sa.Column("progress", Exact(), nullable=True, comment="Share of the way: 0 start, 1 target, unclamped"),
        sa.Column("expected", Exact(), nullable=True, comment="Share of the way expected, 0 to 1"),
        sa.Column("pace", Exact(), nullable=True, comment="progress / expected; null where expected is 0"),
        sa.Column("gap", Exact(), nullable=True, comment="expected - progress, as a share"),
        sa.Column("preset", Words(), nullable=False, comment="Preset of thresholds it was judged by"),
        sa.Column("rule", Words(), nullable=False, comment="The sentence that explains the status"),
        sa.Column(
            "data_state",
            one_of("data_state", "fresh", "late", "stale", "quarantined", "pinned", "paused"),
            nullable=False,
            comment="Whether to trust the number",
        ),
        sa.ForeignKeyConstraint(["check_in_id"], ["check_in.id"], name=op.f("fk_evaluation_check_in_id")),
        sa.ForeignKeyConstraint(["key_result_id"], ["key_result.id"], name=op.f("fk_evaluation_key_result_id")),
        sa.ForeignKeyConstraint(["run_id"], ["sync_run.id"], name=op.f("fk_evaluation_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation")),
    )
    op.create_index("ix_evaluation_history", "evaluation", ["key_result_id", "evaluated_at"], unique=False)

    op.create_table(
        "key_result_state",
        sa.Column("key_result_id", IDENTITY, nullable=False, comment="Key result or KPI"),
        sa.Column("check_in_id", IDENTITY, nullable=True, comment="Its current check-in"),
        sa.Column("value", Exact(), nullable=True, comment="Current value: the last good one"),
        sa.Column("as_of", UTC(), nullable=True, comment="When the current value held true at the source"),
        sa.Column("slot", UTC(), nullable=True, comment="Slot of the current check-in"),
        sa.Column(
            "data_state",
            one_of("data_state", "fresh", "late", "stale", "quarantined", "pinned", "paused"),
            nullable=False,
            comment="Whether to trust the number",
        ),
        sa.Column(
            "reason",
            one_of(
                "reason",
                "auth",
                "config",
                "query",
                "unsupported",
                "no_data",
                "bad_value",
                "suspicious",
                "rate_limited",
                "unreachable",
                "timeout",
                "bad_response",
                "internal",
            ),
            nullable=True,
            comment="Why the last asking gave no number",
        ),
        sa.Column("message", Words(), nullable=False, comment="That problem in a sentence"),
        sa.Column("hint", Words(), nullable=False, comment="What to do about it"),
        sa.Column("failing_since", UTC(), nullable=True, comment="When asking began to fail"),
        sa.Column("retry_at", UTC(), nullable=True, comment="When the source may be asked again"),
        sa.Column("last_asked_at", UTC(), nullable=True, comment="When it was last asked for"),
        sa.Column(
            "status",
            one_of("status", "not_started", "on_track", "at_risk", "off_track", "achieved", "missed", "unknown"),
            nullable=False,
            comment="Verdict on the goal",
        ),
        sa.Column("status_since", UTC(), nullable=True, comment="Since when it has this status"),
        sa.Column("progress", Exact(), nullable=True, comment="Share of the way: 0 start, 1 target, unclamped"),
        sa.Column("expected", Exact(), nullable=True, comment="Share of the way expected, 0 to 1"),
        sa.Column("pace", Exact(), nullable=True, comment="progress / expected; null where expected is 0"),
        sa.Column("rule", Words(), nullable=False, comment="The sentence that explains the status"),
        sa.Column("evaluated_at", UTC(), nullable=True, comment="When the status was last judged"),
        sa.CheckConstraint("CAST(value AS TEXT) NOT LIKE '%N%'", name=op.f("ck_key_result_state_value_finite")),
        sa.ForeignKeyConstraint(["check_in_id"], ["check_in.id"], name=op.f("fk_key_result_state_check_in_id")),
        sa.ForeignKeyConstraint(["key_result_id"], ["key_result.id"], name=op.f("fk_key_result_state_key_result_id")),
        sa.PrimaryKeyConstraint("key_result_id", name=op.f("pk_key_result_state")),
    )
    op.create_table(
        "receipt",
        sa.Column("check_in_id", IDENTITY, nullable=False, comment="Its check-in"),
        sa.Column(
            "document", Document(), nullable=False, comment="Question, answer, formula and rounding; holds no secret"
        ),
        sa.ForeignKeyConstraint(["check_in_id"], ["check_in.id"], name=op.f("fk_receipt_check_in_id")),
        sa.PrimaryKeyConstraint("check_in_id", name=op.f("pk_receipt")),
    )
    op.create_table(
        "transition",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("key_result_id", IDENTITY, nullable=False, comment="Key result or KPI"),
        sa.Column("at", UTC(), nullable=False, comment="When it changed"),
        sa.Column(
            "before",
            one_of("before", "not_started", "on_track", "at_risk", "off_track", "achieved", "missed", "unknown"),
            nullable=False,
            comment="Status before",
        ),
        sa.Column(
            "after",
            one_of("after", "not_started", "on_track", "at_risk", "off_track", "achieved", "missed", "unknown"),
            nullable=False,
            comment="Status after",
        ),
        sa.Column("check_in_id", IDENTITY, nullable=True, comment="Check-in that caused it"),
        sa.Column("run_id", Words(), nullable=False, comment="Run that judged"),
        sa.Column("rule", Words(), nullable=False, comment="The sentence that explains it"),
        sa.ForeignKeyConstraint(["check_in_id"], ["check_in.id"], name=op.f("fk_transition_check_in_id")),
        sa.ForeignKeyConstraint(["key_result_id"], ["key_result.id"], name=op.f("fk_transition_key_result_id")),
        sa.ForeignKeyConstraint(["run_id"], ["sync_run.id"], name=op.f("fk_transition_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transition")),
    )
    op.create_index("ix_transition_history", "transition", ["key_result_id", "at"], unique=False)
