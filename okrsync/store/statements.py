"""What the ledger's statements have in common: upserts of either database, and long lists of ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from okrsync.store.base import Base

IDS_AT_ONCE = 5_000
"""Bound parameters per statement: SQLite takes 32,766 of them, PostgreSQL 65,535."""

T = TypeVar("T")


def table(model: type[Base]) -> Table:
    """Return the table of a model, for statements that pass many rows at once."""
    return cast(Table, model.__table__)


def upsert(conn: Connection, model: type[Base]) -> sqlite.Insert:
    """Return an INSERT that can say what to do on conflict; both databases spell it alike."""
    insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    return cast(sqlite.Insert, insert(table(model)))


def run_many(conn: Connection, statement: Any, rows: Sequence[Any]) -> None:
    """Run `statement` once per row in one go; a row is a dict or a dataclass. Nothing happens without rows."""
    if rows:
        conn.execute(statement, [row if isinstance(row, dict) else vars(row) for row in rows])


def chunks(items: Iterable[T], size: int = IDS_AT_ONCE) -> Iterator[list[T]]:
    """Yield `items` in lists short enough for one statement."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
