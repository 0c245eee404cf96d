"""Server and schedule on one machine, in one command."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import chdir, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from okrsync.errors import SchedulerUnavailable
from okrsync.okrs.project import load_project

from .environment import configured_api, home, served_api, settle
from .rhythm import Beat, beats_of
from .server import Tell, running_server, wait_for


def serve(
    project: Path, tell: Tell, host: str = "127.0.0.1", port: int = 4200, beats: tuple[Beat, ...] | None = None
) -> None:
    """Sync the project on its schedule until SIGTERM or SIGINT, and once right away.

    Where the user's Prefect has no API to talk to, its server runs beside the schedule, on `host` and `port`,
    with its files in the project folder. `tell` takes lines on how that goes. `beats` are those that the
    cadences need, unless given; they are settled once: after a change of cadences, start it again.

    To be called from the main thread, before prefect is imported. Raises `GoalsError` and
    `SchedulerUnavailable`; nothing runs then.
    """
    project = project.resolve()
    if running := served_api(project):
        raise SchedulerUnavailable(f"okrsync serve already runs for this project, at {running}", "use it, or end it")
    rhythm = beats or beats_of(load_project(project), datetime.now(UTC))
    settle(project)
    url = configured_api()
    with suppress(KeyboardInterrupt), _interrupted_by_sigterm():
        if url is None:
            with running_server(project, host, port, tell) as own:
                _keep_the_schedule(project, own, rhythm, tell, alone=True)
        else:
            wait_for(url, tell)
            _keep_the_schedule(project, url, rhythm, tell, alone=False)


def _keep_the_schedule(project: Path, url: str, rhythm: tuple[Beat, ...], tell: Tell, *, alone: bool) -> None:
    os.environ["PREFECT_API_URL"] = url
    from .schedule import keep  # noqa: PLC0415 - Prefect reads the environment once, when it is imported

    with _standing_apart(project):
        keep(project, rhythm, lambda line: tell(f"{line} Watch it at {url.removesuffix('/api')}."), alone=alone)


@contextmanager
def _standing_apart(project: Path) -> Iterator[None]:
    """Stand where there is no code: Prefect imports from the folder that a run starts in before any other.

    A person's own `flows` or `okrsync` folder would be taken for ours.
    """
    if secrets := os.environ.get("OKRSYNC_SECRETS_DIR"):
        os.environ["OKRSYNC_SECRETS_DIR"] = str(Path(secrets).absolute())
    home(project).mkdir(parents=True, exist_ok=True)
    with chdir(home(project)):
        yield


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """Have a SIGTERM end us as Ctrl-C does, so that the server ends with us."""

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
