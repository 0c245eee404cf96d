from __future__ import annotations

import base64
import json
import pickle
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import text

from okrsync.errors import ExitCode, GoalsError, UnknownName
from okrsync.settings import Settings
from okrsync.sync.workspace import Workspace
from okrsync.views.board import board
from tests.fault_server import reply, silence, then
from tests.flows.prefect_records import eventually, log_lines, tables, task_states
from tests.flows.projects import applied, write_project

pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("prefect")]

CANARY = "c4nary/s3cret+token"
DEALS = """\
  deals: {connection: crm, query: {column: value, row: deals}, window: now}
"""
DEALS_GOAL = """\
      - {id: deals, title: Deals, metric: deals, unit: deals, start: 0, target: 10, cadence: 1 minute}
"""


def crm(source) -> str:
    url = f"{source.url}/deals.csv"
    return f'  crm: {{connector: spreadsheet, url: "{url}", token: "${{CRM_TOKEN}}", allow_private: true}}\n'


@pytest.fixture
def project(tmp_path) -> Path:
    return applied(write_project(tmp_path / "okrs"))


@pytest.fixture
def project_with_crm(tmp_path, source, monkeypatch) -> Path:
    monkeypatch.setenv("CRM_TOKEN", CANARY)
    return applied(write_project(tmp_path / "okrs", crm(source), DEALS, DEALS_GOAL))


def values(project: Path) -> dict[str, str]:
    with Workspace.open(project, Settings()) as workspace:
        return {row.key: str(row.value) for row in board(workspace, datetime.now(UTC)).rows}


def check_ins(project: Path) -> int:
    with Workspace.open(project, Settings()) as workspace, workspace.database.reading() as conn:
        return conn.scalar(text("SELECT count(*) FROM check_in"))


def test_a_flow_run_records_what_the_sources_say_and_shows_it_in_one_table(sync, project):
    state = sync.sync_key_results(str(project), return_state=True)

    assert (state.type.name, state.name) == ("COMPLETED", "Completed")
    assert values(project) == {"visitors": "1204", "signups": "17"}

    run_id = state.state_details.flow_run_id
    ((key, data),) = tables(run_id)
    assert key == "okrsync-sync"
    assert {row["key result"]: (row["value"], row["data state"]) for row in json.loads(data)} == {
        "visitors": ("1204 visitors", "fresh"),
        "signups": ("17 signups", "fresh"),
    }
    assert eventually(lambda: task_states(run_id), bool) == {"ask numbers": ("COMPLETED", "2 answered, 0 not")}
    lines = eventually(lambda: log_lines(run_id), lambda found: any("2 recorded" in line for line in found))
    assert any(line.startswith("numbers: 2 of 2 answered") for line in lines)


def test_the_same_slot_twice_adds_no_check_in_and_leaves_the_last_table(sync, project, monkeypatch):
    for file in (project / "goals").iterdir():
        file.write_text(file.read_text().replace("1 minute", "daily"))
    applied(project)
    sync.sync_as_flow_run(project)
    before = check_ins(project)

    again = sync.sync_key_results(str(project), return_state=True)

    assert again.name == "Completed"
    assert check_ins(project) == before == 2
    assert tables(again.state_details.flow_run_id) == []


def test_a_connection_that_fails_is_a_red_task_and_stops_nobody(sync, project_with_crm, source):
    source.answer("/deals.csv", reply(b"no", "401 Unauthorized"))

    state = sync.sync_key_results(str(project_with_crm), return_state=True)

    assert (state.type.name, state.name) == ("COMPLETED", "Completed with 1 stale")
    assert values(project_with_crm) == {"visitors": "1204", "signups": "17", "deals": "None"}
    tasks = eventually(lambda: task_states(state.state_details.flow_run_id), lambda found: len(found) == 2)
    assert tasks["ask numbers"][0] == "COMPLETED"
    assert tasks["ask crm"][0] == "FAILED"
    assert "auth: " in tasks["ask crm"][1]
    assert "okrsync check crm" in tasks["ask crm"][1]
    ((_, table),) = tables(state.state_details.flow_run_id)
    first = json.loads(table)[0]
    assert (first["key result"], first["data state"]) == ("deals", "stale")
    assert first["reason"].startswith("auth: ")


