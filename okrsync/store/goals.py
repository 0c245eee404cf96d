"""The wish, brought into the database: what the files say, and what they no longer say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select, text, update

from okrsync.okrs.cadence import Cadence
from okrsync.okrs.model import Cycle, KeyResult, Kpi, Metric, Objective, Project, Team
from okrsync.store import goal_models as rows
from okrsync.store.base import Base
from okrsync.store.renames import Owner, rename
from okrsync.store.statements import chunks, run_many, table, upsert
from okrsync.store.tracked import checkpoints_from, metrics

Ids = Mapping[Any, int]


def save_project(conn: Connection, project: Project, at: datetime) -> None:
    """Make the database say what `project` says, as of `at` (aware).

    What is there is updated, what returns is taken out of the archive, what is missing is archived with its
    history; `was` renames. Doing it twice changes nothing. Connections are not stored: they stay in the files.
    """
    cycles = _save(conn, rows.Cycle, at, ["name"], map(_cycle_row, project.cycles.values()))
    teams = _save(conn, rows.Team, at, ["key"], map(_team_row, project.teams.values()))
    _save(conn, rows.Metric, at, ["name"], map(_metric_row, project.metrics.values()))
    wanted = [_objective_row(one, cycles, teams) for one in project.objectives.values()]
    objectives = _save(conn, rows.Objective, at, ["cycle_id", "key"], wanted)
    _save_numbers(conn, project, at, _Ids(cycles, teams, objectives))


class _Ids:
    """The ids of what key results and KPIs belong to."""

    def __init__(self, cycles: Ids, teams: Ids, objectives: Ids) -> None:
        self.cycles, self.teams, self.objectives = cycles, teams, objectives


def _save_numbers(conn: Connection, project: Project, at: datetime, ids: _Ids) -> None:
    """Save key results and KPIs: one table, two ways of being unique."""
    key_results = [_key_result_row(one, project, ids) for one in project.key_results.values()]
    kpis = [_kpi_row(one, ids) for one in project.kpis.values()]
    renamed = [(one.was, row) for one, row in zip(project.key_results.values(), key_results, strict=True) if one.was]
    renamed += [(kpi.was, row) for kpi, row in zip(project.kpis.values(), kpis, strict=True) if kpi.was]
    rename(conn, [(Owner(row["kind"], row["cycle_id"]), was, row["key"]) for was, row in renamed])
    _upsert(conn, rows.KeyResult, ["cycle_id", "key"], key_results)
    _upsert(conn, rows.KeyResult, ["key"], kpis, where="kind = 'kpi'")
    _archive(conn, rows.KeyResult, at, ["kind", "cycle_id", "key"], [*key_results, *kpis])


def _save(
    conn: Connection, model: type[Base], at: datetime, unique: list[str], wanted: Iterable[Mapping[str, Any]]
) -> Ids:
    """Save one kind of thing and return the ids of what is active, by its unique columns."""
    wanted = list(wanted)
    _upsert(conn, model, unique, wanted)
    return _archive(conn, model, at, unique, wanted)


def _upsert(
    conn: Connection,
    model: type[Base],
    unique: list[str],
    wanted: Sequence[Mapping[str, Any]],
    where: str | None = None,
) -> None:
    if not wanted:
        return
    statement = upsert(conn, model)
    changed = {name: statement.excluded[name] for name in [*wanted[0], "archived_at"] if name not in unique}
    statement = statement.on_conflict_do_update(
        index_elements=unique, index_where=None if where is None else text(where), set_=changed
    )
    run_many(conn, statement, [{**row, "archived_at": None} for row in wanted])


def _archive(
    conn: Connection, model: type[Base], at: datetime, unique: list[str], wanted: Iterable[Mapping[str, Any]]
) -> Ids:
    """Archive what is active and not wanted, and return the ids of what is, by its unique columns."""
    t = table(model)
    active = conn.execute(select(t.c.id, *(t.c[name] for name in unique)).where(t.c.archived_at.is_(None)))
    ids = {tuple(identity): id_ for id_, *identity in active}
    kept = {tuple(row[name] for name in unique) for row in wanted}
    for some in chunks(sorted(id_ for identity, id_ in ids.items() if identity not in kept)):
        conn.execute(update(t).where(t.c.id.in_(some)).values(archived_at=at))
    return {identity[-1] if len(identity) == 1 else identity: ids[identity] for identity in kept}


def _cycle_row(cycle: Cycle) -> dict[str, Any]:
    return {"name": cycle.name, "start_date": cycle.start, "end_date": cycle.end, "timezone": str(cycle.zone)}


def _team_row(team: Team) -> dict[str, Any]:
    return {"key": team.key, "title": team.title, "level": team.level, "parent": team.parent}


def _metric_row(metric: Metric) -> dict[str, Any]:
    formula = None if metric.formula is None else metric.formula.text
    return {**vars(metric), "query": dict(metric.query), "formula": formula}


def _objective_row(objective: Objective, cycles: Ids, teams: Ids) -> dict[str, Any]:
    row = {**vars(objective), "cycle_id": cycles[objective.cycle], "team_id": teams[objective.team]}
    return _without(row, "cycle", "team")


def _key_result_row(one: KeyResult, project: Project, ids: _Ids) -> dict[str, Any]:
    objective = project.objectives[one.objective]
    cycle_id = ids.cycles[objective.cycle]
    belongs = {
        "kind": "key_result",
        "cycle_id": cycle_id,
        "objective_id": ids.objectives[cycle_id, objective.key],
        "team_id": ids.teams[objective.team],
        "cadence": str(one.cadence),
        "checkpoints": [[point.day.isoformat(), str(point.value)] for point in one.checkpoints],
    }
    return _without({**vars(one), **belongs}, "objective", "was")


def _kpi_row(kpi: Kpi, ids: _Ids) -> dict[str, Any]:
    nothing = dict.fromkeys(("cycle_id", "objective_id", "type", "start_value", "target_value", "preset"))
    belongs = {
        "kind": "kpi",
        "team_id": ids.teams[kpi.team],
        "cadence": str(kpi.cadence),
        "weight": 1,
        "checkpoints": [],
    }
    return _without({**vars(kpi), **nothing, **belongs}, "team", "was")


def _without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def stored_project(conn: Connection, folder: Path) -> Project:
    """Return what the database says is active, as if it had been read from `folder`; it knows no connections."""
    cycles, teams = _cycles(conn), _teams(conn)
    return Project(
        folder=folder,
        cycles=cycles,
        teams=teams,
        objectives=_objectives(conn),
        key_results=_key_results(conn),
        kpis=_kpis(conn),
        metrics=metrics(conn),
        connections={},
    )


def _cycles(conn: Connection) -> dict[str, Cycle]:
    c = rows.Cycle
    statement = select(c.name, c.start_date, c.end_date, c.timezone).where(c.archived_at.is_(None))
    found = conn.execute(statement.order_by(c.id))
    return {name: Cycle(name, start, end, ZoneInfo(zone)) for name, start, end, zone in found}


def _teams(conn: Connection) -> dict[str, Team]:
    t = rows.Team
    statement = select(t.key, t.title, t.level, t.parent).where(t.archived_at.is_(None)).order_by(t.id)
    return {row.key: Team(*row) for row in conn.execute(statement)}


def _objectives(conn: Connection) -> dict[str, Objective]:
    o = rows.Objective
    statement = (
        select(o.key, rows.Team.key, rows.Cycle.name, o.title, o.owner, o.commitment, o.supports, o.weight)
        .join(rows.Team, rows.Team.id == o.team_id)
        .join(rows.Cycle, rows.Cycle.id == o.cycle_id)
        .where(o.archived_at.is_(None))
        .order_by(o.id)
    )
    return {row[0]: Objective(*row) for row in conn.execute(statement)}


def _key_results(conn: Connection) -> dict[str, KeyResult]:
    k = rows.KeyResult
    statement = (
        select(
            *(k.key, rows.Objective.key.label("objective"), k.title, k.owner, k.type, k.unit, k.start_value),
            *(k.target_value, k.low, k.high, k.weight, k.cadence, k.metric, k.checkpoints, k.preset),
        )
        .join(rows.Objective, rows.Objective.id == k.objective_id)
        .where(k.archived_at.is_(None), k.kind == "key_result")
        .order_by(k.id)
    )
    return {
        row["key"]: KeyResult(
            **{**row, "cadence": Cadence.parse(row["cadence"]), "checkpoints": checkpoints_from(row["checkpoints"])}
        )
        for row in conn.execute(statement).mappings()
    }


def _kpis(conn: Connection) -> dict[str, Kpi]:
    k = rows.KeyResult
    statement = (
        select(k.key, rows.Team.key.label("team"), k.title, k.owner, k.unit, k.metric, k.low, k.high, k.cadence)
        .join(rows.Team, rows.Team.id == k.team_id)
        .where(k.archived_at.is_(None), k.kind == "kpi")
        .order_by(k.id)
    )
    found = conn.execute(statement).mappings()
    return {row["key"]: Kpi(**{**row, "cadence": Cadence.parse(row["cadence"])}) for row in found}
