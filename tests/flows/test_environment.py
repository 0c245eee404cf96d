from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from flows import environment
from flows.environment import api_answers, api_configured, configured_api, note_served_api, served_api, settle

ELSEWHERE = "http://prefect.example.com:4200/api"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch, tmp_path) -> None:
    for name in list(os.environ):
        if name.startswith("PREFECT_") or name == "DO_NOT_TRACK":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "stands").mkdir()
    monkeypatch.chdir(tmp_path / "stands")
    monkeypatch.setattr(os, "environ", os.environ.copy())


@pytest.fixture
def project(tmp_path) -> Path:
    environment.home(tmp_path).mkdir(parents=True)
    return tmp_path


def test_without_an_api_prefect_lives_in_the_project_folder_and_tells_nobody(project):
    settle(project)

    assert os.environ["PREFECT_HOME"] == str(project / ".okrsync" / "prefect")
    assert os.environ["DO_NOT_TRACK"] == "1"
    assert os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert "flow_runs" in os.environ["PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED"]
    assert not api_configured()


def test_what_the_user_has_set_stays(project):
    os.environ.update(PREFECT_HOME="/srv/prefect", PREFECT_SERVER_ANALYTICS_ENABLED="true")

    settle(project)

    assert os.environ["PREFECT_HOME"] == "/srv/prefect"
    assert os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] == "true"


def test_an_api_in_the_environment_is_used_and_prefect_stays_at_home(project):
    os.environ["PREFECT_API_URL"] = ELSEWHERE

    settle(project)

    assert configured_api() == ELSEWHERE
    assert "PREFECT_HOME" not in os.environ


@pytest.mark.parametrize(
    ("file", "text"),
    [
        pytest.param("stands/prefect.toml", f'[api]\nurl = "{ELSEWHERE}"\n', id="prefect.toml"),
        pytest.param("stands/pyproject.toml", f'[tool.prefect.api]\nurl = "{ELSEWHERE}"\n', id="pyproject.toml"),
        pytest.param(
            "home/.prefect/profiles.toml",
            f'active = "team"\n[profiles.team]\nPREFECT_API_URL = "{ELSEWHERE}"\n[profiles.other]\n',
            id="the active profile",
        ),
    ],
)
def test_an_api_that_is_set_in_a_file_is_found(tmp_path, project, file, text):
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)

    settle(project)

    assert configured_api() == ELSEWHERE
    assert "PREFECT_HOME" not in os.environ


@pytest.mark.parametrize("text", ["not toml [", 'active = "ephemeral"\n[profiles.ephemeral]\n', "profiles = 3\n"])
def test_a_profile_without_an_api_is_none(tmp_path, text):
    (tmp_path / "home" / ".prefect").mkdir(parents=True)
    (tmp_path / "home" / ".prefect" / "profiles.toml").write_text(text)

    assert not api_configured()


def test_the_profile_is_the_one_that_the_environment_names(tmp_path):
    (tmp_path / "profiles.toml").write_text(f'active = "a"\n[profiles.a]\n[profiles.b]\nPREFECT_API_URL="{ELSEWHERE}"')
    os.environ["PREFECT_PROFILES_PATH"] = str(tmp_path / "profiles.toml")

    assert configured_api() is None

    os.environ["PREFECT_PROFILE"] = "b"
    assert configured_api() == ELSEWHERE


def test_a_server_that_runs_for_the_project_is_used(project):
    note_served_api(project, "http://127.0.0.1:4299/api", os.getpid())

    settle(project)

    assert configured_api() == "http://127.0.0.1:4299/api"


def test_a_note_that_a_killed_server_left_behind_is_not_believed(project):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    note_served_api(project, "http://127.0.0.1:4299/api", gone.pid)

    settle(project)

    assert served_api(project) is None
    assert not api_configured()


@pytest.mark.parametrize("note", ["", "{", "[]", '{"url": 1}', '{"url": "x", "pid": "y"}'])
def test_a_note_that_cannot_be_read_is_none(project, note):
    (environment.home(project) / "served.json").write_text(note)

    assert served_api(project) is None


def test_a_server_that_is_down_is_known_at_once(project):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{port}/api"

    started = time.monotonic()

    assert api_configured()
    assert not api_answers()
    assert time.monotonic() - started < 1


def test_a_server_that_takes_the_call_and_says_nothing_is_known_in_time(project):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{silent.getsockname()[1]}/api"
        started = time.monotonic()

        assert not api_answers(timeout=0.2)
        assert time.monotonic() - started < 2


@pytest.mark.parametrize("url", ["nonsense", "http://", "http://[::1/api", "http://127.0.0.1:port/api"])
def test_an_address_that_is_none_does_not_answer(url):
    os.environ["PREFECT_API_URL"] = url

    assert not api_answers()


@pytest.mark.parametrize(
    ("status", "there"),
    [
        pytest.param(200, True, id="well"),
        pytest.param(401, True, id="it wants credentials, which are Prefect's business"),
        pytest.param(503, False, id="it is there and cannot serve"),
    ],
)
def test_what_counts_as_an_answer(api, status, there):
    api.status = status
    os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{api.server_port}/api/"

    assert api_answers() is there
    assert api.asked == ["/api/health"]


class _Api(ThreadingHTTPServer):
    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: list[str] = []


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def api() -> Iterator[_Api]:
    with _Api() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_none_of_it_needs_prefect():
    code = "import sys, flows.environment, flows.serve, flows.server; print('prefect' in sys.modules)"

    said = subprocess.check_output([sys.executable, "-c", code], env={"PYTHONPATH": os.pathsep.join(sys.path)})

    assert said == b"False\n"
