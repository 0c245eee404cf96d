"""What the files would give if they were applied and synced now: asked for real, written nowhere."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from okrsync.connect.contract import Answer, Ask
from okrsync.errors import Problem, UnknownName
from okrsync.judge.goal import Point
from okrsync.okrs.model import KeyResult, Kpi, Metric, Project
from okrsync.store import ledger
from okrsync.store.records import PastValue, State, Tracked
from okrsync.sync.ask import Answers, ask_all
from okrsync.sync.assess import Assessed, Assessor
from okrsync.sync.plan import plan_what_is_due, require_known
from okrsync.sync.questions import Asking, Measured, Question, distinct_asks, measure
from okrsync.sync.record import HISTORY, Result, results
from okrsync.sync.workspace import Workspace

Points = Mapping[int, list[Point]]
Identity = tuple[str | None, str]


@dataclass(frozen=True)
class Previewed:
    """One key result or KPI as it would be: its state before, what the source says now, and the verdict on that.

    `after` is None where the source gave no number; `answers` are all of the preview, by question.
    """

    result: Result
    before: State
    after: Assessed | None
    answers: Mapping[str, Answer]


@dataclass(frozen=True)
class PreviewedMetric:
    """One metric as the source answers it now."""

    metric: Metric
    questions: Mapping[str, Question | Problem]
    found: Measured | Problem
    answers: Mapping[str, Answer]


def preview(
    workspace: Workspace,
    now: datetime,
    only: Collection[str] = (),
    begun: Callable[[Mapping[str, Collection[Ask[Any]]]], object] = lambda _: None,
    answered: Callable[[Answers], object] = lambda _: None,
) -> list[Previewed]:
    """Ask the sources for the key results and KPIs of the files, all or those in `only`; writes nothing.

    `begun` is told the questions of each connection, `answered` what each one said. Raises `UnknownName`.
    """
    tracked, points = _wished(workspace, now)
    metrics = workspace.project.metrics
    require_known(only, tracked)
    plan = plan_what_is_due(workspace, tracked, metrics, now, due_only=False, only=only)
    begun(plan.asks)
    answers: dict[str, Answer] = {}
    for part in ask_all(workspace, plan.asks, now):
        answers |= part.by_key
        answered(part)
    return [
        Previewed(result, result.due.tracked.state, _assessed(result, points, workspace, now), answers)
        for result in results(plan.due, metrics, answers)
    ]


def preview_metric(workspace: Workspace, name: str, now: datetime) -> PreviewedMetric:
    """Ask for a metric of the files by its name, over the project's first cycle; raises `UnknownName`."""
    project = workspace.project
    if name not in project.metrics:
        names = [*project.key_results, *project.kpis, *project.metrics]
        raise UnknownName.among("key result, KPI or metric", name, names)
    cycle = next(iter(project.cycles.values()))
    questions = Asking(workspace, project.metrics, now).questions(name, cycle)
    answers: dict[str, Answer] = {}
    for part in ask_all(workspace, distinct_asks(questions.values()), now):
        answers |= part.by_key
    found = measure(name, project.metrics, questions, answers)
    return PreviewedMetric(project.metrics[name], questions, found, answers)


def _assessed(result: Result, points: Points, workspace: Workspace, now: datetime) -> Assessed | None:
    if isinstance(result.found, Problem):
        return None
    tracked = result.due.tracked
    new = Point(result.found.as_of, result.found.value)
    past = [point for point in points.get(tracked.id, ()) if point.as_of < new.as_of]
    state = replace(
        tracked.state, value=new.value, as_of=new.as_of, reason=None, message="", hint="", failing_since=None
    )
    return Assessor(now, workspace.project.preset, "", workspace.project.metrics).assess(tracked, state, [*past, new])


def _wished(workspace: Workspace, now: datetime) -> tuple[list[Tracked], Points]:
    """Return the key results and KPIs as the files have them, with the states and values the database has of them."""
    stored: dict[Identity, Tracked] = {}
    values: Mapping[int, list[PastValue]] = {}
    if workspace.has_tables():
        with workspace.database.reading() as conn:
            stored = {(one.cycle.name if one.cycle else None, one.key): one for one in ledger.tracked(conn)}
            values = ledger.values_in_force(conn, [one.id for one in stored.values()], now - HISTORY)
    project = workspace.project
    wished: Iterable[KeyResult | Kpi] = [*project.key_results.values(), *project.kpis.values()]
    tracked = [_tracked(project, one, -place, stored) for place, one in enumerate(wished, 1)]
    points = {
        one.id: [Point(past.as_of, past.value) for past in values.get(one.state.key_result_id, ())] for one in tracked
    }
    return tracked, points


def _tracked(project: Project, wish: KeyResult | Kpi, id_: int, stored: Mapping[Identity, Tracked]) -> Tracked:
    objective = project.objectives[wish.objective] if isinstance(wish, KeyResult) else None
    cycle = objective.cycle if objective else None
    before = stored.get((cycle, wish.key)) or stored.get((cycle, wish.was or ""))
    team = project.teams[objective.team if objective else wish.team]  # type: ignore[union-attr]
    key_result = wish if isinstance(wish, KeyResult) else None
    return Tracked(
        id=id_,
        key=wish.key,
        is_kpi=key_result is None,
        team=team.key,
        team_title=team.title,
        objective=objective.key if objective else None,
        objective_title=objective.title if objective else None,
        title=wish.title,
        owner=wish.owner,
        type=key_result.type if key_result else None,
        unit=wish.unit,
        start_value=key_result.start_value if key_result else None,
        target_value=key_result.target_value if key_result else None,
        low=wish.low,
        high=wish.high,
        checkpoints=key_result.checkpoints if key_result else (),
        weight=key_result.weight if key_result else Decimal(1),
        cadence=str(wish.cadence),
        metric=wish.metric,
        preset=key_result.preset if key_result else None,
        cycle=project.cycles[objective.cycle] if objective else None,
        commitment=objective.commitment if objective else None,
        state=before.state if before else State(key_result_id=id_),
    )
