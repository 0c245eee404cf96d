"""The board in a terminal."""

from __future__ import annotations

from decimal import Decimal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from okrsync.views.board import Board, BoardObjective, BoardRow
from okrsync.views.figures import age, course, number, per_week, share, with_unit
from okrsync.views.terminal import DATA_STYLES, STATUS_STYLES, console, plain, styled, words
from okrsync.vocabulary import Commitment, DataState, Status

WIDE = 130
"""Columns from which on the source stands beside a key result, and not below it."""
_BAR = 8


def print_board(board: Board, to: Console | None = None) -> None:
    """Print every objective with its key results, the KPIs, and what is wrong with numbers that are not fresh."""
    out = to or console()
    if not board.rows:
        out.print("No goals yet: write them into goals/, then run `okrsync apply`.")
        return
    table = _table(wide=out.width >= WIDE)
    team = None
    for objective in board.objectives:
        if objective.team_title != team:
            team = objective.team_title
            _heading(table, plain(team, "bold underline"))
        _heading(table, _objective(objective))
        for row in objective.rows:
            _add(table, row, wide=out.width >= WIDE)
    if board.kpis:
        _heading(table, plain("KPIs", "bold underline"))
        for row in board.kpis:
            _add(table, row, wide=out.width >= WIDE)
    out.print(table)
    _print_troubles(board, out)
    out.print(_summary(board))


def _table(*, wide: bool) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", expand=wide)
    table.add_column("Key result", ratio=3 if wide else None, min_width=24, overflow="fold")
    table.add_column("Value", justify="right", no_wrap=True)
    table.add_column("Target", justify="right", no_wrap=True)
    table.add_column("Progress", no_wrap=True)
    table.add_column("Expected", justify="right", no_wrap=True)
    table.add_column("Status", no_wrap=True)
    table.add_column("Trend a week", no_wrap=True)
    table.add_column("Age", justify="right", no_wrap=True)
    if wide:
        table.add_column("From", ratio=3, overflow="fold", style="dim")
    return table


def _heading(table: Table, text: Text) -> None:
    """Add a line that stands over the columns' edges: rich has no spanning cells, so the text may not wrap."""
    text.no_wrap = True
    text.overflow = "ellipsis"
    table.add_row(text)


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


def _add(table: Table, row: BoardRow, *, wide: bool) -> None:
    title = plain(f"  {row.title}")
    if not wide:
        title.append(f"\n    {row.source}", style="dim")
    cells = [
        title,
        plain(with_unit(row.value, row.unit)),
        plain(_aim(row)),
        _bar(row),
        Text(share(row.expected) if row.expected is not None else ""),
        _status(row),
        plain(f"{course(row.values, 8):<8} {per_week(row.trend)}"),
        Text(age(row.age), style=DATA_STYLES.get(row.data_state, "")),
    ]
    table.add_row(*cells, plain(row.source)) if wide else table.add_row(*cells)


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
        status.append(f" · {words(row.data_state)}", style=DATA_STYLES.get(row.data_state, ""))
    return status


def _print_troubles(board: Board, out: Console) -> None:
    """Name each reason once, with the key results it keeps from having a number."""
    troubles: dict[tuple[str, str, str], list[str]] = {}
    for row in board.rows:
        if row.reason:
            troubles.setdefault((row.reason, row.message, row.hint), []).append(row.key)
    for (reason, message, hint), keys in troubles.items():
        text = plain(f"\nstale ({reason}): {message}", DATA_STYLES[DataState.STALE])
        if hint:
            text.append(f"\n  → {hint}", style="default")
        text.append(f"\n  keeps its last good value: {', '.join(keys)}", style="dim")
        out.print(text)


def _summary(board: Board) -> Text:
    text = Text("\n")
    for status in Status:
        count = sum(row.status is status for row in board.rows if not row.is_kpi)
        if count:
            text.append(f"{count} {words(status)}   ", style=STATUS_STYLES[status])
    text.append(f"at {board.now:%Y-%m-%d %H:%M} UTC", style="dim")
    return text
