import select
import socket
import sqlite3
import sys
import threading
from contextlib import closing, suppress
from datetime import timedelta
from decimal import Decimal
from time import monotonic

import pytest
from pydantic import ValidationError
from sqlalchemy import create_engine, make_url

from okrsync import Ask, Problem, Reason
from okrsync.connect.collect import collect
from okrsync.connect.databases import dialect
from tests.connectors.sql_asking import NOW, SQL, WINDOW, ask, ask_one, asked, fill, opened

__all__ = ["opened"]


@pytest.fixture
def postgresql_url(postgresql):
    """A database without tables."""
    with postgresql.fresh() as url:
        yield url


@pytest.fixture(params=["sqlite", "duckdb", "postgresql", "mariadb"])
def url(request, tmp_path):
    """A database with dated signups, on each kind in turn."""
    if request.param in ("sqlite", "duckdb"):
        found = f"{request.param}:///{tmp_path / 'product.db'}"
    else:
        found = request.getfixturevalue(f"{request.param}_url")
    fill(found)
    return found


@pytest.fixture
def sqlite_file(tmp_path):
    fill(f"sqlite:///{tmp_path / 'product.db'}")
    return tmp_path / "product.db"


def test_counts_the_rows_of_the_window_with_both_its_edges(opened, url):
    reading = ask_one(opened(url), "SELECT count(*) FROM signups WHERE moment >= :start AND moment < :end")

    assert reading.value == 3
    assert reading.as_of == NOW
    assert set(reading.provenance["binds"]) == {"start", "end"}
    assert "SELECT count(*)" in reading.provenance["query"]["sql"]


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        pytest.param("moment >= :start", 4, id="the first instant belongs to it"),
        pytest.param("moment < :end", 4, id="its end does not"),
    ],
)
def test_a_window_is_half_open(opened, url, condition, rows):
    assert ask_one(opened(url), f"SELECT count(*) FROM signups WHERE {condition}").value == rows


def test_a_moment_is_the_same_in_every_zone(opened, url):
    before = ask_one(opened(url), "SELECT count(*) FROM signups WHERE moment < :as_of")

    assert before.value == 5


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        pytest.param("sum(amount)", "7.5", id="sum"),
        pytest.param("1.10 + 0", "1.10", id="decimal"),
        pytest.param("9007199254740993", "9007199254740993", id="an integer that no float holds"),
        pytest.param("0.1 + 0.2e0", None, id="a float"),
        pytest.param("'28.10'", "28.10", id="a number as text"),
        pytest.param("count(*)", "5", id="count"),
    ],
)
def test_values_are_exact(opened, url, expression, value):
    reading = ask_one(opened(url), f"SELECT {expression} FROM signups{'' if '(' in expression else ' LIMIT 1'}")

    assert isinstance(reading.value, Decimal)
    assert value is None or reading.value == Decimal(value)


@pytest.mark.parametrize(
    ("sql", "reason", "said"),
    [
        pytest.param("SELECT amount FROM signups WHERE note = 'none'", Reason.NO_DATA, "no rows", id="no rows"),
        pytest.param(
            "SELECT sum(amount) FROM signups WHERE note = 'none'", Reason.NO_DATA, "NULL", id="a sum of no rows"
        ),
        pytest.param("SELECT amount FROM signups", Reason.QUERY, "more than 1 row, expected 1", id="many rows"),
        pytest.param("SELECT 1, 2", Reason.QUERY, "2 columns, expected 1", id="two columns"),
        pytest.param("SELECT note FROM signups LIMIT 1", Reason.BAD_VALUE, "the text 'x'", id="a text"),
        pytest.param("SELECT count(*) FROM signup", Reason.QUERY, "signup", id="no such table"),
        pytest.param("SELECT count(*) FRM signups", Reason.QUERY, "", id="no SQL"),
        pytest.param("SELECT 'NaN'", Reason.BAD_VALUE, "not a finite number", id="not a number"),
        pytest.param("SELECT 1e40", Reason.BAD_VALUE, "out of range", id="out of range"),
    ],
)
def test_what_is_not_one_number_is_a_problem_and_never_zero(opened, url, sql, reason, said):
    problem = ask_one(opened(url), sql)

    assert isinstance(problem, Problem)
    assert problem.reason is reason
    assert said in problem.message
    assert problem.message.startswith("product: ")


def test_a_bad_statement_spoils_no_other(opened, url):
    good, bad, fine = ask(opened(url, at_once=1), "SELECT 1", "SELECT nonsense", "SELECT 3")

    assert (good.value, fine.value) == (1, 3)
    assert bad.reason is Reason.QUERY


def test_many_questions_share_few_connections(opened, url):
    connector = opened(url, at_once=2)

    answers = ask(connector, *[f"SELECT {n} + count(*) FROM signups" for n in range(30)])

    assert [answer.value for answer in answers] == [n + 5 for n in range(30)]
    assert connector._engine.pool.checkedin() <= 2


