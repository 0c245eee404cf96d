"""Values on one line, written as YAML has them: what was asked and what was seen, in words that files use too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

Moment = datetime | str
"""A moment, or its ISO form, as documents hold it."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_PLAIN = re.compile(r"[^\s\d\-?:,\[\]{}#&*!|>'\"%@`=.+~][^,\[\]{}'\"#\n]*")
_WORDS = {None: "null", True: "true", False: "false"}
_MEANS_SOMETHING_ELSE = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def inline(value: Any) -> str:
    """Write `value` on one line; moments in UTC, to the minute.

    >>> print(inline({"column": "Amount", "where": {"Stage": "won", "Year": 2026}, "whole": True, "p": 1}))
    {column: Amount, where: {Stage: won, Year: 2026}, whole: true, p: 1}
    >>> print(inline(["2026-10-01T00:00:00.000000Z", Decimal("1.50"), "7", None, "a, b"]))
    [2026-10-01 00:00 UTC, 1.50, "7", null, "a, b"]
    """
    match value:
        case str():
            return _text(value)
        case Mapping():
            return "{" + ", ".join(f"{_text(str(name))}: {inline(part)}" for name, part in value.items()) + "}"
        case list() | tuple():
            return f"[{', '.join(map(inline, value))}]"
        case datetime():
            return f"{_minute(value)} UTC"
        case bool() | None:
            return _WORDS[value]
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def shown(value: Any) -> str:
    """Write a value that stands for itself: as `inline` does, a text without quotes.

    >>> shown("D6, D7"), shown(("D6", "D7")), shown("2026-10-01T09:30:12.345678+02:00")
    ('D6, D7', '[D6, D7]', '2026-10-01 07:30 UTC')
    """
    return inline(value) if not isinstance(value, str) or _MOMENT.fullmatch(value) else value


def span(start: Moment | None, end: Moment, zone: str) -> str:
    """Write a window, whose end does not belong to it.

    >>> span(None, "2026-11-18T08:00:00.000000Z", "Europe/Berlin")
    '[the beginning, 2026-11-18 08:00) UTC, days of Europe/Berlin'
    """
    begin = _minute(start) if start else "the beginning"
    return f"[{begin}, {_minute(end)}) UTC, days of {zone}"


def _minute(moment: Moment) -> str:
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def _text(text: str) -> str:
    if _MOMENT.fullmatch(text):
        return f"{_minute(text)} UTC"
    line = " ".join(text.split())
    plain = _PLAIN.fullmatch(line) and ": " not in line and not line.endswith(":")
    if plain and line.lower() not in _MEANS_SOMETHING_ELSE:
        return line
    escaped = line.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def request_line(request: Any) -> str:
    """Return a request of a receipt as one line: method, address and status."""
    if isinstance(request, Mapping):
        return " ".join(str(part) for part in request.values() if part is not None)
    return str(request)
