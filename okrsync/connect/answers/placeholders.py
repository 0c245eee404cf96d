"""`{window.start:ms}` and its like in the parts of a request: plain substitution, nothing is evaluated.

| placeholder | stands for |
| --- | --- |
| `{window.start}`, `{window.end}` | the edges of the window, `[start, end)` |
| `{window.last_day}` | the last day of the window, as a date |
| `{as_of}` | the moment the value is asked for |
| `{query.x}`, `{config.x}` | a field of the question, or of the connection if it is no secret |

A moment takes a format after a colon: `iso` (`2026-10-01T00:00:00Z`, as without one), `ms` or `s` (since 1970) or
`date`. Dates are counted in the window's zone; `{window.end:date}` is the first day after the window, so that
`date < end` means what it says. A window without a start begins in 1970.

A placeholder that fills a whole text keeps its type: `"{window.start:ms}"` becomes a number. Braces that hold
anything else stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import SecretBytes, SecretStr

from okrsync.nearest import did_you_mean, nearest
from okrsync.okrs.windows import Window

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""Where a window without a start begins, for sources that need to be told one."""

_PLACEHOLDER = re.compile(r"\{([A-Za-z_]\w*)((?:\.\w+)*)(?::(\w*))?\}")
_ROOTS = ("query", "config", "window", "as_of")
_MOMENTS = ("window.start", "window.end", "as_of")
_OF_TIME = (*_MOMENTS, "window.last_day")
_FORMATS = ("iso", "ms", "s", "date")


@dataclass(frozen=True)
class Slots:
    """What placeholders stand for in one question."""

    window: Window
    as_of: datetime
    query: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)


def fill(template: Any, slots: Slots) -> Any:
    """Return `template`, any structure of mappings, lists and texts, with its placeholders filled in.

    Raises ValueError for a placeholder that stands for nothing; `check` says the same before there is a question.
    """
    if isinstance(template, str):
        return _filled(template, slots)
    if isinstance(template, Mapping):
        return {name: fill(part, slots) for name, part in template.items()}
    if isinstance(template, list | tuple):
        return [fill(part, slots) for part in template]
    return template


def check(template: Any, query: Collection[str] = (), config: Collection[str] = ()) -> None:
    """Raise ValueError for the first placeholder that stands for nothing.

    `query` and `config` are the names of the fields there are; secrets are none of them.
    """
    for name, form in _placeholders(template):
        _check(name, form, {"query": query, "config": config})


def named_in(template: Any) -> frozenset[str]:
    """Return what the placeholders of `template` name, such as `query.stage` and `window.end`."""
    return frozenset(name for name, _ in _placeholders(template))


def uses_window(template: Any) -> bool:
    """Whether `template` depends on the window or on the moment it is asked for."""
    return any(name in _OF_TIME for name, _ in _placeholders(template))


def reaches_the_past(template: Any) -> bool:
    """Whether `template` can ask how things were at a past moment: it says where to stop.

    A request that says only where to begin counts up to today, whatever moment is asked for.
    """
    return any(name in ("window.end", "window.last_day", "as_of") for name, _ in _placeholders(template))


def _placeholders(template: Any) -> Iterator[tuple[str, str]]:
    if isinstance(template, str):
        yield from (found for match in _PLACEHOLDER.finditer(template) if (found := _meant(match)))
    elif isinstance(template, Mapping):
        for part in template.values():
            yield from _placeholders(part)
    elif isinstance(template, list | tuple):
        for part in template:
            yield from _placeholders(part)


def _meant(match: re.Match[str]) -> tuple[str, str] | None:
    """Return name and format of a placeholder, or None for braces that only look like one.

    `{id}` and `{stage:won}` are texts of their own, as in GraphQL; `{windw.end}` and `{quary.x}` are mistakes.
    """
    root, rest, form = match[1], match[2], match[3] or ""
    if root in _ROOTS or rest or nearest(root, ("window", "as_of")):
        return root + rest, form
    return None


def _filled(text: str, slots: Slots) -> Any:
    whole = _PLACEHOLDER.fullmatch(text)
    if whole and (found := _meant(whole)):
        return _value(*found, slots)

    def replaced(match: re.Match[str]) -> str:
        found = _meant(match)
        return str(_value(*found, slots)) if found else match[0]

    return _PLACEHOLDER.sub(replaced, text)


def _check(name: str, form: str, known: Mapping[str, Collection[str]]) -> None:
    root, _, rest = name.partition(".")
    names = [*_OF_TIME, *(f"{of}.{one}" for of, fields in known.items() for one in fields)]
    if name not in names and not (root in known and rest.partition(".")[0] in known[root]):
        raise ValueError(f"{{{name}}} stands for nothing; {did_you_mean(name, names)}")
    if form and name not in _MOMENTS:
        raise ValueError(f"{{{name}:{form}}}: only {', '.join(_MOMENTS)} take a format")
    if form and form not in _FORMATS:
        raise ValueError(f"{{{name}:{form}}}: {form!r} is no format; {did_you_mean(form, _FORMATS)}")


def _value(name: str, form: str, slots: Slots) -> Any:
    _check(name, form, {"query": slots.query, "config": slots.config})
    match name:
        case "window.start":
            start = slots.window.start or BEGINNING
            return _moment(start, form, start.astimezone(slots.window.zone).date())
        case "window.end":
            return _moment(slots.window.end, form, slots.window.last_day + timedelta(days=1))
        case "window.last_day":
            return slots.window.last_day.isoformat()
        case "as_of":
            return _moment(slots.as_of, form, slots.as_of.astimezone(slots.window.zone).date())
        case _:
            return _field(name, slots)


def _moment(moment: datetime, form: str, day: date) -> Any:
    match form:
        case "ms":
            return (moment - BEGINNING) // timedelta(milliseconds=1)
        case "s":
            return (moment - BEGINNING) // timedelta(seconds=1)
        case "date":
            return day.isoformat()
        case _:
            return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _field(name: str, slots: Slots) -> Any:
    root, *path = name.split(".")
    value: Any = slots.query if root == "query" else slots.config
    for part in path:
        if not isinstance(value, Mapping) or part not in value:
            raise ValueError(f"{{{name}}} stands for nothing")
        value = value[part]
    if isinstance(value, SecretStr | SecretBytes):
        raise ValueError(f"{{{name}}} is a secret; secrets are sent as credentials only")  # noqa: TRY004
    return value
