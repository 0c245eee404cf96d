"""The page of the central database: the views for other programs first, then every table."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Enum, Integer

from docs.generate import markdown
from okrsync.store import goal_models, ledger_models, token_model
from okrsync.store.base import Base
from okrsync.store.derived import VIEWS, View
from okrsync.store.types import UTC, Document, Exact

_INTRODUCTION = """# The central database

SQLite in the project folder, or PostgreSQL by URL; the same tables and views in both. Other programs may read it; only
okrsync writes. **Read the two views**: their columns only ever grow. The tables may change with a new version, and
`okrsync apply` or `okrsync db upgrade` migrates them.

- Values are exact decimals with up to 12 places. SQLite has no such type and keeps them as text; the views give
  real numbers there.
- Times are instants in UTC; on SQLite they are text like `2026-10-01T06:00:00.000000Z`, which sorts as time does.
- Progress, expected progress and pace are shares: 0.25 is 25 %.
- What happened is never changed or deleted; triggers see to it.
- No secret is in it in clear."""

_NEED_SOMEBODY = """
SELECT title, owner, value, target_value, status, data_state, rule
FROM key_result_status
WHERE status IN ('off_track', 'at_risk', 'missed') OR data_state = 'stale'
ORDER BY pace
"""
_OVER_TIME = """
SELECT slot, value, origin
FROM check_in_history
WHERE key = 'recurring-revenue' AND in_force
ORDER BY slot
"""


def page() -> str:
    """Return the page."""
    goals, happened, tokens = (_tables(module.__name__) for module in (goal_models, ledger_models, token_model))
    return markdown.page(
        _INTRODUCTION,
        "Key results that need somebody, the worst first:",
        markdown.block("sql", _NEED_SOMEBODY),
        "One key result over time:",
        markdown.block("sql", _OVER_TIME),
        *(_view(view) for view in VIEWS),
        "## What is wanted",
        "Brought in by `okrsync apply`; archived, not deleted, when the files no longer name it.",
        *goals,
        "## What happened",
        f"Append-only: {', '.join(f'`{name}`' for name in ledger_models.APPEND_ONLY)}. "
        "`key_result_state` is the one table whose rows change.",
        *happened,
        "## Tokens that rotate",
        "Some sources replace a refresh token when it is used. The newest one is kept here, and not in a file, so that "
        "no two machines spend the same one. It is sealed with a key made from the token in the settings: the database "
        "alone is of no use to anybody, and a new token in the settings begins anew.",
        *tokens,
    )


def _view(view: View) -> str:
    rows = [(f"`{column.name}`", column.comment) for column in view.columns]
    return markdown.page(f"## View {view.name}", f"{view.comment}.", markdown.table(("column", "meaning"), rows))


def _tables(module: str) -> list[str]:
    mappers = [mapper for mapper in Base.registry.mappers if mapper.class_.__module__ == module]
    order = {table.name: place for place, table in enumerate(Base.metadata.sorted_tables)}
    mappers.sort(key=lambda mapper: order[mapper.class_.__tablename__])
    return [_table(mapper.class_) for mapper in mappers]


def _table(model: type[Base]) -> str:
    columns = Base.metadata.tables[model.__tablename__].columns
    rows = [
        (f"`{column.name}`", _kind(column), "may be null" if column.nullable else "", _meaning(column))
        for column in columns
    ]
    told = " ".join((model.__doc__ or "").split())
    return markdown.page(f"### {model.__tablename__}", told, markdown.table(("column", "type", "", "meaning"), rows))


def _meaning(column: Column[object]) -> str:
    return column.comment or ("Identity" if column.primary_key else "")


def _kind(column: Column[object]) -> str:
    kinds = {
        Exact: "exact number",
        UTC: "instant, UTC",
        Document: "JSON",
        Date: "date",
        Boolean: "true or false",
        Integer: "whole number",
        Enum: "word",
    }
    return next((name for kind, name in kinds.items() if isinstance(column.type, kind)), "text")
