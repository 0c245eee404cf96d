"""The board: every objective with its key results, and the KPIs, as they stand at one moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from okrsync.errors import Problem, Reason, UnknownName
from okrsync.judge.goal import Point
from okrsync.judge.roll_up import Part, RollUp, key_result_part, roll_up, shown_status
from okrsync.judge.trend import trend
from okrsync.okrs.model import Metric, Objective
from okrsync.store import ledger
from okrsync.store.goals import stored_project
from okrsync.store.records import Tracked
from okrsync.sync.assess import Assessor, goal_of
from okrsync.sync.questions import leaves
from okrsync.sync.record import HISTORY
from okrsync.sync.workspace import Workspace
from okrsync.vocabulary import Commitment, DataState, KeyResultType, Status


@dataclass(frozen=True)
class BoardRow:
    """A key result or KPI at one moment.

    `progress`, `expected` and `pace` are shares (1 is the target, the whole cycle, the full pace); `status` is
    what a person is shown, which is never green on a number that cannot be trusted. `trend` is the change per
    week in the value's unit, `values` are those in force, oldest first, `age` is how old the value is.
    `source` says where the number comes from: connection and connector of each metric behind it.
    """

    key: str
    title: str
    team: str
    objective: str | None
    owner: str
    unit: str
    type: KeyResultType | None
    start_value: Decimal | None
    target_value: Decimal | None
    low: Decimal | None
    high: Decimal | None
    weight: Decimal
    value: Decimal | None
    as_of: datetime | None
    age: timedelta | None
    progress: Decimal | None
    expected: Decimal | None
    pace: Decimal | None
    status: Status
    data_state: DataState
    reason: Reason | None
    message: str
    hint: str
    rule: str
    trend: Decimal | None
    values: tuple[Decimal, ...]
    metric: str | None
    source: str
    preset: str

    @property
    def is_kpi(self) -> bool:
        """Whether it is watched without a goal."""
        return self.objective is None


@dataclass(frozen=True)
class BoardObjective:
    """An objective at one moment, with what its key results and the objectives below it say together."""

    key: str
    title: str
    team: str
    team_title: str
    owner: str
    commitment: Commitment
    supports: str | None
    together: RollUp
    rows: tuple[BoardRow, ...]


@dataclass(frozen=True)
class Board:
    """The whole board at `now` (aware)."""

    now: datetime
    objectives: tuple[BoardObjective, ...]
    kpis: tuple[BoardRow, ...]

    @property
    def rows(self) -> tuple[BoardRow, ...]:
        """Every key result, then every KPI."""
        return (*(row for objective in self.objectives for row in objective.rows), *self.kpis)

    def of_team(self, team: str) -> Board:
        """Return what belongs to one team; an objective still says what other teams' below it come to."""
        objectives = tuple(objective for objective in self.objectives if objective.team == team)
        return replace(self, objectives=objectives, kpis=tuple(kpi for kpi in self.kpis if kpi.team == team))


def board(workspace: Workspace, now: datetime, *, team: str | None = None, preset: str | None = None) -> Board:
    """Return the board at `now`, judged by `preset` if given; raises `UnknownName` for a team that is not there.

    Everything is judged at `now`, not read as it was judged last: that a number is late shows also when
    nothing has run since.
    """
    with workspace.database.reading() as conn:
        tracked = ledger.tracked(conn)
        metrics = ledger.metrics(conn)
        goals = stored_project(conn, workspace.project.folder)
        past = ledger.values_in_force(conn, [one.id for one in tracked], now - HISTORY)
    if team is not None:
        _require_team(team, goals.teams)
    sources = _Sources(workspace, metrics)
    rows = [
        _row(
            replace(one, preset=preset or one.preset or workspace.project.preset),
            [Point(value.as_of, value.value) for value in past.get(one.id, ())],
            now,
            metrics,
            sources.of(one.metric),
        )
        for one in tracked
    ]
    titles = {key: one.title for key, one in goals.teams.items()}
    whole = Board(now, _with_objectives(rows, goals.objectives, titles), tuple(row for row in rows if row.is_kpi))
    return whole if team is None else whole.of_team(team)


