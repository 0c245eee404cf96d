"""How widely a source is asked."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from okrsync import Limits, Problem, Reason
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


class TestAllowance:
    """So many requests within any hour, and within any day."""

    @pytest.fixture
    def slept(self):
        return []

    @pytest.fixture
    def clock(self, slept):
        began = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
        return Clock(slept.append, lambda: float(sum(slept)), lambda: began + timedelta(seconds=sum(slept)))

    def take(self, pace):
        with pace.turn():
            pass

    def test_of_an_hour_comes_back_as_the_hour_passes(self, clock, slept):
        pace = Pace(Limits(per_hour=2), clock)
        self.take(pace)
        slept.append(600.0)
        self.take(pace)

        with pytest.raises(Problem) as caught:
            self.take(pace)
        slept.append(3000.0)
        self.take(pace)

        assert caught.value.reason is Reason.RATE_LIMITED
        assert "2 requests per hour" in caught.value.message
        assert caught.value.hint
        assert caught.value.retry_at == datetime(2026, 11, 21, 13, 0, tzinfo=UTC)

    def test_of_a_day_is_said_before_that_of_an_hour(self, clock):
        pace = Pace(Limits(per_hour=1, per_day=1), clock)
        self.take(pace)

        with pytest.raises(Problem, match="1 requests per day") as caught:
            self.take(pace)

        assert caught.value.retry_at == datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def test_is_not_used_up_by_what_is_refused(self, clock, slept):
        pace = Pace(Limits(per_hour=1, per_day=2), clock)
        self.take(pace)
        for _ in range(3):
            with pytest.raises(Problem, match="per hour"):
                self.take(pace)
        slept.append(3600.0)

        self.take(pace)


def test_threads_are_spaced_as_one():
    slept: list[float] = []
    pace = Pace(Limits(per_second=10, at_once=4), Clock(sleep=slept.append, monotonic=lambda: 0.0))

    def turn(_: int) -> None:
        with pace.turn():
            pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(turn, range(8)))

    assert [round(wait, 3) for wait in sorted(slept)] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
