"""Which fields a row has, which of them a JMESPath expression looks at, and what it makes of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from jmespath.parser import ParsedResult, Parser

from okrsync.connect.expressions import Expression, compiled
from okrsync.errors import Problem

_MOST_KEYS = 50


def expression(text: str) -> str:
    """Return `text` if it is a JMESPath expression, else raise ValueError: a validator for settings and queries."""
    try:
        compiled(text)
    except Problem as problem:
        raise ValueError(problem.message) from None
    return text


class _Exact(Expression):
    """An expression whose own fractions are decimals, so that an amount of 0.1 equals the `0.1` written in it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._compiled = ParsedResult(text, _with_decimals(Parser().parse(text).parsed))


@lru_cache(maxsize=1024)
def per_row(text: str) -> Expression:
    """Return `text` as an expression for rows, compiled once; raises `Problem` when it is none."""
    return _Exact(text)


def _with_decimals(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {name: _with_decimals(part) for name, part in tree.items()}
    if isinstance(tree, list):
        return [_with_decimals(part) for part in tree]
    return Decimal(repr(tree)) if isinstance(tree, float) else tree


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
