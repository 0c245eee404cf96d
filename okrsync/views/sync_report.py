"""What a sync or a back-fill did, in a terminal and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from okrsync.sync.backfill import BackfillRow
from okrsync.sync.report import Outcome, ReportRow, SyncReport
from okrsync.views.figures import with_unit
from okrsync.views.terminal import STATUS_STYLES, console, plain, words
from okrsync.views.troubles import troubles

_MOVED = (Outcome.RECORDED, Outcome.RESTATED)


def print_report(report: SyncReport, to: Console | None = None) -> None:
    """Print what moved, what failed and why, who fell behind, and the line that sums it up."""
    out = to or console()
    moved = [row for row in report.rows if row.outcome in _MOVED and row.value != row.value_before]
    if moved:
        out.print(_moved(moved))
    for connection in report.connections:
        if connection.reason:
            text = plain(f"{connection.connection}: {connection.answered} of {connection.asked} answered", "magenta")
            out.print(text)
    for trouble in troubles(report.failed):
        out.print(trouble)
    for key in report.fell_behind:
        row = next((row for row in report.rows if row.key == key), None)
        out.print(_fell_behind(key, row))
    out.print(plain(f"{report.summary()}.", "bold"))


def _moved(rows: Sequence[ReportRow]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("Key result", overflow="fold")
    table.add_column("Before", justify="right", no_wrap=True)
    table.add_column("Now", justify="right", no_wrap=True)
    table.add_column("Status", no_wrap=True)
    for row in rows:
        table.add_row(
            plain(row.key),
            plain(with_unit(row.value_before, row.unit)),
            plain(with_unit(row.value, row.unit)),
            Text(words(row.status), style=STATUS_STYLES[row.status]),
        )
    return table


def _fell_behind(key: str, row: ReportRow | None) -> Text:
    if row is None:
        return plain(f"{key} fell behind, for time has passed: `okrsync explain {key}`", "yellow")
    text = Text(f"{key} is now {words(row.status)}", style=STATUS_STYLES[row.status])
    return text.append_text(plain(f": {row.rule} (owner: {row.owner})", "default"))


def report_document(report: SyncReport) -> dict[str, Any]:
    """Return the report for programs."""
    return {
        "run_id": report.run_id,
        "at": report.now,
        "seconds": round(report.seconds, 3),
        "exit_code": int(report.exit_code),
        "summary": report.summary(),
        "waiting": report.waiting,
        "fell_behind": list(report.fell_behind),
        "key_results": [_plain(row) for row in report.rows],
        "connections": [_plain(connection) for connection in report.connections],
    }


def _plain(value: Any) -> dict[str, Any]:
    return {name: round(part, 3) if isinstance(part, float) else part for name, part in vars(value).items()}


def print_backfill(rows: Sequence[BackfillRow], to: Console | None = None) -> None:
    """Print how many slots each key result had filled, and why others were not."""
    out = to or console()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("Key result", overflow="fold")
    table.add_column("Filled", justify="right", no_wrap=True)
    table.add_column("Not filled because", overflow="fold")
    for row in rows:
        why = f"{row.problem.reason}: {row.problem.message}" if row.problem else ""
        table.add_row(plain(row.key), f"{row.filled} of {row.slots}", plain(why, "dim"))
    out.print(table)
    out.print(plain(f"{sum(row.filled for row in rows)} check-ins back-filled.", "bold"))
