"""Blocks of cells as spreadsheet services hand them out: rows of plain values, dates as numbers of days."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, NamedTuple

from okrsync.connect.sheets.cells import Cell, Kind, parse_coordinate
from okrsync.connect.sheets.workbook import Area, Sheet
from okrsync.errors import Problem, Reason

DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - its zone is the sheet's
"""The day that services number 0."""

_LAST_DAY = 2_958_465
_ERROR = re.compile(r"#(DIV/0|N/A|NAME|NULL|NUM|REF|VALUE|ERROR|SPILL|CALC|FIELD|BLOCKED|CONNECT|UNKNOWN|BUSY)[!?]?")
_WAITING = ("Loading...", "#GETTING_DATA", "#BUSY!")
"""What stands in a cell while its function waits for another service."""
_BLOCK = re.compile(r"(?:(?P<sheet>'(?:[^']|'')+'|[^'!]+)!)?(?P<first>\$?[A-Z]+\$?\d+)(?::(?P<last>\$?[A-Z]+\$?\d+))?")


class GridCell(Cell):
    """A cell whose number is a date where a date is wanted, as services give dates as numbers of days."""

    __slots__ = ()

    def moment(self, place: str, zone: tzinfo) -> datetime:
        """Return the cell's day or moment in UTC, `zone` being the sheet's; raises `Problem`."""
        if isinstance(self.value, Decimal) and 0 < self.value <= _LAST_DAY:
            # A day is cut to milliseconds: what is finer is what binary fractions make of a time of day.
            milliseconds = int((self.value * 86_400_000).to_integral_value())
            return (DAY_ZERO + timedelta(milliseconds=milliseconds)).replace(tzinfo=zone).astimezone(UTC)
        return super().moment(place, zone)

    def no_number(self, place: str) -> Problem:
        """Return the problem of a cell that was asked for its number and has none."""
        if self.value in _WAITING:
            hint = "it is asked again by the next sync; a sheet of plain numbers never waits"
            return Problem(Reason.BAD_RESPONSE, f"{place}{self.coordinate} was still loading", hint)
        return super().no_number(place)


class Content(NamedTuple):
    """What a service says of one cell; `kind` None where it does not tell errors from texts."""

    value: Any
    kind: Kind | None = None
    number_format: str = ""


class Grid(Sheet):
    """The block of the sheet called `name` that begins at row and column `first`; what lies outside counts as empty."""

    def __init__(self, name: str, rows: Sequence[Sequence[Content]], first: tuple[int, int] = (1, 1)) -> None:
        super().__init__("", name, rows, _cell)
        self._top, self._left = first[0] - 1, first[1] - 1
        self.shown, self.place = f"sheet {name}", f"{name}!"
        self.row_count = self._top + len(rows) if rows else 0
        self._block = rows

    def cell(self, row: int, column: int) -> Cell:
        """Return the cell at `row` and `column` of the sheet."""
        below, beside = row - self._top - 1, column - self._left - 1
        if 0 <= below < len(self._block) and 0 <= beside < len(self._block[below]):
            return _cell(self._block[below][beside], row, column)
        return GridCell(row, column, Kind.EMPTY)

    def width(self, row: int) -> int:
        """Return the number of the last column that is written in `row`."""
        below = row - self._top - 1
        written = len(self._block[below]) if 0 <= below < len(self._block) else 0
        return self._left + written if written else 0


def _cell(content: Content, row: int, column: int) -> Cell:
    kind, value = _meaning(content)
    return GridCell(row, column, kind, value, content.number_format)


def _meaning(content: Content) -> tuple[Kind, Decimal | str | bool | None]:
    match content.value:
        case None:
            return Kind.EMPTY, None
        case bool(value):
            return Kind.BOOLEAN, value
        case int() | Decimal():
            return Kind.NUMBER, Decimal(content.value)
        case text:
            return _of_text(str(text), content.kind)


def _of_text(text: str, kind: Kind | None) -> tuple[Kind, str | None]:
    if kind is Kind.ERROR or (kind is None and (_ERROR.fullmatch(text) or text in _WAITING)):
        return Kind.ERROR, text
    return (Kind.TEXT, text) if text.strip() else (Kind.EMPTY, None)


def block(text: str) -> Area | None:
    """Return the area that a service calls `text`, such as `'My KPI'!B2:C9`; None where it is none.

    >>> block("'It''s'!B2")
    Area(sheet="It's", first=(2, 2), last=(2, 2))
    """
    found = _BLOCK.fullmatch(text)
    if not found:
        return None
    sheet = (found["sheet"] or "").strip()
    title = sheet[1:-1].replace("''", "'") if sheet.startswith("'") else sheet
    first = parse_coordinate(found["first"])
    return Area(title, first, parse_coordinate(found["last"]) if found["last"] else first)
