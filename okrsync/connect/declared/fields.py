"""The fields of a connector file's settings and questions, as pydantic knows them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, HttpUrl, SecretStr, TypeAdapter, ValidationError

from okrsync.connect.declared.grammar import ConnectorFile, FieldPart, SettingPart

_TYPES: dict[str, Any] = {
    "string": str,
    "number": Decimal,
    "integer": int,
    "boolean": bool,
    "date": date,
}


def type_of(field: FieldPart) -> Any:
    """Return the type of what a metric may write."""
    return Literal[tuple(field.choices)] if field.type == "choice" else _TYPES[field.type]


def default_misfit(field: FieldPart, value: Any) -> str | None:
    """Return what is wrong with a default or an example, None if nothing is."""
    if value is None:
        return None
    try:
        TypeAdapter(type_of(field)).validate_python(value)
    except ValidationError:
        wanted = f"one of {', '.join(field.choices)}" if field.choices else f"of the type {field.type}"
        return f"must be {wanted}"
    return None


def is_address(text: str) -> bool:
    """Return whether `text` is an http(s) address."""
    try:
        TypeAdapter(HttpUrl).validate_python(text)
    except ValidationError:
        return False
    return True


def questions(file: ConnectorFile) -> dict[str, Any]:
    """Return the fields of the question, as `create_model` wants them."""
    return {name: (type_of(field), _question(field, _shown(file, name, field))) for name, field in file.query.items()}


def settings(file: ConnectorFile, token_url: str) -> dict[str, Any]:
    """Return the fields of the settings, as `create_model` wants them."""
    fields: dict[str, Any] = {name: _setting(setting) for name, setting in file.config.items()}
    if "{" in file.base_url:
        about = f"Where the API is, if not at {file.base_url.replace('{config.', '{')}."
        fields["base_url"] = (HttpUrl | None, Field(None, description=about))
    else:
        fields["base_url"] = (HttpUrl, Field(HttpUrl(file.base_url), description="Where the API is."))
    if token_url:
        fields["token_url"] = (HttpUrl, Field(HttpUrl(token_url), description="Where tokens are fetched."))
    return fields


def _setting(setting: SettingPart) -> tuple[Any, Any]:
    kind: Any = SecretStr if setting.secret else str
    described: dict[str, Any] = {
        "description": setting.help,
        "examples": [setting.example] if setting.example else None,
    }
    if setting.default is None:
        return kind, Field(**described)
    return kind, Field(kind(setting.default), **described)


def _question(field: FieldPart, examples: list[Any] | None) -> Any:
    described: dict[str, Any] = {"description": field.help, "examples": examples}
    if field.default is None:
        return Field(**described)
    return Field(TypeAdapter(type_of(field)).validate_python(field.default), **described)


def _shown(file: ConnectorFile, name: str, field: FieldPart) -> list[Any] | None:
    """Return what a person would write: the field's example, or the one of the file's own question."""
    asked = file.example.query.get(name) if file.example else None
    shown = field.example if field.example is not None else asked
    return None if shown is None else [shown]
