import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import okrsync
from okrsync.demo import service
from okrsync.demo.marker import NoDemo


@pytest.fixture
def folder(demo):
    yield demo.folder
    service.stop(demo.folder)


def port_in_settings(folder):
    settings = yaml.safe_load((folder / "okrsync.yaml").read_text())
    return int(settings["connections"]["crm"]["base_url"].rpartition(":")[2])


def test_runs_on_its_own_until_it_is_stopped(folder):
    started = service.start(folder)

    assert service.running(folder) == started == service.ensure_running(folder)
    assert started.port == port_in_settings(folder)
    assert service.stop(folder)
    assert service.running(folder) is None
    assert not service.stop(folder)


def test_moves_to_another_port_where_its_own_is_taken_and_the_settings_follow(folder):
    before = port_in_settings(folder)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", before))
        taken.listen()
        moved = service.ensure_running(folder)

    assert moved.port != before
    assert moved.port == port_in_settings(folder)


def test_the_crm_of_another_folder_is_not_taken_for_ours(folder, written):
    running = service.start(folder)
    marker = written.folder / ".okrsync-demo.json"
    kept = marker.read_text()
    marker.write_text(kept.replace(str(written.port), str(running.port)))

    found = service.running(written.folder)

    marker.write_text(kept)
    assert found is None


def test_a_service_that_cannot_start_says_where_to_look(folder, monkeypatch):
    monkeypatch.setattr(service.crm, "__file__", str(folder / "missing.py"))

    with pytest.raises(service.ServiceDidNotStart, match=r"service\.log"):
        service.start(folder)


def test_ends_by_itself(folder):
    command = [sys.executable, "-m", "okrsync.demo.crm", str(folder), "--for", "0.1"]

    ended = subprocess.run(
        command, cwd=Path(okrsync.__file__).parents[1], capture_output=True, text=True, timeout=60, check=True
    )

    assert "answers on http://127.0.0.1:" in ended.stdout


def test_a_folder_that_is_no_demo_has_no_service(tmp_path):
    with pytest.raises(NoDemo, match="no demo folder"):
        service.start(tmp_path)
