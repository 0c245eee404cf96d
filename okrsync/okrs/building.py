"""From files that are sound to the values that okrsync works with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from okrsync.okrs.documents import Document, Way
from okrsync.okrs.model import (
    Checkpoint,
    Connection,
    Cycle,
    KeyResult,
    Kpi,
    Metric,
    Objective,
    Place,
    Project,
    Team,
)
from okrsync.okrs.outline import COMPANY
from okrsync.okrs.rules import BOUND, USUAL_UNIT, type_of
from okrsync.okrs.schema import (
    CyclePart,
    GoalsFile,
    KeyResultPart,
    KpiPart,
    MetricPart,
    NamedTeamPart,
    ObjectivePart,
    ProjectFile,
    TeamPart,
)
from okrsync.vocabulary import KeyResultType, Level

DEFAULT_WINDOW = "now"
Anchors = dict[Way, tuple[str, ...]]
"""What stands at which way of a document, by the path that `Project.places` knows it by."""


@dataclass(frozen=True)
class _File:
    document: Document
    part: GoalsFile
    team: str
    cycle: str


def build(folder: Path, settings: tuple[Document, ProjectFile], goals: Sequence[tuple[Document, GoalsFile]]) -> Project:
    """Return the project that these files describe; they have no findings."""
    document, said = settings
    cycles = {part.name: _cycle(part) for part in ([said.cycle] if said.cycle else said.cycles)}
    files = [_file(part_of, part, cycles) for part_of, part in goals]
    return Project(
        folder=folder,
        cycles=cycles,
        teams=_teams(said, files),
        objectives={objective.key: objective for file in files for objective in _objectives(file)},
        key_results={found.key: found for file in files for found in _key_results(file)},
        kpis={kpi.id: _kpi(kpi, file) for file in files for kpi in file.part.kpis},
        metrics={name: _metric(name, part) for name, part in _metric_parts(said, files)},
        connections={
            name: Connection(name, part.connector, dict(part.model_extra or {}))
            for name, part in said.connections.items()
        },
        preset=said.status.preset,
        database=said.database,
        places=_places(document, said, files),
    )


def _file(document: Document, part: GoalsFile, cycles: Mapping[str, Cycle]) -> _File:
    team = part.team.key if isinstance(part.team, NamedTeamPart) else part.team
    return _File(document, part, team, part.cycle or next(iter(cycles)))


def _cycle(part: CyclePart) -> Cycle:
    return Cycle(part.name, part.start, part.end, part.timezone)


def _teams(said: ProjectFile, files: Sequence[_File]) -> dict[str, Team]:
    parts: dict[str, TeamPart] = {COMPANY: TeamPart(title=said.company)} if said.company else {}
    parts.update((file.team, TeamPart()) for file in files if file.team not in parts)
    for key, part in [
        *said.teams.items(),
        *((f.team, f.part.team) for f in files if isinstance(f.part.team, TeamPart)),
    ]:
        named_company = {"title": said.company} if key == COMPANY and said.company else {}
        parts[key] = part.model_copy(update=named_company)
    return {key: _team(key, part, parts) for key, part in parts.items()}


def _team(key: str, part: TeamPart, all_parts: Mapping[str, TeamPart]) -> Team:
    is_company = key == COMPANY and "level" not in part.model_fields_set
    above = COMPANY if COMPANY in all_parts and key != COMPANY else None
    title = part.title or key.replace("-", " ").replace("_", " ").strip().capitalize()
    return Team(key, title, Level.COMPANY if is_company else part.level, part.parent or above)


def _objectives(file: _File) -> Iterator[Objective]:
    for part in file.part.objectives:
        yield Objective(
            key=f"{file.team}/{part.id}",
            team=file.team,
            cycle=file.cycle,
            title=part.title,
            owner=part.owner or file.part.owner or "",
            commitment=part.kind,
            supports=part.supports,
            weight=part.weight,
        )


def _key_results(file: _File) -> Iterator[KeyResult]:
    for objective in file.part.objectives:
        for part in objective.key_results:
            yield _key_result(part, objective, file)


def _key_result(part: KeyResultPart, objective: ObjectivePart, file: _File) -> KeyResult:
    figures = {"start": part.start, "target": part.target, "low": part.low, "high": part.high}
    kind = type_of(figures, part.type)
    if kind is None:
        raise ValueError(f"the type of {part.id} is undecided")
    start, target, low, high = _figures(kind, figures)
    return KeyResult(
        key=part.id,
        objective=f"{file.team}/{objective.id}",
        title=part.title,
        owner=part.owner or objective.owner or file.part.owner or "",
        type=kind,
        unit=part.unit or USUAL_UNIT[kind],
        start_value=start,
        target_value=target,
        low=low,
        high=high,
        weight=part.weight,
        cadence=part.cadence,
        metric=part.id if isinstance(part.metric, MetricPart) else part.metric,
        checkpoints=tuple(sorted((Checkpoint(at.date, at.value) for at in part.checkpoints), key=lambda at: at.day)),
        preset=part.preset,
        was=part.was,
    )


def _figures(kind: KeyResultType, written: Mapping[str, Decimal | None]) -> tuple[Decimal | None, ...]:
    """Return start, target, low and high as the type means them."""
    figures = dict(written)
    if (bound := BOUND.get(kind)) and figures[bound] is None:
        figures[bound], figures["target"] = figures["target"], None
    if kind in (KeyResultType.MILESTONE, KeyResultType.BINARY) and figures["start"] is None:
        figures["start"] = Decimal(0)
    if kind is KeyResultType.BINARY and figures["target"] is None:
        figures["target"] = Decimal(1)
    return figures["start"], figures["target"], figures["low"], figures["high"]


def _kpi(part: KpiPart, file: _File) -> Kpi:
    return Kpi(
        key=part.id,
        team=file.team,
        title=part.title,
        owner=part.owner or file.part.owner or "",
        unit=part.unit,
        metric=part.id if isinstance(part.metric, MetricPart) else part.metric,
        low=part.healthy.above,
        high=part.healthy.below,
        cadence=part.cadence,
        was=part.was,
    )


def _metric_parts(said: ProjectFile, files: Sequence[_File]) -> Iterator[tuple[str, MetricPart]]:
    yield from said.metrics.items()
    for file in files:
        parts: list[KeyResultPart | KpiPart] = [kr for part in file.part.objectives for kr in part.key_results]
        for part in [*parts, *file.part.kpis]:
            if isinstance(part.metric, MetricPart):
                yield part.id, part.metric


def _metric(name: str, part: MetricPart) -> Metric:
    return Metric(
        name=name,
        connection=part.connection,
        query=part.query,
        window="" if part.formula else part.window or DEFAULT_WINDOW,
        formula=part.formula,
        scale=part.scale,
        when_empty=part.when_empty,
        minimum=part.minimum,
        maximum=part.maximum,
    )


def _places(document: Document, said: ProjectFile, files: Sequence[_File]) -> dict[tuple[str, ...], Place]:
    places = _places_in(document, _settings_anchors(said))
    for file in files:
        places |= _places_in(file.document, dict(_goals_anchors(file)))
    return places


def _settings_anchors(said: ProjectFile) -> Anchors:
    anchors: Anchors = {("database",): ("database",), ("status",): ("status",)}
    for kind in ("metrics", "connections", "teams"):
        anchors |= {(kind, name): (kind, name) for name in getattr(said, kind)}
    if said.cycle:
        anchors["cycle",] = ("cycles", said.cycle.name)
    return anchors | {("cycles", at): ("cycles", part.name) for at, part in enumerate(said.cycles)}


def _goals_anchors(file: _File) -> Iterator[tuple[Way, tuple[str, ...]]]:
    if isinstance(file.part.team, TeamPart):
        yield ("team",), ("teams", file.team)
    for at, objective in enumerate(file.part.objectives):
        way: Way = ("objectives", at)
        yield way, ("objectives", f"{file.team}/{objective.id}")
        yield from _trackable_anchors((*way, "key_results"), "key_results", objective.key_results)
    yield from _trackable_anchors(("kpis",), "kpis", file.part.kpis)


def _trackable_anchors(
    way: Way, kind: str, parts: Sequence[KeyResultPart | KpiPart]
) -> Iterator[tuple[Way, tuple[str, ...]]]:
    for at, part in enumerate(parts):
        yield (*way, at), (kind, part.id)
        if isinstance(part.metric, MetricPart):
            yield (*way, at, "metric"), ("metrics", part.id)


def _places_in(document: Document, anchors: Anchors) -> dict[tuple[str, ...], Place]:
    """Return the place of every anchor and of everything below it."""
    places = {}
    for way in document.values:
        anchor = next((way[:length] for length in range(len(way), 0, -1) if way[:length] in anchors), None)
        if anchor is None:
            continue
        spot = document.key_spot(way) if way == anchor else document.spot(way)
        name = (*anchors[anchor], *map(str, way[len(anchor) :]))
        places[name] = Place(document.file, spot.line, spot.column)
    return places
