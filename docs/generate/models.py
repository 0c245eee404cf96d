"""The fields of pydantic models as tables: what a file, a connection or a query may say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from docs.generate.markdown import code, table

Model = type[BaseModel]
Schema = Mapping[str, Any]

_FORMATS = {"date": "date", "uri": "URL", "path": "path", "password": "secret"}
_TYPES = {"string": "text", "number": "number", "integer": "whole number", "boolean": "true or false", "null": ""}


def fields_table(model: Model, names: Mapping[Model, str] | None = None) -> str:
    """Return the fields of `model`; a field that holds a model of `names` says its name."""
    schema = model.model_json_schema()
    shown = {kind.__name__: name for kind, name in (names or {}).items()}
    rows = [
        (code(field.alias or key), _kind(schema["properties"][field.alias or key], schema, shown), *_told(field))
        for key, field in model.model_fields.items()
    ]
    return table(("key", "what goes there", "left out", "meaning"), rows)


def parts_of(model: Model) -> Iterator[Model]:
    """Yield `model` and every model within it, each once, in the order in which a reader meets them."""
    seen: dict[Model, None] = {}
    waiting = [model]
    while waiting:
        one = waiting.pop(0)
        if one in seen:
            continue
        seen[one] = None
        waiting = [part for field in one.model_fields.values() for part in _models(field.annotation)] + waiting
    yield from seen


def _models(annotation: Any) -> Iterator[Model]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def _told(field: FieldInfo) -> tuple[str, str]:
    examples = ", ".join(code(_written(example)) for example in field.examples or ())
    return _left_out(field), f"{field.description or ''}{f' Example: {examples}' if examples else ''}"


def _left_out(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    default = field.get_default(call_default_factory=True)
    empty = default is None or default in ({}, []) or isinstance(default, BaseModel)
    return "" if empty else code(_written(default))


def _written(value: Any) -> str:
    """Return a value as YAML has it on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_quoted(part)}" for key, part in value.items()) + "}"
    return str(value)


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) and value.startswith("{") else _written(value)


def _kind(prop: Schema, schema: Schema, names: Mapping[str, str]) -> str:
    """Return what goes into a field, in words."""
    if "$ref" in prop:
        name = prop["$ref"].rpartition("/")[2]
        return names.get(name) or _kind(schema["$defs"][name], schema, names)
    if one_of := prop.get("anyOf") or prop.get("oneOf") or prop.get("allOf"):
        return " or ".join(dict.fromkeys(filter(None, (_kind(part, schema, names) for part in one_of))))
    if words := prop.get("enum") or [prop[key] for key in ("const",) if key in prop]:
        return ", ".join(code(word) for word in words)
    if prop.get("type") == "array":
        return f"list, each {_kind(prop.get('items', {}), schema, names)}"
    return _mapping(prop, schema, names) if prop.get("type") == "object" else _plain(prop)


def _plain(prop: Schema) -> str:
    return _FORMATS.get(prop.get("format", ""), _TYPES[prop["type"]]) if "type" in prop else "anything"


def _mapping(prop: Schema, schema: Schema, names: Mapping[str, str]) -> str:
    inside = next(iter(prop.get("patternProperties", {}).values()), prop.get("additionalProperties", True))
    return f"by name, each {_kind(inside, schema, names)}" if isinstance(inside, Mapping) else "mapping"
