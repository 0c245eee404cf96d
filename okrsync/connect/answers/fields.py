"""Which fields a row has, which of them a JMESPath expression looks at, and what it makes of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from jmespath.parser import Parser

from okrsync.connect.answers.expressions import compiled
from okrsync.errors import Problem

_MOST_KEYS = 50


def expression(text: str) -> str:
    """Return `text` if it is a JMESPath expression, else raise ValueError: a validator for settings and queries."""
    try:
        compiled(text)
    except Problem as problem:
        raise ValueError(problem.message) from None
    return text


def holds(value: Any) -> bool:
    """Whether JMESPath takes `value` for true: anything but null, false and what is empty; 0 is true."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return True
    return bool(value)


def keys_of(value: Any, depth: int = 3) -> list[str]:
    """Return the paths, with dots, that lead to the values of an object, a few levels deep."""
    if not isinstance(value, Mapping) or depth == 0:
        return []
    paths = []
    for name, part in list(value.items())[:_MOST_KEYS]:
        paths += [f"{name}.{inner}" for inner in keys_of(part, depth - 1)] or [str(name)]
    return paths


def has_field(value: Any, path: str) -> bool:
    """Whether an object holds the key that `path`, with dots, leads to, be it null."""
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return False
        value = value[name]
    return True


def begins_in(answer: Any, path: str) -> bool:
    """Whether the keys that `path` begins with are in a reply, as far as they can be told apart.

    >>> begins_in({"data": {"total": None}}, "data.total"), begins_in({"data": {}}, "data.totl")
    (True, False)
    """
    keys = re.match(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(?!\w*\()", path)
    return keys is None or has_field(answer, keys[0])


def fields_of(text: str) -> tuple[str, ...]:
    """Return the fields that an expression looks at, with dots; those it hands to a function are not counted.

    >>> fields_of("stage.id == 'won' && !archived")
    ('stage.id', 'archived')
    """
    return tuple(dict.fromkeys(path for path, _ in _fields(Parser().parse(text).parsed)))


def compared_fields_of(text: str) -> tuple[str, ...]:
    """Return the fields that an expression compares with something.

    >>> compared_fields_of("stage.id == 'won' && !archived")
    ('stage.id',)
    """
    return tuple(dict.fromkeys(path for path, compared in _fields(Parser().parse(text).parsed) if compared))


_TRANSPARENT = frozenset({"and_expression", "or_expression", "not_expression", "comparator"})


def _fields(node: Mapping[str, Any], compared: bool = False) -> Iterator[tuple[str, bool]]:
    if path := _path(node):
        yield path, compared
    elif node["type"] in _TRANSPARENT:
        for child in node["children"]:
            yield from _fields(child, compared or node["type"] == "comparator")


def _path(node: Mapping[str, Any]) -> str | None:
    if node["type"] == "field":
        return str(node["value"])
    if node["type"] == "subexpression":
        parts = [_path(child) for child in node["children"]]
        return ".".join(filter(None, parts)) if all(parts) else None
    return None
