"""How widely a source is asked."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from okrsync import Limits
from okrsync.connect.transport.clock import Clock
from okrsync.connect.transport.pacing import Pace


def test_no_more_turns_at_once_than_allowed():
    pace = Pace(Limits(at_once=3), Clock())
    lock, now, most = threading.Lock(), 0, 0
    meeting = threading.Barrier(3)

    def turn(_: int) -> None:
        nonlocal now, most
        with pace.turn():
            with lock:
                now += 1
                most = max(most, now)
            meeting.wait(5)
            with lock:
                now -= 1

    with ThreadPoolExecutor(9) as pool:
        list(pool.map(turn, range(9)))

    assert most == 3


def test_threads_are_spaced_as_one():
    slept: list[float] = []
    pace = Pace(Limits(per_second=10, at_once=4), Clock(sleep=slept.append, monotonic=lambda: 0.0))

    def turn(_: int) -> None:
        with pace.turn():
            pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(turn, range(8)))

    assert [round(wait, 3) for wait in sorted(slept)] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
