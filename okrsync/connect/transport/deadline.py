"""A deadline for a whole exchange, whatever the other side does with its time.

The time limits of the socket library hold for one read each: a source that sends a byte now and then is
never late by them. Here a watchdog shuts the line down when the time is over, and everything that waits
on it ends at once, in headers, body and TLS handshake alike.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from types import TracebackType


class Exchange:
    """One request and its reply on their way; a context manager that ends it after `seconds`.

    `admit` is asked before each connection to an IP address and raises when it must not be made.
    """

    def __init__(self, seconds: float, admit: Callable[[str], None]) -> None:
        self.admit = admit
        self.overdue = False
        self.reused_line = False
        """Whether the request went out on a line kept from an earlier one."""
        self._ends = monotonic() + seconds
        self._lock = threading.Lock()
        self._lines: list[socket.socket] | None = []
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Exchange:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            lines, self._lines = self._lines or [], None
        for line in lines:
            line.close()

    @property
    def seconds_left(self) -> float:
        """Seconds until the end, never quite 0, as a limit for what cannot be shut down."""
        return max(self._ends - monotonic(), 0.001)

    @property
    def holds_line(self) -> bool:
        """Whether a line is under watch already."""
        return bool(self._lines)

    def watch(self, line: socket.socket) -> None:
        """Put `line` under the deadline.

        The watchdog has a descriptor of its own: TLS takes the socket over, and `Connection: close` closes it
        before the body is read, but shutting down works through any descriptor of the line.
        """
        twin = socket.socket(fileno=os.dup(line.fileno()))
        with self._lock:
            if self._lines is not None and not self.overdue:
                self._lines.append(twin)
                return
        twin.close()
        raise TimeoutError

    def _end(self) -> None:
        with self._lock:
            if self._lines is None:
                return
            self.overdue = True
            for line in self._lines:
                with contextlib.suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)


_current: ContextVar[Exchange | None] = ContextVar("exchange", default=None)


@contextmanager
def under_way(exchange: Exchange) -> Iterator[Exchange]:
    """Make `exchange` the one that connections of this thread belong to, and start its time."""
    token = _current.set(exchange)
    try:
        with exchange:
            yield exchange
    finally:
        _current.reset(token)


def current() -> Exchange | None:
    """Return the exchange of this thread."""
    return _current.get()
