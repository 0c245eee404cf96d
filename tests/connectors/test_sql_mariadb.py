"""What is MariaDB's own: its error numbers, its grants, and what a read-only transaction lets through."""

import socket
from decimal import Decimal

import pytest
from sqlalchemy import make_url

from okrsync import Reason
from okrsync.connect.collect import collect
from okrsync.connect.databases import dialect
from tests.connectors.mariadb import run
from tests.connectors.sql_asking import NOW, SQL, WINDOW, Ask, ask, ask_one, fill, opened

__all__ = ["opened"]


@pytest.fixture
def shop(mariadb_url):
    """A database with dated signups, a sequence, and a function that writes."""
    fill(mariadb_url)
    run(
        mariadb_url,
        "CREATE SEQUENCE steps",
        "CREATE FUNCTION grow() RETURNS int MODIFIES SQL DATA BEGIN DELETE FROM signups; RETURN 1; END",
    )
    return mariadb_url


@pytest.fixture
def as_reader(mariadb, shop):
    """Makes a user with the rights it is given, and returns the address with that user in it."""
    name = f"reader_{make_url(shop).database[-12:]}"

    def granted(*grants):
        mariadb.run(f"CREATE USER {name}@'%' IDENTIFIED BY 'only-reads'", *(f"GRANT {g} TO {name}@'%'" for g in grants))
        return make_url(shop).set(username=name, password="only-reads").render_as_string(hide_password=False)

    yield granted
    mariadb.run(f"DROP USER IF EXISTS {name}@'%'")


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("SELECT grow()", id="a function that writes"),
        pytest.param("SELECT nextval(steps)", id="a step of a sequence"),
        pytest.param("SELECT count(*) FROM signups FOR UPDATE", id="a lock"),
    ],
)
def test_it_is_not_written_to_even_by_its_root(opened, shop, sql):
    problem = ask_one(opened(shop), sql)

    assert problem.reason is Reason.QUERY
    assert "more than read" in problem.message
    assert run(shop, "SELECT count(*) FROM signups") == [(5,)]
    assert run(shop, "SELECT nextval(steps)") == [(1,)]


def test_a_second_statement_that_got_through_would_be_refused(opened, shop, monkeypatch):
    query = SQL.Query.model_construct(sql="")
    statement = type("All", (), {"text": "SELECT 1; COMMIT; DELETE FROM signups", "binds": set()})()
    monkeypatch.setattr(type(query), "statement", property(lambda _: statement))

    (problem,) = collect(opened(shop), [Ask("k", query, WINDOW, NOW)], NOW).values()

    assert problem.reason is Reason.QUERY
    assert run(shop, "SELECT count(*) FROM signups") == [(5,)]


def test_every_question_has_a_read_only_transaction_of_its_own(opened, shop):
    one, refused, two = ask(opened(shop, at_once=1), "SELECT 1", "SELECT grow()", "SELECT 2")

    assert (one.value, refused.reason, two.value) == (1, Reason.QUERY, 2)


@pytest.mark.parametrize("kind", ["timestamp", "datetime"])
def test_moments_are_utc_whatever_the_zone_of_the_server(opened, mariadb, shop, kind):
    run(
        shop,
        "SET time_zone = '+00:00'",
        f"CREATE TABLE held (at {kind})",
        "INSERT INTO held SELECT moment FROM signups",
    )
    mariadb.run("SET GLOBAL time_zone = '+09:00'")
    try:
        reading = ask_one(opened(shop), "SELECT count(*) FROM held WHERE at >= :start")
    finally:
        mariadb.run("SET GLOBAL time_zone = 'SYSTEM'")

    assert reading.value == 4


def test_numbers_keep_their_digits(opened, shop):
    answers = ask(
        opened(shop),
        "SELECT CAST('12345678901234567.123456' AS decimal(30, 6))",
        "SELECT 18446744073709551615",
        "SELECT count(*) FROM signups WHERE note LIKE 'x%' AND '100 %' = '100 %'",
    )

    assert [answer.value for answer in answers] == [
        Decimal("12345678901234567.123456"),
        Decimal(18446744073709551615),
        5,
    ]


