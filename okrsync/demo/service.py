"""Starts and stops the demo's CRM as a process of its own, so that `okrsync sync` finds it after the demo ended."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from okrsync.demo import crm
from okrsync.demo.marker import Marker
from okrsync.errors import OkrsyncError

RUNS_FOR = 3600
"""Seconds after which a started service ends by itself."""
_STARTS_WITHIN = 15.0
_STOPS_WITHIN = 5.0
_PAUSE = 0.05
_LOG = Path("crm") / "service.log"


class ServiceDidNotStart(OkrsyncError):
    """The demo's CRM does not answer."""


@dataclass(frozen=True)
class Running:
    """The CRM of a demo folder, answering on `port` of 127.0.0.1 as process `pid`."""

    port: int
    pid: int


def start(folder: Path, seconds: float = RUNS_FOR) -> Running:
    """Start the CRM of a demo folder and return once it answers; raises `ServiceDidNotStart`.

    Its port is the one in `okrsync.yaml`. Where another program has taken that meanwhile, the service moves to a
    free one and `okrsync.yaml` is changed with it.
    """
    port = _settle_port(folder)
    command = [sys.executable, "-I", crm.__file__, str(folder.resolve()), "--port", str(port), "--for", str(seconds)]
    with (folder / _LOG).open("ab") as log:
        process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=folder
        )
    deadline = time.monotonic() + _STARTS_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        if (found := running(folder)) and found.pid == process.pid:
            process.returncode = 0  # it outlives us on purpose; without this Python warns that nobody waited for it
            return found
        time.sleep(_PAUSE)
    raise ServiceDidNotStart("the demo's CRM did not start", hint=f"look into {folder / _LOG}")


def running(folder: Path) -> Running | None:
    """Return the CRM of this very folder if it answers on its port."""
    port = Marker.read(folder).port
    connection = http.client.HTTPConnection(crm.HOST, port, timeout=2)
    try:
        token = (folder / crm.TOKEN_FILE).read_text(encoding="utf-8").strip()
        connection.request("GET", "/v1/me", headers={"Authorization": f"Bearer {token}"})
        reply = connection.getresponse()
        if reply.status != http.client.OK:
            return None
        return Running(port, int(json.loads(reply.read())["process"]))
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def ensure_running(folder: Path, seconds: float = RUNS_FOR) -> Running:
    """Return the CRM of the folder, started if it does not answer."""
    return running(folder) or start(folder, seconds)


def stop(folder: Path) -> bool:
    """End the CRM of the folder and wait until its port is silent; return whether there was one to end."""
    found = running(folder)
    if not found:
        return False
    with suppress(ProcessLookupError):
        os.kill(found.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOPS_WITHIN
    while running(folder) and time.monotonic() < deadline:
        time.sleep(_PAUSE)
    return True


def _settle_port(folder: Path) -> int:
    marker = Marker.read(folder)
    if is_free(marker.port):
        return marker.port
    moved = marker.moved_to(free_port())
    settings = folder / "okrsync.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace(f"{crm.HOST}:{marker.port}", f"{crm.HOST}:{moved.port}"), encoding="utf-8")
    moved.write(folder)
    return moved.port


def is_free(port: int) -> bool:
    """Return whether nothing listens on `port` of loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((crm.HOST, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """Return a port of loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((crm.HOST, 0))
        return int(probe.getsockname()[1])
