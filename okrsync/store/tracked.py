"""What is kept track of: active key results and KPIs with their state, and the metrics behind them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, RowMapping, select

from okrsync.okrs.formulas import Formula
from okrsync.okrs.model import Checkpoint, Cycle, Metric
from okrsync.store import goal_models as goals
from okrsync.store.ledger_models import KeyResultState
from okrsync.store.records import State, Tracked
from okrsync.store.statements import chunks, run_many, table, upsert

_STATE_COLUMNS = [table(KeyResultState).c[field.name] for field in fields(State)]


def tracked(conn: Connection) -> list[Tracked]:
    """Return every active key result and KPI with its state, in the order they were first applied."""
    kr = goals.KeyResult
    statement = (
        select(
            *(kr.id, kr.key, kr.kind == "kpi", goals.Team.key, goals.Team.title),
            *(goals.Objective.key, goals.Objective.title, kr.title, kr.owner, kr.type, kr.unit),
            *(kr.start_value, kr.target_value, kr.low, kr.high, kr.checkpoints, kr.weight),
            *(kr.cadence, kr.metric, kr.preset, kr.cycle_id, goals.Objective.commitment),
            *_STATE_COLUMNS,
        )
        .join(goals.Team, goals.Team.id == kr.team_id)
        .outerjoin(goals.Objective, goals.Objective.id == kr.objective_id)
        .outerjoin(KeyResultState, KeyResultState.key_result_id == kr.id)
        .where(kr.archived_at.is_(None))
        .order_by(kr.id)
    )
    cycles = _cycles(conn)
    return [_tracked(row, cycles) for row in conn.execute(statement)]


def _tracked(row: Row[Any], cycles: dict[int, Cycle]) -> Tracked:
    goal, state = row[: -len(_STATE_COLUMNS)], row[-len(_STATE_COLUMNS) :]
    *first, checkpoints, weight, cadence, metric, preset, cycle_id, commitment = goal
    now = State(goal[0]) if state[0] is None else State(*state)
    curve, cycle = checkpoints_from(checkpoints), cycles.get(cycle_id)
    return Tracked(*(*first, curve, weight, cadence, metric, preset, cycle, commitment, now))


def checkpoints_from(document: Iterable[tuple[str, str]]) -> tuple[Checkpoint, ...]:
    """Return a target curve as it was before it became JSON."""
    return tuple(Checkpoint(date.fromisoformat(day), Decimal(value)) for day, value in document)


def _cycles(conn: Connection) -> dict[int, Cycle]:
    c = goals.Cycle
    found = conn.execute(select(c.id, c.name, c.start_date, c.end_date, c.timezone))
    return {id_: Cycle(name, start, end, ZoneInfo(zone)) for id_, name, start, end, zone in found}


def metrics(conn: Connection) -> dict[str, Metric]:
    """Return the active metrics by name."""
    m = goals.Metric
    statement = select(
        *(m.name, m.connection, m.query, m.window, m.formula, m.scale, m.when_empty, m.minimum, m.maximum)
    ).where(m.archived_at.is_(None))
    return {row["name"]: _metric(row) for row in conn.execute(statement.order_by(m.id)).mappings()}


def _metric(row: RowMapping) -> Metric:
    formula = None if row["formula"] is None else Formula.parse(row["formula"])
    return Metric(**{**row, "formula": formula})


def lock_states(conn: Connection, ids: Iterable[int]) -> dict[int, State]:
    """Return the states of `ids` and keep every other writer away from them until the transaction ends.

    A key result that was never asked for gets its row here, so that there is something to lock.
    """
    wanted = sorted(set(ids))
    found = _locked(conn, wanted)
    missing = [id_ for id_ in wanted if id_ not in found]
    if not missing:
        return found
    create = upsert(conn, KeyResultState).on_conflict_do_nothing(index_elements=["key_result_id"])
    run_many(conn, create, [State(id_) for id_ in missing])
    return found | _locked(conn, missing)


def _locked(conn: Connection, ids: Sequence[int]) -> dict[int, State]:
    """Lock in the order of the ids, so that two writers never wait for each other in a circle."""
    found = {}
    for some in chunks(ids):
        statement = select(*_STATE_COLUMNS).where(KeyResultState.key_result_id.in_(some))
        for row in conn.execute(statement.order_by(KeyResultState.key_result_id).with_for_update()):
            found[row.key_result_id] = State(*row)
    return found


def save_states(conn: Connection, states: Sequence[State]) -> None:
    """Put `states` in the place of the ones that are there."""
    statement = upsert(conn, KeyResultState)
    statement = statement.on_conflict_do_update(
        index_elements=["key_result_id"],
        set_={c.name: statement.excluded[c.name] for c in _STATE_COLUMNS if not c.primary_key},
    )
    run_many(conn, statement, sorted(states, key=lambda state: state.key_result_id))
