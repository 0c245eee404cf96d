"""Which records of a table a question is about, and what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from okrsync.connect.sheets.cells import Cell, Kind
from okrsync.connect.sheets.table import Table
from okrsync.connect.sheets.workbook import meant
from okrsync.errors import Problem, Reason
from okrsync.okrs.windows import Window

_NOTHING_IS_ZERO = "if nothing means zero here, give the metric `when_empty: zero`"


@dataclass(frozen=True)
class Record:
    """A cell, and the moment its row carries, where rows carry one."""

    cell: Cell
    moment: datetime | None


@dataclass(frozen=True)
class Selection:
    """The filled cells that are to be reduced; `empty` ones and `undated` rows were left out and counted."""

    records: tuple[Record, ...]
    empty: int
    undated: int

    @property
    def newest(self) -> datetime | None:
        """The newest moment of all rows."""
        return max((record.moment for record in self.records if record.moment), default=None)

    def rows(self) -> list[Mapping[str, Any]]:
        """Return the records as `value` and `at`."""
        return [{"value": record.cell.value, "at": record.moment} for record in self.records]


@dataclass(frozen=True)
class Dated:
    """Only rows whose date under `header` lies in `window`, days being those of `zone`."""

    header: str
    window: Window
    zone: tzinfo


def select(table: Table, header: str, where: Mapping[str, str], dated: Dated | None) -> Selection:
    """Return the filled cells under `header` in the rows that `where` and `dated` let through; raises `Problem`."""
    cells, places = table.cells(table.column(header)), table.fitting(where)
    if not places:
        raise _nothing_fits(table, where)
    if dated is None:
        records, undated = [Record(cells[place], None) for place in places], 0
    else:
        days = table.cells(table.column(dated.header))
        with_date = [place for place in places if days[place].kind is not Kind.EMPTY]
        undated = len(places) - len(with_date)
        records = [Record(cells[place], moment) for place, moment in _within(table, with_date, dated)]
        if not records:
            raise _none_in_window(table, dated, len(places), undated)
    filled = tuple(record for record in records if record.cell.kind is not Kind.EMPTY)
    if not filled:
        message = f"{table.sheet.shown}: all {len(records)} cells under {header!r} are empty"
        raise Problem(Reason.NO_DATA, message, _NOTHING_IS_ZERO)
    return Selection(filled, len(records) - len(filled), undated)


def refuse_what_is_no_number(table: Table, selection: Selection) -> None:
    """Raise the `Problem` of the first cell that holds no number, with how many more there are."""
    _refuse(table, [record.cell for record in selection.records if record.cell.kind is not Kind.NUMBER])


def refuse_what_failed(table: Table, selection: Selection) -> None:
    """Raise the `Problem` of the first cell whose formula failed or was never calculated."""
    failed = (Kind.ERROR, Kind.UNCALCULATED)
    _refuse(table, [record.cell for record in selection.records if record.cell.kind in failed])


def _refuse(table: Table, cells: list[Cell]) -> None:
    if cells:
        problem = cells[0].no_number(table.sheet.place)
        others = f" (and {len(cells) - 1} more of the cells asked for hold none either)" if len(cells) > 1 else ""
        raise Problem(problem.reason, problem.message + others, problem.hint)


def _within(table: Table, places: Iterable[int], dated: Dated) -> Iterator[tuple[int, datetime]]:
    column, start, end = table.column(dated.header), dated.window.start, dated.window.end
    for place in places:
        moment = table.moment(column, place, dated.zone)
        if (start is None or start <= moment) and moment < end:
            yield place, moment


def _nothing_fits(table: Table, where: Mapping[str, str]) -> Problem:
    rows = len(table.rows())
    if not rows:
        return Problem(Reason.NO_DATA, f"{table.sheet.shown}: no rows below the headers", _NOTHING_IS_ZERO)
    conditions = " and ".join(f"{header} {wanted!r}" for header, wanted in where.items())
    return Problem(Reason.NO_DATA, f"{table.sheet.shown}: none of {rows} rows has {conditions}", _hint(table, where))


def _hint(table: Table, where: Mapping[str, str]) -> str:
    """Return what was probably meant by the first condition that no row at all fulfils."""
    for header, wanted in where.items():
        column = table.column(header)
        if not table.places(column, wanted):
            return meant(wanted, {cell.label for cell in table.cells(column)}, _NOTHING_IS_ZERO)
    return _NOTHING_IS_ZERO


def _none_in_window(table: Table, dated: Dated, rows: int, undated: int) -> Problem:
    first, last = dated.window.dates()
    span = f"from {first} to {last}" if dated.window.start else f"up to {last}"
    empty = f" ({undated} have none)" if undated else ""
    message = f"{table.sheet.shown}: none of {rows} rows has a date under {dated.header!r} {span}{empty}"
    return Problem(Reason.NO_DATA, message, _NOTHING_IS_ZERO)
