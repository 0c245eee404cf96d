"""A sheet read as a table: headers in one row, labels in one column, records below."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, tzinfo
from decimal import Decimal

from okrsync.connect.sheets.cells import Cell, Kind, column_letters, keys_of
from okrsync.connect.sheets.workbook import Sheet, listed, meant
from okrsync.errors import Problem, Reason


class Table:
    """The records of `sheet` below its `header_row`. Raises `Problem` where the sheet is not such a table.

    A row of delimited text that is out of step with the headers makes the whole table a `bad_value`: its numbers
    would stand under the wrong headers.
    """

    def __init__(self, sheet: Sheet, header_row: int = 1) -> None:
        self.sheet = sheet
        self._header_row = header_row
        self._headers = [sheet.cell(header_row, column + 1) for column in range(sheet.width(header_row))]
        below = range(header_row + 1, sheet.row_count + 1)
        self._rows = tuple(row for row in below if not self._blank(row))
        # Many questions look at the same columns: each is read, searched and dated once.
        self._columns: dict[int, tuple[Cell, ...]] = {}
        self._index: dict[int, Mapping[str | Decimal, list[int]]] = {}
        self._moments: dict[tuple[int, int, tzinfo], datetime] = {}
        if sheet.has_lines:
            self._check_widths()

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers as written, without the empty ones."""
        return tuple(cell.label for cell in self._headers if cell.label)

    def column(self, header: str) -> int:
        """Return the number of the one column under `header`; raises `Problem`."""
        found = [cell for cell in self._headers if cell.label == header.strip()]
        if len(found) == 1:
            return found[0].column
        row = f"row {self._header_row}"
        if not found:
            hint = meant(header, self.headers, f"row {self._header_row} holds: {listed(self.headers) or 'nothing'}")
            raise Problem(Reason.QUERY, f"{self.sheet.shown}: header {header!r} not found in {row}", hint)
        columns = " and ".join(column_letters(cell.column) for cell in found)
        message = f"{self.sheet.shown}: header {header!r} stands {len(found)} times, in the columns {columns}"
        raise Problem(Reason.QUERY, message, "rename one of them, or ask for a cell")

    def row(self, label: str, label_column: int) -> int:
        """Return the number of the one row that `label_column` calls `label`; raises `Problem`."""
        cells = self.cells(label_column)
        found = [cells[place] for place in self.places(label_column, label)]
        if len(found) == 1:
            return found[0].row
        where = f"column {column_letters(label_column)}"
        if not found:
            labels = [cell.label for cell in cells if cell.label]
            hint = meant(label, labels, f"{where} holds: {listed(labels) or 'nothing'}")
            raise Problem(Reason.QUERY, f"{self.sheet.shown}: row {label!r} not found in {where}", hint)
        rows = " and ".join(str(cell.row) for cell in found[:5])
        message = f"{self.sheet.shown}: row {label!r} stands {len(found)} times in {where}, in the rows {rows}"
        raise Problem(Reason.QUERY, message, "rename one of them, ask for a cell, or add them up by `agg` and `where`")

    def rows(self) -> tuple[int, ...]:
        """Return the numbers of the rows below the headers that are not blank."""
        return self._rows

    def cells(self, column: int) -> tuple[Cell, ...]:
        """Return the cells of a column in all `rows()`."""
        if column not in self._columns:
            self._columns[column] = tuple(self.sheet.cell(row, column) for row in self._rows)
        return self._columns[column]

    def fitting(self, where: Mapping[str, str]) -> list[int]:
        """Return the places in `rows()` that hold, under each header of `where`, what it says; raises `Problem`."""
        found = set(range(len(self._rows)))
        for header, wanted in where.items():
            found &= set(self.places(self.column(header), wanted))
        return sorted(found)

    def places(self, column: int, wanted: str) -> list[int]:
        """Return the places in `rows()` where a column says `wanted`."""
        if column not in self._index:
            self._index[column] = index = defaultdict[str | Decimal, list[int]](list)
            for place, cell in enumerate(self.cells(column)):
                index[cell.key].append(place)
        return sorted(place for key in keys_of(wanted) for place in self._index[column].get(key, ()))

    def moment(self, column: int, place: int, zone: tzinfo) -> datetime:
        """Return the date or time of a column at a place in `rows()`, in UTC; raises `Problem`."""
        known = (column, place, zone)
        if known not in self._moments:
            self._moments[known] = self.cells(column)[place].moment(self.sheet.place, zone)
        return self._moments[known]

    def _blank(self, row: int) -> bool:
        cells = (self.sheet.cell(row, column + 1) for column in range(self.sheet.width(row)))
        return all(cell.kind is Kind.EMPTY for cell in cells)

    def _check_widths(self) -> None:
        expected = len(self._headers)
        for row in self._rows:
            width = self.sheet.width(row)
            surplus = (self.sheet.cell(row, column + 1) for column in range(expected, width))
            if width < expected or any(cell.kind is not Kind.EMPTY for cell in surplus):
                line = f"{self.sheet.shown}: line {self.sheet.line_of(row)}"
                hint = "put quotes around a value that contains the delimiter, or export the file again"
                raise Problem(Reason.BAD_VALUE, f"{line} has {width} columns, the headers have {expected}", hint)
