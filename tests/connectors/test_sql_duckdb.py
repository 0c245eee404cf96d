"""What is DuckDB's own: a file that may be shared, an engine that could reach other files and the network."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from pydantic import ValidationError

from okrsync import Reason
from okrsync.connect.collect import collect
from tests.connectors.sql_asking import NOW, SQL, WINDOW, Ask, ask, ask_one, fill, opened

__all__ = ["opened"]


@pytest.fixture
def product(tmp_path):
    """The file as it was made, with a sequence and a second schema in it."""
    file = tmp_path / "product.duckdb"
    fill(f"duckdb:///{file}")
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE SEQUENCE steps; CREATE SCHEMA shop; CREATE TABLE shop.orders AS SELECT 1 AS total")
    return file


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        pytest.param("WITH a AS (SELECT 1) DELETE FROM signups", "more than read", id="a deletion"),
        pytest.param("SELECT nextval('steps')", "more than read", id="a step of a sequence"),
        pytest.param("SELECT count(*) FROM read_text('secrets/TOKEN')", "more than read", id="a file"),
        pytest.param("SELECT count(*) FROM 'signups.csv'", "signups.csv", id="a file as a table"),
        pytest.param("SELECT count(*) FROM glob('/etc/*')", "more than read", id="a folder"),
        pytest.param("SELECT count(*) FROM read_csv('http://127.0.0.1:9/x.csv')", "", id="the network"),
    ],
)
def test_nothing_is_reached_but_the_file_and_that_only_to_read(opened, product, sql, said):
    (product.parent / "secrets").mkdir()
    (product.parent / "secrets" / "TOKEN").write_text("1")
    (product.parent / "signups.csv").write_text("a\n1\n")
    before = product.read_bytes()

    problem = ask_one(opened("duckdb:///product.duckdb"), sql)

    assert problem.reason is Reason.QUERY
    assert said in problem.message
    assert product.read_bytes() == before


def test_a_second_statement_that_got_through_could_not_write_either(opened, product, monkeypatch):
    query = SQL.Query.model_construct(sql="")
    statement = type("All", (), {"text": "SELECT 1; DELETE FROM signups", "binds": set()})()
    monkeypatch.setattr(type(query), "statement", property(lambda _: statement))

    (problem,) = collect(opened("duckdb:///product.duckdb"), [Ask("k", query, WINDOW, NOW)], NOW).values()

    assert problem.reason is Reason.QUERY


def test_tables_of_every_schema_are_listed_as_a_statement_writes_them(opened, product):
    connector = opened("duckdb:///product.duckdb")

    choices = {choice.label: choice.value for choice in connector.discover()}

    assert set(choices) == {"signups", "paying", "shop.orders"}
    assert ask_one(connector, choices["shop.orders"]).value == 1
    assert connector.check() == "connected to product.duckdb, read-only: 3 tables and views"


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        pytest.param("TIMESTAMP", 4, id="a moment without a zone"),
        pytest.param("TIMESTAMPTZ", 4, id="a moment"),
        pytest.param("DATE", 3, id="a day"),
    ],
)
def test_moments_are_utc_whatever_the_column(opened, product, kind, rows):
    with duckdb.connect(str(product)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE TABLE held AS SELECT CAST(moment AS {kind}) AS since FROM signups")

    reading = ask_one(opened("duckdb:///product.duckdb"), "SELECT count(*) FROM held WHERE since >= :start")

    assert reading.value == rows


def test_a_parameter_can_be_cast(opened, product):
    assert ask_one(opened("duckdb:///product.duckdb"), "SELECT day(:start::date)").value == 30


def test_a_file_that_a_program_writes_to_is_said_to_be_busy(opened, product):
    held = f"import duckdb, sys; c = duckdb.connect({str(product)!r}); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", held], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        writer.stdout.readline()

        first, second = ask(opened("duckdb:///product.duckdb"), "SELECT 1", "SELECT 2")
        writer.stdin.close()

    assert first.reason is second.reason is Reason.UNREACHABLE
    assert first.message == "product: product.duckdb is open in another program, which writes to it"


def test_a_file_that_is_missing_is_not_made_and_one_that_is_none_is_said_to_be_none(opened, tmp_path):
    assert ask_one(opened("duckdb:///gone.duckdb"), "SELECT 1").reason is Reason.CONFIG
    assert list(tmp_path.iterdir()) == []

    (tmp_path / "plan.duckdb").write_text("no database at all, but long enough to be looked at " * 200)
    problem = ask_one(opened("duckdb:///plan.duckdb"), "SELECT 1")

    assert problem.reason is Reason.CONFIG
    assert "not a valid DuckDB database" in problem.message


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("duckdb://", id="nothing in it"),
        pytest.param("duckdb:///:memory:", id="memory"),
        pytest.param("duckdb:///md:shop?motherduck_token=s3cret", id="a service"),
        pytest.param("duckdb:///../outside.duckdb", id="out of the project"),
        pytest.param("duckdb:///product.duckdb?access_mode=read_write", id="options"),
    ],
)
def test_an_address_that_is_no_file_of_the_project_is_refused(tmp_path: Path, url):
    with pytest.raises(ValidationError) as caught:
        SQL.Config.model_validate({"url": url}, context={"folder": tmp_path})

    assert "s3cret" not in str(caught.value)
