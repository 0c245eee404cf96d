"""Several runs at the same time, and sources that do not come to an end."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from okrsync.errors import ExitCode, Reason
from okrsync.sync import steps
from okrsync.sync.check import check
from okrsync.sync.preview import preview
from okrsync.sync.report import Outcome
from okrsync.vocabulary import DataState
from tests.fault_server import silence
from tests.projects import DAY, NOW

KEY_RESULTS = """
- {id: deals, title: Deals, metric: deals, unit: deals, start: 0, target: 10}
- {id: leads, title: Leads, metric: leads, unit: leads, start: 0, target: 10}
"""
METRICS = (
    "deals: {connection: told, query: {what: deals}}\nleads: {connection: numbers, query: {column: value, row: leads}}"
)


@pytest.fixture
def two_sources(project):
    project.numbers(leads=3)
    project.tell(deals=4)
    return project.write(
        connections=f"numbers: {{connector: spreadsheet, path: numbers.csv}}\n{project.told}",
        metrics=METRICS,
        key_results=KEY_RESULTS,
    ).apply()


def test_of_runs_of_one_slot_at_the_same_time_one_records_and_the_others_find_it_done(two_sources):
    runs = 3
    begun = Barrier(runs)

    def run(_):
        with two_sources.opened() as workspace:
            run = steps.begin(workspace, NOW)
            begun.wait()
            for name in run.plan.connections:
                steps.record(run, steps.ask_connection(run, name))
            return steps.finish(run)

    with ThreadPoolExecutor(runs) as pool:
        reports = list(pool.map(run, range(runs)))

    assert {report.exit_code for report in reports} == {ExitCode.OK}
    for key in ("deals", "leads"):
        outcomes = sorted(row.outcome for report in reports for row in report.rows if row.key == key)
        assert outcomes == [Outcome.RECORDED, Outcome.UNCHANGED, Outcome.UNCHANGED]
        assert len(two_sources.values(key)) == 1
    assert {row.data_state for row in two_sources.board().rows} == {DataState.FRESH}
    assert len(two_sources.table("receipt")) == 2


def test_a_run_that_was_faster_with_another_number_is_not_overruled(two_sources):
    with two_sources.opened() as slow, two_sources.opened() as quick:
        late = steps.begin(slow, NOW)
        answers = steps.ask_connection(late, "told")
        two_sources.tell(deals=5)
        first = steps.begin(quick, NOW)
        steps.record(first, steps.ask_connection(first, "told"))
        (recorded,) = steps.record(late, answers)

    assert recorded.outcome is Outcome.ALREADY_DONE
    assert two_sources.values("deals") == ["5"]
    assert two_sources.row("deals").value == 5


def test_a_run_that_fails_does_not_mark_what_another_has_just_recorded(two_sources):
    with two_sources.opened() as failing, two_sources.opened() as well:
        two_sources.tell(deals={"reason": "unreachable"})
        late = steps.begin(failing, NOW)
        answers = steps.ask_connection(late, "told")
        two_sources.tell(deals=5)
        first = steps.begin(well, NOW)
        steps.record(first, steps.ask_connection(first, "told"))
        (recorded,) = steps.record(late, answers)

    assert recorded.outcome is Outcome.ALREADY_DONE
    row = two_sources.row("deals")
    assert (row.value, row.data_state, row.reason) == (5, DataState.FRESH, None)


def test_a_person_and_a_schedule_in_a_new_slot_make_one_check_in(two_sources):
    two_sources.sync()

    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda due_only: two_sources.sync(NOW + DAY, due_only=due_only), (True, False)))

    assert {report.exit_code for report in reports} == {ExitCode.OK}
    assert len(two_sources.values("deals")) == 2


def test_a_run_that_was_killed_leaves_nothing_to_mend(two_sources):
    with two_sources.opened() as workspace:
        run = steps.begin(workspace, NOW)
        steps.record(run, steps.ask_connection(run, "told"))

    report = two_sources.sync(NOW + timedelta(minutes=1), due_only=True)

    assert {row.key: row.outcome for row in report.rows} == {"leads": Outcome.RECORDED}
    assert len(two_sources.table("sync_run")) == 2
    assert len(two_sources.table("sync_run_end")) == 1


class TestASourceThatHangs:
    """The run ends by its deadline; what others said is recorded."""

    @pytest.fixture
    def hanging(self, local_project, server):
        for path in ("/", "/deals"):
            server.answer(path, silence)
        local_project.numbers(leads=3)
        local_project.write(
            connections="numbers: {connector: spreadsheet, path: numbers.csv}\n"
            f'api: {{connector: http, base_url: "{server.url}"}}',
            metrics="deals: {connection: api, query: {path: /deals, value: total}}\n"
            "leads: {connection: numbers, query: {column: value, row: leads}}",
            key_results=KEY_RESULTS,
        ).apply()
        local_project.run_deadline = 0.5
        return local_project

    def test_does_not_keep_the_run_from_ending(self, hanging):
        began = time.monotonic()

        report = hanging.sync()

        assert time.monotonic() - began < 10
        assert report.exit_code is ExitCode.DEADLINE
        rows = {row.key: row for row in report.rows}
        assert (rows["leads"].outcome, rows["leads"].value) == (Outcome.RECORDED, 3)
        assert (rows["deals"].outcome, rows["deals"].reason) == (Outcome.FAILED, Reason.TIMEOUT)
        assert "api" in rows["deals"].message
        assert "0.5 s" in rows["deals"].message
        assert "OKRSYNC_RUN_DEADLINE" in rows["deals"].hint
        (end,) = hanging.table("sync_run_end")
        assert end["exit_code"] == 6

    def test_does_not_keep_a_preview_from_ending(self, hanging):
        with hanging.opened() as workspace:
            found = {one.result.due.tracked.key: one.result.found for one in preview(workspace, NOW)}

        assert found["leads"].value == 3
        assert found["deals"].reason is Reason.TIMEOUT

    def test_does_not_keep_a_check_from_ending(self, hanging):
        with hanging.opened() as workspace:
            checked = {one.connection: one for one in check(workspace)}

        assert checked["numbers"].problem is None
        assert checked["api"].problem.reason is Reason.TIMEOUT


def test_a_slow_source_delays_no_other(two_sources):
    two_sources.tell(deals={"value": "4", "seconds": 0.3})
    said = []

    two_sources.sync(recorded=lambda answers: said.append(answers.connection))

    assert said == ["numbers", "told"]
