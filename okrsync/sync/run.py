"""A whole sync in this process: a thread per connection, recorded as the answers come in."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from okrsync.sync import steps
from okrsync.sync.ask import Answers, ask_all
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
    ends = run.started + workspace.settings.run_deadline
    for answers in ask_all(workspace, run.plan.asks, run.plan.now, ends):
        steps.record(run, answers)
        recorded(answers)
    return steps.finish(run)
