"""Which databases okrsync knows: how each is opened for reading only, bounded, and asked as whom it is connected."""

from __future__ import annotations

from sqlalchemy import URL

from okrsync.connect.databases.dialect import Dialect
from okrsync.connect.databases.files import Duckdb, Sqlite
from okrsync.connect.databases.mysql import Mysql
from okrsync.connect.databases.postgresql import Postgresql

_DIALECTS: dict[str, type[Dialect]] = {
    "sqlite": Sqlite,
    "duckdb": Duckdb,
    "postgresql": Postgresql,
    "mysql": Mysql,
    "mariadb": Mysql,
}


def dialect_of(url: URL, seconds: float) -> Dialect:
    """Return how to treat the database at `url`, whose statements may take `seconds`."""
    return _DIALECTS.get(url.get_backend_name(), Dialect)(url, seconds)
