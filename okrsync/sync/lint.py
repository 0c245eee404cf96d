"""Check a project folder without asking any source: its files, and whether connectors take what they say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from okrsync.connect.connections import check_query, check_settings
from okrsync.connect.registry import Registry
from okrsync.errors import Finding, GoalsError
from okrsync.okrs.model import Project
from okrsync.okrs.project import load_project


def lint(folder: Path) -> Project:
    """Return the project if nothing is wrong with it; raises `GoalsError` with every finding at once."""
    project = load_project(folder)
    require_bound(project, Registry.load(project.folder))
    return project


def require_bound(project: Project, registry: Registry) -> None:
    """Raise `GoalsError` where a connector refuses a connection's settings or a metric's query."""
    findings = [*_of_connections(project, registry), *_of_metrics(project, registry)]
    if findings:
        raise GoalsError(findings)


def _of_connections(project: Project, registry: Registry) -> Iterator[Finding]:
    for name, connection in project.connections.items():
        for misfit in check_settings(connection, registry, project.folder):
            yield _finding(project, ("connections", name, *misfit.path), misfit.message, misfit.hint)


def _of_metrics(project: Project, registry: Registry) -> Iterator[Finding]:
    for name, metric in project.metrics.items():
        if metric.connection and metric.connection in project.connections:
            connection = project.connections[metric.connection]
            for misfit in check_query(connection, metric.query, registry):
                yield _finding(project, ("metrics", name, "query", *misfit.path), misfit.message, misfit.hint)


def _finding(project: Project, path: tuple[str, ...], message: str, hint: str) -> Finding:
    place = project.place(*path)
    return Finding(place.file, place.line, place.column, f"{' '.join(path[:2])}: {message}", hint)
