"""Tokens that rotate: spent once, kept at once, of no use to who reads the database, and never in anybody's way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import text

from okrsync.errors import DatabaseUnavailable, Problem, Reason, SchemaMismatch
from okrsync.store import schema
from okrsync.store.database import Database
from okrsync.store.sealing import Seal
from okrsync.store.tokens import StoredTokens
from tests.projects import ProjectFolder
from tests.token_server import FIRST, TokenServer

WORKERS = 3


def newest(tokens, configured=FIRST, connection="crm"):
    with tokens.turn(connection, configured, 5) as turn:
        return turn.token


def rotate(tokens, new, configured=FIRST):
    with tokens.turn("crm", configured, 5) as turn:
        turn.keep(new)


@pytest.fixture
def tokens(database):
    return StoredTokens(database)


class TestKeeping:
    def test_the_configured_token_is_the_first(self, tokens):
        assert newest(tokens) == FIRST

    def test_a_kept_token_is_there_for_every_later_turn(self, tokens, database):
        rotate(tokens, "refresh-1")
        rotate(tokens, "refresh-2")

        assert newest(StoredTokens(database)) == "refresh-2"

    def test_it_is_kept_before_the_turn_ends(self, tokens, database):
        with tokens.turn("crm", FIRST, 5) as turn:
            turn.keep("refresh-1")
            with database.reading() as conn:
                sealed = conn.execute(text("SELECT sealed FROM rotating_token")).scalar_one()

        assert Seal(FIRST).open(sealed) == "refresh-1"

    def test_a_newly_configured_token_wins(self, tokens):
        rotate(tokens, "refresh-1")

        assert newest(tokens, "authorised-anew") == "authorised-anew"

    def test_two_connections_with_the_same_token_share_what_came_for_it(self, tokens):
        rotate(tokens, "refresh-1")

        assert newest(tokens, connection="crm-europe") == "refresh-1"

    def test_a_row_that_was_tampered_with_is_ignored(self, tokens, database):
        rotate(tokens, "refresh-1")
        with database.writing() as conn:
            conn.execute(text("UPDATE rotating_token SET sealed = :sealed"), {"sealed": Seal("other").close("evil")})

        assert newest(tokens) == FIRST

    def test_without_tables_there_is_no_turn_and_no_file(self, tmp_path):
        tokens = StoredTokens(Database.open("sqlite:///okrsync.db", tmp_path))

        with pytest.raises(SchemaMismatch, match="okrsync db upgrade"):
            newest(tokens)

        assert list(tmp_path.iterdir()) == []


class TestSecrecy:
    CANARIES = (FIRST, "refresh-canary-1", "refresh-canary-2")

    def test_no_token_is_in_a_row(self, tokens, database):
        for canary in self.CANARIES[1:]:
            rotate(tokens, canary)

        with database.reading() as conn:
            row = repr(conn.execute(text("SELECT * FROM rotating_token")).one())

        assert "crm" in row
        assert [canary for canary in self.CANARIES if canary in row] == []

    def test_no_token_is_in_the_bytes_of_the_database(self, sqlite_url, tmp_path):
        database = Database.open(sqlite_url, Path())
        for canary in self.CANARIES[1:]:
            rotate(StoredTokens(database), canary)
        content = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
        database.close()

        assert Seal(FIRST).fingerprint.encode() in content
        assert [canary for canary in self.CANARIES if canary.encode() in content] == []

    def test_a_seal_opens_under_the_same_secret_only(self):
        sealed = Seal("one").close("text")

        assert Seal("one").open(sealed) == "text"
        assert Seal("two").open(sealed) is None
        assert Seal("one").open("rubbish") is None
        assert Seal("one").close("text") != sealed


class TestTakingTurns:
    def test_only_one_has_the_turn(self, database_url):
        barrier, spent = Barrier(WORKERS), []

        def spend(number):
            database = Database.open(database_url, Path())
            tokens = StoredTokens(database)
            barrier.wait()
            for turn_number in range(4):
                with tokens.turn("crm", FIRST, 30) as turn:
                    spent.append(turn.token)
                    turn.keep(f"refresh-{number}-{turn_number}")
            database.close()

        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(spend, range(WORKERS)))

        assert len(spent) == len(set(spent)) == WORKERS * 4

    def test_who_waits_too_long_says_so(self, tokens):
        with tokens.turn("crm", FIRST, 5), pytest.raises(Problem) as caught, tokens.turn("crm", FIRST, 0.3):
            pass

        assert caught.value.reason is Reason.TIMEOUT
        assert caught.value.message.startswith("crm: ")

    def test_turns_at_other_tokens_are_not_waited_for(self, tokens):
        with tokens.turn("crm", FIRST, 5):
            assert newest(tokens, "another") == "another"

    def test_after_an_error_the_turn_is_given_back_and_what_was_kept_stays(self, tokens):
        def fail():
            with tokens.turn("crm", FIRST, 60) as turn:
                turn.keep("refresh-1")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()

        assert newest(tokens) == "refresh-1"

    def test_a_turn_that_took_too_long_does_not_undo_a_later_one(self, tokens, database, caplog):
        slow = StoredTokens(database)
        with slow.turn("crm", FIRST, 0.01) as overdue:
            rotate(tokens, "refresh-1")
            overdue.keep("refresh-0")

        assert newest(tokens) == "refresh-1"
        assert "crm: another process has kept a newer refresh token" in caplog.text

    def test_a_turn_that_took_too_long_does_not_end_a_later_one(self, tokens, database):
        slow = StoredTokens(database)
        with slow.turn("crm", FIRST, 0.01):
            later = tokens.turn("crm", FIRST, 5)
            later.__enter__()

        with pytest.raises(Problem), slow.turn("crm", FIRST, 0.1):
            pass
        later.__exit__(None, None, None)


class TestADatabaseThatFailsInBetween:
    @pytest.fixture
    def failing(self, database, monkeypatch):
        """Lets the database take no more writes, until it is called with False."""

        def down(is_down):
            def writing():
                raise DatabaseUnavailable("the database is down", "start it")

            monkeypatch.undo()
            if is_down:
                monkeypatch.setattr(database, "writing", writing)

        return down

    def test_its_token_is_held_and_brought_at_the_next_turn(self, tokens, failing, database, caplog):
        with tokens.turn("crm", FIRST, 0.5) as turn:
            failing(True)
            turn.keep("refresh-1")
        failing(False)

        assert newest(tokens) == "refresh-1"
        assert newest(StoredTokens(database)) == "refresh-1"
        assert "crm: its new refresh token is not kept yet" in caplog.text
        assert "refresh-1" not in caplog.text

    def test_its_token_is_brought_at_the_end(self, tokens, failing, database):
        with tokens.turn("crm", FIRST, 0.5) as turn:
            failing(True)
            turn.keep("refresh-1")
        failing(False)

        tokens.close()

        assert newest(StoredTokens(database)) == "refresh-1"


WORKER = """
import os, signal, sys
from pathlib import Path
from okrsync.connect.transport.http import HttpClient
from okrsync.connect.credentials.oauth import RefreshToken
from okrsync.store import tokens
from okrsync.store.database import Database
from tests.token_server import Account
database_url, base, count, killed = sys.argv[1:]
if killed:
    tokens.StoredTurn.keep = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
