"""Values as Python source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

_WIDTH = 100


class Source(str):
    """A text that is an expression already."""

    __slots__ = ()


def code(value: Any, at: int = 0) -> str:  # noqa: PLR0911 - one for each kind of value
    r"""Return the expression that means `value`: texts, numbers, and lists and mappings of them.

    What is too long for a line that is indented by `at` gets a line for each part.

    >>> code({"a": ["it's", 1, None]})
    '{"a": ["it\'s", 1, None]}'
    """
    if isinstance(value, Source):
        return str(value)
    if isinstance(value, Mapping):
        return _joined("{", [f"{code(name)}: {code(part, at + 4)}" for name, part in value.items()], "}", at)
    if isinstance(value, tuple):
        return "(" + "".join(f"{code(part)}, " for part in value).strip() + ")"
    if isinstance(value, list):
        return _joined("[", [code(part, at + 4) for part in value], "]", at)
    if isinstance(value, date):
        return f"date({value.year}, {value.month}, {value.day})"
    if isinstance(value, str):
        return _text(str(value))
    return f'Decimal("{value}")' if isinstance(value, Decimal) else repr(value)


def call(name: str, given: Mapping[str, Any], at: int = 0) -> str:
    """Return the call of `name` with arguments."""
    return _joined(f"{name}(", [f"{key}={code(value, at + 4)}" for key, value in given.items()], ")", at)


def _joined(opening: str, parts: list[str], closing: str, at: int) -> str:
    line = opening + ", ".join(parts) + closing
    if len(line) + at <= _WIDTH and "\n" not in line:
        return line
    return opening + "".join(f"\n{' ' * (at + 4)}{part}," for part in parts) + f"\n{' ' * at}{closing}"


def docstring(text: str) -> str:
    """Return a docstring that says `text`."""
    plain = text.replace("\\", "/").replace('"""', "'''").replace("\n", " ")
    return f'"""{plain}"""' if not plain.endswith('"') else f'"""{plain} """'


def _text(value: str) -> str:
    """Return `value` in the quotation marks that the house uses; JSON escapes what Python does."""
    quoted = json.dumps(value, ensure_ascii=False)
    return quoted if "\x7f" not in quoted and quoted.isprintable() else repr(value)
