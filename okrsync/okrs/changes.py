"""What `apply` would change in the database: the difference between the wish and what is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from okrsync.okrs.model import Cycle, KeyResult, Kpi, Metric, Objective, Project, Team


class ChangeKind(StrEnum):
    """What happens to a thing."""

    ADDED = "added"
    CHANGED = "changed"
    RENAMED = "renamed"
    """Goes on under another key, with its history; its fields may change as well."""
    ARCHIVED = "archived"
    """Is in the database and no longer in the files; its history stays."""


@dataclass(frozen=True)
class FieldChange:
    """A field that gets another value."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Change:
    """One thing that changes. `thing` is what it is called on screen; `was` is the former key of a renamed one."""

    kind: ChangeKind
    thing: str
    key: str
    fields: tuple[FieldChange, ...] = ()
    was: str | None = None


Thing = Cycle | Team | Objective | KeyResult | Kpi | Metric

_NO_CONTENT = frozenset({"key", "name", "was"})
"""Fields that say which thing it is, not what is known of it."""


def changes(wanted: Project, stored: Project) -> tuple[Change, ...]:
    """Return what has to change in `stored` for it to say what `wanted` says, kind of thing by kind of thing.

    Connections stay in the files and are not compared.
    """
    found: list[Change] = []
    for (thing, wishes), (_, kept) in zip(_things(wanted), _things(stored), strict=True):
        found += _changes_of(thing, wishes, kept)
    return tuple(found)


def unchanged(wanted: Project, found: tuple[Change, ...]) -> int:
    """Return how many things of `wanted` the changes `found` leave as they are."""
    return sum(len(wishes) for _, wishes in _things(wanted)) - sum(
        change.kind is not ChangeKind.ARCHIVED for change in found
    )


def _things(project: Project) -> Iterator[tuple[str, Mapping[str, Thing]]]:
    yield "cycle", project.cycles
    yield "team", project.teams
    yield "metric", project.metrics
    yield "objective", project.objectives
    yield "key result", project.key_results
    yield "KPI", project.kpis


def _changes_of(thing: str, wanted: Mapping[str, Thing], stored: Mapping[str, Thing]) -> Iterator[Change]:
    heirs = _heirs(wanted, stored)
    for key, wish in wanted.items():
        was = heirs.get(key)
        if was is None and key not in stored:
            yield Change(ChangeKind.ADDED, thing, key)
            continue
        different = _different(stored[was or key], wish)
        if was or different:
            yield Change(ChangeKind.RENAMED if was else ChangeKind.CHANGED, thing, key, different, was)
    for key in stored:
        if key not in wanted and key not in heirs.values():
            yield Change(ChangeKind.ARCHIVED, thing, key)


def _heirs(wanted: Mapping[str, Thing], stored: Mapping[str, Thing]) -> dict[str, str]:
    """Return the former key of everything that is renamed; one renamed earlier is under its new key already."""
    new = ((key, wish) for key, wish in wanted.items() if key not in stored)
    former = {key: wish.was for key, wish in new if isinstance(wish, (KeyResult, Kpi)) and wish.was}
    return {key: was for key, was in former.items() if was in stored and was not in wanted}


def _different(before: Thing, after: Thing) -> tuple[FieldChange, ...]:
    pairs = ((field.name, getattr(before, field.name), getattr(after, field.name)) for field in fields(after))
    return tuple(FieldChange(name, old, new) for name, old, new in pairs if name not in _NO_CONTENT and old != new)
