"""Workbooks of LibreOffice and other OpenDocument programs (.ods)."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import IO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import iterparse

from okrsync.connect.sheets.bounds import Bounds, damaged, open_archive, protected, too_big
from okrsync.connect.sheets.cells import Cell, Kind, Value, exact, parse_coordinate
from okrsync.connect.sheets.workbook import Area, Sheet, Workbook

_KIND = "an ods workbook"
_MANIFEST = "META-INF/manifest.xml"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_CALCEXT = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_WIDEST = 16_384
_ERROR = re.compile(r"#(REF|DIV/0|N/A|NAME|NULL|NUM|VALUE)[!?]?|Err:\d+")
_ADDRESS = re.compile(
    r"\$?(?:'(?P<quoted>(?:[^']|'')+)'|(?P<plain>[^'.]+))\.(?P<first>[^:.]+)(?::(?:[^:]*\.)?(?P<last>[^:.]+))?"
)
_FORMATS = {"percentage": "0%", "currency": "currency"}
"""What the type of a value says about how it is shown; the exact format stands in styles, which are not read."""

_Raw = tuple[Kind, Value, str]
_Row = tuple[_Raw, ...]
_Events = Iterator[tuple[str, Element]]
_EMPTY: _Raw = (Kind.EMPTY, None, "")


def open_ods(content: bytes, name: str, bounds: Bounds) -> Workbook:
    """Open an ods workbook; raises `Problem`."""
    archive = open_archive(content, name, _KIND, bounds)
    try:
        if _MANIFEST in archive.namelist() and b"encryption-data" in archive.read(_MANIFEST):
            raise protected(name)
        with archive.open("content.xml") as stream:
            return _Document(name, bounds).read(stream)
    except (KeyError, ValueError, ParseError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error):
        raise damaged(name, _KIND) from None


class _Document:
    """Collects sheets and named ranges while the file streams by."""

    def __init__(self, name: str, bounds: Bounds) -> None:
        self.name = name
        self.bounds = bounds
        self.sheets: dict[str, Callable[[], Sheet]] = {}
        self.names: dict[tuple[str | None, str], Area | None] = {}

    def read(self, stream: IO[bytes]) -> Workbook:
        events: _Events = iter(iterparse(stream, events=("start", "end")))
        parents: list[str] = []
        for event, element in events:
            if event == "end":
                parents.pop()
            elif element.tag == f"{_TABLE}table" and parents[-1:] == [f"{_OFFICE}spreadsheet"]:
                self._read_sheet(events, element)
            else:
                parents.append(element.tag)
                self._note_name(element, None)
        return Workbook(self.name, self.sheets, self.names)

    def _read_sheet(self, events: _Events, table: Element) -> None:
        title = table.get(f"{_TABLE}name", "")
        where = f"{self.name}, sheet {title}"
        rows = list(self.bounds.counted(_without_empty_end(self._rows(events, table, title), where), where))
        sheet = Sheet(self.name, title, rows, _cell)
        self.sheets[title] = lambda: sheet

    def _rows(self, events: _Events, table: Element, title: str) -> Iterator[tuple[int, Element]]:
        """Yield each row of `table` with how many times it stands there, up to the table's end."""
        for event, element in events:
            if event == "start":
                self._note_name(element, title)
            elif element is table:
                return
            elif element.tag == f"{_TABLE}table-row":
                yield int(element.get(f"{_TABLE}number-rows-repeated", "1")), element
                element.clear()

    def _note_name(self, element: Element, scope: str | None) -> None:
        if element.tag == f"{_TABLE}named-range":
            name = element.get(f"{_TABLE}name", "")
            self.names[scope, name] = _area(element.get(f"{_TABLE}cell-range-address", ""))


def _without_empty_end(rows: Iterator[tuple[int, Element]], where: str) -> Iterator[_Row]:
    """Yield the rows, repeated ones as often as they stand; programs fill a sheet with empty rows up to its end."""
    gap = 0
    for times, element in rows:
        cells = _cells(element, where)
        if not cells:
            gap += times
            continue
        for _ in range(gap):
            yield ()
        for _ in range(times):
            yield cells
        gap = 0


def _cells(row: Element, where: str) -> _Row:
    cells: list[_Raw] = []
    gap = 0
    for element in row:
        if element.tag not in _CELLS:
            continue
        times, raw = int(element.get(f"{_TABLE}number-columns-repeated", "1")), _meaning(element)
        if raw[0] is Kind.EMPTY:
            gap += times
            continue
        if len(cells) + gap + times > _WIDEST:
            raise too_big(f"{where} has more than {_WIDEST:,} columns")
        cells += [_EMPTY] * gap + [raw] * times
        gap = 0
    return tuple(cells)


def _meaning(element: Element) -> _Raw:
    kind = element.get(f"{_OFFICE}value-type")
    text = _text(element)
    formula = element.get(f"{_TABLE}formula") is not None
    if element.get(f"{_CALCEXT}value-type") == "error" or (formula and _ERROR.fullmatch(text)):
        return Kind.ERROR, text, ""
    if kind is None:
        return (Kind.UNCALCULATED, None, "") if formula else _EMPTY
    return *_value(kind, element, text), _FORMATS.get(kind, "")


def _value(kind: str, element: Element, text: str) -> tuple[Kind, Value]:
    match kind:
        case "float" | "percentage" | "currency":
            number: Decimal | None = exact(element.get(f"{_OFFICE}value", ""))
            return (Kind.ERROR, text) if number is None else (Kind.NUMBER, number)
        case "boolean":
            return Kind.BOOLEAN, element.get(f"{_OFFICE}boolean-value") == "true"
        case "date":
            return Kind.DATE, _date(element.get(f"{_OFFICE}date-value", ""))
        case "time":
            return Kind.TIME, text
        case _:
            written = element.get(f"{_OFFICE}string-value") or text
            return (Kind.TEXT, written) if written.strip() else (Kind.EMPTY, None)


def _date(written: str) -> date | datetime:
    return datetime.fromisoformat(written) if "T" in written else date.fromisoformat(written)


def _text(element: Element) -> str:
    """Return what the cell shows; notes pinned to it are text too, but not its own."""
    return "\n".join("".join(_runs(paragraph)) for paragraph in element if paragraph.tag == f"{_TEXT}p")


def _runs(element: Element) -> Iterator[str]:
    yield element.text or ""
    for part in element:
        if part.tag == f"{_TEXT}s":
            yield " " * min(int(part.get(f"{_TEXT}c", "1")), _WIDEST)
        elif part.tag in (f"{_TEXT}tab", f"{_TEXT}line-break"):
            yield " "
        else:
            yield from _runs(part)
        yield part.tail or ""


def _cell(raw: _Raw, row: int, column: int) -> Cell:
    kind, value, number_format = raw
    return Cell(row, column, kind, value, number_format)


def _area(address: str) -> Area | None:
    found = _ADDRESS.fullmatch(address)
    if not found:
        return None
    sheet = found["quoted"].replace("''", "'") if found["quoted"] else found["plain"]
    try:
        return Area(sheet, parse_coordinate(found["first"]), parse_coordinate(found["last"] or found["first"]))
    except ValueError:
        return None
