"""A workbook, whatever its format: opened once, asked many times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from okrsync.connect.sheets.cells import Cell, Kind, column_letters
from okrsync.errors import Problem, Reason
from okrsync.nearest import nearest


class Sheet:
    """One sheet, read whole. Rows and columns count from 1, and beyond what is written all cells are empty.

    In messages `shown` names the sheet, and `place` stands before a cell's name. `lines` are the lines of the file
    that the rows stand in; a format that has lines has no sheets, so that the file is all there is to name.
    """

    def __init__(
        self,
        file: str,
        name: str,
        rows: Sequence[Sequence[Any]],
        interpret: Callable[[Any, int, int], Cell],
        lines: Sequence[int] | None = None,
    ) -> None:
        self.name = name
        self.shown = f"{file}, sheet {name}" if lines is None else file
        self.place = f"{file}: {name}!" if lines is None else f"{file}: "
        self.row_count = len(rows)
        self._rows = rows
        self._interpret = interpret
        self._lines = lines

    def cell(self, row: int, column: int) -> Cell:
        """Return the cell at `row` and `column`."""
        if row <= self.row_count and column <= self.width(row):
            return self._interpret(self._rows[row - 1][column - 1], row, column)
        return Cell(row, column, Kind.EMPTY)

    def width(self, row: int) -> int:
        """Return how many cells are written in `row`."""
        return len(self._rows[row - 1]) if row <= self.row_count else 0

    @property
    def has_lines(self) -> bool:
        """Whether the file consists of lines, so that one of them can be out of step with the others."""
        return self._lines is not None

    def line_of(self, row: int) -> int | None:
        """Return the line of the file that `row` stands in, or None where the format has no lines."""
        return None if self._lines is None else self._lines[row - 1]


@dataclass(frozen=True)
class Area:
    """What a named range stands for: a block of cells, corners included."""

    sheet: str
    first: tuple[int, int]
    last: tuple[int, int]

    def __str__(self) -> str:
        corners = [f"{column_letters(column)}{row}" for row, column in (self.first, self.last)]
        return f"{self.sheet}!{corners[0] if self.first == self.last else ':'.join(corners)}"


class Workbook:
    """A file with sheets and named ranges. A sheet is read when it is first asked for, and then kept.

    `names` maps (sheet or None, name) to an area, None standing for one that is no block of cells.
    """

    def __init__(
        self,
        name: str,
        sheets: Mapping[str, Callable[[], Sheet]],
        names: Mapping[tuple[str | None, str], Area | None] | None = None,
    ) -> None:
        self.name = name
        self.names = names or {}
        self._readers = sheets
        self._sheets: dict[str, Sheet] = {}

    @property
    def sheet_names(self) -> tuple[str, ...]:
        """The sheets, in the order of the file."""
        return tuple(self._readers)

    def sheet(self, name: str | None = None) -> Sheet:
        """Return the sheet called `name`, which may be left out where there is just one; raises `Problem`."""
        if name is None and len(self._readers) > 1:
            hint = f"say which one, such as `sheet: {self.sheet_names[0]}`"
            raise Problem(Reason.QUERY, f"{self.name} has the sheets {listed(self.sheet_names)}", hint)
        if name is None and self._readers:
            name = self.sheet_names[0]
        if name is None or name not in self._readers:
            there = f"there are: {listed(self.sheet_names)}" if self._readers else "it has no sheet with cells"
            raise Problem(
                Reason.QUERY, f"{self.name} has no sheet {name!r}", meant(name or "", self.sheet_names, there)
            )
        if name not in self._sheets:
            self._sheets[name] = self._readers[name]()
        return self._sheets[name]

    def named_cell(self, name: str, sheet: str | None = None) -> tuple[Sheet, Cell]:
        """Return the one cell that the named range `name` stands for, and its sheet; raises `Problem`.

        A name that belongs to `sheet` goes before one of the whole workbook; upper and lower case are the same.
        """
        known = {(scope, each.casefold()): area for (scope, each), area in self.names.items()}
        for scope in (sheet, None):
            if (scope, name.casefold()) in known:
                area = known[scope, name.casefold()]
                break
        else:
            there = [each for scope, each in self.names if scope in (sheet, None)]
            hint = meant(name, there, f"there are: {listed(there)}" if there else "it has no named ranges")
            raise Problem(Reason.QUERY, f"{self.name} has no named range {name!r}", hint)
        return self._only_cell(name, area)

    def _only_cell(self, name: str, area: Area | None) -> tuple[Sheet, Cell]:
        if area is None:
            message = f"{self.name}: the named range {name!r} does not stand for a cell"
            raise Problem(Reason.QUERY, message, "let it mean one cell, such as =KPI!$B$2")
        if area.first != area.last:
            message = f"{self.name}: the named range {name!r} is the block {area}, expected one cell"
            raise Problem(Reason.QUERY, message, "let it mean one cell, or ask by `column` and `agg`")
        found = self.sheet(area.sheet)
        return found, found.cell(*area.first)


def listed(names: Iterable[str], most: int = 12) -> str:
    """Return `names` in quotes for a message, the first few of them."""
    every = list(dict.fromkeys(names))
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(repr(name) for name in every[:most]) + more


def meant(name: str, known: Iterable[str], otherwise: str) -> str:
    """Return the hint for a name that is not there: the nearest one that is, and `otherwise`."""
    near = nearest(name, known)
    return f"did you mean {near!r}? {otherwise}" if near else otherwise
