"""Work that is done at once, and work that never ends."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextvars import ContextVar

import pytest

from okrsync.at_once import at_once, left_behind

HUNG = """
import threading, time
from okrsync.at_once import at_once, left_behind
print(dict(at_once(lambda name: name == "well" or threading.Event().wait(), ["hung", "well"], time.monotonic() + 0.2)))
print(left_behind())
"""


def test_everything_is_under_way_at_once():
    together = threading.Barrier(5, timeout=10)

    assert set(dict(at_once(lambda _: together.wait() >= 0, "abcde")).values()) == {True}


def test_no_more_than_may_be_are_under_way():
    together, lock, now, most = threading.Barrier(2, timeout=10), threading.Lock(), 0, 0

    def work(name):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        together.wait()
        with lock:
            now -= 1
        return name

    assert dict(at_once(work, "abcdef", most=2)) == dict(zip("abcdef", "abcdef", strict=True))
    assert most == 2


def test_one_at_a_time_is_done_in_order():
    assert [name for name, _ in at_once(str.upper, "cab", most=1)] == ["c", "a", "b"]


def test_the_quickest_comes_first():
    first_is_done = threading.Event()

    found = at_once(lambda name: name == "quick" or first_is_done.wait(10), ["slow", "quick"])

    assert next(found) == ("quick", True)
    first_is_done.set()
    assert next(found) == ("slow", True)


def test_what_is_not_done_or_not_even_begun_in_time_is_left_behind():
    stuck = threading.Event()

    found = list(at_once(lambda _: stuck.wait(10), "abc", ends=time.monotonic() + 0.05, most=2))

    assert found == [("a", None), ("b", None), ("c", None)]
    assert left_behind()
    stuck.set()


def test_what_is_raised_ends_it_and_nothing_more_is_begun():
    begun = []

    def work(name):
        begun.append(name)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(at_once(work, "abc", most=1))

    assert begun == ["a"]


def test_nothing_more_is_begun_when_nobody_listens():
    begun = []

    found = at_once(begun.append, "abc", most=1)
    next(found)
    found.close()

    assert begun == ["a"]


def test_the_work_sees_the_context_of_its_caller():
    variable = ContextVar("variable")
    variable.set("mine")

    assert dict(at_once(lambda _: variable.get(), "a")) == {"a": "mine"}


def test_nothing_to_do_is_done():
    assert list(at_once(str.upper, [])) == []


def test_work_that_hangs_does_not_keep_the_process_from_ending():
    ended = subprocess.run([sys.executable, "-c", HUNG], capture_output=True, text=True, timeout=30, check=True)

    assert ended.stdout.splitlines() == ["{'well': True, 'hung': None}", "True"]
