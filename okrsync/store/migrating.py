"""Alembic, called on a connection that is already in a transaction; there is no alembic.ini."""

from __future__ import annotations

from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from okrsync.store.base import Base
from okrsync.store.types import UTC, Document, Exact, Words


def config(conn: Connection) -> Config:
    """Return Alembic's settings for the migrations that lie in this package."""
    settings = Config()
    settings.set_main_option("script_location", "okrsync.store:migrations")
    settings.attributes["connection"] = conn
    return settings


def to_head(conn: Connection) -> None:
    """Run every migration that is still to be run."""
    command.upgrade(config(conn), "head")


def options(conn: Connection) -> dict[str, Any]:
    """Return how migrations see the database, for `env.py`."""
    return {
        "connection": conn,
        "target_metadata": Base.metadata,
        "render_as_batch": True,
        "transactional_ddl": True,
        "render_item": _render,
        "include_name": lambda name, kind, _parents: kind != "table" or name in Base.metadata.tables,
    }


def _render(kind: str, item: Any, context: Any) -> str | bool:
    """Write our column types by name into a new migration."""
    if kind == "type" and isinstance(item, Document | Exact | UTC | Words):
        context.imports.add(f"from okrsync.store.types import {type(item).__name__}")
        return f"{type(item).__name__}()"
    return False
