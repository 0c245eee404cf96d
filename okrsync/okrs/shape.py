"""Whether a document has the shape of its schema, said in plain words and with its places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from okrsync.errors import Finding
from okrsync.nearest import did_you_mean
from okrsync.okrs.documents import Document, Way
from okrsync.okrs.fields import WRONG, described
from okrsync.okrs.schema import MAPPING, TEXT

M = TypeVar("M", bound=BaseModel)

_MAY_HOLD_SECRETS = ("connections", "database")
_IN_A_MAPPING_KEY = "[key]"


def fit(document: Document, schema: type[M]) -> tuple[M | None, list[Finding]]:
    """Return the document as a `schema`, or None and everything that keeps it from being one."""
    if document.value is None:
        return None, [document.finding((), "the file is empty")]
    try:
        return schema.model_validate(document.value), []
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        return None, [_finding(document, schema, detail) for detail in details]


def _finding(document: Document, schema: type[BaseModel], detail: ErrorDetails) -> Finding:
    loc = tuple(part for part in detail["loc"] if part not in (TEXT, MAPPING))
    of_key = loc[-1:] == (_IN_A_MAPPING_KEY,)
    way: Way = loc[:-1] if of_key else loc
    context = detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            return document.finding(way[:-1], f"{way[-1]} is missing")
        case "extra_forbidden":
            key = str(way[-1])
            hint = did_you_mean(key, _known_keys(schema, detail["loc"]))
            if _value(document, way) is None and not hint.startswith("did"):
                hint = "a text with a comma, such as a formula, needs quotation marks inside { }"
            return document.finding(way, f"unknown key {key!r}", hint, of_key=True)
        case "enum" | "literal_error":
            return document.finding(way, *_not_among(document, way, str(context["expected"])))
        case kind if kind == WRONG:
            name = "a name here" if of_key else _name(way)
            message, hint, offset = (context[key] for key in ("message", "hint", "offset"))
            return document.finding(way, f"{name} {message}", hint, of_key=of_key, offset=offset)
        case "value_error":
            return document.finding(way, detail["msg"].removeprefix("Value error, "))
        case kind:
            wanted = _WANTED.get(kind) or _in_our_words(detail["msg"])
            return document.finding(way, f"{_name(way)} must be {wanted}, got {_got(document, way)}")


_WANTED = {
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dict_type": "a mapping",
    "list_type": "a list",
    "string_type": "text",
}


def _in_our_words(message: str) -> str:
    """Return what pydantic wants of a value, to go behind "must be".

    >>> _in_our_words("Input should be greater than 0")
    'greater than 0'
    """
    return message.replace("String should match pattern", "text that matches").removeprefix("Input should be ")


def _not_among(document: Document, way: Way, expected: str) -> tuple[str, str]:
    known = [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
    given = _value(document, way)
    nearest = did_you_mean(given, known) if isinstance(given, str) else ""
    hint = nearest if nearest.startswith("did") else ""
    return f"{_name(way)} must be one of {', '.join(known)}, got {_got(document, way)}", hint


def _name(way: Way) -> str:
    """Return what the value at `way` is called: its key, or that of the list around it."""
    if not way:
        return "the file"
    names = [part for part in way if isinstance(part, str)]
    return str(names[-1]) if isinstance(way[-1], str) else f"an item of {names[-1]}"


def _got(document: Document, way: Way) -> str:
    words = described(_value(document, way))
    return words.split(" ")[0] if way[:1] and way[0] in _MAY_HOLD_SECRETS and words.startswith("text") else words


def _value(document: Document, way: Way) -> Any:
    value = document.value
    for part in way:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _known_keys(schema: type[BaseModel], loc: tuple[int | str, ...]) -> set[str]:
    """Return the keys that the mapping around `loc` may have."""
    kind: Any = schema
    for part in loc[:-1]:
        if get_origin(kind) in (dict, list):
            kind = get_args(kind)[-1]
        elif part not in (TEXT, MAPPING):
            kind = next(fields[str(part)].annotation for model in _models(kind) if part in (fields := _fields(model)))
    return {name for model in _models(kind) for name in _fields(model)}


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for argument in get_args(kind):
        yield from _models(argument)
