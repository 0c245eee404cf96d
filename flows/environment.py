"""Where Prefect keeps its files and which API it talks to, settled before prefect is imported.

Nothing here imports prefect, which costs two seconds: the command line asks these questions every time.
"""

from __future__ import annotations

import json
import os
import ssl
import tomllib
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

DEFAULTS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # Without this, flow runs and what hangs on them are kept for ever; with it, for 90 days.
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    # Prefect's own 20 seconds are too short for a temporary server on a busy machine.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
}
"""What okrsync wants of Prefect where its user says nothing else."""


def settle(project: Path) -> None:
    """Set the environment that prefect reads when it is imported; what the user has set stays as it is.

    With no API configured, Prefect's files go below the project folder, so that neither the home folder is
    littered nor an unwritable one stops a run; and a server that `serve` runs for the project is used.
    """
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    if configured_api() is not None:
        return
    os.environ.setdefault("PREFECT_HOME", str(home(project)))
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_ENABLED", "true")
    if served := served_api(project):
        os.environ["PREFECT_API_URL"] = served


def make_home() -> None:
    """Make the folder that `settle` chose for Prefect's files; to be called before prefect is imported."""
    if chosen := os.environ.get("PREFECT_HOME"):
        _expanded(Path(chosen)).mkdir(parents=True, exist_ok=True)


def home(project: Path) -> Path:
    """Return the folder for Prefect's files of a project."""
    return project.resolve() / ".okrsync" / "prefect"


def configured_api() -> str | None:
    """Return the URL of the API that the user's Prefect is set to, or None.

    Looks, as Prefect does, at the environment, `prefect.toml`, `pyproject.toml` and the active profile.
    """
    if url := os.environ.get("PREFECT_API_URL"):
        return url
    for file, path in (("prefect.toml", ("api", "url")), ("pyproject.toml", ("tool", "prefect", "api", "url"))):
        if url := _text_at(_toml(Path(file)), path):
            return url
    return _api_of_the_profile()


def api_configured() -> bool:
    """Return whether there is an API to run flows against, be it the user's or the project's own."""
    return configured_api() is not None


def api_answers(timeout: float = 2.0) -> bool:
    """Return whether the configured API answers within `timeout` seconds.

    Any answer counts that is not a server's failure: whether it lets us in is for Prefect to find out.
    """
    url = configured_api()
    return url is not None and answers(url, timeout)


def answers(url: str, timeout: float = 2.0) -> bool:
    """Return whether the Prefect API at `url` answers within `timeout` seconds."""
    try:
        parts = urlsplit(url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=timeout)
        try:
            connection.request("GET", f"{parts.path.rstrip('/')}/health")
            return connection.getresponse().status < 500
        finally:
            connection.close()
    except ssl.SSLError:
        return True  # somebody is there; which certificates are good is set in Prefect
    except (OSError, HTTPException, ValueError):
        return False


def note_served_api(project: Path, url: str, pid: int) -> None:
    """Leave word that the process `pid` runs a server for the project, so that other commands use it."""
    _note(project).write_text(json.dumps({"url": url, "pid": pid}), encoding="utf-8")


def forget_served_api(project: Path) -> None:
    """Take that word back."""
    _note(project).unlink(missing_ok=True)


def served_api(project: Path) -> str | None:
    """Return the URL of the API that `serve` runs for the project right now, or None."""
    try:
        note = json.loads(_note(project).read_text(encoding="utf-8"))
        url, pid = str(note["url"]), int(note["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return url if _alive(pid) else None


def _note(project: Path) -> Path:
    return home(project) / "served.json"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _api_of_the_profile() -> str | None:
    folder = Path(os.environ.get("PREFECT_HOME") or "~/.prefect")
    profiles = _toml(_expanded(Path(os.environ.get("PREFECT_PROFILES_PATH") or folder / "profiles.toml")))
    active = os.environ.get("PREFECT_PROFILE") or _text_at(profiles, ("active",))
    return _text_at(profiles, ("profiles", active, "PREFECT_API_URL")) if active else None


def _expanded(path: Path) -> Path:
    with suppress(RuntimeError):  # no home folder
        return path.expanduser()
    return path


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _text_at(table: Any, path: tuple[str, ...]) -> str | None:
    for key in path:
        table = table.get(key) if isinstance(table, dict) else None
    return table if isinstance(table, str) and table else None
