"""How fast and how widely a source is asked, for all threads that share a connection."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from okrsync.connect.limits import Limits
from okrsync.connect.transport.clock import Clock
from okrsync.errors import Problem, Reason

_DAY = timedelta(days=1).total_seconds()


class Pace:
    """Gives out turns, so many at once, so many per second, and so many within 24 hours of this process."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits, self._clock = limits, clock
        self._seats = threading.BoundedSemaphore(max(1, limits.at_once))
        self._lock = threading.Lock()
        self._next = clock.monotonic()
        self._taken: deque[float] = deque(maxlen=limits.per_day)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn and hold it; raises `Problem` (`rate_limited`) when the day's number is used up."""
        with self._seats:
            wait = self._book()
            if wait > 0:
                self._clock.sleep(wait)
            yield

    def _book(self) -> float:
        """Return the seconds to wait until the turn that is booked here."""
        with self._lock:
            now = self._clock.monotonic()
            self._refuse_beyond_day(now)
            if not self._limits.per_second:
                return 0.0
            start = max(now, self._next)
            self._next = start + 1 / self._limits.per_second
            return start - now

    def _refuse_beyond_day(self, now: float) -> None:
        if not self._limits.per_day:
            return
        if len(self._taken) == self._limits.per_day and (left := self._taken[0] + _DAY - now) > 0:
            raise Problem(
                Reason.RATE_LIMITED,
                f"its {self._limits.per_day} requests per day are used up",
                hint="ask less often, or raise `per_day` if the source allows it",
                retry_at=self._clock.now() + timedelta(seconds=left),
            )
        self._taken.append(now)
