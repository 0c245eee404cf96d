from __future__ import annotations

import signal
import socket
import subprocess
import sys

import pytest

from flows.environment import answers, served_api
from flows.serve import serve
from flows.server import running_server
from okrsync.errors import GoalsError, SchedulerUnavailable
from okrsync.settings import Settings
from okrsync.store.queries import last_runs
from okrsync.sync.workspace import Workspace
from tests.flows.conftest import ROOT, serving
from tests.flows.prefect_records import eventually, flow_runs
from tests.flows.projects import applied, write_project

with_prefect = [pytest.mark.prefect, pytest.mark.xdist_group("prefect")]


def unused(line: str) -> None:
    raise AssertionError(f"nothing was to be told: {line}")


class TestServed:
    """What `serve` does, told by one that runs for the session."""

    pytestmark = with_prefect

    def test_the_schedule_really_produces_a_run_that_records(self, served):
        assert served.scheduled is not None, served.log.read_text()
        assert served.scheduled.state == "Completed"
        with Workspace.open(served.project, Settings()) as workspace, workspace.database.reading() as conn:
            runs = last_runs(conn, 10)
        assert {run.begin.trigger for run in runs} == {"schedule"}
        assert len(runs) >= 2
        assert sum(run.end.recorded for run in runs if run.end) >= 2

    def test_it_catches_up_with_one_sync_at_once(self, served):
        assert [run.state for run in flow_runs() if run.name == "catch-up"][-1] == "Completed"

    def test_a_run_is_told_nothing_but_the_project(self, served):
        assert all(run.parameters["project"] == str(served.project) for run in flow_runs() if run.scheduled)

    def test_it_says_how_the_start_goes_and_where_to_watch(self, served):
        told = served.log.read_text()

        assert "Starting Prefect's server … 0 s" in told
        assert f"Watch it at {served.api.removesuffix('/api')}." in told

    def test_its_files_are_in_the_project_folder_and_none_at_home(self, served):
        assert (served.project / ".okrsync" / "prefect" / "prefect.db").is_file()
        assert not (served.project.parent / "home").exists()

    def test_other_commands_find_its_server(self, served):
        assert served_api(served.project) == served.api

    def test_a_second_one_for_the_same_project_is_refused(self, served):
        with pytest.raises(SchedulerUnavailable, match=f"already runs for this project, at {served.api}"):
            serve(served.project, unused)

    def test_beside_an_api_that_is_configured_it_starts_no_server_and_ends_on_sigterm(self, served, tmp_path):
        project = applied(write_project(tmp_path / "beside"))
        with serving(project, 3600, tmp_path / "home", PREFECT_API_URL=served.api) as (process, log, port):
            assert eventually(lambda: "Syncing every 60 minutes" in log.read_text(), bool, 60), log.read_text()
            assert not answers(f"http://127.0.0.1:{port}/api")

            process.send_signal(signal.SIGTERM)

            assert process.wait(60) == 0
        assert "Traceback" not in log.read_text()
        assert answers(served.api)


def test_a_port_that_is_taken_is_said_before_anything_starts(tmp_path):
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(SchedulerUnavailable, match=r"cannot listen .* choose another with --port"),
        running_server(tmp_path, "127.0.0.1", taken.getsockname()[1], unused),
    ):
        pass


def test_goals_that_are_wrong_keep_the_schedule_from_starting(tmp_path):
    (tmp_path / "okrsync.yaml").write_text("cycle: [")

    with pytest.raises(GoalsError):
        serve(tmp_path, unused)


def test_a_server_ends_with_the_process_that_started_it(tmp_path):
    lifeline = ROOT / "flows" / "lifeline.py"
    (tmp_path / "prefect").mkdir()
    (tmp_path / "prefect" / "__init__.py").touch()
    (tmp_path / "prefect" / "__main__.py").write_text("print('up', flush=True)\nimport time\ntime.sleep(60)\n")
    environ = {"PYTHONPATH": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-P", str(lifeline)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        assert server.stdout.readline() == b"up\n"

        server.stdin.close()

        assert server.wait(10) == -signal.SIGTERM
