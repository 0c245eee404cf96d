"""The kinds of values that files hold: how each is read, and what is said of one that cannot be.

Their messages are for people and go behind the name of the field: "target must be a number, got text 'x'".
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from okrsync.nearest import did_you_mean
from okrsync.okrs.cadence import CADENCE_FORMS, Cadence, CadenceError
from okrsync.okrs.formulas import Formula, FormulaError
from okrsync.okrs.windows import WINDOW_FORMS, WindowError, WindowRule

ID = re.compile(r"[a-z0-9_][a-z0-9_-]{0,63}")
_CYCLE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

WRONG = "okrsync"
"""The type of the errors raised here: their message is for people already. `hint` and `offset` may stand in `ctx`."""


def wrong(message: str, hint: str = "", offset: int = 0) -> PydanticCustomError:
    """Return the error to raise for a value that cannot stay; `offset` is where in the text it goes wrong."""
    return PydanticCustomError(WRONG, "{message}", {"message": message, "hint": hint, "offset": offset})


def described(value: Any) -> str:
    """Return what a value is, in the words of a person who writes files."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return f"number {value}"
    if isinstance(value, str):
        return f"text {value!r}" if len(value) <= _SHOWN else f"text '{value[:_SHOWN]}…'"
    return "a list" if isinstance(value, list) else "a mapping"


_SHOWN = 60


def _text(value: Any) -> str:
    if not isinstance(value, str):
        hint = "put it in quotation marks" if isinstance(value, (bool, int, Decimal)) else ""
        raise wrong(f"must be text, got {described(value)}", hint)
    if not value.strip():
        raise wrong("must not be empty")
    if len(value) > _MAX_TEXT:
        raise wrong(f"is longer than {_MAX_TEXT} characters")
    return value.strip()


_MAX_TEXT = 500


def _identifier(value: Any) -> str:
    text = _text(value)
    if not ID.fullmatch(text):
        suggestion = re.sub(r"[^a-z0-9_]+", "-", text.casefold()).strip("-")[:64]
        hint = f"for example {suggestion!r}" if suggestion else ""
        raise wrong(f"must be an id of a-z, 0-9, - and _, 64 at most, got {described(text)}", hint)
    return text


def _cycle_name(value: Any) -> str:
    text = _text(value)
    if not _CYCLE_NAME.fullmatch(text):
        raise wrong(f"must be of letters, digits, blanks, . - and _, 64 at most, got {described(text)}")
    return text


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        hint = "leave the quotation marks and the unit out" if _looks_like_number(value) else ""
        raise wrong(f"must be a number, got {described(value)}", hint)
    return Decimal(value)


def _looks_like_number(value: Any) -> bool:
    return isinstance(value, str) and re.match(r"[-+€$£]?\s*\d", value) is not None


def _positive(value: Any) -> Decimal:
    number = _number(value)
    if number <= 0:
        raise wrong(f"must be more than 0, got {number}")
    return number


def _factor(value: Any) -> Decimal:
    number = _number(value)
    if number == 0:
        raise wrong("must not be 0: every value would be 0")
    return number


def _date(value: Any) -> date:
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise wrong(f"must be a day that exists, got {value}") from None
    raise wrong(f"must be a date, got {described(value)}", "a date is written 2026-12-31")


def _zone(value: Any) -> ZoneInfo:
    name = _text(value)
    if name not in available_timezones():
        nearest = did_you_mean(name, available_timezones())
        raise wrong(f"must be a time zone, got {described(name)}", nearest or "for example Europe/Berlin or UTC")
    return ZoneInfo(name)


def _cadence(value: Any) -> Cadence:
    try:
        return Cadence.parse(_text(value))
    except CadenceError as error:
        raise wrong(f"cannot be read: {error}") from None


def _window(value: Any) -> str:
    try:
        return str(WindowRule.parse(_text(value)))
    except WindowError as error:
        raise wrong(f"cannot be read: {error}", did_you_mean(str(value), WINDOW_FORMS)) from None


def _formula(value: Any) -> Formula:
    text = str(value) if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else value
    if not isinstance(text, str):
        raise wrong(f"must be text, got {described(value)}")
    try:
        return Formula.parse(text)
    except FormulaError as error:
        raise wrong(f"cannot be read: {error.message}", error.hint, error.column - 1) from None


def _as_text(schema: dict[str, Any]) -> Any:
    return WithJsonSchema({"type": "string", **schema})


Text = Annotated[str, BeforeValidator(_text), _as_text({"minLength": 1, "maxLength": _MAX_TEXT})]
Id = Annotated[str, BeforeValidator(_identifier), _as_text({"pattern": f"^{ID.pattern}$"})]
CycleName = Annotated[str, BeforeValidator(_cycle_name), _as_text({"pattern": f"^{_CYCLE_NAME.pattern}$"})]
Number = Annotated[Decimal, BeforeValidator(_number), WithJsonSchema({"type": "number"})]
Positive = Annotated[Decimal, BeforeValidator(_positive), WithJsonSchema({"type": "number", "exclusiveMinimum": 0})]
Factor = Annotated[Decimal, BeforeValidator(_factor), WithJsonSchema({"type": "number", "not": {"const": 0}})]
Day = Annotated[date, BeforeValidator(_date), _as_text({"format": "date"})]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone), PlainSerializer(str), _as_text({"examples": ["Europe/Berlin"]})]
HowOften = Annotated[
    Cadence, BeforeValidator(_cadence), PlainSerializer(str), _as_text({"examples": list(CADENCE_FORMS)})
]
Window = Annotated[str, BeforeValidator(_window), _as_text({"examples": list(WINDOW_FORMS)})]
FormulaText = Annotated[Formula, BeforeValidator(_formula), PlainSerializer(str), _as_text({})]
