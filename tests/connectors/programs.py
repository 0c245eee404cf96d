"""Programs that tests write into a project folder, and questions to them."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent
from typing import Any
from zoneinfo import ZoneInfo

from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection, parse_query
from okrsync.connect.contract import Answer, Ask, question_key
from okrsync.connect.registry import Registry
from okrsync.errors import Problem, Reason
from okrsync.okrs.model import Connection
from okrsync.okrs.windows import Window

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
WINDOW = Window(datetime(2026, 9, 30, 22, tzinfo=UTC), NOW, ZoneInfo("Europe/Berlin"))
REGISTRY = Registry.load()
EXEC = REGISTRY.get("exec")

PLAIN = [{"amount": 10, "state": "open"}, {"amount": 5.5, "state": "won"}, {"amount": 4, "state": "won"}]
SINGER = [
    {"type": "SCHEMA", "stream": "issues", "schema": {}, "key_properties": ["id"]},
    {"type": "SCHEMA", "stream": "users", "schema": {}, "key_properties": ["id"]},
    {"type": "SCHEMA", "stream": "stars", "schema": {}, "key_properties": []},
    {"type": "RECORD", "stream": "issues", "record": {"id": 1, "hours": 2}},
    {"type": "RECORD", "stream": "users", "record": {"id": 7}},
    {"type": "RECORD", "stream": "issues", "record": {"id": 2, "hours": 3}},
    {"type": "STATE", "value": {"bookmarks": {}}},
]
AIRBYTE = [
    {"type": "LOG", "log": {"level": "INFO", "message": "starting"}},
    {"type": "TRACE", "trace": {"type": "STREAM_STATUS", "stream_status": {"stream_descriptor": {"name": "deals"}}}},
    {"type": "RECORD", "record": {"stream": "deals", "data": {"amount": 8}, "emitted_at": 1}},
    {"type": "RECORD", "record": {"stream": "deals", "data": {"amount": 9}, "emitted_at": 1}},
    {"type": "RECORD", "record": {"stream": "owners", "data": {"name": "Ann"}, "emitted_at": 1}},
    {"type": "STATE", "state": {"type": "STREAM", "stream": {"stream_descriptor": {"name": "notes"}}}},
]


def script(folder: Path, code: str, name: str = "rows") -> None:
    """Write a Python program that can be run."""
    file = folder / name
    head = f"#!{sys.executable} -IS\nimport json, os, signal, subprocess, sys, time\n"
    file.write_text(head + dedent(code), encoding="utf-8")
    file.chmod(0o700)


def printing(folder: Path, *lines: Any, then: str = "") -> None:
    """Write a program that prints `lines`, texts as they are and anything else as JSON, notes each run, does `then`."""
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    printed = "".join(text + "\n" for text in texts)
    script(folder, f"open('runs', 'a').write('x')\nsys.stdout.write({printed!r})\n{then}\n")


def runs(folder: Path) -> int:
    """Return how often programs of `printing` ran."""
    return len((folder / "runs").read_text()) if (folder / "runs").exists() else 0


def opened(folder: Path, secrets: dict[str, str] | None = None, **settings: Any) -> Any:
    """Open a connection to the program `rows`."""
    spec = Connection("tap", "exec", {"command": ["./rows"], **settings})
    return open_connection(spec, REGISTRY, secrets or {}, folder)


def asked(query: dict[str, Any], window: Window = WINDOW, as_of: datetime = NOW) -> Ask[Any]:
    """Return a question."""
    parsed = parse_query(EXEC, query)
    return Ask(question_key("exec", "tap", parsed, window), parsed, window, as_of)


def ask_one(connector: Any, **query: Any) -> Answer:
    """Return the answer to one question."""
    ask = asked(query or {"agg": "count"})
    return collect(connector, [ask], NOW)[ask.key]


def value_of(answer: Answer) -> Any:
    """Return the number."""
    assert not isinstance(answer, Problem), answer
    return answer.value


def refused(answer: Answer, reason: Reason) -> Problem:
    """Return the problem, which has to be of that reason."""
    assert isinstance(answer, Problem), answer
    assert answer.reason is reason, answer
    return answer