def test_a_sleep_and_many_rows_are_stopped_in_time(opened, shop):
    sleeps, many, fine = ask(
        opened(shop, timeout=0.5, at_once=1),
        "SELECT sleep(30)",
        "SELECT seq FROM seq_1_to_100000000",
        "SELECT 1",
    )

    assert sleeps.reason is Reason.TIMEOUT
    assert many.reason is Reason.QUERY
    assert "more than 1 row" in many.message
    assert fine.value == 1


def test_a_recursion_is_not_cut_short(opened, shop):
    deep = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT max(i) FROM n"

    assert ask_one(opened(shop), deep).value == 5000


# Whom it lets in --------------------------------------------------------------------------------------------------


def test_check_says_as_whom_and_is_content_with_a_reader(opened, as_reader, shop):
    name = make_url(shop).database
    url = as_reader(f"SELECT ON {name}.signups")

    assert opened(url).check() == f"connected as {make_url(url).username}@% to {name}"


@pytest.mark.parametrize(
    "right",
    [
        pytest.param("SELECT, INSERT ON {name}.*", id="of the database"),
        pytest.param("UPDATE (note) ON {name}.signups", id="of a column"),
        pytest.param("FILE ON *.*", id="of the server's files"),
        pytest.param("ALL PRIVILEGES ON {name}.*", id="every one"),
    ],
)
def test_check_warns_of_a_right_to_write(opened, as_reader, shop, right):
    name = make_url(shop).database
    url = as_reader(f"SELECT ON {name}.*", right.format(name=name))

    assert "this role can write" in opened(url).check()


def test_what_a_reader_was_not_granted_is_said_so(opened, as_reader, shop):
    url = as_reader(f"SELECT ON {make_url(shop).database}.signups")

    problem = ask_one(opened(url), "SELECT count(*) FROM paying")

    assert problem.reason is Reason.QUERY
    assert "may not read" in problem.message


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"password": "s3cret-word"}, Reason.AUTH, id="a wrong password"),
        pytest.param({"username": "nobody"}, Reason.AUTH, id="no such user"),
        pytest.param({"database": "mysql"}, Reason.AUTH, id="a database it may not use"),
        pytest.param({"port": 1}, Reason.UNREACHABLE, id="nobody there"),
    ],
)
def test_who_is_not_let_in_is_told_why(opened, as_reader, shop, change, reason):
    url = make_url(as_reader(f"SELECT ON {make_url(shop).database}.*")).set(**change)

    problem = ask_one(opened(url.render_as_string(hide_password=False)), "SELECT 1")

    assert problem.reason is reason
    assert "s3cret" not in str(problem)


def test_a_database_that_is_missing_is_named(opened, mariadb):
    nowhere = mariadb.url.set(database="no_such_database").render_as_string(hide_password=False)

    problem = ask_one(opened(nowhere), "SELECT 1")

    assert problem.reason is Reason.CONFIG
    assert "no_such_database" in problem.message


def test_a_table_that_is_missing_and_a_line_that_is_no_sql_are_the_metrics_fault(opened, shop):
    missing, nonsense = ask(opened(shop), "SELECT count(*) FROM signup", "SELECT count(*) FRM signups")

    assert missing.reason is nonsense.reason is Reason.QUERY
    assert "signup' doesn't exist" in missing.message


def test_a_server_that_never_says_hello_is_hung_up_on(opened, monkeypatch):
    monkeypatch.setattr(dialect, "GRACE_SECONDS", 0)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        connector = opened(f"mariadb://reader@127.0.0.1:{mute.getsockname()[1]}/shop", timeout=1)

        assert ask_one(connector, "SELECT 1").reason is Reason.UNREACHABLE
