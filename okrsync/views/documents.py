"""Views for programs: JSON with exact numbers, and CSV that no spreadsheet program takes for formulas."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from io import StringIO
from typing import Any

from okrsync.store.types import to_json
from okrsync.views.board import Board, BoardObjective, BoardRow

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def print_json(document: Any) -> None:
    """Print `document` as JSON; a Decimal becomes the number it is, digit for digit."""
    sys.stdout.write(to_json(document) + "\n")


def board_document(board: Board) -> dict[str, Any]:
    """Return the board for programs: objectives, and every key result and KPI with all that is known of it."""
    return {
        "at": board.now,
        "objectives": [objective_document(objective) for objective in board.objectives],
        "key_results": [row_document(row) for row in board.rows],
    }


def objective_document(objective: BoardObjective) -> dict[str, Any]:
    """Return one objective, rolled up; its key results are named by key."""
    return {
        "key": objective.key,
        "title": objective.title,
        "team": objective.team,
        "owner": objective.owner,
        "commitment": objective.commitment.value,
        "supports": objective.supports,
        "progress": objective.together.progress,
        "status": objective.together.status.value,
        "stands_on": {"known": objective.together.stands_on.n, "of": objective.together.stands_on.of},
        "key_results": [row.key for row in objective.rows],
    }


def row_document(row: BoardRow) -> dict[str, Any]:
    """Return one key result or KPI; shares as in the board, the age in seconds."""
    document = {name: _plain(value) for name, value in vars(row).items()}
    document["kind"] = "kpi" if row.is_kpi else "key_result"
    document["age"] = None if row.age is None else int(row.age.total_seconds())
    return document


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return list(value) if isinstance(value, tuple) else value


def print_csv(board: Board) -> None:
    """Print a line per key result and KPI."""
    sys.stdout.write(as_csv(row_document(row) for row in board.rows))


def as_csv(documents: Iterable[Mapping[str, Any]]) -> str:
    """Return `documents` as CSV, the columns those of the first; lists are left out.

    Text that a spreadsheet program would take for a formula gets an apostrophe before it; numbers never do.
    """
    rows = [{name: _cell(value) for name, value in one.items() if not isinstance(value, list)} for one in documents]
    if not rows:
        return ""
    out = StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta | int):
        return str(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
