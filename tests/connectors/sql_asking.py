"""Asking databases through the connector, as a sync does."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, make_url

from okrsync import Ask, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.contract import question_key
from okrsync.connect.registry import Registry
from okrsync.okrs.model import Connection

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
WINDOW = Window(
    datetime(2026, 9, 30, 22, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC), ZoneInfo("Europe/Berlin")
)
REGISTRY = Registry.load()
SQL = REGISTRY.get("sql")

ROWS = [
    "2026-09-30 21:59:59",
    "2026-09-30 22:00:00",
    "2026-10-15 12:00:00",
    "2026-10-31 22:59:59",
    "2026-10-31 23:00:00",
]
"""One before the window, one on its first instant, one within, one in its last second, one on its end."""

_MOMENT = {"sqlite": "text", "postgresql": "timestamptz", "duckdb": "timestamptz", "mysql": "timestamp"}


def fill(url):
    """Make a table of dated signups, and a view of it."""
    engine = create_engine(make_url(url))
    kind = engine.dialect.name
    zone = "+00" if _MOMENT[kind] == "timestamptz" else ""
    with engine.begin() as connection:
        if kind == "mysql":
            connection.exec_driver_sql("SET time_zone = '+00:00'")
        connection.exec_driver_sql(
            f"CREATE TABLE signups (moment {_MOMENT[kind]}, amount decimal(20, 6), note varchar(20))"
        )
        connection.exec_driver_sql("CREATE VIEW paying AS SELECT * FROM signups WHERE amount > 0")
        for at in ROWS:
            connection.exec_driver_sql(f"INSERT INTO signups VALUES ('{at}{zone}', 1.5, 'x')")
    engine.dispose()


@pytest.fixture
def opened(tmp_path):
    """Opens connections, and closes them after the test."""
    connectors = []

    def open_one(url, **settings):
        spec = Connection("product", "sql", {"url": url, **settings})
        connectors.append(open_connection(spec, REGISTRY, {}, tmp_path))
        return connectors[-1]

    yield open_one
    for connector in connectors:
        connector.close()


def asked(sql, window=WINDOW, as_of=NOW):
    query = SQL.Query(sql=sql)
    return Ask(question_key("sql", "product", query, window), query, window, as_of)


def ask(connector, *statements, now=NOW):
    return list(collect(connector, [asked(sql) for sql in statements], now).values())


def ask_one(connector, sql):
    (answer,) = ask(connector, sql)
    return answer
