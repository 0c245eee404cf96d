"""Two writers at once: each slot once, nothing lost, nobody stuck; and one that is killed leaves nothing half."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import text

from okrsync.store import ledger
from okrsync.store.database import Database
from okrsync.store.records import State
from tests.store.samples import DAY, NOON, apply, check_in, key_result, project

WRITERS = 4


@pytest.fixture
def at_once(database_url):
    """Run a function in several threads that begin together, each with its own database, and return the results."""

    def run(work):
        barrier = Barrier(WRITERS)

        def one(number):
            database = Database.open(database_url, Path())
            barrier.wait()
            try:
                return work(database, number)
            finally:
                database.close()

        with ThreadPoolExecutor(WRITERS) as pool:
            return list(pool.map(one, range(WRITERS)))

    return run


def test_of_several_syncs_of_one_slot_exactly_one_records_it(database, at_once):
    with database.writing() as conn:
        ids = apply(conn, project([key_result(f"k{n}") for n in range(1_200)], []))

    def record(own, number):
        order = sorted(ids.values(), reverse=number % 2 == 0)
        with own.writing() as conn:
            return ledger.insert_auto_check_ins(conn, [check_in(id_, number) for id_ in order])

    recorded = at_once(record)

    assert sorted(slot for one in recorded for slot in one) == [(id_, NOON) for id_ in sorted(ids.values())]
    with database.reading() as conn:
        assert conn.execute(text("SELECT count(*) FROM check_in")).scalar() == 1_200


def test_of_several_restatements_exactly_one_is_kept(database, at_once):
    with database.writing() as conn:
        goal = apply(conn)["churn"]
        first = ledger.insert_auto_check_ins(conn, [check_in(goal)])[goal, NOON]

    def restate(own, number):
        with own.writing() as conn:
            return len(ledger.insert_restatements(conn, [check_in(goal, number, supersedes_id=first)]))

    assert sorted(at_once(restate)) == [0] * (WRITERS - 1) + [1]


def test_no_update_of_a_state_is_lost(database, at_once):
    with database.writing() as conn:
        goals = list(apply(conn).values())

    def add_one(own, number):
        for turn in range(10):
            with own.writing() as conn:
                order = goals if (turn + number) % 2 else goals[::-1]
                states = ledger.lock_states(conn, order)
                one_more = [replace(s, value=(s.value or Decimal(0)) + 1) for s in states.values()]
                ledger.save_states(conn, one_more)

    at_once(add_one)

    with database.reading() as conn:
        assert [one.state.value for one in ledger.tracked(conn)] == [WRITERS * 10] * 2


KILLED = """
import sys
from pathlib import Path
from okrsync.store import ledger
from okrsync.store.database import Database
from okrsync.store.records import State
from tests.store.samples import DAY, NOON, check_in
database, ids = Database.open(sys.argv[1], Path()), [int(id_) for id_ in sys.argv[2:]]
for turn in range(1_000_000):
    slot = NOON + turn * DAY / 24
    with database.writing() as conn:
        new = ledger.insert_auto_check_ins(conn, [check_in(id_, turn, slot) for id_ in ids])
        ledger.save_states(conn, [State(id_, new[id_, slot], check_in(id_, turn).value, slot, slot) for id_ in ids])
    print(turn, flush=True)
"""


def test_a_writer_that_is_killed_leaves_value_and_history_in_agreement(database, database_url):
    with database.writing() as conn:
        ids = apply(conn, project([key_result(f"k{n}") for n in range(20)], []))
    command = [sys.executable, "-c", KILLED, database_url, *map(str, ids.values())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": "."}) as writer:
        assert writer.stdout is not None
        acknowledged = [next(int(line) for line in writer.stdout) for _ in range(5)][-1]
        writer.send_signal(signal.SIGKILL)

    with database.reading() as conn:
        states = [one.state for one in ledger.tracked(conn)]
        history = ledger.values_in_force(conn, ids.values(), NOON)

    assert len({len(past) for past in history.values()}) == 1
    for state in states:
        past = history[state.key_result_id]
        assert (state.value, state.slot) == (past[-1].value, past[-1].slot)
        assert [one.value for one in past] == list(range(len(past)))
        assert len(past) > acknowledged


def test_a_writer_waits_for_another_and_then_sees_its_work(database, at_once):
    with database.writing() as conn:
        goal = apply(conn)["churn"]
        ledger.save_states(conn, [State(goal)])

    def append(own, number):
        with own.writing() as conn:
            before = ledger.lock_states(conn, [goal])[goal]
            seen = before.slot or NOON
            new = ledger.insert_auto_check_ins(conn, [check_in(goal, number, seen + DAY)])
            ledger.save_states(conn, [replace(before, slot=seen + DAY)])
            return len(new)

    assert at_once(append) == [1] * WRITERS
