"""What a receipt says about the cells a number came from."""

from __future__ import annotations

from typing import Any

from okrsync.connect.sheets.cells import Cell
from okrsync.connect.sheets.records import Selection
from okrsync.connect.sheets.workbook import Sheet

_SHOWN_CELLS = 20


def of_one(sheet: Sheet, cell: Cell) -> dict[str, Any]:
    """Return which cell it is and what it holds, and whether it shows that as a percentage."""
    return {"sheet": sheet.name, "cell": cell.coordinate, "holds": cell.label, **_format(cell)}


def of_many(sheet: Sheet, selection: Selection) -> dict[str, Any]:
    """Return which cells were reduced, the first of them by name, and how much was left out."""
    cells = [record.cell for record in selection.records]
    found: dict[str, Any] = {"sheet": sheet.name, "cells": len(cells)}
    found["first_cells"] = [cell.coordinate for cell in cells[:_SHOWN_CELLS]]
    if selection.empty:
        found["empty_cells"] = selection.empty
    if selection.undated:
        found["undated_rows"] = selection.undated
    return {**found, **_format(cells[0])}


def _format(cell: Cell) -> dict[str, Any]:
    found: dict[str, Any] = {"number_format": cell.number_format} if cell.number_format else {}
    return {**found, "percentage": True} if cell.percentage else found
