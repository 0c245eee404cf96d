"""What `apply` would change, and what the sources would say to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from okrsync.errors import Problem
from okrsync.okrs.changes import Change
from okrsync.sync.preview import Previewed
from okrsync.views.figures import share, with_unit
from okrsync.views.terminal import STATUS_STYLES, console, plain, words

_SIGNS = {"added": ("+", "green"), "changed": ("~", "yellow"), "renamed": ("»", "yellow"), "archived": ("-", "red")}


def print_changes(changes: Sequence[Change], to: Console | None = None) -> None:
    """Print one line per thing that would be added, changed, renamed or archived, and its fields below."""
    out = to or console()
    if not changes:
        out.print("The database has the goals of the files already.")
    for change in changes:
        sign, style = _SIGNS[change.kind]
        was = f" (was {change.was})" if change.was else ""
        out.print(plain(f"{sign} {change.thing} {change.key}{was}", style))
        for field in change.fields:
            out.print(plain(f"    {field.field}: {_value(field.before)} → {_value(field.after)}"))


def _value(value: Any) -> str:
    return "–" if value is None or value == "" else str(value)


def print_previews(previews: Sequence[Previewed], to: Console | None = None) -> None:
    """Print the value and status each key result would have."""
    out = to or console()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("Key result", overflow="fold")
    table.add_column("In the database", justify="right", no_wrap=True)
    table.add_column("Live", justify="right", no_wrap=True)
    table.add_column("Progress", justify="right", no_wrap=True)
    table.add_column("Status", no_wrap=True)
    for one in previews:
        table.add_row(*_preview_cells(one))
    out.print(table)
    for one in previews:
        if isinstance(one.result.found, Problem):
            out.print(plain(f"{one.result.due.tracked.key}: {one.result.found.message}", "magenta"))
            if one.result.found.hint:
                out.print(plain(f"  → {one.result.found.hint}"))


def _preview_cells(one: Previewed) -> list[Text]:
    tracked = one.result.due.tracked
    before = plain(with_unit(one.before.value, tracked.unit))
    if one.after is None:
        assert isinstance(one.result.found, Problem)  # noqa: S101 - without a verdict there was no number
        return [plain(tracked.key), before, Text("–"), Text("–"), Text(one.result.found.reason, style="magenta")]
    state = one.after.state
    status = Text(words(state.status), style=STATUS_STYLES[state.status])
    if one.before.evaluated_at and one.before.status is not state.status:
        status = Text(f"{words(one.before.status)} → ").append_text(status)
    live = plain(with_unit(state.value, tracked.unit))
    return [plain(tracked.key), before, live, Text(share(state.progress)), status]


def changes_document(changes: Sequence[Change], previews: Sequence[Previewed]) -> dict[str, Any]:
    """Return both for programs."""
    return {
        "changes": [{**vars(change), "fields": [vars(field) for field in change.fields]} for change in changes],
        "key_results": [preview_document(one) for one in previews],
    }


def preview_document(one: Previewed) -> dict[str, Any]:
    """Return one preview for programs."""
    tracked, found = one.result.due.tracked, one.result.found
    problem = found if isinstance(found, Problem) else None
    state = one.after.state if one.after else None
    return {
        "key": tracked.key,
        "unit": tracked.unit,
        "slot": one.result.due.slot,
        "value_before": one.before.value,
        "value": state.value if state else None,
        "as_of": state.as_of if state else None,
        "progress": state.progress if state else None,
        "status": state.status.value if state else None,
        "rule": state.rule if state else None,
        "reason": problem.reason.value if problem else None,
        "message": problem.message if problem else None,
        "hint": problem.hint if problem else None,
    }