def test_a_slow_connection_keeps_nobody_waiting(sync, project_with_crm, source):
    seen = []

    def wait_until_the_others_are_recorded(_) -> None:
        seen.append(eventually(lambda: values(project_with_crm), lambda found: found["visitors"] == "1204", 10))

    source.answer("/deals.csv", then(wait_until_the_others_are_recorded, reply(b"name,value\ndeals,7\n")))

    report = sync.sync_as_flow_run(project_with_crm)

    assert seen == [{"visitors": "1204", "signups": "17", "deals": "None"}]
    assert report.exit_code is ExitCode.OK
    assert values(project_with_crm)["deals"] == "7"


def test_a_connection_that_never_answers_ends_with_the_run(sync, project_with_crm, source, monkeypatch):
    monkeypatch.setenv("OKRSYNC_RUN_DEADLINE", "0.5")
    source.answer("/deals.csv", silence)
    started = time.monotonic()

    state = sync.sync_key_results(str(project_with_crm), return_state=True)

    assert time.monotonic() - started < 10
    assert state.name == "Completed past its deadline"
    assert state.result().exit_code is ExitCode.DEADLINE
    assert values(project_with_crm) == {"visitors": "1204", "signups": "17", "deals": "None"}


def test_a_flow_run_fails_when_every_key_result_does_and_still_hands_over_its_report(sync, project):
    (project / "numbers.csv").unlink()

    state = sync.sync_key_results(str(project), return_state=True)

    assert state.type.name == "FAILED"
    assert "2 stale" in state.message
    with pytest.raises(sync.NothingRecorded):
        sync.sync_key_results(str(project))
    report = sync.sync_as_flow_run(project)
    assert report.exit_code is ExitCode.ALL_FAILED
    assert {row.reason for row in report.failed} == {"config"}


def test_a_run_that_starts_before_its_time_waits_for_its_slot(sync, project, monkeypatch):
    scheduled = datetime.now(UTC) + timedelta(seconds=1)
    monkeypatch.setitem(vars(sync.flow_run), "scheduled_start_time", scheduled)

    report = sync.sync_as_flow_run(project)

    assert scheduled <= report.now < scheduled + timedelta(seconds=1)


def test_a_run_whose_time_is_far_off_was_asked_for_now(sync, project, monkeypatch):
    scheduled = datetime.now(UTC) + timedelta(hours=1)
    monkeypatch.setitem(vars(sync.flow_run), "scheduled_start_time", scheduled)

    assert sync.sync_as_flow_run(project).now < scheduled


def test_only_those_that_are_named_are_asked(sync, project):
    report = sync.sync_as_flow_run(project, ["signups"], due_only=False)

    assert [row.key for row in report.rows] == ["signups"]
    with pytest.raises(UnknownName, match="signups"):
        sync.sync_as_flow_run(project, ["signup"])


def test_what_is_wrong_in_the_files_is_said_as_without_prefect(sync, project):
    (project / "okrsync.yaml").write_text("cycle: [")

    with pytest.raises(GoalsError, match=r"okrsync\.yaml"):
        sync.sync_as_flow_run(project)


def test_no_secret_is_anywhere_in_prefects_database(sync, served, project_with_crm, source):
    echo = f"who sends {CANARY}?".encode()
    source.answer("/deals.csv", reply(echo, "401 Unauthorized", WWW_Authenticate=CANARY))

    state = sync.sync_key_results(str(project_with_crm), return_state=True)

    run_id = state.state_details.flow_run_id
    eventually(lambda: log_lines(run_id), lambda found: any("Finished in state Completed" in line for line in found))
    eventually(lambda: task_states(run_id), lambda found: len(found) == 2)
    assert source.requests[0].headers["authorization"] == f"Bearer {CANARY}"
    stored = b"".join(
        file.read_bytes() for file in (served.project / ".okrsync" / "prefect").iterdir() if file.is_file()
    )
    assert b"ask crm" in stored
    assert not [form for form in forms(CANARY) if form in stored]


def forms(secret: str) -> list[bytes]:
    return [secret.encode(), quote(secret, safe="").encode(), base64.b64encode(secret.encode()), secret[:8].encode()]


def test_the_report_of_a_run_without_a_number_travels_between_processes(sync, project):
    (project / "numbers.csv").unlink()
    failed = sync.NothingRecorded(sync.sync_as_flow_run(project))

    again = pickle.loads(pickle.dumps(failed))

    assert (str(again), again.report, again.exit_code) == (str(failed), failed.report, ExitCode.ALL_FAILED)
