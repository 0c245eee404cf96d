"""What a workbook answers to a question about it, wherever the workbook is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from okrsync.connect.answers.rows import Aggregate, reduce_rows
from okrsync.connect.contract import Ask, Choice, Reading
from okrsync.connect.sheets import evidence
from okrsync.connect.sheets.cells import Cell, label_of, parse_coordinate
from okrsync.connect.sheets.questions import SheetQuery
from okrsync.connect.sheets.records import Dated, Selection, refuse_what_failed, refuse_what_is_no_number, select
from okrsync.connect.sheets.table import Table
from okrsync.connect.sheets.workbook import Sheet, Workbook
from okrsync.errors import Problem
from okrsync.vocabulary import Aggregation

S = TypeVar("S", bound=SheetQuery)

_BY_DATE = (Aggregation.LATEST, Aggregation.FIRST)
_ANY_VALUE = (Aggregation.COUNT, Aggregation.DISTINCT)
_SHOWN_ROWS = 3


class Answers:
    """Answers questions from the sheets that were read for one batch; every method raises `Problem`.

    `source` is what a receipt says about where the sheets come from. `zone` is where their days begin and end; that
    of the window if None. Sheets of the same name must be the same.
    """

    def __init__(self, source: Mapping[str, str], zone: ZoneInfo | None = None) -> None:
        self._source, self._zone = source, zone
        self._tables: dict[tuple[str, int], Table] = {}

    def from_workbook(self, book: Workbook, ask: Ask[S]) -> Reading:
        """Return what `book` answers."""
        if ask.query.name is not None:
            return self.from_cell(*book.named_cell(ask.query.name, ask.query.sheet), ask)
        return self.from_sheet(book.sheet(ask.query.sheet), ask)

    def from_sheet(self, sheet: Sheet, ask: Ask[S]) -> Reading:
        """Return what `sheet` answers to a question for anything but a named range."""
        query = ask.query
        if query.cell is not None:
            return self.from_cell(sheet, sheet.cell(*parse_coordinate(query.cell)), ask)
        table, column = self._table(sheet, query.header_row), query.column or ""
        if query.agg is not None:
            return self._reduced(table, column, query.agg, ask)
        labels = table.column(query.label_column) if query.label_column else 1
        return self.from_cell(sheet, sheet.cell(table.row(query.row or "", labels), table.column(column)), ask)

    def from_cell(self, sheet: Sheet, cell: Cell, ask: Ask[S]) -> Reading:
        """Return the number that stands in `cell`."""
        seen = {**self._source, **evidence.of_one(sheet, cell)}
        return Reading(cell.number(sheet.place), ask.as_of, provenance=seen)

    def _table(self, sheet: Sheet, header_row: int) -> Table:
        key = (sheet.name, header_row)
        if key not in self._tables:
            self._tables[key] = Table(sheet, header_row)
        return self._tables[key]

    def _reduced(self, table: Table, column: str, agg: Aggregation, ask: Ask[S]) -> Reading:
        query = ask.query
        dated = Dated(query.date_column, ask.window, self._zone or ask.window.zone) if query.date_column else None
        chosen = select(table, column, query.where, dated)
        (refuse_what_failed if agg in _ANY_VALUE else refuse_what_is_no_number)(table, chosen)
        aggregate = Aggregate(
            agg=agg, of=None if agg is Aggregation.COUNT else "value", by="at" if agg in _BY_DATE else None, p=query.p
        )
        try:
            reduced = reduce_rows(chosen.rows(), aggregate)
        except Problem as problem:
            message = f"{table.sheet.shown}: {agg} of {column!r}: {problem.message}"
            raise Problem(problem.reason, message, problem.hint) from None
        return Reading(
            reduced.value,
            ask.as_of,
            complete=dated is None or ask.window.end <= ask.as_of,
            rows=reduced.rows,
            watermark=chosen.newest,
            sample=_sample(chosen, query, column),
            provenance={**self._source, **evidence.of_many(table.sheet, chosen)},
        )


def _sample(chosen: Selection, query: SheetQuery, column: str) -> list[dict[str, Any]]:
    found = []
    for record in chosen.records[:_SHOWN_ROWS]:
        day = {query.date_column: label_of(record.moment)} if query.date_column else {}
        found.append({**query.where, **day, column: record.cell.label})
    return found


def choices(book: Workbook, like: str = "") -> Iterator[Choice]:
    """Yield the sheets of `book`, the headers in their first rows, and the named ranges that `like` is part of."""
    return (choice for choice in _choices(book) if like.casefold() in choice.value.casefold())


def _choices(book: Workbook) -> Iterator[Choice]:
    for name in book.sheet_names:
        sheet = book.sheet(name)
        yield Choice("sheet", name, f"{sheet.row_count:,} rows")
        yield from headers(sheet)
    for (_, name), area in book.names.items():
        yield Choice("name", name, str(area or "not a cell"))


def headers(sheet: Sheet) -> Iterator[Choice]:
    """Yield what stands in the first row of `sheet`."""
    cells = (sheet.cell(1, column + 1) for column in range(sheet.width(1)))
    return (Choice("column", cell.label, f"{sheet.name}!{cell.coordinate}") for cell in cells if cell.label)
