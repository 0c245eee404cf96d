"""What keeps settings from being a `Config`, or a query from being a `Query`, in the words of who writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from okrsync.nearest import did_you_mean

M = TypeVar("M", bound=BaseModel)


class Misfit(NamedTuple):
    """One thing that is wrong: where (names and, in lists, places from 0), what, and what to do about it."""

    path: tuple[str, ...]
    message: str
    hint: str = ""


def fit(kind: type[M], values: Mapping[str, Any], context: Mapping[str, Any]) -> tuple[M | None, list[Misfit]]:
    """Return `values` as a `kind`, or None and everything that keeps them from being one.

    No message holds a value, which may be a secret, unless a validator of `kind` puts it there.
    """
    try:
        return kind.model_validate(dict(values), context=dict(context)), []
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        return None, [_misfit(kind, detail) for detail in details]


def _misfit(kind: type[BaseModel], detail: ErrorDetails) -> Misfit:
    path = tuple(map(str, detail["loc"]))
    match detail["type"]:
        case "missing":
            return Misfit(path, f"{path[-1]} is missing", _description(kind, path))
        case "extra_forbidden":
            return Misfit(path, f"there is no {path[-1]!r} here", did_you_mean(path[-1], _names(kind, path[:-1])))
        case "value_error":
            return Misfit(path, detail["msg"].removeprefix("Value error, "))
        case _:
            message = detail["msg"]
            return Misfit(path, f"{path[-1]}: {message[:1].lower()}{message[1:]}" if path else message)


def _names(kind: type[BaseModel], path: tuple[str, ...]) -> set[str]:
    """Return the names that may stand in the mapping at `path`."""
    models: list[type[BaseModel]] = [kind]
    for part in path:
        inside = [field for model in models for name, field in _fields(model).items() if name == part]
        models = [model for field in inside for model in _models(field.annotation)]
    return {name for model in models for name in _fields(model)}


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def _description(kind: type[BaseModel], path: tuple[str, ...]) -> str:
    field = _fields(kind).get(path[0]) if len(path) == 1 else None
    return f"it says: {field.description}" if field and field.description else ""
