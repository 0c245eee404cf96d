"""Prefect's server as a child process: started, waited for, and ended with us."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from okrsync.errors import SchedulerUnavailable

from .environment import answers, forget_served_api, home, note_served_api

STARTS_WITHIN = 180.0
"""Seconds. 10 to 25 are usual; a busy machine takes its time."""

ENDS_WITHIN = 15.0
"""Seconds that the server gets to end by itself."""

Tell = Callable[[str], None]
"""Takes a line that tells a person how things go."""


@contextmanager
def running_server(project: Path, host: str, port: int, tell: Tell) -> Iterator[str]:
    """Run Prefect's server with its files in the project folder, and yield the URL of its API.

    Raises `SchedulerUnavailable` when it cannot be started. Ends it when the context ends, and the server
    ends by itself when this process is killed.
    """
    _require_free(host, port)
    url = f"http://{_reachable(host)}:{port}/api"
    home(project).mkdir(parents=True, exist_ok=True)
    log = home(project) / "server.log"
    server = _start(host, port, log)
    try:
        _wait_until_it_answers(server, url, log, tell)
        note_served_api(project, url, os.getpid())
        yield url
    finally:
        forget_served_api(project)
        _end(server)


def wait_for(url: str, tell: Tell, patience: float = 60.0) -> None:
    """Wait until the API at `url`, which somebody else runs, answers; raises `SchedulerUnavailable`."""
    started = time.monotonic()
    while not answers(url):
        if time.monotonic() - started > patience:
            raise SchedulerUnavailable(
                f"the Prefect API at {_host_of(url)} does not answer", "start it, or unset PREFECT_API_URL"
            )
        tell(f"Waiting for the Prefect API at {_host_of(url)} …")
        time.sleep(2)


def _start(host: str, port: int, log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", str(Path(__file__).with_name("lifeline.py")), "server", "start"]
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - our own interpreter
            [*command, "--host", host, "--port", str(port), "--analytics-off"],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for us: the schedule has to end before the server does.
            start_new_session=True,
        )


def _wait_until_it_answers(server: subprocess.Popen[bytes], url: str, log: Path, tell: Tell) -> None:
    started = time.monotonic()
    told = 0
    while not answers(url):
        waited = time.monotonic() - started
        if server.poll() is not None:
            raise SchedulerUnavailable(f"Prefect's server ended at once: {_last_words(log)}", f"see {log}")
        if waited > STARTS_WITHIN:
            raise SchedulerUnavailable(f"Prefect's server did not answer within {STARTS_WITHIN:.0f} s", f"see {log}")
        if waited >= told:
            tell(f"Starting Prefect's server … {waited:.0f} s (usually 10 to 25)")
            told += 5
        time.sleep(0.25)


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(ENDS_WITHIN)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    if server.stdin:
        server.stdin.close()


def _require_free(host: str, port: int) -> None:
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, proto) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise SchedulerUnavailable(
            f"Prefect's server cannot listen on {host}:{port}: {error.strerror}", "choose another with --port"
        ) from None


def _reachable(host: str) -> str:
    """Return the name by which this machine reaches a server that listens on `host`."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - nothing is bound here
    return f"[{name}]" if ":" in name else name


def _host_of(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _last_words(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
