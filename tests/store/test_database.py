"""The database opens by its URL, keeps transactions whole, and says in plain words why it does not open."""

from __future__ import annotations

import socket
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError, ProgrammingError

from okrsync.errors import DatabaseUnavailable, ExitCode, SettingsError
from okrsync.store import database as database_module
from okrsync.store.database import Database
from okrsync.store.troubles import trouble
from tests.store.samples import apply


@pytest.fixture
def opened():
    """Open databases, and close them at the end."""
    found = []

    def open_(url, folder=Path()):
        found.append(Database.open(str(url), folder))
        return found[-1]

    yield open_
    for database in found:
        database.close()


def failure(database, statement="SELECT 1"):
    """Return the error of a transaction that is expected to fail."""
    with pytest.raises(DatabaseUnavailable) as raised, database.writing() as conn:
        conn.execute(text(statement))
    assert raised.value.exit_code is ExitCode.DATABASE
    assert raised.value.__cause__ is None
    return str(raised.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param("sqlite:///okrsync.db", "sqlite:////project/okrsync.db", id="below the folder"),
        pytest.param("sqlite:////var/okrsync.db", "sqlite:////var/okrsync.db", id="absolute"),
        pytest.param("postgres://h/okrs", "postgresql+psycopg://h/okrs", id="as some hosts write it"),
        pytest.param(
            "postgresql://ada:s3cret@h:5433/okrs?sslmode=require&sslpassword=s3cret",
            "postgresql+psycopg://ada:***@h:5433/okrs?sslmode=require",
            id="no password is shown",
        ),
    ],
)
def test_a_url_is_understood_and_shown(opened, url, shown):
    assert opened(url, Path("/project")).shown_url == shown


@pytest.mark.parametrize(
    ("url", "message"),
    [
        pytest.param("okrsync.db", "is not a database URL", id="a path"),
        pytest.param("mysql://h/okrs", "names 'mysql', which okrsync does not work with", id="another kind"),
        pytest.param("postgresql+asyncpg://h/okrs", "names 'postgresql\\+asyncpg'", id="another driver"),
        pytest.param("sqlite://", "names no file", id="in memory"),
    ],
)
def test_a_url_that_cannot_be_used_is_a_fault_of_the_settings(url, message):
    with pytest.raises(SettingsError, match=message):
        Database.open(url, Path())


def test_a_url_that_is_none_keeps_its_secret():
    with pytest.raises(SettingsError) as raised:
        Database.open("s3cret", Path())

    assert "s3cret" not in str(raised.value)


def test_without_psycopg_the_hint_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)

    with pytest.raises(DatabaseUnavailable, match=r'pip install "okrsync\[postgresql\]"'):
        Database.open("postgresql://h/okrs", Path())


def test_a_transaction_is_kept_whole_or_not_at_all(database):
    def interrupted():
        with database.writing() as conn:
            apply(conn)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    with database.reading() as conn:
        assert conn.execute(text("SELECT count(*) FROM key_result")).scalar() == 0


def test_a_reader_sees_one_state_of_the_database_throughout(database):
    count = text("SELECT count(*) FROM key_result")
    with database.reading() as reader:
        assert reader.execute(count).scalar() == 0
        with database.writing() as writer:
            apply(writer)

        assert reader.execute(count).scalar() == 0

    with database.reading() as reader:
        assert reader.execute(count).scalar() == 2


def test_a_bug_of_ours_is_not_called_an_unavailable_database(database):
    with pytest.raises((OperationalError, ProgrammingError)), database.writing() as conn:
        conn.execute(text("SELECT no_such_column FROM key_result"))


def test_an_error_does_not_quote_what_was_sent(database):
    statement = text("SELECT no_such_column FROM key_result WHERE title = :t")
    with pytest.raises((OperationalError, ProgrammingError)) as raised, database.writing() as conn:
        conn.execute(statement, {"t": "s3cret"})

    assert "s3cret" not in str(raised.value)


def test_sqlite_is_set_up_to_survive_two_writers_and_a_power_loss(sqlite_url, opened):
    with opened(sqlite_url).writing() as conn:
        pragmas = {
            name: conn.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }

    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_a_writer_that_waits_too_long_says_who_it_waited_for(database_url, opened, monkeypatch):
    first = opened(database_url)
    with first.writing() as conn:
        apply(conn)
    monkeypatch.setattr(database_module, "LOCK_SECONDS", 0.1)
    second = opened(database_url)

    with first.writing() as conn:
        conn.execute(text("UPDATE key_result SET title = 'first'"))
        message = failure(second, "UPDATE key_result SET title = 'second'")

    assert "is locked: another process kept writing for 0.1 seconds" in message


def test_a_full_disk_is_called_that_and_leaves_the_database_whole(sqlite_url, opened):
    database = opened(sqlite_url)
    with database.writing() as conn:
        conn.execute(text("PRAGMA max_page_count = 1"))

    assert "the disk is full" in failure(database, "CREATE TABLE big AS SELECT randomblob(10000000) AS filler")
    database.close()

    with opened(sqlite_url).reading() as conn:
        assert conn.execute(text("PRAGMA integrity_check")).scalar() == "ok"


def test_a_folder_that_does_not_exist_is_named(opened, tmp_path):
    message = failure(opened("sqlite:///missing/okrsync.db", tmp_path))

    assert message.startswith(f"the database sqlite:///{tmp_path}/missing/okrsync.db cannot be opened")


def test_a_file_that_is_no_database_is_called_that(opened, tmp_path):
    (tmp_path / "notes.db").write_text("not a database, " * 100)

    assert "is no SQLite database" in failure(opened("sqlite:///notes.db", tmp_path))


def test_a_server_that_is_not_there_refuses(opened):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        message = failure(opened(f"postgresql://ada:s3cret@127.0.0.1:{port}/okrs"))

    assert "cannot be reached: the connection was refused" in message
    assert "s3cret" not in message


def test_a_database_that_is_not_on_the_server_is_said_to_be_missing(postgresql_url, opened):
    url = make_url(postgresql_url).set(database="no_such").render_as_string(hide_password=False)

    assert "does not exist on its server" in failure(opened(url))


def test_a_connection_that_the_server_ends_is_said_to_be_ended(postgresql_url, opened):
    assert "starting up" in failure(opened(postgresql_url), "SELECT pg_terminate_backend(pg_backend_pid())")


def test_after_a_lost_connection_the_next_transaction_works(postgresql_url, opened):
    database = opened(postgresql_url)
    failure(database, "SELECT pg_terminate_backend(pg_backend_pid())")

    with database.writing() as conn:
        assert conn.execute(text("SELECT 1")).scalar() == 1


def test_a_statement_that_takes_too_long_is_ended(postgresql_url, opened, monkeypatch):
    monkeypatch.setattr(database_module, "STATEMENT_SECONDS", 0.1)

    assert "took too long" in failure(opened(postgresql_url), "SELECT pg_sleep(30)")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        pytest.param(
            'password authentication failed for user "ada"', "refused the user or the password", id="password"
        ),
        pytest.param("[Errno -2] failed to resolve host 'h': Name or service not known", "no such host", id="host"),
        pytest.param("connection timeout expired", "did not answer within 10 seconds", id="silence"),
        pytest.param("server closed the connection unexpectedly: s3cret", "closed the connection", id="anything else"),
    ],
)
def test_what_the_driver_says_while_connecting_is_put_into_plain_words(said, message):
    error = OperationalError("", {}, psycopg.OperationalError(said))

    found = trouble(error, 30, 10)

    assert found is not None
    assert message in found[0]
    assert "s3cret" not in "".join(found)