def test_a_statement_that_takes_too_long_is_stopped_and_delays_no_other(opened, url):
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT count(*) FROM n"
    )

    slow, quick = ask(opened(url, timeout=0.2, at_once=1), endless, "SELECT 1")

    assert slow.reason is Reason.TIMEOUT
    assert "0.2 s" in slow.message
    assert quick.value == 1


@pytest.mark.parametrize(
    "sql", ["SELECT count(*) FROM signups WHERE moment < :end", "SELECT count(*) FROM signups WHERE moment < :as_of"]
)
def test_the_past_is_answered_where_the_statement_says_when_it_ends(opened, url, sql):
    past = asked(sql, as_of=NOW - timedelta(days=9))

    assert isinstance(collect(opened(url), [past], NOW)[past.key].value, Decimal)


@pytest.mark.parametrize("sql", ["SELECT count(*) FROM signups", "SELECT count(*) FROM signups WHERE moment >= :start"])
def test_elsewhere_the_past_is_refused(opened, url, sql):
    past = asked(sql, as_of=NOW - timedelta(days=9))

    assert collect(opened(url), [past], NOW)[past.key].reason is Reason.UNSUPPORTED


def test_lists_what_there_is_to_ask(opened, url):
    connector = opened(url)
    ask_one(connector, "SELECT 1")

    choices = {choice.label: choice.value for choice in connector.discover()}

    assert set(choices) == {"signups", "paying"}
    assert ask_one(connector, choices["signups"]).value == 5
    assert [choice.label for choice in connector.discover("PAY")] == ["paying"]


def test_check_says_whom_it_is_connected_as(opened, url):
    assert opened(url).check().startswith("connected ")


# What must not be possible ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "WITH gone AS (DELETE FROM signups RETURNING *) SELECT count(*) FROM gone",
        "SELECT count(*) FROM signups FOR UPDATE",
        "SELECT nextval('steps')",
        "SELECT set_config('transaction_read_only', 'off', false)::int",
        "SELECT lo_create(0)",
    ],
)
def test_postgresql_is_not_written_to_even_by_its_owner(opened, postgresql_url, sql):
    fill(postgresql_url)
    engine = create_engine(postgresql_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SEQUENCE steps")

    problem = ask_one(opened(postgresql_url), sql)

    assert problem.reason is Reason.QUERY
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM signups").scalar_one() == 5
        assert connection.exec_driver_sql("SELECT is_called FROM steps").scalar_one() is False
    engine.dispose()


def test_postgresql_itself_refuses_a_second_statement(opened, postgresql_url, monkeypatch):
    fill(postgresql_url)
    connector = opened(postgresql_url)
    sql = "SELECT 1; COMMIT; BEGIN READ WRITE; DELETE FROM signups; COMMIT"
    query = SQL.Query.model_construct(sql=sql)
    monkeypatch.setattr(type(query), "statement", property(lambda _: type("All", (), {"text": sql, "binds": set()})()))

    (problem,) = collect(connector, [Ask("k", query, WINDOW, NOW)], NOW).values()

    monkeypatch.undo()
    assert problem.reason is Reason.QUERY
    assert ask_one(connector, "SELECT count(*) FROM signups").value == 5


def test_postgresql_roles_that_can_write_are_warned_of(opened, postgresql_url):
    fill(postgresql_url)
    engine = create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    role = make_url(postgresql_url).database + "_reader"
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN PASSWORD 'only-reads'")
        connection.exec_driver_sql(f"GRANT SELECT ON signups TO {role}")
        try:
            reader = make_url(postgresql_url).set(username=role, password="only-reads")
            connector = opened(reader.render_as_string(hide_password=False))
            said = connector.check()
            problem = ask_one(connector, "SELECT count(*) FROM paying")
            connector.close()
        finally:
            connection.exec_driver_sql(f"DROP OWNED BY {role}")
            connection.exec_driver_sql(f"DROP ROLE {role}")
    engine.dispose()

    assert said == f"connected as {role} to {make_url(postgresql_url).database}"
    assert problem.reason is Reason.QUERY
    assert "may not read" in problem.message
    assert "can write" in opened(postgresql_url).check()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM pragma_table_info('signups')",
        "SELECT load_extension('x')",
        "WITH a AS (SELECT 1) DELETE FROM signups",
    ],
)
def test_sqlite_lets_nothing_through_but_reading(opened, sqlite_file, sql):
    problem = ask_one(opened("sqlite:///product.db"), sql)

    assert problem.reason is Reason.QUERY
    with closing(sqlite3.connect(sqlite_file)) as connection:
        assert connection.execute("SELECT count(*) FROM signups").fetchone() == (5,)


