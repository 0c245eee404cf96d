"""The sample project, loaded as any other, its questions asked of the real sources over real HTTP, SQL and files."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from okrsync.connect.collect import collect
from okrsync.connect.connections import check_query, check_settings, open_connection, parse_query
from okrsync.connect.contract import Ask, Reading, question_key
from okrsync.connect.registry import Registry
from okrsync.demo.starter import write_starter
from okrsync.okrs.environment import Secrets
from okrsync.okrs.project import load_project
from okrsync.okrs.windows import WindowRule, cycle_window
from tests.demo.conftest import NOW, TODAY
from tests.demo.truth import Truth

ROUNDING = Fraction(1, 100)
"""The SQL of the sample rounds to two digits."""


class Asked(Mapping):
    """The metrics of a project at one moment, each asked of its source when it is looked up."""

    def __init__(self, project, now, at):
        self.project, self.now, self.at = project, now, at
        self.registry = Registry.load(project.folder)
        secrets = Secrets({}, project.folder / "secrets")
        self.connections = {
            name: open_connection(spec, self.registry, secrets, project.folder)
            for name, spec in project.connections.items()
        }

    def __iter__(self):
        return iter(self.project.metrics)

    def __len__(self):
        return len(self.project.metrics)

    def __getitem__(self, name):
        metric = self.project.metrics[name]
        if metric.formula:
            return metric.formula.evaluate(self)
        (answer,) = collect(self.connections[metric.connection], [self._ask(metric)], self.now).values()
        assert isinstance(answer, Reading), f"{name}: {answer}"
        return answer.value * metric.scale

    def _ask(self, metric):
        connection = self.connections[metric.connection]
        (cycle,) = self.project.cycles.values()
        window = WindowRule.parse(metric.window).at(
            self.at, cycle_window(cycle.start, cycle.end, cycle.zone), ZoneInfo("UTC")
        )
        query = parse_query(type(connection), metric.query)
        return Ask(question_key(connection.name, metric.connection, query, window), query, window, self.at)

    def close(self):
        for connection in self.connections.values():
            connection.close()
            connection.http.close()


@pytest.fixture
def ask(served):
    """Asks for the metrics of a project, whose CRM runs within this process if it has one."""
    asked = []

    def ask(folder, at=NOW):
        project = load_project(folder)
        if "crm" in project.connections:
            crm = project.connections["crm"]
            settings = {**crm.settings, "base_url": served(folder).base_url}
            project = replace(project, connections={**project.connections, "crm": replace(crm, settings=settings)})
        asked.append(Asked(project, NOW, at))
        return asked[-1]

    yield ask
    for each in asked:
        each.close()


def findings(folder):
    project, registry = load_project(folder), Registry.load(folder)
    yield from (each for spec in project.connections.values() for each in check_settings(spec, registry, folder))
    for metric in project.metrics.values():
        if metric.connection:
            yield from check_query(project.connections[metric.connection], metric.query, registry)


def test_there_is_nothing_to_find_fault_with_in_the_demo(written):
    assert list(findings(written.folder)) == []


def test_there_is_nothing_to_find_fault_with_in_the_starter(tmp_path):
    write_starter(tmp_path, TODAY)

    assert list(findings(tmp_path)) == []


def test_every_metric_of_the_demo_is_what_its_source_holds(written, ask):
    asked, truth = ask(written.folder), Truth(written.folder, written.start)

    wanted = {**truth.at(NOW), "gross_margin": truth.gross_margin()}

    assert {name: value for name, value in wanted.items() if abs(Fraction(asked[name]) - value) > ROUNDING} == {}


@pytest.mark.parametrize("days", [1, 17, 51])
def test_what_carries_dates_can_be_asked_of_the_past(written, ask, days):
    earlier = NOW - timedelta(days=days)
    asked = ask(written.folder, earlier)

    wanted = Truth(written.folder, written.start).at(earlier)
    if earlier.date() == written.start:  # nothing is delivered yet, and `when_empty` is not the source's business
        wanted = {name: value for name, value in wanted.items() if value}

    assert {name: value for name, value in wanted.items() if abs(Fraction(asked[name]) - value) > ROUNDING} == {}


def test_the_starter_gives_numbers_at_once(tmp_path, ask):
    write_starter(tmp_path, TODAY)

    asked = ask(tmp_path)

    assert {name: asked[name] for name in asked} == {
        "recurring_revenue": Decimal(43500),
        "satisfaction": Decimal("4.3"),
        "reply_hours": Decimal("7.5"),
    }
