"""A project folder, read as a whole: all that is wrong with it at once, or what it says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from okrsync.errors import Finding, GoalsError
from okrsync.okrs.building import build
from okrsync.okrs.documents import Document, read_document
from okrsync.okrs.model import Project
from okrsync.okrs.outline import Outline, Written
from okrsync.okrs.references import reference_findings
from okrsync.okrs.rules import (
    checkpoint_findings,
    cycle_findings,
    key_result_findings,
    kpi_findings,
    metric_findings,
)
from okrsync.okrs.schema import GoalsFile, ProjectFile
from okrsync.okrs.shape import fit

PROJECT_FILE = "okrsync.yaml"
GOALS_FOLDER = "goals"


def load_project(folder: Path) -> Project:
    """Return what the project folder says; raises `GoalsError` with everything that is wrong in all of its files.

    Nothing but the files is looked at: no connection is opened and no variable is filled in.
    """
    files = _files(folder)
    read = [read_document(folder / file, file) for file in files]
    findings = [finding for _, found in read for finding in found]
    documents = {file: document for file, (document, _) in zip(files, read, strict=True) if document}
    settings, goals, misfits = _fitted(documents)
    findings += misfits
    findings += _between(_outline(documents, whole=len(documents) == len(files)))
    if findings or settings is None:
        raise GoalsError(dict.fromkeys(findings))
    return build(folder.resolve(), (documents[PROJECT_FILE], settings), goals)


def _files(folder: Path) -> list[str]:
    """Return the files of the project, relative to its folder, `okrsync.yaml` first."""
    if not folder.is_dir():
        raise GoalsError([Finding(str(folder), 0, 0, "there is no such folder", f"okrsync init {folder} makes one")])
    if not (folder / PROJECT_FILE).is_file():
        hint = "name another folder with --project, or make one: okrsync init DIR"
        raise GoalsError([Finding(PROJECT_FILE, 0, 0, f"is not in {folder}, so this is no project folder", hint)])
    goals = sorted(
        path.relative_to(folder).as_posix() for path in (folder / GOALS_FOLDER).rglob("*") if _is_goals(path)
    )
    if not goals:
        hint = "okrsync init DIR makes a folder that shows what they look like"
        raise GoalsError([Finding(f"{GOALS_FOLDER}/", 0, 0, "there are no goals: no .yaml file is in it", hint)])
    return [PROJECT_FILE, *goals]


def _is_goals(path: Path) -> bool:
    return path.suffix in (".yaml", ".yml") and not path.name.startswith(".") and path.is_file()


def _fitted(
    documents: dict[str, Document],
) -> tuple[ProjectFile | None, list[tuple[Document, GoalsFile]], list[Finding]]:
    settings, findings = None, []
    goals = []
    for file, document in documents.items():
        if file == PROJECT_FILE:
            settings, misfits = fit(document, ProjectFile)
        else:
            part, misfits = fit(document, GoalsFile)
            goals += [(document, part)] if part else []
        findings += misfits
    return settings, goals, findings


def _outline(documents: dict[str, Document], *, whole: bool) -> Outline:
    settings = documents.get(PROJECT_FILE)
    goals = tuple(Written(document, ()) for file, document in documents.items() if file != PROJECT_FILE)
    return Outline(Written(settings, ()) if settings else None, goals, whole)


def _between(outline: Outline) -> Iterator[Finding]:
    """Yield what is wrong between fields and between things."""
    yield from reference_findings(outline)
    for cycle in outline.cycles:
        yield from cycle_findings(cycle)
    for metric in outline.metrics.values():
        yield from metric_findings(metric)
    for found in outline.key_results():
        yield from key_result_findings(found.key_result)
        yield from checkpoint_findings(found.key_result, outline.cycle_of(found.file))
    for kpi, _ in outline.kpis():
        yield from kpi_findings(kpi)
