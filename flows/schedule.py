"""The schedule as a Prefect deployment, and the runner that keeps it."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from pathlib import Path

from prefect.deployments import arun_deployment
from prefect.deployments.runner import RunnerDeployment
from prefect.runner import Runner
from prefect.schedules import Interval
from prefect.types.entrypoint import EntrypointType

from .leftovers import clear_away
from .rhythm import Beat
from .server import Tell
from .sync import sync_key_results


def keep(project: Path, rhythm: tuple[Beat, ...], tell: Tell, *, alone: bool) -> None:
    """Sync on every beat until SIGTERM or SIGINT, and once right away.

    With `alone`, nobody else can be at work on the project's deployment, and what an earlier schedule left
    behind unfinished is closed.
    """
    asyncio.run(_keep(project, rhythm, tell, alone=alone))


async def _keep(project: Path, rhythm: tuple[Beat, ...], tell: Tell, *, alone: bool) -> None:
    interrupted = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, interrupted.set)
    # One sync at a time, by this runner's own word: a limit of the deployment would outlive a killed run.
    runner = _Runner(name="okrsync", pause_on_shutdown=False, limit=1)
    deployment = await runner.aadd_deployment(await _deployment(project, rhythm))
    if alone:
        await clear_away(deployment)
    await arun_deployment(deployment, timeout=0, flow_run_name="catch-up")
    tell(f"Syncing {_every(rhythm)}, and once now.")
    await _run_until(interrupted, runner)


async def _run_until(interrupted: asyncio.Event, runner: Runner) -> None:
    """Run until interrupted; a sync under way is cancelled then, and Prefect told so."""
    running = asyncio.create_task(runner.start())
    waiting = asyncio.create_task(interrupted.wait())
    await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if runner.started:
        await runner.astop()
    elif not running.done():
        running.cancel()
    with suppress(asyncio.CancelledError):
        await running


class _Runner(Runner):
    """A runner that leaves SIGTERM to us: Prefect's own way leaves a sync under way `Running` for ever."""

    def handle_sigterm(self, *_: object, **__: object) -> None:
        """Do nothing."""


async def _deployment(project: Path, rhythm: tuple[Beat, ...]) -> RunnerDeployment:
    return await sync_key_results.ato_deployment(
        project.name,
        schedules=[Interval(beat.interval, anchor_date=beat.anchor) for beat in rhythm],
        parameters={"project": str(project)},
        entrypoint_type=EntrypointType.MODULE_PATH,
    )


def _every(rhythm: tuple[Beat, ...]) -> str:
    return " and ".join(sorted({f"every {beat.interval.total_seconds() / 60:g} minutes" for beat in rhythm}))
