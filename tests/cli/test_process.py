"""The command as a process: colours, pipes, logs, deadlines, and secrets that do not get out."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from okrsync.errors import ExitCode
from tests.cli.conftest import CENTURY, CHECKOUT
from tests.fault_server import reply, silence

CANARY = "c4nary/s3cret+token="
FORMS = (CANARY, quote(CANARY, safe=""), base64.b64encode(CANARY.encode()).decode(), json.dumps(CANARY)[1:-1])


@pytest.fixture
def crm(local_project, server, monkeypatch):
    """A key result on an HTTP service with a token, and one on a csv file; applied."""
    monkeypatch.setenv("CRM_TOKEN", CANARY)
    server.answer("/deals", reply({"total": 4}))
    local_project.numbers(leads=8)
    return local_project.write(
        cycle=CENTURY,
        connections="numbers: {connector: spreadsheet, path: numbers.csv}\n"
        f'crm: {{connector: http, base_url: "{server.url}", bearer: "${{CRM_TOKEN}}", check: /deals}}',
        metrics="deals: {connection: crm, query: {path: /deals, value: total}}\n"
        "leads: {connection: numbers, query: {column: value, row: leads}}",
        key_results="""
        - {id: deals, title: Deals, metric: deals, unit: deals, start: 0, target: 10}
        - {id: leads, title: Leads, metric: leads, unit: leads, start: 0, target: 10}
        """,
    ).apply(datetime.now(UTC))


def test_a_pipe_gets_no_colour_and_no_progress_bar(okrsync_process, crm):
    synced = okrsync_process("sync", within=crm)
    shown = okrsync_process("status", within=crm)

    assert (synced.code, shown.code) == (ExitCode.OK, ExitCode.OK)
    for text in (synced.out, synced.err, shown.out, shown.err):
        assert "\x1b" not in text
    assert synced.err.splitlines() == ["No Prefect API is configured: syncing in this process."]


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_a_reader_that_leaves_early_is_no_error(crm, form):
    crm.sync(datetime.now(UTC))
    command = [sys.executable, "-m", "okrsync", "status", "--format", form]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "OKRSYNC_DATABASE_URL": crm.database_url}
    reading, writing = os.pipe()
    os.close(reading)

    ended = subprocess.run(
        command, cwd=crm.folder, env=environment, stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)

    assert (ended.returncode, ended.stderr) == (ExitCode.OK, "")


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_output_holds_the_secret_also_with_everything_logged(okrsync_process, crm, server, form):
    server.answer("/deals", reply({"error": f"bad token {CANARY}"}, f"401 {CANARY}", X_Echo=CANARY))
    said = ""
    for command in ("check", "plan", "sync", "sync --format json", "status", "explain deals", "preview deals", "lint"):
        ended = okrsync_process(*command.split(), within=crm, OKRSYNC_LOG_LEVEL="DEBUG", OKRSYNC_LOG_FORMAT=form)
        assert ended.code in (ExitCode.OK, ExitCode.SOME_FAILED, ExitCode.ALL_FAILED), (command, ended.err)
        said += ended.out + ended.err

    assert [form for form in FORMS if form in said] == []
    assert "CRM_TOKEN" in said
    assert "DEBUG" in said


def test_json_logs_are_an_object_per_line_with_what_a_collector_needs(okrsync_process, crm, server):
    server.answer("/deals", reply({}, "404 Not Found"))

    ended = okrsync_process("sync", within=crm, OKRSYNC_LOG_LEVEL="INFO", OKRSYNC_LOG_FORMAT="json")

    lines = [json.loads(line) for line in ended.err.splitlines() if line.startswith("{")]
    by_event = {(line["event"], line.get("connection")): line for line in lines}
    failed = by_event["connection_asked", "crm"]
    assert datetime.fromisoformat(failed["ts"]).tzinfo is not None
    assert (failed["level"], failed["reason"], failed["answered"], failed["requests"]) == ("ERROR", "query", 0, 1)
    assert by_event["connection_asked", "numbers"]["level"] == "INFO"
    run = by_event["run_ended", None]
    assert (run["exit_code"], run["recorded"], run["failed"]) == (3, 1, 1)
    assert run["run_id"] == failed["run_id"]
    assert isinstance(run["duration_ms"], int)


def test_logs_for_people_are_lines_and_only_of_what_matters(okrsync_process, crm, server):
    server.answer("/deals", reply({}, "404 Not Found"))

    ended = okrsync_process("sync", within=crm)

    logged = [line for line in ended.err.splitlines() if "okrsync.sync" in line]
    assert len(logged) == 1
    assert " ERROR okrsync.sync.events: crm: 0 of 1 answered; query: " in logged[0]


def test_a_source_that_hangs_does_not_keep_the_process_from_ending(okrsync_process, crm, server):
    server.answer("/deals", silence)

    ended = okrsync_process("sync", "--format", "json", within=crm, OKRSYNC_RUN_DEADLINE="1")

    assert ended.code == ExitCode.DEADLINE
    rows = {row["key"]: row for row in ended.json()["key_results"]}
    assert (rows["leads"]["outcome"], rows["deals"]["reason"]) == ("recorded", "timeout")
    assert "Traceback" not in ended.err


def test_a_source_that_hangs_for_good_is_left_behind(okrsync_process, local_project):
    local_project.tell(deals={"value": "1", "seconds": 600})
    local_project.write(
        cycle=CENTURY,
        connections=local_project.told,
        metrics="deals: {connection: told, query: {what: deals}}",
        key_results="- {id: deals, title: Deals, metric: deals, unit: deals, start: 0, target: 10}",
    ).apply(datetime.now(UTC))

    ended = okrsync_process("sync", within=local_project, OKRSYNC_RUN_DEADLINE="0.5")

    assert ended.code == ExitCode.DEADLINE
    assert "stale (timeout): told: no answer when the run reached its deadline of 0.5 s" in ended.out


def test_the_same_folder_on_postgresql_gives_the_same_board(okrsync_process, crm, postgresql_url):
    boards = []
    for url in (crm.database_url, postgresql_url):
        crm.database_url = url
        assert okrsync_process("apply", within=crm).code == ExitCode.OK
        assert okrsync_process("sync", within=crm).code == ExitCode.OK
        boards.append(okrsync_process("status", "--format", "json", within=crm).json())

    for board in boards:
        del board["at"]
        for row in board["key_results"]:
            # These follow the clock between two commands.
            for name in ("as_of", "age", "expected", "pace", "rule"):
                del row[name]
    assert boards[0] == boards[1]
    assert {row["key"]: row["value"] for row in boards[0]["key_results"]} == {"deals": 4, "leads": 8}