config = Account(token_url=base + "/oauth/token/")
database = Database.open(database_url, Path())
for _ in range(int(count)):
    vault = tokens.StoredTokens(database)
    http = HttpClient(connection="crm", base_url=base, config=config, auth=RefreshToken(), vault=vault)
    print(http.get("/kpi")["total"], flush=True)
database.close()
"""


def worker(database_url, host, count=1, killed=""):
    command = [sys.executable, "-c", WORKER, database_url, host.url, str(count), killed]
    environment = {**os.environ, "PYTHONPATH": "."}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def test_of_several_processes_none_spends_a_token_that_another_has_spent(database_url):
    with TokenServer(delay=0.05).running() as host:
        workers = [worker(database_url, host, count=4) for _ in range(2)]
        outputs = [one.communicate() for one in workers]

    assert [out.split() for out, _ in outputs] == [["42"] * 4] * 2, outputs
    assert host.overspent == []
    assert len(host.spent) == 8


@pytest.mark.parametrize(
    ("grace", "heals"),
    [
        pytest.param(1, True, id="the source takes the token before once more"),
        pytest.param(0, False, id="the source wants to be authorised anew"),
    ],
)
def test_a_worker_that_is_killed_with_the_new_token_in_hand(database_url, grace, heals):
    with TokenServer(grace=grace).running() as host:
        killed = worker(database_url, host, killed="yes")
        killed.communicate()
        assert killed.returncode == -signal.SIGKILL
        end_all_turns(database_url)

        out, err = worker(database_url, host).communicate()

    assert out.split() == (["42"] if heals else [])
    assert heals or "authorise okrsync anew" in err


def test_the_turn_of_a_killed_worker_ends_by_itself(tokens, database):
    with database.writing() as conn:
        conn.execute(
            text(
                "INSERT INTO rotating_token (origin, connection, generation, updated_at, holder, held_until)"
                " VALUES (:origin, 'crm', 0, :past, 'killed', :past)"
            ),
            {"origin": Seal(FIRST).fingerprint, "past": "2020-01-01T00:00:00.000000Z"},
        )

    assert newest(tokens) == FIRST


CONNECTOR = """
from okrsync import Connector, Query, RefreshToken
from tests.token_server import Account

class Api(Connector[Account, Query]):
    "An API."

    name = "api"
    auth = RefreshToken()

    def base_url(self):
        return self.config.token_url.removesuffix("/oauth/token/")
"""


def test_a_project_keeps_the_tokens_of_its_connections_in_its_database(tmp_path, database_url):
    (tmp_path / "connectors").mkdir()
    (tmp_path / "connectors" / "api.py").write_text(CONNECTOR)
    with TokenServer().running() as host:
        crm = f"crm: {{connector: api, token_url: '{host.token_url}', refresh_token: '${{CRM_REFRESH:-{FIRST}}}'}}"
        project = ProjectFolder(tmp_path, database_url).write(connections=crm)
        for _ in range(2):
            with project.opened() as workspace:
                assert workspace.connector("crm").http.get("/kpi") == {"total": 42}

    assert [form["refresh_token"] for form in host.forms] == host.refresh_tokens[:2]


def end_all_turns(database_url):
    """Let the time pass that a turn has at most."""
    database = Database.open(database_url, Path())
    with database.writing() as conn:
        held = conn.execute(text("UPDATE rotating_token SET held_until = updated_at WHERE holder IS NOT NULL")).rowcount
    database.close()
    assert held == 1


def test_a_database_from_before_is_brought_to_have_the_table(empty_database, monkeypatch):
    from alembic import command  # noqa: PLC0415 - it takes a second to load

    from okrsync.store import migrating  # noqa: PLC0415

    monkeypatch.setattr(migrating, "to_head", lambda conn: command.upgrade(migrating.config(conn), "0001"))
    schema.upgrade(empty_database)
    monkeypatch.undo()
    assert schema.revision(empty_database) == "0001"

    schema.upgrade(empty_database)

    assert newest(StoredTokens(empty_database)) == FIRST
