"""Ask connections whether they work, and what there is to ask."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass

from okrsync.at_once import at_once
from okrsync.connect.contract import Choice
from okrsync.errors import Problem, Reason, UnknownName
from okrsync.redaction import redact
from okrsync.sync.workspace import Workspace


@dataclass(frozen=True)
class Checked:
    """What a connection said to a real call: as whom it is connected, or what is wrong."""

    connection: str
    said: str
    problem: Problem | None = None


def check(workspace: Workspace, only: Collection[str] = ()) -> list[Checked]:
    """Make a real call to every connection, or to those in `only`, all at once; raises `UnknownName`."""
    connections = workspace.project.connections
    for name in only:
        if name not in connections:
            raise UnknownName.among("connection", name, connections)
    names = [name for name in connections if not only or name in only]
    deadline = workspace.settings.run_deadline
    checked = dict(at_once(lambda name: _checked(workspace, name), names, time.monotonic() + deadline))
    return [checked[name] or _silent(name, deadline) for name in names]


def _checked(workspace: Workspace, name: str) -> Checked:
    try:
        return Checked(name, redact(workspace.connector(name).check()))
    except Problem as problem:
        return _failed(name, problem)
    except NotImplementedError:
        hint = "`okrsync preview METRIC` asks it for real"
        return _failed(name, Problem(Reason.UNSUPPORTED, "its connector has no check", hint))
    except Exception as bug:  # noqa: BLE001 - a connector's bug is no reason not to check the others
        return _failed(name, Problem(Reason.INTERNAL, f"{type(bug).__name__}: {bug}", "tell the connector's author"))


def _silent(name: str, deadline: float) -> Checked:
    hint = "see whether the source is slow; OKRSYNC_RUN_DEADLINE says how long it is waited for"
    return _failed(name, Problem(Reason.TIMEOUT, f"no answer within {deadline:g} s", hint))


def _failed(name: str, problem: Problem) -> Checked:
    return Checked(name, redact(f"{problem.reason}: {problem.message}"), problem)


def discover(workspace: Workspace, connection: str, like: str = "") -> list[Choice]:
    """Return what can be asked of a connection; raises `UnknownName` and `Problem`."""
    if connection not in workspace.project.connections:
        raise UnknownName.among("connection", connection, workspace.project.connections)
    return list(workspace.connector(connection).discover(like))
