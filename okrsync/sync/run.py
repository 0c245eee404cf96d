"""A whole sync in this process: a thread per connection, recorded as the answers come in."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Collection, Iterator
from datetime import datetime

from okrsync.sync import steps
from okrsync.sync.ask import Answers
from okrsync.sync.report import SyncReport
from okrsync.sync.steps import Run
from okrsync.sync.workspace import Workspace
from okrsync.vocabulary import Trigger


def sync(
    workspace: Workspace,
    now: datetime | None = None,
    *,
    only: Collection[str] = (),
    due_only: bool = True,
    trigger: Trigger = Trigger.COMMAND,
    begun: Callable[[Run], object] = lambda _: None,
    recorded: Callable[[Answers], object] = lambda _: None,
) -> SyncReport:
    """Plan what is due, ask every connection at once, record what each says, and judge all goals.

    Ends by the deadline of the settings, whatever the sources do; a connection that is not done by then counts
    as timed out. `begun` and `recorded` are told how it goes.
    """
    run = steps.begin(workspace, now, only=only, due_only=due_only, trigger=trigger)
    begun(run)
    for answers in _answers_as_they_come(run, workspace.settings.run_deadline):
        steps.record(run, answers)
        recorded(answers)
    return steps.finish(run)


def _answers_as_they_come(run: Run, deadline: float) -> Iterator[Answers]:
    """Yield each connection's answers, the quickest first, within `deadline` seconds of the run's start.

    The threads are daemons: one that hangs in a driver must not keep the process from ending.
    """
    done: queue.SimpleQueue[Answers] = queue.SimpleQueue()
    waiting = set(run.plan.connections)
    for name in run.plan.connections:
        threading.Thread(
            target=lambda name=name: done.put(steps.ask_connection(run, name)), name=f"ask {name}", daemon=True
        ).start()
    while waiting:
        try:
            answers = done.get(timeout=max(0.0, run.started + deadline - time.monotonic()))
        except queue.Empty:
            yield from (steps.gave_up(run, name, deadline) for name in sorted(waiting))
            return
        waiting.remove(answers.connection)
        yield answers
