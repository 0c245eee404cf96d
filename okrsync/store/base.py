"""What all tables share: names of constraints that a migration can drop, and the kinds of columns."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import CheckConstraint, MetaData
from sqlalchemy.orm import DeclarativeBase, mapped_column

from okrsync.store.types import UTC, Document, Exact, Words, identity_type

identity = Annotated[int, mapped_column(identity_type, primary_key=True)]
reference = Annotated[int, mapped_column(identity_type)]
count = Annotated[int, mapped_column(identity_type)]
words = Annotated[str, mapped_column(Words)]
exact = Annotated[Decimal, mapped_column(Exact)]
moment = Annotated[datetime, mapped_column(UTC)]
document = Annotated[Any, mapped_column(Document)]


class Base(DeclarativeBase):
    """The root of all tables."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )


def finite(column: str) -> CheckConstraint:
    """Refuse NaN and the infinities, which PostgreSQL's NUMERIC and SQLite's text would take."""
    return CheckConstraint(f"CAST({column} AS TEXT) NOT LIKE '%N%'", name=f"{column}_finite")


def ordered(low: str, high: str) -> CheckConstraint:
    """Refuse a `low` above `high`. On SQLite both are text, so they are compared as reals."""
    return CheckConstraint(f"CAST({low} AS REAL) <= CAST({high} AS REAL)", name=f"{low}_{high}_ordered")
