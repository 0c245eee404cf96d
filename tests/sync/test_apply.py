"""Goals from files into the database: planned first, applied once, nothing of the past lost."""

from __future__ import annotations

import pytest

from okrsync.errors import ExitCode, GoalsError, SchemaMismatch
from okrsync.store.schema import HEAD
from okrsync.sync.apply import apply, planned
from okrsync.sync.lint import lint
from okrsync.sync.preview import preview, preview_metric
from okrsync.vocabulary import Status
from tests.projects import DAY, NOW, ProjectFolder

METRICS = """
deals: {connection: numbers, query: {column: value, row: deals}}
leads: {connection: numbers, query: {column: value, row: leads}}
"""
DEALS = "- {id: deals, title: Deals, metric: deals, unit: deals, start: 0, target: 10}\n"
LEADS = "- {id: leads, title: Leads, metric: leads, unit: leads, start: 0, target: 10}\n"


@pytest.fixture
def goals(project):
    project.numbers(deals=4, leads=8)
    return project.write(metrics=METRICS, key_results=DEALS + LEADS)


@pytest.fixture
def unmade(tmp_path, empty_database_url):
    """The same goals before the first apply: the database has no tables, or is not even there."""
    project = ProjectFolder(tmp_path / "okrs", empty_database_url)
    project.numbers(deals=4, leads=8)
    return project.write(metrics=METRICS, key_results=DEALS + LEADS)


def plan(project):
    with project.opened(migrated=False) as workspace:
        return [f"{change.kind} {change.thing} {change.key}" for change in planned(workspace)]


def previewed(project, at=NOW):
    with project.opened(migrated=False) as workspace:
        return {one.result.due.tracked.key: one for one in preview(workspace, at)}


def test_what_is_planned_is_what_is_applied_and_then_there_is_nothing_left_to_do(goals):
    wished = plan(goals)
    with goals.opened() as workspace:
        changed = [f"{change.kind} {change.thing} {change.key}" for change in apply(workspace, NOW)]

    assert "added key result deals" in wished
    assert changed == wished
    assert plan(goals) == []


def test_a_second_apply_changes_no_row(goals):
    goals.apply()
    goals.sync()
    before = goals.tables()

    goals.apply(NOW + DAY)

    assert goals.tables() == before


def test_plan_and_preview_work_before_the_first_apply_and_make_no_database(unmade):
    assert "added key result deals" in plan(unmade)
    found = previewed(unmade)

    assert {key: one.result.found.value for key, one in found.items()} == {"deals": 4, "leads": 8}
    assert found["deals"].before.value is None
    assert found["leads"].after.state.status is Status.ON_TRACK
    assert unmade.tables() == {}
    assert not list(unmade.folder.glob("*.db"))


def test_plan_and_preview_write_nothing(goals):
    goals.apply()
    goals.sync()
    goals.numbers(deals=9, leads=9)
    goals.write(metrics=METRICS, key_results=DEALS)
    before = goals.tables()

    plan(goals)
    found = previewed(goals)
    with goals.opened() as workspace:
        assert preview_metric(workspace, "leads", NOW).found.value == 9

    assert (found["deals"].before.value, found["deals"].after.state.value) == (4, 9)
    assert goals.tables() == before


def test_a_changed_target_is_in_the_plan_with_its_old_and_new_value(goals):
    goals.apply()
    goals.write(metrics=METRICS, key_results=DEALS.replace("target: 10", "target: 12") + LEADS)

    with goals.opened() as workspace:
        (change,) = planned(workspace)
        (field,) = change.fields

    assert (change.kind, change.key) == ("changed", "deals")
    assert (field.field, field.before, field.after) == ("target_value", 10, 12)


def test_a_changed_target_is_judged_with_the_next_run(goals):
    goals.apply()
    goals.sync()
    goals.write(metrics=METRICS, key_results=DEALS.replace("target: 10", "target: 5") + LEADS)
    goals.apply()

    report = goals.sync(NOW + DAY / 24, due_only=True)

    assert report.waiting == 2
    with goals.opened() as workspace, workspace.database.reading() as conn:
        status = conn.exec_driver_sql("SELECT status FROM key_result_status WHERE key = 'deals'").scalar()
    assert status == "on_track"


