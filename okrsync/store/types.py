"""Column types that keep numbers exact and times unambiguous on every database.

SQLite has neither decimals nor time zones: plain `Numeric` becomes a float there and plain `DateTime`
loses its offset, both without a word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC as UTC_ZONE
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Enum, Integer, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

from okrsync.errors import Problem, Reason

DECIMALS = 12
DIGITS = 38
_STEP = Decimal(1).scaleb(-DECIMALS)
_LIMIT = Decimal(1).scaleb(DIGITS - DECIMALS)
_CONTEXT = Context(prec=2 * DIGITS, rounding=ROUND_HALF_EVEN)

identity_type = BigInteger().with_variant(Integer(), "sqlite")


def exact(value: Decimal | int) -> Decimal:
    """Return `value` as the database keeps it: rounded half-even to 12 decimals, without trailing zeros.

    Raises `Problem(BAD_VALUE)` for a number that is not finite or has more than 26 digits before the point,
    and `TypeError` for a float, whose digits are not what the source said.

    >>> exact(Decimal("28.10")), exact(Decimal("1E+3"))
    (Decimal('28.1'), Decimal('1000'))
    """
    return Decimal(exact_text(value))


def exact_text(value: Decimal | int) -> str:
    """Return the plain digits of `exact(value)`: equal numbers have equal texts."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise TypeError(f"a Decimal is needed, got {type(value).__name__}: {value!r}")
    value = Decimal(value)
    if not value.is_finite():
        raise Problem(Reason.BAD_VALUE, f"not a finite number: {value}")
    if value.copy_abs() >= _LIMIT or (rounded := value.quantize(_STEP, context=_CONTEXT)).copy_abs() >= _LIMIT:
        raise Problem(Reason.BAD_VALUE, f"out of range: {value:.4E} has more than {DIGITS - DECIMALS} digits")
    return f"{rounded.normalize(_CONTEXT):f}" if rounded else "0"


class Exact(TypeDecorator[Decimal]):
    """A finite decimal: NUMERIC on PostgreSQL, canonical text on SQLite (never compare it as a number there)."""

    impl = Numeric(DIGITS, DECIMALS)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type that `dialect` stores."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else Numeric(DIGITS, DECIMALS))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Make `value` canonical; raises what `exact` raises."""
        if value is None:
            return None
        text = exact_text(value)
        return text if dialect.name == "sqlite" else Decimal(text)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Return the canonical decimal."""
        if value is None:
            return None
        return Decimal(value) if dialect.name == "sqlite" else exact(value)


class UTC(TypeDecorator[datetime]):
    """An instant: TIMESTAMP WITH TIME ZONE on PostgreSQL, sortable ISO text in UTC on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type that `dialect` stores."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Bring `value` into UTC; raises `ValueError` for a time without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone: {value.isoformat()}")
        return sortable(value) if dialect.name == "sqlite" else value.astimezone(UTC_ZONE)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return the aware instant in UTC."""
        if value is None:
            return None
        return (datetime.fromisoformat(value) if dialect.name == "sqlite" else value).astimezone(UTC_ZONE)


def sortable(moment: datetime) -> str:
    """Return an aware `moment` as SQLite keeps it: ISO text in UTC, whose order is that of time."""
    return moment.astimezone(UTC_ZONE).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


class Words(TypeDecorator[str]):
    """Text of any origin. What no database can hold (NUL, lone surrogates) is replaced, not refused."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's own
        """Return the nearest text that can be stored."""
        return None if value is None else storable(value)


def storable(text: str) -> str:
    """Return `text` with what no database can hold replaced by a question mark."""
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


class Document(TypeDecorator[Any]):
    """A JSON document: JSONB on PostgreSQL, text on SQLite; numbers with a fraction come back as Decimal."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type that `dialect` stores."""
        return dialect.type_descriptor(JSONB() if dialect.name == "postgresql" else JSON())


def one_of(words: type[StrEnum], name: str) -> Enum:
    """Return the type of a column that holds one of `words`, kept as text with a CHECK called `name`."""
    values = [word.value for word in words]
    return Enum(
        words, values_callable=lambda _: values, native_enum=False, create_constraint=True, length=20, name=name
    )


_NUMBER = re.compile(r'"\\u0000([^"]*)"')


def to_json(document: Any) -> str:
    """Return `document` as JSON: a Decimal as the number it is, a time as ISO text; raises TypeError else."""
    return _NUMBER.sub(r"\1", json.dumps(_storable(document), allow_nan=False, ensure_ascii=True, default=_plain))


def from_json(text: str) -> Any:
    """Return the document, every number with a fraction as a Decimal."""
    return json.loads(text, parse_float=Decimal)


def _plain(value: Any) -> str:
    if isinstance(value, Decimal) and value.is_finite():
        return f"\0{value}"
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be stored as JSON")


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable(str(key)): _storable(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(part) for part in value]
    return value
