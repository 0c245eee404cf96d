"""The board in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from okrsync.views.board import Board, BoardObjective, BoardRow
from okrsync.views.figures import age, course, number, per_week, share, with_unit
from okrsync.views.terminal import DATA_STYLES, STATUS_STYLES, console, hanging, plain, styled, words
from okrsync.views.troubles import troubles
from okrsync.vocabulary import Commitment, DataState, Status

WIDE = 130
"""Columns from which on the source stands beside a key result and not below it."""
_BAR = 8
_COURSE = 8
_NARROWEST_TEXT = 16


def print_board(board: Board, to: Console | None = None) -> None:
    """Print every objective with its key results, the KPIs, and what is wrong with numbers that are not fresh."""
    out = to or console()
    if not board.rows and not board.objectives:
        out.print("No goals yet: write them into goals/, then run `okrsync apply`.")
        return
    layout = _WIDE if out.width >= WIDE else _NARROW
    widths = layout.widths([layout.cells(row) for row in board.rows], out.width)
    out.print(layout.table(widths, [[Text(heading, style="dim") for heading in layout.headings]]))
    team = None
    for objective in board.objectives:
        if objective.team_title != team:
            team = objective.team_title
            out.print()
            out.print(plain(team, "bold underline"))
        out.print(_objective(objective))
        layout.print(widths, objective.rows, out)
    if board.kpis:
        out.print()
        out.print(plain("KPIs", "bold underline"))
        layout.print(widths, board.kpis, out)
    for trouble in troubles(board.rows):
        out.print()
        out.print(hanging(trouble))
    out.print()
    out.print(_summary(board))


@dataclass(frozen=True)
class _Layout:
    """Which columns there are; the texts at the sides share what the figures between them leave."""

    headings: tuple[str, ...]
    right: frozenset[str]
    cells: Callable[[BoardRow], list[Text]]
    folding: frozenset[str]
    below: Callable[[BoardRow], Text] | None = None
    """What stands below each row, as wide as the terminal."""

    def widths(self, rows: list[list[Text]], whole: int) -> list[int]:
        """Return the width of each column in a terminal of `whole` columns."""
        lines = [[Text(heading) for heading in self.headings], *rows]
        needed = [max(cell_len(cell.plain) for cell in column) for column in zip(*lines, strict=True)]
        folding = [place for place, heading in enumerate(self.headings) if heading in self.folding]
        left = whole - 2 * len(needed) - sum(width for place, width in enumerate(needed) if place not in folding)
        for place in folding:
            others = _NARROWEST_TEXT * (len(folding) - 1) if place != folding[-1] else 0
            needed[place] = max(_NARROWEST_TEXT, min(needed[place], left - others))
            left -= needed[place]
        return needed

    def print(self, widths: list[int], rows: Sequence[BoardRow], out: Console) -> None:
        """Print `rows` in columns of those widths."""
        if self.below is None:
            out.print(self.table(widths, [self.cells(row) for row in rows]))
            return
        for row in rows:
            out.print(self.table(widths, [self.cells(row)]))
            out.print(hanging(self.below(row)))

    def table(self, widths: list[int], rows: list[list[Text]]) -> Table:
        """Return rows in columns of those widths, so that tables below each other line up."""
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        for heading, width in zip(self.headings, widths, strict=True):
            folds = heading in self.folding
            justify: Literal["left", "right"] = "right" if heading in self.right else "left"
            table.add_column(width=width, justify=justify, overflow="fold", no_wrap=not folds)
        for row in rows:
            table.add_row(*map(hanging, row[:1]), *row[1:])
        return table


def _wide_cells(row: BoardRow) -> list[Text]:
    return [
        plain(f"  {row.title}"),
        plain(with_unit(row.value, row.unit)),
        plain(_aim(row)),
        _bar(row),
        Text(share(row.expected) if row.expected is not None else ""),
        _status(row),
        plain(_course(row)),
        Text(age(row.age), style=DATA_STYLES[row.data_state]),
        plain(row.source, "dim"),
    ]


def _narrow_cells(row: BoardRow) -> list[Text]:
    progress = _bar(row)
    if row.expected is not None:
        progress.append(f" / {share(row.expected)}", style="dim")
    return [
        plain(f"  {row.title}"),
        plain(with_unit(row.value, row.unit)),
        plain(_aim(row)),
        progress,
        _status(row),
    ]


def _below(row: BoardRow) -> Text:
    return plain(f"    {' · '.join((_course(row).strip(), age(row.age), row.source))}", "dim")


def _course(row: BoardRow) -> str:
    return f"{course(row.values, _COURSE):<{_COURSE}} {per_week(row.trend)}"


_WIDE = _Layout(
    ("Key result", "Value", "Target", "Progress", "Expected", "Status", "Trend a week", "Age", "From"),
    frozenset({"Value", "Target", "Expected", "Age"}),
    _wide_cells,
    frozenset({"Key result", "From"}),
)
_NARROW = _Layout(
    ("Key result", "Value", "Target", "Progress", "Status"),
    frozenset({"Value", "Target"}),
    _narrow_cells,
    frozenset({"Key result"}),
    _below,
)


def _objective(objective: BoardObjective) -> Text:
    together = objective.together
    text = plain(objective.title, "bold")
    text.append(f"  {share(together.progress)} ", style=STATUS_STYLES[together.status])
    text.append(words(together.status), style=STATUS_STYLES[together.status])
    if together.stands_on.n < together.stands_on.of:
        text.append(f" on {together.stands_on.n} of {together.stands_on.of}", style="dim")
    if objective.commitment is Commitment.ASPIRATIONAL:
        text.append("  aspirational", style="dim")
    return text


def _aim(row: BoardRow) -> str:
    if row.target_value is not None and row.low is None and row.high is None:
        return number(row.target_value)
    if row.low is not None and row.high is not None:
        return f"{number(row.low)}…{number(row.high)}"
    return f"≥ {number(row.low)}" if row.low is not None else f"≤ {number(row.high)}"


def _bar(row: BoardRow) -> Text:
    if row.progress is None:
        return Text("" if row.is_kpi else "–")
    filled = int(max(Decimal(0), min(Decimal(1), row.progress)) * _BAR + Decimal("0.5"))
    text = Text("█" * filled, style=STATUS_STYLES[row.status])
    text.append("░" * (_BAR - filled), style="dim")
    text.append(f" {share(row.progress)}")
    return text


def _status(row: BoardRow) -> Text:
    status = styled(row.status)
    if row.is_kpi and row.status in (Status.ON_TRACK, Status.OFF_TRACK):
        healthy = row.status is Status.ON_TRACK
        status = Text("healthy" if healthy else "unhealthy", style=STATUS_STYLES[row.status])
    if row.data_state is not DataState.FRESH and row.value is not None:
        status.append(f" · {words(row.data_state)}", style=DATA_STYLES[row.data_state])
    return status


def _summary(board: Board) -> Text:
    text = Text()
    for status in Status:
        count = sum(row.status is status for row in board.rows if not row.is_kpi)
        if count:
            text.append(f"{count} {words(status)}   ", style=STATUS_STYLES[status])
    text.append(f"at {board.now:%Y-%m-%d %H:%M} UTC", style="dim")
    return text
