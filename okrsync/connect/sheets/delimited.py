"""Delimited text (.csv, .tsv): one sheet, every cell of it text until it is read as something else."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import PurePath

from okrsync.connect.sheets.bounds import Bounds, damaged
from okrsync.connect.sheets.cells import Cell, Kind
from okrsync.connect.sheets.workbook import Sheet, Workbook
from okrsync.errors import Problem, Reason

DELIMITERS = (",", ";", "\t")
_LOOKED_AT = 50
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)
_COMMA_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?", re.ASCII)
_ERROR = re.compile(r"#(REF!|DIV/0!|N/A|NAME\?|NULL!|NUM!|VALUE!)|Err:\d+")


@dataclass(frozen=True)
class Dialect:
    """How a delimited text is written. `delimiter` None: found out from the first lines.

    `decimal_comma`: `1.234,56` is a number, and `1.5` is none; otherwise `1234.56` is one, and `1,234.56` is none.
    """

    delimiter: str | None = None
    decimal_comma: bool = False
    encoding: str = "utf-8"


def open_delimited(content: bytes, name: str, dialect: Dialect, bounds: Bounds) -> Workbook:
    """Open a delimited text; raises `Problem`. Its one sheet is called like the file, without the ending."""
    text = _decoded(content, name, dialect.encoding)
    delimiter = dialect.delimiter or _delimiter(text, name)
    rows: list[list[str]] = []
    lines: list[int] = []
    for line, row in _records(text, delimiter, name, bounds):
        rows.append(row)
        lines.append(line)
    title = PurePath(name).stem
    sheet = Sheet(name, title, rows, partial(_cell, dialect.decimal_comma), lines)
    return Workbook(name, {title: lambda: sheet})


def _decoded(content: bytes, name: str, encoding: str) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    try:
        text = content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError:
        hint = "save it as CSV UTF-8, or set `encoding` of the connection"
        raise Problem(Reason.CONFIG, f"{name} is not text in {encoding}", hint) from None
    if "\0" in text:
        raise Problem(Reason.CONFIG, f"{name} is not a text file", "point the connection to an xlsx, ods or csv file")
    return text


def _records(text: str, delimiter: str, name: str, bounds: Bounds) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows with the line each of them starts in."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for row in bounds.counted(reader, name):
            yield line, row
            line = reader.line_num + 1
    except csv.Error:
        raise damaged(name, f"delimited text (line {line})") from None


def _delimiter(text: str, name: str) -> str:
    """Return the one delimiter that cuts the first lines into rows of equal width.

    None does in a file with a line out of step, which is for the reader of the table to name: then the one that
    cuts the first line into the most cells.
    """
    lines = [line for line in text.splitlines()[:_LOOKED_AT] if line.strip()]
    widths = {each: [len(row) for row in csv.reader(lines, delimiter=each)] for each in DELIMITERS}
    even = [each for each, cells in widths.items() if cells and cells[0] > 1 and len(set(cells)) == 1]
    if len(even) > 1:
        hint = 'set `delimiter` of the connection, such as `delimiter: ";"`'
        raise Problem(Reason.CONFIG, f"{name} may be delimited by {' or '.join(map(repr, even))}", hint)
    return even[0] if even else max(DELIMITERS, key=lambda each: widths[each][:1])


def _cell(decimal_comma: bool, raw: str, row: int, column: int) -> Cell:
    text = raw.strip()
    if not text:
        return Cell(row, column, Kind.EMPTY)
    if _ERROR.fullmatch(text):
        return Cell(row, column, Kind.ERROR, text)
    number = _number(text, decimal_comma)
    return Cell(row, column, Kind.TEXT, text) if number is None else Cell(row, column, Kind.NUMBER, number)


def _number(text: str, decimal_comma: bool) -> Decimal | None:
    if decimal_comma:
        return Decimal(text.replace(".", "").replace(",", ".")) if _COMMA_NUMBER.fullmatch(text) else None
    return Decimal(text) if _NUMBER.fullmatch(text) else None
