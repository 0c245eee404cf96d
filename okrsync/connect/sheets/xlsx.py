"""Workbooks of Excel (.xlsx, .xlsm), read by openpyxl from the values the last program calculated."""

from __future__ import annotations

import io
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, time, timedelta
from decimal import Decimal
from functools import cache, partial
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.workbook.defined_name import DefinedName

from okrsync.connect.sheets.bounds import Bounds, damaged, open_archive
from okrsync.connect.sheets.cells import Cell, Kind, Value, exact, parse_coordinate
from okrsync.connect.sheets.workbook import Area, Sheet, Workbook

# openpyxl warns of parts it does not keep when saving; nothing is saved here.
warnings.filterwarnings("ignore", category=UserWarning, module=r"openpyxl\.")

_KIND = "an xlsx workbook"
_DAMAGE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    ParseError,
    RecursionError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What openpyxl raises on files that are not as they should be; forbidden XML entities are a ValueError."""


def open_xlsx(content: bytes, name: str, bounds: Bounds) -> Workbook:
    """Open an xlsx workbook; raises `Problem`. Its sheets are parsed when they are asked for."""
    open_archive(content, name, _KIND, bounds).close()
    values = _load(content, name, formulas=False)
    readers = {sheet.title: partial(_read, content, name, values, sheet.title, bounds) for sheet in values.worksheets}
    with _damage_named(name):
        return Workbook(name, readers, dict(_named_areas(values)))


@contextmanager
def _damage_named(name: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGE:
        raise damaged(name, _KIND) from None


def _load(content: bytes, name: str, *, formulas: bool) -> Any:
    with _damage_named(name):
        return openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=not formulas, keep_links=False)


def _read(content: bytes, name: str, values: Any, title: str, bounds: Bounds) -> Sheet:
    @cache
    def formulas() -> frozenset[tuple[int, int]]:
        return _formulas(_load(content, name, formulas=True), name, title, bounds)

    rows = [_trimmed(row) for row in _rows(values, name, title, bounds)]
    while rows and not rows[-1]:
        rows.pop()
    return Sheet(name, title, rows, partial(_cell, formulas))


def _rows(book: Any, name: str, title: str, bounds: Bounds) -> Iterator[tuple[Any, ...]]:
    sheet = book[title]
    # The size a file states may be missing or wrong, and openpyxl would fill all of it with cells.
    sheet.reset_dimensions()
    with _damage_named(name):
        yield from bounds.counted(sheet.rows, f"{name}, sheet {title}")


def _formulas(book: Any, name: str, title: str, bounds: Bounds) -> frozenset[tuple[int, int]]:
    """Return where the formulas of a sheet stand; a reading of its own, because the values' reading hides them."""
    rows = _rows(book, name, title, bounds)
    return frozenset((cell.row, cell.column) for row in rows for cell in row if cell.data_type == "f")


def _trimmed(row: tuple[Any, ...]) -> tuple[Any, ...]:
    width = len(row)
    while width and not hasattr(row[width - 1], "row"):
        width -= 1
    return row[:width]


def _cell(formulas: Callable[[], frozenset[tuple[int, int]]], raw: Any, row: int, column: int) -> Cell:
    if not hasattr(raw, "row"):  # openpyxl's filler for what is not written
        return Cell(row, column, Kind.EMPTY)
    if raw.value is None:
        # A calculated "" is written as an empty string; a formula without a value is written as a number.
        uncalculated = raw.data_type == "n" and (row, column) in formulas()
        return Cell(row, column, Kind.UNCALCULATED if uncalculated else Kind.EMPTY)
    kind, value = _meaning(raw)
    return Cell(row, column, kind, value, raw.number_format or "")


def _meaning(raw: Any) -> tuple[Kind, Value]:  # noqa: PLR0911
    match raw.value:
        case bool():
            return Kind.BOOLEAN, raw.value
        case int():
            return Kind.NUMBER, Decimal(raw.value)
        case float():
            number = exact(repr(raw.value))
            return (Kind.ERROR, "a number without limit") if number is None else (Kind.NUMBER, number)
        case date():
            return Kind.DATE, raw.value
        case time() | timedelta():
            return Kind.TIME, raw.value
        case _ if raw.data_type == "e":
            return Kind.ERROR, str(raw.value)
        case _:
            text = str(raw.value)
            return (Kind.TEXT, text) if text.strip() else (Kind.EMPTY, None)


def _named_areas(book: Any) -> Iterator[tuple[tuple[str | None, str], Area | None]]:
    for name, definition in book.defined_names.items():
        yield (None, name), _area(definition)
    for sheet in book.worksheets:
        for name, definition in sheet.defined_names.items():
            yield (sheet.title, name), _area(definition)


def _area(definition: DefinedName) -> Area | None:
    try:
        [(sheet, block)] = definition.destinations
        first, _, last = block.partition(":")
        return Area(sheet, parse_coordinate(first), parse_coordinate(last or first))
    except ValueError:
        return None