def _require_team(team: str, teams: Collection[str]) -> None:
    if team not in teams:
        raise UnknownName.among("team", team, teams)


class _Sources:
    """Says where numbers come from, in words."""

    def __init__(self, workspace: Workspace, metrics: Mapping[str, Metric]) -> None:
        self.metrics = metrics
        self.connectors = {name: one.connector for name, one in workspace.project.connections.items()}

    def of(self, metric: str | None) -> str:
        """Return the connections and connectors behind `metric`, and its formula if it has one."""
        if metric is None:
            return "checked in by hand"
        found = self.metrics.get(metric)
        if found is None:
            return f"no metric {metric}"
        try:
            names = dict.fromkeys(leaf.connection or "" for leaf in leaves(metric, self.metrics))
        except Problem as problem:
            return problem.message
        places = " + ".join(f"{name} ({self.connectors.get(name, '?')})" for name in names)
        return f"{found.formula.text} of {places}" if found.formula else places


def _row(
    tracked: Tracked, points: Sequence[Point], now: datetime, metrics: Mapping[str, Metric], source: str
) -> BoardRow:
    state = Assessor(now, "", "", metrics).assess(tracked, tracked.state, points).state
    # A number to date falls back to nothing when a cycle begins; that is no trend.
    begin = goal_of(tracked).starts_at if tracked.cycle else None
    of_cycle = [point for point in points if begin is None or point.as_of >= begin]
    return BoardRow(
        key=tracked.key,
        title=tracked.title,
        team=tracked.team,
        objective=tracked.objective,
        owner=tracked.owner,
        unit=tracked.unit,
        type=tracked.type,
        start_value=tracked.start_value,
        target_value=tracked.target_value,
        low=tracked.low,
        high=tracked.high,
        weight=tracked.weight,
        value=state.value,
        as_of=state.as_of,
        age=now - state.as_of if state.as_of else None,
        progress=state.progress,
        expected=state.expected,
        pace=state.pace,
        status=shown_status(state.status, state.data_state),
        data_state=state.data_state,
        reason=state.reason,
        message=state.message,
        hint=state.hint,
        rule=state.rule,
        trend=trend(of_cycle, now),
        values=tuple(point.value for point in of_cycle),
        metric=tracked.metric,
        source=source,
        preset=tracked.preset or "",
    )


def _with_objectives(
    rows: Iterable[BoardRow], objectives: Mapping[str, Objective], team_titles: Mapping[str, str]
) -> tuple[BoardObjective, ...]:
    """Group key results by objective, in the order they have in the files; each rolls up those that support it.

    An objective is on the board for key results of its own, or of those that support it.
    """
    own: dict[str, list[BoardRow]] = defaultdict(list)
    for row in rows:
        if row.objective:
            own[row.objective].append(row)
    together = _RollUps(objectives, own)
    return tuple(
        BoardObjective(
            key=key,
            title=objective.title,
            team=objective.team,
            team_title=team_titles.get(objective.team, objective.team),
            owner=objective.owner,
            commitment=objective.commitment,
            supports=objective.supports,
            together=together.of(key),
            rows=tuple(own[key]),
        )
        for key, objective in objectives.items()
        if together.of(key).stands_on.of
    )


class _RollUps:
    """What objectives come to, each worked out once: children first."""

    def __init__(self, objectives: Mapping[str, Objective], own: Mapping[str, Sequence[BoardRow]]) -> None:
        self.own = own
        self.objectives = objectives
        self.children: dict[str, list[str]] = defaultdict(list)
        for key, objective in objectives.items():
            if objective.supports:
                self.children[objective.supports].append(key)
        self.known: dict[str, RollUp] = {}

    def of(self, key: str) -> RollUp:
        """Return the roll-up of one objective; that objectives support each other in no circle is checked by lint."""
        if key not in self.known:
            parts: list[Part] = [
                key_result_part(row.progress, row.status, row.data_state, row.weight) for row in self.own.get(key, ())
            ]
            parts += [self.of(child).part(self.objectives[child].weight) for child in self.children[key]]
            self.known[key] = roll_up(parts)
        return self.known[key]
