"""One line of what a program prints: a row, or a message of a Singer tap or an Airbyte connector.

A row of a stream is `{"type": "RECORD", "stream": …, "record": {…}}` in Singer's words and
`{"type": "RECORD", "record": {"stream": …, "data": {…}}}` in Airbyte's. Their other messages hold no rows, but name
streams, and may say that something failed. Any other object is a plain row; so is one that only looks like a message,
because its `type` happens to be `LOG`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from okrsync.connect.transport.strict_json import NotStrictJson, parse
from okrsync.errors import Problem, Reason
from okrsync.redaction import redact

_HOLDS = {
    "ACTIVATE_VERSION": ("version",),
    "BATCH": ("manifest",),
    "CATALOG": ("catalog",),
    "CONNECTION_STATUS": ("connectionStatus",),
    "CONTROL": ("control",),
    "LOG": ("log",),
    "SCHEMA": ("schema",),
    "SPEC": ("spec",),
    "STATE": ("value", "state"),
    "TRACE": ("trace",),
}
"""The messages without rows, and what one must hold to be no plain row."""

_FAILED = {"config_error": Reason.CONFIG, "transient_error": Reason.UNREACHABLE}
"""What the failure types of Airbyte mean; any other is the program's own trouble."""

_LONGEST = 300


@dataclass(frozen=True)
class Row:
    """An object that counts; `stream` is None for a plain row."""

    stream: str | None
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Message:
    """Anything else: the streams that it names, the one that it says is incomplete, and the failure that it tells."""

    streams: tuple[str, ...] = ()
    incomplete: str | None = None
    failure: Problem | None = None
    connected: bool = False
    """Whether it says that the source let the program in."""


def understood(line: bytes) -> Row | Message:
    """Return what `line` says; raises ValueError with why it says nothing, quoting none of it."""
    try:
        said = parse(line)
    except NotStrictJson as error:
        raise ValueError(str(error).replace(" at line 1", "")) from None
    if not isinstance(said, Mapping):
        raise ValueError("no JSON object")  # noqa: TRY004 - it is the line that is wrong
    return _row_of_stream(said) or _message(said) or Row(None, said)


def _row_of_stream(said: Mapping[str, Any]) -> Row | None:
    record = said.get("record")
    if said.get("type") != "RECORD" or not isinstance(record, Mapping):
        return None
    if isinstance(stream := said.get("stream"), str):
        return Row(stream, record)
    if isinstance(stream := record.get("stream"), str) and isinstance(data := record.get("data"), Mapping):
        return Row(stream, data)
    return None


def _message(said: Mapping[str, Any]) -> Message | None:
    kind = said.get("type")
    known = _HOLDS.get(kind, ()) if isinstance(kind, str) else ()
    if not any(name in said and said[name] is not None for name in known):
        return None
    match kind:
        case "BATCH":
            return Message(failure=_batch(said))
        case "CONNECTION_STATUS":
            return _connection_status(_mapping(said, "connectionStatus"))
        case "TRACE":
            return _trace(_mapping(said, "trace"))
        case _:
            return Message(tuple(_streams(said)))


def _streams(said: Mapping[str, Any]) -> Iterator[str]:
    listed = _mapping(said, "catalog").get("streams")
    catalog = [one.get("name") for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    state = _mapping(_mapping(_mapping(said, "state"), "stream"), "stream_descriptor").get("name")
    yield from (name for name in (said.get("stream"), state, *catalog) if isinstance(name, str))


def _batch(said: Mapping[str, Any]) -> Problem:
    return Problem(
        Reason.UNSUPPORTED,
        f"the rows of {said.get('stream')!r} were written to files (a Singer BATCH), not printed",
        "take `batch_config` out of the tap's settings",
    )


def _connection_status(status: Mapping[str, Any]) -> Message:
    if status.get("status") == "SUCCEEDED":
        return Message(connected=True)
    words = _first_line(status.get("message")) or "without a reason"
    hint = "correct what the program is given: its configuration, or `env`"
    return Message(failure=Problem(Reason.CONFIG, f"the source did not let it in: {words}", hint))


def _trace(trace: Mapping[str, Any]) -> Message:
    if trace.get("type") == "ERROR":
        error = _mapping(trace, "error")
        reason = _FAILED.get(str(error.get("failure_type")), Reason.BAD_RESPONSE)
        words = _first_line(error.get("message")) or "without a reason"
        return Message(failure=Problem(reason, f"it failed: {words}", "run the command by hand"))
    status = _mapping(trace, "stream_status")
    name = _mapping(status, "stream_descriptor").get("name")
    if not isinstance(name, str):
        return Message()
    return Message((name,), incomplete=name if status.get("status") == "INCOMPLETE" else None)


def _mapping(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = said.get(name)
    return found if isinstance(found, Mapping) else {}


def _first_line(text: Any) -> str:
    lines = redact(text).strip().splitlines() if isinstance(text, str) else []
    return lines[0][:_LONGEST] if lines else ""
