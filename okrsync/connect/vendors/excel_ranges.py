"""Ranges of a workbook as Excel works them out for Microsoft Graph.

https://learn.microsoft.com/graph/api/resources/workbookrange
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from okrsync.connect.contract import Ask, Reading
from okrsync.connect.sheets.answers import Answers
from okrsync.connect.sheets.cells import Kind
from okrsync.connect.sheets.grid import Content, Grid, block
from okrsync.connect.sheets.questions import SheetQuery
from okrsync.connect.sheets.workbook import Area
from okrsync.connect.transport.http import HttpClient
from okrsync.connect.vendors.microsoft import FOR_A_MOMENT, Item, batch, failed, meaning, quoted, said
from okrsync.errors import Problem, Reason

_WANTED = "$select=address,values,valueTypes,numberFormat"
_KINDS = {"Error": Kind.ERROR, "String": Kind.TEXT}


class Ranges:
    """The ranges that questions are about, each asked for once, in as few requests as may be.

    `workbook` is the workbook's path, relative to the client's base URL.
    """

    def __init__(self, http: HttpClient, workbook: str, queries: Iterable[SheetQuery]) -> None:
        self._http, self._workbook = http, workbook
        paths = list(dict.fromkeys(self._path(query) for query in queries if _says_where(query)))
        self._items = dict(zip(paths, batch(http, paths), strict=True))
        self._read: dict[str, tuple[Grid, Area]] = {}

    def answer(self, answers: Answers, ask: Ask[SheetQuery]) -> Reading:
        """Return the answer to one of the questions; raises `Problem`."""
        query = ask.query
        if not _says_where(query):
            raise Problem(Reason.QUERY, "the question does not say which sheet", "say it by `sheet`")
        grid, area = self._grid(self._path(query))
        if query.name is None:
            return answers.from_sheet(grid, ask)
        if area.first != area.last:
            message = f"the named range {query.name!r} is the block {area}, expected one cell"
            raise Problem(Reason.QUERY, message, "let it mean one cell, or ask by `column` and `agg`")
        return answers.from_cell(grid, grid.cell(*area.first), ask)

    def _path(self, query: SheetQuery) -> str:
        sheet = f"/worksheets/{quoted(query.sheet)}" if query.sheet else ""
        if query.name:
            inner = f"{sheet}/names/{quoted(query.name)}/range"
        elif query.cell:
            inner = f"{sheet}/range(address='{query.cell.replace('$', '').upper()}')"
        else:
            inner = f"{sheet}/usedRange(valuesOnly=true)"
        return f"{self._workbook}{inner}?{_WANTED}"

    def _grid(self, path: str) -> tuple[Grid, Area]:
        if path not in self._read:
            self._read[path] = _grid(self._body(self._items[path], path))
        return self._read[path]

    def _body(self, item: Item, path: str) -> Any:
        """Return what an item of the batch holds; one that was held up for a moment is asked for by itself."""
        if not failed(item.status, item.body):
            return item.body
        reason, hint = meaning(item.status, item.body, in_workbook=True) or (Reason.BAD_RESPONSE, "")
        if item.status in FOR_A_MOMENT or reason is Reason.UNREACHABLE:
            return self._http.get(path)
        raise Problem(reason, f"Excel {said(item.status, item.body)}", hint)


def _says_where(query: SheetQuery) -> bool:
    return bool(query.sheet or query.name)


def _grid(body: Any) -> tuple[Grid, Area]:
    area = block(str(body.get("address"))) if isinstance(body, Mapping) else None
    if area is None:
        raise Problem(Reason.BAD_RESPONSE, "sent a range that is no block of cells")
    values, kinds, formats = (_rows(body.get(name)) for name in ("values", "valueTypes", "numberFormat"))
    height, width = area.last[0] - area.first[0] + 1, area.last[1] - area.first[1] + 1
    if len(values) != height or any(len(row) != width for row in values):
        raise Problem(Reason.BAD_RESPONSE, f"sent the range {area} without all of its values")
    rows = [
        [
            Content(value, _KINDS.get(_at(kinds, row, column)), _at(formats, row, column))
            for column, value in enumerate(line)
        ]
        for row, line in enumerate(values)
    ]
    return Grid(area.sheet, rows, area.first), area


def _rows(value: Any) -> list[list[Any]]:
    return value if isinstance(value, list) and all(isinstance(row, list) for row in value) else []


def _at(rows: list[list[Any]], row: int, column: int) -> str:
    try:
        return str(rows[row][column])
    except IndexError:
        return ""