def test_sqlite_itself_refuses_to_attach_another_file(opened, sqlite_file, tmp_path, monkeypatch):
    connector = opened("sqlite:///product.db")
    query = SQL.Query.model_construct(sql="")
    sql = f"ATTACH 'file:{tmp_path}/new.db?mode=rwc' AS new"
    monkeypatch.setattr(
        type(query),
        "statement",
        property(lambda _: type("All", (), {"text": sql.replace(":", "\\:"), "binds": set()})()),
    )

    (problem,) = collect(connector, [Ask("k", query, WINDOW, NOW)], NOW).values()

    assert problem.reason is Reason.QUERY
    assert not (tmp_path / "new.db").exists()


def test_a_sqlite_file_that_is_missing_is_not_made(opened, tmp_path):
    problem = ask_one(opened("sqlite:///gone.db"), "SELECT 1")

    assert problem.reason is Reason.CONFIG
    assert "gone.db" in problem.message
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_said_to_be_none(opened, tmp_path):
    (tmp_path / "plan.db").write_text("not a database at all, but long enough to be looked at " * 20)

    assert "not a database" in ask_one(opened("sqlite:///plan.db"), "SELECT count(*) FROM t").message


# Whom nobody answers ----------------------------------------------------------------------------------------------


def test_a_database_that_is_down_is_unreachable_and_its_password_stays_hidden(opened):
    connector = opened("postgresql://reader:s3cret-word@127.0.0.1:1/analytics")

    answers = ask(connector, "SELECT 1", "SELECT 2")

    assert {answer.reason for answer in answers} == {Reason.UNREACHABLE}
    assert "127.0.0.1:1/analytics" in answers[0].message
    assert "s3cret" not in f"{answers}{connector.config!r}"


def test_a_user_there_is_not_is_refused_and_no_database_there_is_not_is_made(opened, postgresql_url):
    nobody = make_url(postgresql_url).set(username="nobody_at_all").render_as_string(hide_password=False)
    nowhere = make_url(postgresql_url).set(database="no_such_database").render_as_string(hide_password=False)

    assert ask_one(opened(nobody), "SELECT 1").reason is Reason.AUTH
    assert ask_one(opened(nowhere), "SELECT 1").reason is Reason.CONFIG


class Line(threading.Thread):
    """A line to a server on which, from some moment on, nothing comes back."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server = server
        self.silent = threading.Event()
        self.entrance = socket.create_server(("127.0.0.1", 0))
        self.port = self.entrance.getsockname()[1]

    def run(self):
        with suppress(OSError), self.entrance:
            near, _ = self.entrance.accept()
            far = socket.socket(socket.AF_UNIX)
            far.connect(self.server)
            with near, far:
                while True:
                    for end in select.select([near, far], [], [])[0]:
                        content = end.recv(65536)
                        if not content:
                            return
                        if end is near:
                            far.sendall(content)
                        elif not self.silent.is_set():
                            near.sendall(content)


def test_a_server_that_falls_silent_is_hung_up_on(opened, postgresql_url, monkeypatch):
    monkeypatch.setattr(dialect, "GRACE_SECONDS", 0)
    server = make_url(postgresql_url)
    if not server.query.get("host"):
        pytest.skip("needs the server that the tests start themselves")
    line = Line(f"{server.query['host']}/.s.PGSQL.5432")
    line.start()
    through = server.set(host="127.0.0.1", port=line.port, query={})
    connector = opened(through.render_as_string(hide_password=False), timeout=0.5, at_once=1)
    assert ask_one(connector, "SELECT 1").value == 1

    line.silent.set()
    began = monotonic()
    answer = ask_one(connector, "SELECT 1")

    assert answer.reason is Reason.UNREACHABLE
    assert "has not answered for 0.5 s" in answer.message
    assert monotonic() - began < 5


def test_a_server_that_never_says_hello_is_hung_up_on(opened, monkeypatch):
    monkeypatch.setattr(dialect, "CONNECT_SECONDS", 2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        connector = opened(f"postgresql://reader@127.0.0.1:{mute.getsockname()[1]}/db")

        assert ask_one(connector, "SELECT 1").reason is Reason.UNREACHABLE


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("sqlite://", id="nothing in it"),
        pytest.param("sqlite:///../outside.db", id="out of the project"),
        pytest.param("sqlite:///file:x.db?mode=rwc&uri=true", id="an address within the address"),
        pytest.param("nonsense", id="no address"),
        pytest.param("nosuch://s3cret:s3cret@host/db", id="no database known"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_and_not_repeated(tmp_path, url):
    with pytest.raises(ValidationError) as caught:
        SQL.Config.model_validate({"url": url}, context={"folder": tmp_path})

    assert "s3cret" not in str(caught.value)


def test_a_driver_that_is_missing_is_named_with_the_way_to_get_it(opened, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)

    problem = ask_one(opened("postgresql://host/db"), "SELECT 1")

    assert problem.reason is Reason.CONFIG
    assert 'pip install "okrsync[postgresql]"' in problem.hint
