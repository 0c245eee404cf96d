"""Every command: what it prints, what it refuses, and what it ends with."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from okrsync.cli.main import COMMANDS
from okrsync.errors import ExitCode
from okrsync.store.schema import HEAD


@pytest.mark.parametrize("command", [*COMMANDS, "db upgrade", "db current", "connector list", "connector show"])
def test_every_command_has_a_help_that_needs_no_project(okrsync, command, tmp_path):
    ended = okrsync(*command.split(), "--help", within=tmp_path)

    assert ended.code == ExitCode.OK
    assert ended.out.startswith(f"Usage: okrsync {command}")


def test_the_help_of_a_command_says_what_the_list_of_commands_says(okrsync):
    listed = okrsync("--help").out

    for command, (_, text) in COMMANDS.items():
        own = okrsync(command, "--help").out
        assert command in listed
        assert text.split()[0] in own


def test_lint_counts_what_there_is_and_needs_no_database(okrsync, shop):
    ended = okrsync("lint", within=shop)

    assert ended.code == ExitCode.OK
    assert "2 key results, 1 KPI, 3 metrics on 1 connection: no findings." in ended.out


def test_init_writes_a_folder_that_lints_and_can_be_synced(okrsync, tmp_path):
    assert okrsync("init", "okrs", within=tmp_path).code == ExitCode.OK

    for command in ("lint", "plan", "apply", "sync", "status"):
        ended = okrsync(command, within=tmp_path / "okrs")
        assert ended.code == ExitCode.OK, (command, ended.err)
    again = okrsync("init", "okrs", within=tmp_path)
    assert again.code == ExitCode.USAGE
    assert "is there already" in again.err


def test_plan_shows_changes_and_live_values_and_apply_makes_them_so(okrsync, shop):
    planned = okrsync("plan", "--format", "json", within=shop)
    shown = okrsync("plan", within=shop)
    applied = okrsync("apply", within=shop)
    again = okrsync("apply", within=shop)

    assert {code.code for code in (planned, shown, applied, again)} == {ExitCode.OK}
    document = planned.json()
    assert {change["kind"] for change in document["changes"]} == {"added"}
    assert {one["key"]: one["value"] for one in document["key_results"]} == {
        "deals": Decimal("4.5"),
        "leads": 8,
        "churn": 2,
    }
    assert "+ key result deals" in shown.out
    assert "4.5 deals" in shown.out
    assert "+ key result deals" in applied.out
    assert "already" in again.out


def test_sync_records_and_says_what_moved(okrsync, applied):
    ended = okrsync("sync", within=applied)
    again = okrsync("sync", "--format", "json", within=applied)

    assert ended.code == ExitCode.OK
    assert "4.5 deals" in ended.out
    assert "3 recorded" in ended.out
    assert "No Prefect API is configured" in ended.err
    assert {row["outcome"] for row in again.json()["key_results"]} == {"unchanged"}
    assert again.json()["exit_code"] == 0


def test_a_dry_run_asks_and_writes_nothing(okrsync, synced):
    synced.numbers(deals=9, leads=9, churn=2)
    before = synced.tables()

    ended = okrsync("sync", "--dry-run", within=synced)

    assert ended.code == ExitCode.OK
    assert "9 deals" in ended.out
    assert "Nothing was written." in ended.out
    assert synced.tables() == before


def test_status_is_the_same_as_table_json_csv_and_in_the_database(okrsync, synced):
    table, document, lines = (okrsync("status", "--format", form, within=synced) for form in ("table", "json", "csv"))

    assert {one.code for one in (table, document, lines)} == {ExitCode.OK}
    told = {row["key"]: row for row in document.json()["key_results"]}
    listed = {row["key"]: row for row in lines.csv()}
    with synced.opened() as workspace, workspace.database.reading() as conn:
        kept = {
            key: (value, status)
            for key, value, status in conn.exec_driver_sql("SELECT key, value, status FROM key_result_status")
        }
    assert set(told) == set(listed) == set(kept) == {"deals", "leads", "churn"}
    for key, row in told.items():
        assert Decimal(listed[key]["value"]) == row["value"] == Decimal(str(kept[key][0]))
        assert listed[key]["status"] == row["status"] == kept[key][1]
    assert "4.5 deals" in table.out


def test_explain_shows_where_the_number_comes_from(okrsync, synced):
    text, document = (okrsync("explain", "deals", "--format", form, within=synced) for form in ("text", "json"))

    assert (text.code, document.code) == (ExitCode.OK, ExitCode.OK)
    for part in ("Deals won", "4.5 deals", "numbers.csv", "the source said 4.5", "row: deals}", "check-ins"):
        assert part in text.out, part
    (check_in,) = document.json()["check_ins"]
    assert (check_in["value"], check_in["origin"], check_in["in_force"]) == (Decimal("4.5"), "auto", True)
    assert check_in["receipt"]["inputs"][0]["connection"] == "numbers"


def test_preview_of_a_key_result_and_of_a_metric(okrsync, synced):
    synced.numbers(deals=7, leads=8, churn=2)
    before = synced.tables()

    goal, metric = okrsync("preview", "deals", within=synced), okrsync("preview", "churn", within=synced)
    document = okrsync("preview", "deals", "--format", "json", within=synced).json()

    assert "4.5 deals → 7 deals" in goal.out
    assert "Nothing was written." in metric.out
    assert (document["value_before"], document["value"]) == (Decimal("4.5"), 7)
    assert document["questions"][0]["connection"] == "numbers"
    assert synced.tables() == before


def test_check_and_discover(okrsync, shop):
    checked = okrsync("check", within=shop)
    listed = okrsync("discover", "numbers", "val", "--format", "json", within=shop)

    assert checked.code == ExitCode.OK
    assert "✓ numbers: opened numbers.csv" in checked.out
    assert [choice["value"] for choice in listed.json()] == ["value"]


def test_backfill_says_what_the_sources_do_not_know(okrsync, applied):
    ended = okrsync("backfill", "--from", "2026-01-01", within=applied)

    assert ended.code == ExitCode.OK
    assert "unsupported: numbers knows only the present of deals" in ended.out
    assert "0 check-ins back-filled." in ended.out


def test_connectors_are_listed_and_shown(okrsync, shop):
    listed = okrsync("connector", "list", "--format", "json", within=shop)
    shown = okrsync("connector", "show", "http", within=shop)

    assert {"http", "spreadsheet", "sql"} <= {one["connector"] for one in listed.json()}
    assert "base_url" in shown.out
    assert "secret" in shown.out
    assert "�" not in shown.out


def test_a_connector_of_the_project_is_listed_beside_ours(okrsync, local_project):
    local_project.tell(deals=1)
    (local_project.folder / "connectors" / "torn.py").write_text("import nothing_of_that_name\n")
    local_project.write(
        connections=local_project.told,
        metrics="deals: {connection: told, query: {what: deals}}",
        key_results="- {id: deals, title: Deals, metric: deals, unit: deals, start: 0, target: 10}",
    )

    listed = {
        one["connector"]: one for one in okrsync("connector", "list", "--format", "csv", within=local_project).csv()
    }

    assert listed["told"]["title"] == "Says what its file says"
    assert "nothing_of_that_name" in listed["torn"]["broken"]


def test_the_database_is_upgraded_and_asked_where_it_stands(okrsync, shop):
    first = okrsync("db", "upgrade", within=shop)
    current = okrsync("db", "current", within=shop)

    assert (first.code, current.code) == (ExitCode.OK, ExitCode.OK)
    assert f"is at {HEAD}" in current.out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_of_the_shell(okrsync, shell):
    ended = okrsync("completion", shell)

    assert ended.code == ExitCode.OK
    assert "_OKRSYNC_COMPLETE" in ended.out


def test_json_is_one_document_on_one_stream(okrsync, synced):
    ended = okrsync("status", "--format", "json", within=synced)

    assert ended.err == ""
    assert json.loads(ended.out)["key_results"]


def test_a_quiet_sync_says_nothing_until_something_is_wrong(okrsync, synced):
    well = okrsync("sync", "--quiet", within=synced)

    (synced.folder / "numbers.csv").unlink()
    ill = okrsync("sync", "--quiet", within=synced)

    assert (well.code, well.out, well.err) == (0, "", "")
    assert ill.code != 0
    assert "numbers.csv" in ill.out
