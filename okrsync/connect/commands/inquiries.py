"""What a program says when it is not asked for rows: who it is, and which streams it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from okrsync.connect.commands.messages import Message, understood
from okrsync.connect.commands.running import Running
from okrsync.connect.transport.strict_json import NotStrictJson, parse
from okrsync.errors import Problem, Reason
from okrsync.redaction import redact

LONGEST_ANSWER = 10 * 2**20
"""Bytes that such an answer may have."""

_LONGEST_SHOWN = 200
_NAMES = ("stream", "tap_stream_id", "name")


def greeting(program: str, running: Running) -> str:
    """Return what `running` says of itself, in a line; raises `Problem` where it failed, or was not let in."""
    printed = _printed(program, running)
    if any(message.connected for message in _messages(printed)):
        return f"{program} says that it is connected"
    said = redact(b"\n".join(printed).decode(errors="replace")).splitlines()
    words = [line.strip() for line in [*said, *running.complaints] if line.strip()]
    return f"{program} says: {words[0][:_LONGEST_SHOWN]}" if words else f"{program} ran, and said nothing"


def streams(program: str, running: Running) -> list[str]:
    """Return the streams that `running` lists, as a Singer tap or an Airbyte connector does; raises `Problem`."""
    printed = _printed(program, running)
    found = [name for message in _messages(printed) for name in message.streams] or _catalog(b"\n".join(printed))
    if not found:
        hint = "correct `discover`: with these arguments, a Singer tap or an Airbyte connector prints its catalog"
        raise Problem(Reason.BAD_RESPONSE, f"{program} listed no streams", hint)
    return list(dict.fromkeys(found))


def _printed(program: str, running: Running) -> list[bytes]:
    """Return its lines; raises the failure that it tells, which says more than how it ended."""
    printed: list[bytes] = []
    ended: Problem | None = None
    try:
        for line in running.lines():
            printed.append(line)  # noqa: PERF402 - what came before a failure is kept
    except Problem as problem:
        ended = problem
    failures = [message.failure for message in _messages(printed) if message.failure]
    if failures:
        raise Problem(failures[0].reason, f"{program}: {failures[0].message}", failures[0].hint)
    if ended:
        raise ended
    return printed


def _messages(printed: Sequence[bytes]) -> Iterator[Message]:
    for line in printed:
        try:
            said = understood(line)
        except ValueError:
            continue
        if isinstance(said, Message):
            yield said


def _catalog(printed: bytes) -> list[str]:
    """Return the streams of a Singer catalog, which is one object over many lines."""
    try:
        catalog: Any = parse(printed)
    except NotStrictJson:
        return []
    listed = catalog.get("streams") if isinstance(catalog, Mapping) else None
    named = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    names = [next((one[name] for name in _NAMES if one.get(name)), None) for one in named]
    return [name for name in names if isinstance(name, str)]
