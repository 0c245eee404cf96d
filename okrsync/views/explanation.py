"""Why a key result has the number and the status it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.console import Console

from okrsync.errors import UnknownName
from okrsync.store import ledger, queries
from okrsync.store.queries import PastCheckIn
from okrsync.sync.workspace import Workspace
from okrsync.views.board import BoardRow, board
from okrsync.views.documents import row_document
from okrsync.views.figures import age, number, share, with_unit
from okrsync.views.inline import inline, request_line, shown, span
from okrsync.views.terminal import DATA_STYLES, STATUS_STYLES, console, hanging, plain, words
from okrsync.vocabulary import DataState, Origin

_SHOWN = 8
"""Check-ins of the past that are printed; the document for programs has them all."""


@dataclass(frozen=True)
class Explanation:
    """A key result or KPI on the board, and its check-ins, oldest first, each with its receipt."""

    row: BoardRow
    history: tuple[PastCheckIn, ...]

    @property
    def current(self) -> PastCheckIn | None:
        """The check-in whose value is the current one."""
        return next(
            (
                past
                for past in reversed(self.history)
                if past.in_force and past.check_in.value == self.row.value and past.check_in.as_of == self.row.as_of
            ),
            None,
        )


def explained(workspace: Workspace, key: str, now: datetime) -> Explanation:
    """Return what is known of `key` at `now`; raises `UnknownName`."""
    with workspace.database.reading() as conn:
        tracked = {one.key: one for one in ledger.tracked(conn)}
        if key not in tracked:
            raise UnknownName.among("key result or KPI", key, tracked)
        history = tuple(queries.history(conn, tracked[key].id))
    row = next(row for row in board(workspace, now).rows if row.key == key)
    return Explanation(row, history)


def print_explanation(found: Explanation, to: Console | None = None) -> None:
    """Print the verdict and its rule, where the number came from, and the check-ins before."""
    out = to or console()
    row = found.row
    out.print(plain(row.title, "bold").append(f"  ({row.key}, owner {row.owner})", style="dim"))
    out.print(plain(f"{words(row.status)}: {row.rule}", STATUS_STYLES[row.status]).append(_by(row), style="dim"))
    out.print(_value(row))
    if row.reason:
        out.print(plain(f"stale ({row.reason}): {row.message}", DATA_STYLES[DataState.STALE]))
        out.print(hanging(plain(f"  → {row.hint}")))
    if found.current:
        _print_receipt(found.current, out)
    _print_history(found.history, row, out)


def _by(row: BoardRow) -> str:
    return "" if row.is_kpi else f"  (preset {row.preset})"


def _age(row: BoardRow) -> str:
    text = age(row.age)
    return "just now" if text == "now" else f"{text} old"


def _value(row: BoardRow) -> Any:
    if row.value is None:
        return plain("There is no value yet: run `okrsync sync`.")
    text = plain(f"{with_unit(row.value, row.unit)}", "bold")
    text.append(f", true at {row.as_of:%Y-%m-%d %H:%M} UTC ({_age(row)}, {words(row.data_state)})")
    if row.start_value is not None and row.target_value is not None:
        way = f"; from {number(row.start_value)} to {number(row.target_value)}, {share(row.progress)} of the way"
        text.append(way)
    return text


def _print_receipt(past: PastCheckIn, out: Console) -> None:
    receipt = past.receipt
    made = past.check_in
    out.print(plain(f"Checked in by {made.author} ({made.origin}) for the slot {made.slot:%Y-%m-%d %H:%M} UTC."))
    if made.note:
        out.print(plain(f"  note: {made.note}"))
    if not receipt:
        return
    if receipt.get("formula"):
        out.print(plain(f"  {receipt['metric']} = {receipt['formula']} = {receipt['value']}"))
    for one in receipt["inputs"]:
        _print_input(one, out)


def _print_input(one: Mapping[str, Any], out: Console) -> None:
    window, provenance = one["window"], one.get("provenance", {})
    scale = "" if one["scale"] == 1 else f" × {one['scale']}"
    out.print(plain(f"  {one['metric']}: the source said {one['raw']}{scale}", "bold"))
    asked = f"    asked of {one['connection']} ({provenance.get('connector', '?')}): {inline(one['query'])}"
    out.print(hanging(plain(asked)))
    out.print(hanging(plain(f"    window {window['rule']}: {span(window['start'], window['end'], window['zone'])}")))
    if one.get("rows") is not None:
        out.print(plain(f"    rows: {one['rows']}"))
    if "empty" in one:
        out.print(hanging(plain(f"    {one['empty']}")))
    for name, value in provenance.items():
        if name == "requests":
            for request in value:
                out.print(plain(f"    {request_line(request)}", "dim"), soft_wrap=True)
        elif name not in _SAID_ALREADY:
            out.print(hanging(plain(f"    {name}: {shown(value)}", "dim")))
    out.print(plain(f"    question {one['question'][:12]}", "dim"))


_SAID_ALREADY = ("connector", "connection", "query", "window", "as_of", "rows")


def _print_history(history: Sequence[PastCheckIn], row: BoardRow, out: Console) -> None:
    if not history:
        return
    shown = history[-_SHOWN:]
    out.print(plain(f"The last {len(shown)} of {len(history)} check-ins:", "bold"))
    for past in shown:
        made = past.check_in
        mark = "" if made.origin is Origin.AUTO else f"  {made.origin}"
        mark += "" if past.in_force else "  superseded"
        line = f"  {made.slot:%Y-%m-%d %H:%M}  {with_unit(made.value, row.unit):>16}{mark}"
        out.print(plain(line, "" if past.in_force else "dim"))


def explanation_document(found: Explanation) -> dict[str, Any]:
    """Return the explanation for programs, with every check-in and receipt."""
    return {
        "key_result": row_document(found.row),
        "check_ins": [
            {**vars(past.check_in), "in_force": past.in_force, "receipt": past.receipt} for past in found.history
        ],
    }
