"""New keys for what is there already: `was` in a file moves a key result, with its history, to its new key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, select, update

from okrsync.store.goal_models import KeyResult
from okrsync.store.statements import chunks, table


class Owner(NamedTuple):
    """What a key is unique in: a cycle's key results, or the KPIs (then `cycle_id` is None)."""

    kind: str
    cycle_id: int | None


@dataclass(frozen=True)
class _Row:
    id: int
    archived: bool


_Rows = dict[tuple[Owner, str], _Row]


def rename(conn: Connection, wanted: Sequence[tuple[Owner, str, str]]) -> None:
    """Give what is active under the second name the third; chains of renames come out right in any order.

    A rename was done before, and is left alone, where something active has the new key already. A namesake in
    the archive makes room: it keeps its history under its key with `~` and its id.
    """
    rows = _rows(conn, {key for _, was, new in wanted for key in (was, new)})
    waiting = list(wanted)
    while ready := [one for one in waiting if _can_move(rows, *one)]:
        for owner, was, new in ready:
            if namesake := rows.pop((owner, new), None):
                _set_key(conn, namesake, f"{new}~{namesake.id}")
            rows[owner, new] = moved = rows.pop((owner, was))
            _set_key(conn, moved, new)
        waiting = [one for one in waiting if one not in ready]


def _can_move(rows: _Rows, owner: Owner, was: str, new: str) -> bool:
    old, taken = rows.get((owner, was)), rows.get((owner, new))
    return old is not None and not old.archived and (taken is None or taken.archived)


def _rows(conn: Connection, keys: set[str]) -> _Rows:
    k = KeyResult
    found: _Rows = {}
    for some in chunks(sorted(keys)):
        statement = select(k.id, k.kind, k.cycle_id, k.key, k.archived_at).where(k.key.in_(some))
        for id_, kind, cycle_id, key, archived_at in conn.execute(statement):
            found[Owner(kind, cycle_id), key] = _Row(id_, archived_at is not None)
    return found


def _set_key(conn: Connection, row: _Row, key: str) -> None:
    conn.execute(update(table(KeyResult)).where(KeyResult.id == row.id).values(key=key))
