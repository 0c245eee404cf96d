"""What tests of every room may ask for."""

from tests.databases import (
    database,
    database_url,
    empty_database,
    empty_database_url,
    postgresql,
    postgresql_template,
    postgresql_url,
    sqlite_template,
    sqlite_url,
)

__all__ = [
    "database",
    "database_url",
    "empty_database",
    "empty_database_url",
    "postgresql",
    "postgresql_template",
    "postgresql_url",
    "sqlite_template",
    "sqlite_url",
]
