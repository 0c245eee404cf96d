"""What a client has requested, for previews and receipts."""

from __future__ import annotations

import threading
from collections import deque

from okrsync.connect.transport.reply import RequestMade

_REMEMBERED = 1000


class Record:
    """The newest requests of a client, oldest first, each with the thread that made it."""

    def __init__(self) -> None:
        self._made: deque[tuple[int, int, RequestMade]] = deque(maxlen=_REMEMBERED)
        self._lock, self._count = threading.Lock(), 0

    def add(self, made: RequestMade) -> None:
        """Remember a request of this thread."""
        with self._lock:
            self._made.append((self._count, threading.get_ident(), made))
            self._count += 1

    def all(self) -> list[RequestMade]:
        """Return what all threads have requested."""
        with self._lock:
            return [made for _, _, made in self._made]

    def mark(self) -> int:
        """Return a mark for `since`: how many requests there were so far."""
        with self._lock:
            return self._count

    def since(self, mark: int) -> list[RequestMade]:
        """Return what *this thread* has requested since `mark`; other threads' requests are not its own."""
        thread = threading.get_ident()
        with self._lock:
            return [made for count, by, made in self._made if count >= mark and by == thread]
