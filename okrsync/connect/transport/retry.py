"""When a question is asked again, after how long, and when it is enough."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NoReturn, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from okrsync.connect.transport.clock import Clock
from okrsync.errors import Problem

logger = logging.getLogger(__name__)
T = TypeVar("T")

_LONGEST_STATED = timedelta(days=31).total_seconds()
_NUMBER = re.compile(r"\d{1,13}(\.\d{1,9})?", re.ASCII)
_RESETS = ("X-RateLimit-Reset", "X-Rate-Limit-Reset", "RateLimit-Reset")
_EPOCH = 1e9
"""A reset time from here on is seconds since 1970, below it is seconds left."""


@dataclass(frozen=True)
class Patience:
    """How long a source is waited for. All times in seconds."""

    connect: float = 10.0
    """Until a connection is made."""
    read: float = 30.0
    """Between one byte and the next."""
    total: float = 60.0
    """For one call, with all its attempts and the waits between them."""
    attempts: int = 4
    """How often one call asks."""
    longest_wait: float = 20.0
    """Between two attempts; a source that wants more is asked again by a later run."""
    retries: int = 60
    """For all calls of one client together, so that a broken source costs a run a bounded number of requests."""


class Transient(Exception):
    """A failure that may be gone when asked again.

    `wait` is for how many seconds the source is left alone; None leaves it to us. `attempts` is a bound for this
    kind of failure, on top of the patience.
    """

    def __init__(self, problem: Problem, wait: float | None = None, attempts: int | None = None) -> None:
        super().__init__(problem)
        self.problem, self.wait, self.attempts = problem, wait, attempts


class Budget:
    """A number of retries, shared by the threads of a client."""

    def __init__(self, retries: int) -> None:
        self._left, self._lock = retries, threading.Lock()

    def take(self) -> bool:
        """Take one; return whether there was one."""
        with self._lock:
            self._left -= 1
            return self._left >= 0


class Persistence:
    """Asks again, with exponential waits and full jitter, within a client's patience."""

    def __init__(self, patience: Patience, clock: Clock) -> None:
        self._patience, self._clock = patience, clock
        self._budget = Budget(patience.retries)
        self._jitter = wait_random_exponential(multiplier=0.5, max=patience.longest_wait)

    def call(self, attempt: Callable[[], T], seconds_left: Callable[[], float]) -> T:
        """Return what `attempt` returns; raises `Problem`. `seconds_left` says what the call has left."""

        def enough(state: RetryCallState) -> bool:
            return self._is_enough(state, seconds_left())

        return Retrying(
            retry=retry_if_exception_type(Transient),
            wait=self._wait,
            stop=enough,
            sleep=self._clock.sleep,
            before_sleep=_log,
            retry_error_callback=_give_up,
        )(attempt)

    def _wait(self, state: RetryCallState) -> float:
        stated = _failure(state).wait
        return self._jitter(state) if stated is None else stated

    def _is_enough(self, state: RetryCallState, seconds_left: float) -> bool:
        bound = _failure(state).attempts or self._patience.attempts
        return (
            state.attempt_number >= min(bound, self._patience.attempts)
            or state.upcoming_sleep > self._patience.longest_wait
            or state.upcoming_sleep >= seconds_left
            or not self._budget.take()
        )


def _failure(state: RetryCallState) -> Transient:
    failure = state.outcome.exception() if state.outcome else None
    if not isinstance(failure, Transient):
        raise TypeError("only transient failures are retried")
    return failure


def _log(state: RetryCallState) -> None:
    logger.warning("%s; asked again in %.1f s", _failure(state).problem.message, state.upcoming_sleep)


def _give_up(state: RetryCallState) -> NoReturn:
    problem, asked = _failure(state).problem, state.attempt_number
    message = f"{problem.message}, asked {asked} times" if asked > 1 else problem.message
    raise Problem(problem.reason, message, problem.hint, problem.retry_at)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return for how many seconds `Retry-After` asks to be left alone; None if it does not say, or says rubbish.

    It may be a number (whole or not) or an HTTP date. Dates are compared with the reply's own `Date`, so that a
    wrong clock on either side does no harm.
    """
    return _bounded(_seconds_or_date(headers.get("Retry-After", ""), _their_time(headers, now)))


def limit_reset(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return in how many seconds a rate limit starts anew; None if the headers do not say, or say rubbish.

    They may tell seconds left or seconds since 1970, and do so whether the limit is reached or not.
    """
    theirs = _their_time(headers, now)
    return _bounded(next((w for name in _RESETS if (w := _reset(headers.get(name, ""), theirs)) is not None), None))


def _their_time(headers: Mapping[str, str], now: datetime) -> datetime:
    return http_date(headers.get("Date", "")) or now


def _bounded(wait: float | None) -> float | None:
    return wait if wait is not None and 0 <= wait <= _LONGEST_STATED else None


def _seconds_or_date(text: str, theirs: datetime) -> float | None:
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return float(text)
    date = http_date(text)
    return max(0.0, (date - theirs).total_seconds()) if date else None


def _reset(text: str, theirs: datetime) -> float | None:
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return None
    seconds = float(text)
    if seconds < _EPOCH:
        return seconds
    since_1970 = seconds / 1000 if seconds >= _EPOCH * 1000 else seconds
    return max(0.0, since_1970 - theirs.timestamp())


def http_date(text: str) -> datetime | None:
    """Return the aware moment that a header such as `Date` names, or None if it names none."""
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)


def until(now: datetime, wait: float | None) -> datetime | None:
    """Return the moment that is `wait` seconds after `now`."""
    return None if wait is None else now + timedelta(seconds=wait)
