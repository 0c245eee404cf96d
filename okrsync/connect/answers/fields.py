"""Which fields a row has, which of them a JMESPath expression looks at, and what it makes of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from jmespath.exceptions import JMESPathError
from jmespath.parser import Parser

from okrsync.connect.answers.expressions import compiled, visited
from okrsync.errors import Problem

Tree = Mapping[str, Any]

_MOST_KEYS = 50
_ITSELF = {"type": "identity", "children": []}
_A_LIST = {"type": "slice", "children": [None, None, None]}


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
    """Whether the keys that `path` looks at are in a reply, as far as they can be told apart.

    A list without rows, and a null, hide what they might hold: there, no key counts as mistyped.

    >>> begins_in({"data": {"total": None}}, "data.total"), begins_in({"data": {}}, "data.totl")
    (True, False)
    >>> begins_in({"rows": []}, "rows[0].n"), begins_in({"rows": [{"n": 1}]}, "rows[0].m")
    (True, False)
    """
    return answer is not None and _leads_on(compiled(path).tree, answer)


def _leads_on(tree: Tree, value: Any) -> bool:
    """Whether no key is missing on the way that a part of an expression takes through `value`."""
    parts = tree["children"]
    match tree["type"]:
        case "field" | "index" | "slice":
            return value is None or _has_place(tree, value)
        case "subexpression" | "index_expression" | "pipe":
            return _all_lead_on(parts, value)
        case "projection" | "value_projection" | "filter_projection":
            return _any_row_leads_on(tree, value)
        case "flatten":
            return _all_lead_on((*parts, _A_LIST), value)
        case "and_expression" | "or_expression" | "comparator" | "function_expression":
            enough = any if tree["type"] == "or_expression" or tree.get("value") == "not_null" else all
            return enough(_leads_on(part, value) for part in parts)
    return True


def _has_place(tree: Tree, value: Any) -> bool:
    if tree["type"] == "field":
        return isinstance(value, Mapping) and tree["value"] in value
    return isinstance(value, list)


def _all_lead_on(parts: Sequence[Tree], value: Any) -> bool:
    """Whether each part leads on in what the one before it finds."""
    for part in parts:
        if not _leads_on(part, value):
            return False
        value = _found(part, value)
    return True


def _any_row_leads_on(tree: Tree, value: Any) -> bool:
    """Whether the rows are there, and what is looked at in them is in one of them, if there are any."""
    rows, each, *condition = tree["children"]
    if _found(rows, value) is None:
        return _leads_on(rows, value)
    looked_at = _found({**tree, "children": [rows, _ITSELF, *condition]}, value)
    if looked_at:
        return any(_leads_on(each, row) for row in looked_at)
    return looked_at is not None and _leads_on(rows, value)


def _found(tree: Tree, value: Any) -> Any:
    try:
        return visited(tree, value)
    except (JMESPathError, ArithmeticError, TypeError, ValueError):
        return None


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
