"""Which state the tables are in, and how they get to the state that this okrsync works with."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from okrsync.errors import SchemaMismatch
from okrsync.store.database import Database

REVISIONS = ("0001", "0002")
"""Every migration, oldest first. Known here so that no command has to load Alembic to see that all is well."""
HEAD = REVISIONS[-1]
_LOCK = 6_107_204_713_395
"""Key of the advisory lock that PostgreSQL holds during an upgrade; any number that nobody else uses."""


def revision(database: Database) -> str | None:
    """Return the revision that the database is at, or None where okrsync has no tables yet."""
    if not database.exists:
        return None
    with database.reading() as conn:
        return _revision(conn)


def require_current(database: Database) -> None:
    """Raise `SchemaMismatch` unless the database is at the revision that this okrsync works with."""
    found = revision(database)
    if found == HEAD:
        return
    if found is None:
        raise SchemaMismatch(
            f"the database {database.shown_url} has no tables of okrsync yet", "run `okrsync db upgrade`"
        )
    _refuse_newer(found, database)
    raise SchemaMismatch(
        f"the schema of the database {database.shown_url} is at {found}, needed is {HEAD}", "run `okrsync db upgrade`"
    )


def upgrade(database: Database) -> tuple[str | None, str]:
    """Bring the tables to the newest revision and return the revisions before and after.

    Everything happens in one transaction under a lock: of several processes one does the work and the others
    find it done. Raises `SchemaMismatch` where a newer okrsync has been here.
    """
    with database.writing() as conn:
        if conn.dialect.name == "postgresql":
            conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        before = _revision(conn)
        _refuse_newer(before, database)
        if before != HEAD:
            _migrate(conn)
        return before, HEAD


def _migrate(conn: Connection) -> None:
    """Take views and guards away, change the tables, and make them anew: both stand in the way of a change."""
    from okrsync.store import derived, migrating  # noqa: PLC0415 - Alembic takes a second to load

    derived.drop(conn)
    migrating.to_head(conn)
    derived.create(conn)


def _revision(conn: Connection) -> str | None:
    if not inspect(conn).has_table("alembic_version"):
        return None
    found: str | None = conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _refuse_newer(found: str | None, database: Database) -> None:
    if found is not None and found not in REVISIONS:
        raise SchemaMismatch(
            f"the schema of the database {database.shown_url} is at {found}, which a newer okrsync has made",
            "upgrade okrsync, then try again",
        )
