# ruff: noqa: PLC0415 - prefect is imported where there is an API for it, and not at all with -m "not prefect"
from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from flows import environment
from tests.fault_server import FaultServer, running
from tests.flows.prefect_records import FlowRunRecord, eventually, flow_runs, pause
from tests.flows.projects import applied, write_project

ROOT = Path(__file__).parents[2]
SERVE = """
import sys
from datetime import timedelta
from pathlib import Path
from flows.rhythm import Beat
from flows.serve import serve

folder, port, seconds = sys.argv[1:]
serve(Path(folder), lambda line: print(line, flush=True), port=int(port),
      beats=(Beat(timedelta(seconds=int(seconds)), timedelta()),))
"""
A_SERVER_STARTS_WITHIN = 180.0
"""Seconds; 10 on a quiet machine."""


@dataclass(frozen=True)
class Served:
    """A project that `serve` runs for the session: a real server, and a real schedule."""

    project: Path
    process: subprocess.Popen[str]
    log: Path
    api: str
    scheduled: FlowRunRecord | None
    """The first run that the schedule, and nobody else, set going and that has ended."""


@contextmanager
def serving(project: Path, seconds: int, home: Path, **more: str) -> Iterator[tuple[subprocess.Popen[str], Path, int]]:
    """Run `serve` as a person would, a sync every few seconds; yield its process, its output and its port."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environ |= {"HOME": str(home), "PYTHONPATH": str(ROOT), **more}
    log, port = project.parent / "serve.log", free_port()
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", SERVE, str(project), str(port), str(seconds)],
            cwd=project, env=environ, stdout=output, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
    try:
        yield process, log, port
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(60)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture(scope="session")
def served(tmp_path_factory) -> Iterator[Served]:
    """A project that is served; once its schedule has produced a run it is paused, to leave the machine to others."""
    folder = tmp_path_factory.mktemp("served")
    project = applied(write_project(folder / "okrs"))
    for name in ("flows", "okrsync"):  # a person's own, in the folder where `serve` is called
        (project / name).mkdir()
        (project / name / "__init__.py").write_text("raise ImportError('this is not ours')")
    with serving(project, seconds=10, home=folder / "home") as (process, log, port):
        api = f"http://127.0.0.1:{port}/api"
        assert eventually(lambda: environment.answers(api), bool, A_SERVER_STARTS_WITHIN), log.read_text()
        with _talking_to(api, folder):
            ended = eventually(lambda: [run for run in flow_runs() if run.scheduled and run.ended], bool, 120)
            pause("sync-key-results/okrs")
            yield Served(project, process, log, api, next(iter(ended), None))


@contextmanager
def _talking_to(api: str, folder: Path) -> Iterator[None]:
    """Have Prefect in this process talk to `api`, with heartbeats off, which cost a second per flow run."""
    os.environ.update(environment.DEFAULTS, PREFECT_HOME=str(folder / "prefect"))
    from prefect.logging.handlers import APILogHandler
    from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    with temporary_settings({PREFECT_API_URL: api, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield
        APILogHandler().flush()


@pytest.fixture
def sync(served) -> ModuleType:
    """The flow's module, imported once there is an API for it."""
    from flows import sync

    return sync


@pytest.fixture
def source() -> Iterator[FaultServer]:
    yield from running()
