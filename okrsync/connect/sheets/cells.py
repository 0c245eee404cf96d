"""What stands in one cell, and how a cell is named."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum

from okrsync.connect.answers.numbers import to_decimal
from okrsync.errors import Problem, Reason


class Kind(StrEnum):
    """What a cell holds."""

    NUMBER = "number"
    TEXT = "text"
    EMPTY = "empty"
    ERROR = "error"
    """The result of a formula that failed, such as `#REF!`."""
    BOOLEAN = "boolean"
    DATE = "date"
    """A day or a moment."""
    TIME = "time"
    """A time of day or a duration."""
    UNCALCULATED = "uncalculated"
    """A formula that no spreadsheet program has worked out, so that its value is not in the file."""


Value = Decimal | str | bool | date | datetime | time | timedelta | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. `row` and `column` count from 1; `number_format` is the file's own words, "" where it has none.

    `value` is a Decimal for a number, the text of a text or an error, a bool, a date or a time; None for an empty
    cell and for a formula that was never calculated.
    """

    row: int
    column: int
    kind: Kind
    value: Value = None
    number_format: str = ""

    @property
    def coordinate(self) -> str:
        """The cell's name, such as `B7`."""
        return f"{column_letters(self.column)}{self.row}"

    @property
    def percentage(self) -> bool:
        """Whether the cell shows its value a hundredfold: 0.125 as 12.5 %."""
        return self.kind is Kind.NUMBER and "%" in _QUOTED.sub("", self.number_format)

    @property
    def label(self) -> str:
        """The value as text, for headers, row labels and comparisons."""
        return label_of(self.value)

    @property
    def key(self) -> str | Decimal:
        """What the cell is found by: numbers by value, so that `7` finds `7.0`, everything else by its label."""
        return self.value if isinstance(self.value, Decimal) else self.label

    def number(self, place: str) -> Decimal:
        """Return the number the cell holds; raises the `Problem` that says what it holds instead.

        `place` is put before the cell's name in messages, such as `plan.xlsx: KPI!`.
        """
        if isinstance(self.value, Decimal):
            return to_decimal(self.value, f"{place}{self.coordinate}")
        raise self.no_number(place)

    def no_number(self, place: str) -> Problem:
        """Return the problem of a cell that was asked for its number and has none."""
        where = f"{place}{self.coordinate}"
        match self.kind:
            case Kind.EMPTY:
                return Problem(Reason.NO_DATA, f"{where} is empty", "fill the cell in, or ask for another one")
            case Kind.UNCALCULATED:
                return Problem(
                    Reason.BAD_VALUE,
                    f"{where} holds a formula that was never calculated",
                    "open and save the workbook in a spreadsheet program",
                )
            case Kind.ERROR:
                return Problem(Reason.BAD_VALUE, f"{where} holds {self.label}", "repair the formula in the sheet")
            case Kind.TEXT:
                hint = "write a plain number such as 1234.56 into the cell, without unit, percent sign or separators"
                return Problem(
                    Reason.BAD_VALUE, f"{where} holds the text {shortened(self.label)!r}, not a number", hint
                )
            case _:
                message = f"{where} holds the {self.kind} {self.label}, not a number"
                return Problem(Reason.BAD_VALUE, message, "check which cell is meant and how it is formatted")

    def moment(self, place: str, zone: tzinfo) -> datetime:
        """Return the cell's day or moment in UTC, a day being its first instant in `zone`; raises `Problem`.

        Text counts where it is an ISO date or time (`2026-11-21`, `2026-11-21T10:00:00Z`).
        """
        found = _iso(self.value) if isinstance(self.value, str) else self.value
        if not isinstance(found, date):
            holds = f"holds {shortened(self.label)!r}, not a date" if self.label else "has no date"
            hint = "format the cell as a date, or write it as 2026-11-21"
            raise Problem(Reason.BAD_VALUE, f"{place}{self.coordinate} {holds}", hint)
        if not isinstance(found, datetime):
            found = datetime.combine(found, time())
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


_QUOTED = re.compile(r'"[^"]*"|\\.')
"""The parts of a number format that are shown as they are; a percent sign in them scales nothing."""
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_COORDINATE = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9][0-9]{0,6})")


def _iso(text: str) -> date | datetime | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-11-21") else datetime.fromisoformat(text)
    except ValueError:
        return None


def exact(text: str) -> Decimal | None:
    """Return the number a workbook file has written as `text`; None if that is no finite number.

    Whole numbers keep all their digits. Programs write other numbers with 17 digits, 1.1 as `1.1000000000000001`;
    the shortest decimal that means the same binary number is the one a person sees in the cell.
    """
    try:
        number = Decimal(int(text)) if text.lstrip("+-").isdigit() else Decimal(repr(float(text)))
    except ValueError:
        return None
    return number if number.is_finite() else None


def keys_of(wanted: str) -> set[str | Decimal]:
    """Return the keys of the cells that say `wanted`: a text like it, or the number it writes."""
    text = wanted.strip()
    return {text, Decimal(text)} if _PLAIN_NUMBER.fullmatch(text) else {text}


def plain(number: Decimal) -> str:
    """Return `number` without exponent and without zeros that say nothing.

    >>> plain(Decimal("7.50")), plain(Decimal("1E+3"))
    ('7.5', '1000')
    """
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def label_of(value: Value | int) -> str:
    """Return a value as a person would write it, `""` for None.

    >>> label_of(True), label_of(Decimal("7.50")), label_of(datetime(2026, 10, 1))
    ('TRUE', '7.5', '2026-10-01')
    """
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case Decimal():
            return plain(value)
        case datetime() if value.time() == time() and value.tzinfo is None:
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case _:
            return str(value).strip()


def shortened(text: str, longest: int = 40) -> str:
    """Return `text`, cut where it is longer than a message can bear."""
    return text if len(text) <= longest else f"{text[:longest]}…"


def column_letters(column: int) -> str:
    """Return the letters of a column that counts from 1.

    >>> column_letters(1), column_letters(27)
    ('A', 'AA')
    """
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def parse_coordinate(text: str) -> tuple[int, int]:
    """Return row and column of a cell's name; raises ValueError.

    >>> parse_coordinate("$B$7")
    (7, 2)
    """
    found = _COORDINATE.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no cell; write it like B7")
    column = 0
    for letter in found[1].upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(found[2]), column
