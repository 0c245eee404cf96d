"""What follows from the tables and is made anew by every upgrade: views for BI tools, guards of the history."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from okrsync.store.ledger_models import APPEND_ONLY


@dataclass(frozen=True)
class Column:
    """One column of a view; `number` makes a real number of what SQLite keeps as text."""

    name: str
    source: str
    comment: str
    number: bool = False


@dataclass(frozen=True)
class View:
    """A view that other programs may read: its columns only ever grow."""

    name: str
    comment: str
    columns: tuple[Column, ...]
    source: str

    def statement(self, dialect: str) -> str:
        """Return the statement that makes the view."""
        columns = ",\n    ".join(f'{_expression(column, dialect)} AS "{column.name}"' for column in self.columns)
        return f"CREATE VIEW {self.name} AS SELECT\n    {columns}\n{self.source}"


def _expression(column: Column, dialect: str) -> str:
    return f"CAST({column.source} AS REAL)" if column.number and dialect == "sqlite" else column.source


_GOAL = (
    Column("key", "k.key", "Its id in the files"),
    Column("kind", "k.kind", "key_result or kpi"),
    Column("cycle", "c.name", "Name of its cycle; null for a KPI"),
    Column("team", "t.key", "Key of the team"),
    Column("team_title", "t.title", "Name of the team"),
    Column("objective", "o.key", "Key of the objective, team/id; null for a KPI"),
    Column("objective_title", "o.title", "The objective; null for a KPI"),
    Column("title", "k.title", "Name for people"),
    Column("owner", "k.owner", "Who answers for it"),
    Column("unit", "k.unit", "Unit of its values"),
)
_JOINS = """JOIN team t ON t.id = k.team_id
LEFT JOIN objective o ON o.id = k.objective_id
LEFT JOIN cycle c ON c.id = k.cycle_id"""

KEY_RESULT_STATUS = View(
    "key_result_status",
    "Where every active key result and KPI stands now",
    (
        Column("key_result_id", "k.id", "Identity, stable over renames"),
        *_GOAL,
        Column("type", "k.type", "How its value is judged; null for a KPI"),
        Column("commitment", "o.commitment", "committed or aspirational; null for a KPI"),
        Column("metric", "k.metric", "Where its number comes from; null where people check in"),
        Column("start_value", "k.start_value", "Value at the start", number=True),
        Column("target_value", "k.target_value", "Value wanted at the end", number=True),
        Column("low", "k.low", "Lower bound to stay above", number=True),
        Column("high", "k.high", "Upper bound to stay below", number=True),
        Column("value", "s.value", "Current value: the last good one", number=True),
        Column("as_of", "s.as_of", "When the current value held true at the source (UTC)"),
        Column("data_state", "COALESCE(s.data_state, 'late')", "Whether to trust the number"),
        Column(
            "status",
            "CASE WHEN s.data_state IN ('stale', 'quarantined') AND s.status IN ('on_track', 'achieved')"
            " THEN 'unknown' ELSE COALESCE(s.status, 'unknown') END",
            "What people see: never green on a number that cannot be trusted",
        ),
        Column("judged_status", "COALESCE(s.status, 'unknown')", "Verdict on the last good value alone"),
        Column("status_since", "s.status_since", "Since when it has the judged status (UTC)"),
        Column("progress", "s.progress", "Share of the way: 0 start, 1 target, unclamped", number=True),
        Column("expected", "s.expected", "Share of the way expected, 0 to 1", number=True),
        Column("pace", "s.pace", "progress / expected; null where expected is 0", number=True),
        Column("rule", "s.rule", "The sentence that explains the status"),
        Column("reason", "s.reason", "Why the last asking gave no number; null when it did"),
        Column("message", "s.message", "That problem in a sentence"),
        Column("hint", "s.hint", "What to do about it"),
        Column("failing_since", "s.failing_since", "When asking began to fail (UTC)"),
        Column("last_asked_at", "s.last_asked_at", "When it was last asked for (UTC)"),
    ),
    f"FROM key_result k\n{_JOINS}\nLEFT JOIN key_result_state s ON s.key_result_id = k.id\nWHERE k.archived_at IS NULL",
)

CHECK_IN_HISTORY = View(
    "check_in_history",
    "Every check-in ever made, also of what is archived",
    (
        Column("check_in_id", "i.id", "Identity"),
        Column("key_result_id", "k.id", "Key result or KPI; stable over renames"),
        *_GOAL,
        Column("slot", "i.slot", "Scheduled instant it answers (UTC)"),
        Column("value", "i.value", "The value", number=True),
        Column("as_of", "i.as_of", "When the value held true at the source (UTC)"),
        Column("recorded_at", "i.recorded_at", "When it was written down (UTC)"),
        Column("origin", "i.origin", "auto, restatement, backfill or manual"),
        Column("author", "i.author", "A person, or okrsync"),
        Column("note", "i.note", "What the author says about it"),
        Column("complete", "i.complete", "False while the period runs, or for a sample"),
        Column("run_id", "i.run_id", "Sync run that recorded it"),
        Column("supersedes_id", "i.supersedes_id", "Earlier check-in that this one replaces"),
        Column(
            "in_force",
            "(NOT EXISTS (SELECT 1 FROM check_in later WHERE later.supersedes_id = i.id)"
            " AND (i.origin <> 'backfill' OR NOT EXISTS (SELECT 1 FROM check_in synced"
            " WHERE synced.key_result_id = i.key_result_id AND synced.slot = i.slot AND synced.origin = 'auto')))",
            "Whether it counts: not superseded, nor a back-fill of a slot that was synced",
        ),
    ),
    f"FROM check_in i\nJOIN key_result k ON k.id = i.key_result_id\n{_JOINS}",
)

VIEWS = (KEY_RESULT_STATUS, CHECK_IN_HISTORY)


def create(conn: Connection) -> None:
    """Make the views and the guards that refuse to change or delete history."""
    dialect = conn.dialect.name
    for view in VIEWS:
        conn.exec_driver_sql(view.statement(dialect))
    statements = _guards_of_postgresql() if dialect == "postgresql" else _guards_of_sqlite()
    for statement in statements:
        conn.exec_driver_sql(statement)


def drop(conn: Connection) -> None:
    """Take views and guards away, so that tables can change; nothing happens where there are none."""
    for view in VIEWS:
        conn.exec_driver_sql(f"DROP VIEW IF EXISTS {view.name}")
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("DROP FUNCTION IF EXISTS okrsync_append_only() CASCADE")
        return
    for table in APPEND_ONLY:
        for verb in ("update", "delete"):
            conn.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")


def _guards_of_sqlite() -> list[str]:
    return [
        f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for table in APPEND_ONLY
        for verb in ("update", "delete")
    ]


def _guards_of_postgresql() -> list[str]:
    refuse = """CREATE FUNCTION okrsync_append_only() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '%% is append-only', TG_TABLE_NAME; END $$"""
    triggers = [
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION okrsync_append_only()"
        for table in APPEND_ONLY
    ]
    comments = [
        f"COMMENT ON COLUMN {view.name}.\"{column.name}\" IS '{column.comment}'"
        for view in VIEWS
        for column in view.columns
    ]
    return [refuse, *triggers, *(f"COMMENT ON VIEW {view.name} IS '{view.comment}'" for view in VIEWS), *comments]
