"""Several pieces of work at once, none of which can keep the others, or the process, from ending."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")
Done = queue.SimpleQueue[tuple[str, Future[T]]]

_PREFIX = "ask "


def at_once(
    work: Callable[[str], T], names: Iterable[str], ends: float | None = None, most: int | None = None
) -> Iterator[tuple[str, T | None]]:
    """Call `work` with every one of `names` at once; yield each name with what came of it, the quickest first.

    At most `most` are under way at a time; None: all. What is not done when `time.monotonic()` says `ends` is left
    behind, and None stands for it. What `work` raises is raised here, and nothing more is begun then, nor once the
    caller stops listening. The threads are daemons: one that hangs in a driver must not keep the process from ending.
    They see the context variables of the caller.
    """
    done: Done[T] = queue.SimpleQueue()
    ahead = deque(dict.fromkeys(names))
    under_way: dict[str, None] = {}
    while ahead or under_way:
        while ahead and (most is None or len(under_way) < most):
            under_way[ahead[0]] = None
            _begin(work, ahead.popleft(), done)
        try:
            name, outcome = done.get(timeout=None if ends is None else max(0.0, ends - time.monotonic()))
        except queue.Empty:
            yield from ((name, None) for name in (*under_way, *ahead))
            return
        del under_way[name]
        yield name, outcome.result()


def _begin(work: Callable[[str], T], name: str, done: Done[T]) -> None:
    run, steps = copy_context().run, (_do, work, name, done)
    threading.Thread(target=run, args=steps, name=_PREFIX + name, daemon=True).start()


def _do(work: Callable[[str], T], name: str, done: Done[T]) -> None:
    outcome: Future[T] = Future()
    try:
        outcome.set_result(work(name))
    except BaseException as error:  # noqa: BLE001 - raised again where the outcome is waited for
        outcome.set_exception(error)
    done.put((name, outcome))


def left_behind() -> bool:
    """Say whether work of this process hangs that nobody waits for any more."""
    return any(thread.name.startswith(_PREFIX) for thread in threading.enumerate())
