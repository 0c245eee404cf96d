"""A connector file as Python, with its example, so that the same checks can be made of it."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from okrsync.connect.declared.compiling import Declared
from okrsync.connect.declared.eject import python_of
from okrsync.connect.declared.python import Source, call, code
from okrsync.testing.declared import example_of
from okrsync.testing.example import Case, Exchange


def ejected(kind: type[Declared]) -> str:
    """Return the source of a Python connector that does what `kind` does, with its example where it has one."""
    said = kind.file.example
    if said is None:
        return python_of(kind)
    given = {"connector": Source(kind.__name__)} | _unlike_default(example_of(kind), 4)
    if said.first_day and said.last_day:
        given["window"] = Source(f'cycle_window({code(said.first_day)}, {code(said.last_day)}, ZoneInfo("UTC"))')
    return python_of(kind, f"\nexample = {call('Example', given)}\n")


def _unlike_default(made: Any, at: int) -> dict[str, Any]:
    given = {one.name: getattr(made, one.name) for one in fields(made) if one.name != "connector"}
    needed = {one.name for one in fields(made) if one.default is MISSING and one.default_factory is MISSING}
    defaults = {one.name: one.default for one in fields(made)}
    said = {name for name, value in given.items() if value not in (None, defaults[name], [], {}, ())}
    return {name: _source(value, at) for name, value in given.items() if name in said | needed}


def _source(value: Any, at: int) -> Any:
    """Return `value` with what is the kit's in it as source."""
    if isinstance(value, Case | Exchange):
        return Source(call(type(value).__name__, _unlike_default(value, at + 4), at))
    return [_source(part, at + 4) for part in value] if isinstance(value, list) else value
