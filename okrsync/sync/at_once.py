"""Several pieces of work at once, none of which can keep the others, or the process, from ending."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TypeVar

T = TypeVar("T")

_PREFIX = "ask "


def at_once(work: Callable[[str], T], names: Iterable[str], ends: float) -> Iterator[tuple[str, T | None]]:
    """Call `work` with every one of `names` at once; yield each name with what came of it, the quickest first.

    What is not done when `time.monotonic()` says `ends` is left behind, and None stands for it. `work` must not
    raise. The threads are daemons: one that hangs in a driver must not keep the process from ending.
    """
    done: queue.SimpleQueue[tuple[str, T]] = queue.SimpleQueue()
    waiting = dict.fromkeys(names)
    for name in waiting:
        target = partial(_do, work, name, done)
        threading.Thread(target=target, name=_PREFIX + name, daemon=True).start()
    while waiting:
        try:
            name, result = done.get(timeout=max(0.0, ends - time.monotonic()))
        except queue.Empty:
            yield from ((name, None) for name in waiting)
            return
        del waiting[name]
        yield name, result


def _do(work: Callable[[str], T], name: str, done: queue.SimpleQueue[tuple[str, T]]) -> None:
    done.put((name, work(name)))


def left_behind() -> bool:
    """Say whether work of this process hangs that nobody waits for any more."""
    return any(thread.name.startswith(_PREFIX) for thread in threading.enumerate())