def test_a_key_result_that_is_gone_from_the_files_is_archived_with_its_history_and_comes_back_with_it(goals):
    goals.apply()
    goals.sync()

    goals.write(metrics=METRICS, key_results=DEALS)
    assert plan(goals) == ["archived key result leads"]
    goals.apply()
    goals.sync(NOW + DAY)

    assert [row.key for row in goals.board(NOW + DAY).rows] == ["deals"]
    assert goals.values("leads") == ["8"]

    goals.write(metrics=METRICS, key_results=DEALS + LEADS)
    goals.apply()
    goals.sync(NOW + 2 * DAY)

    assert goals.values("leads") == ["8", "8"]
    assert goals.row("leads", NOW + 2 * DAY).value == 8


def test_a_renamed_key_result_keeps_its_history_and_its_preview_knows_its_value(goals):
    goals.apply()
    goals.sync()
    renamed = LEADS.replace("id: leads", "id: prospects, was: leads")
    goals.write(metrics=METRICS, key_results=DEALS + renamed)

    assert plan(goals) == ["renamed key result prospects"]
    assert previewed(goals, NOW + DAY)["prospects"].before.value == 8
    goals.apply()
    goals.sync(NOW + DAY)

    assert goals.values("prospects") == ["8", "8"]


def test_the_same_goals_in_a_new_cycle_begin_without_the_old_numbers(goals):
    goals.apply()
    goals.sync()
    goals.write(
        metrics=METRICS,
        key_results=DEALS + LEADS,
        cycle="{name: 2027-Q1, start: 2027-01-01, end: 2027-03-31, timezone: Europe/Berlin}",
    )

    assert previewed(goals, NOW + 60 * DAY)["deals"].before.value is None
    goals.apply(NOW + 60 * DAY)

    assert goals.row("deals", NOW + 60 * DAY).value is None
    assert len(goals.table("check_in")) == 2


def test_a_preview_judges_what_the_files_say_and_not_what_was_applied(goals):
    goals.apply()
    goals.write(metrics=METRICS, key_results=DEALS.replace("target: 10", "target: 5") + LEADS)

    assert previewed(goals)["deals"].after.state.status is Status.ON_TRACK


def test_a_preview_of_a_source_that_fails_has_the_reason_and_no_verdict(goals):
    goals.numbers(deals="n/a", leads=8)

    found = previewed(goals)

    assert found["deals"].after is None
    assert "n/a" in found["deals"].result.found.message
    assert found["leads"].result.found.value == 8


def test_a_connector_that_refuses_its_settings_or_a_query_is_found_without_asking(goals):
    goals.write(
        connections="numbers: {connector: spreadsheet, paht: numbers.csv}",
        metrics=METRICS.replace("row: leads", "rwo: leads"),
        key_results=DEALS + LEADS,
    )

    with pytest.raises(GoalsError) as refused:
        lint(goals.folder)

    lines = [str(finding) for finding in refused.value.findings]
    assert any(line.startswith("okrsync.yaml:3:") and "'path'" in line for line in lines)
    assert any("leads" in line and "'row'" in line for line in lines)
    with pytest.raises(GoalsError), goals.opened() as workspace:
        apply(workspace, NOW)
    assert goals.table("key_result") == []


@pytest.mark.parametrize("step", [plan, previewed, ProjectFolder.apply, ProjectFolder.sync, ProjectFolder.board])
def test_a_database_that_a_newer_okrsync_has_made_is_left_alone(goals, step):
    goals.apply()
    with goals.opened() as workspace, workspace.database.writing() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(SchemaMismatch) as refused:
        step(goals)

    assert "9999" in refused.value.message
    assert "upgrade okrsync" in refused.value.hint
    assert refused.value.exit_code is ExitCode.DATABASE
    assert HEAD != "9999"


def test_a_sync_before_the_first_apply_says_what_to_do(unmade):
    with pytest.raises(SchemaMismatch) as refused:
        unmade.sync()

    assert "okrsync apply" in refused.value.hint
