"""A source that counts whole days in a zone of its own, asked about a cycle that is written in another."""

from __future__ import annotations

from datetime import UTC, datetime

from okrsync.sync.questions import Asking
from tests.projects import NOW

IN_NEW_YORK = '''
"""A source that reports by the day, in New York."""

from pydantic import Field

from okrsync import Ask, Config, Connector, Query, Reading


class Settings(Config):
    """Nothing to set."""


class Question(Query):
    """Nothing to choose."""


class Daily(Connector[Settings, Question]):
    """Knows days of New York."""

    name, history, grain = "daily", "window", "day"

    def zone(self) -> str:
        return "America/New_York"

    def read(self, ask: Ask[Question]) -> Reading:
        return Reading(1, as_of=ask.as_of)
'''


def test_the_first_day_of_the_cycle_is_the_sources_own_first_day(local_project):
    (local_project.folder / "connectors").mkdir(exist_ok=True)
    (local_project.folder / "connectors" / "daily.py").write_text(IN_NEW_YORK)
    goal = "- {id: goal, title: Goal, metric: visits, unit: visits, start: 0, target: 10}"
    metric = "visits: {connection: web, query: {}, window: cycle_to_date}"
    local_project.write(connections="web: {connector: daily}", metrics=metric, key_results=goal)

    with local_project.opened() as workspace:
        (cycle,) = workspace.project.cycles.values()
        asking = Asking(workspace, workspace.project.metrics, NOW)
        window = asking.questions("visits", cycle)["visits"].ask.window

    assert window.dates() == ["2026-10-01", "2026-11-20"]
    assert window.start == datetime(2026, 10, 1, 4, tzinfo=UTC)
