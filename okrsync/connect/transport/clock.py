"""Time as the transport sees it, in one place, so that a test can put its own there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Clock:
    """Waiting, measuring, and telling the time.

    `monotonic` and `sleep` are in seconds; `now` is aware UTC and serves only to read and say until when a
    source wants to be left alone, and to date what is signed for it.
    """

    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


_real = Clock()


def system_clock() -> Clock:
    """Return the clock of this process."""
    return _real


@contextmanager
def replaced_by(clock: Clock) -> Iterator[None]:
    """Make `clock` the clock of this process, for clients that are made within: one on which waiting costs nothing."""
    global _real  # noqa: PLW0603 - there is one clock, and this is its place
    before, _real = _real, clock
    try:
        yield
    finally:
        _real = before
