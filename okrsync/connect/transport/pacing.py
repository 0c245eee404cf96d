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

_SPANS = {"hour": timedelta(hours=1).total_seconds(), "day": timedelta(days=1).total_seconds()}


class _Allowance:
    """So many turns within any hour or day of this process. For one thread at a time."""

    def __init__(self, number: int, span: str) -> None:
        self._number, self._span = number, span
        self._taken: deque[float] = deque(maxlen=number)

    def refuse_more(self, clock: Clock) -> None:
        """Raise `Problem` when the allowance is used up."""
        if len(self._taken) < self._number:
            return
        if (left := self._taken[0] + _SPANS[self._span] - clock.monotonic()) > 0:
            raise Problem(
                Reason.RATE_LIMITED,
                f"its {self._number} requests per {self._span} are used up",
                hint="a later run asks again; if it stays so, ask less often or for fewer numbers",
                retry_at=clock.now() + timedelta(seconds=left),
            )

    def take(self, now: float) -> None:
        """Note a turn."""
        self._taken.append(now)


class Pace:
    """Gives out turns: so many at once, so many per second, and so many within an hour and a day of this process."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits, self._clock = limits, clock
        self._seats = threading.BoundedSemaphore(max(1, limits.at_once))
        self._lock = threading.Lock()
        self._next = clock.monotonic()
        # The longest first: what is said is then when it is really of use to ask again.
        numbers = {"day": limits.per_day, "hour": limits.per_hour}
        self._allowances = [_Allowance(number, span) for span, number in numbers.items() if number]

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn and hold it; raises `Problem` (`rate_limited`) when an hour's or a day's are used up."""
        with self._seats:
            wait = self._book()
            if wait > 0:
                self._clock.sleep(wait)
            yield

    def _book(self) -> float:
        """Return the seconds to wait until the turn that is booked here."""
        with self._lock:
            now = self._clock.monotonic()
            for allowance in self._allowances:
                allowance.refuse_more(self._clock)
            for allowance in self._allowances:
                allowance.take(now)
            if not self._limits.per_second:
                return 0.0
            start = max(now, self._next)
            self._next = start + 1 / self._limits.per_second
            return start - now
