"""What must hold between the things of a project: names exist, ids are unique, nothing goes in a circle."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from okrsync.errors import Finding
from okrsync.nearest import did_you_mean
from okrsync.okrs.circles import circles
from okrsync.okrs.documents import Document
from okrsync.okrs.environment import has_variable, well_written
from okrsync.okrs.formulas import METRIC_NAME, Formula, FormulaError
from okrsync.okrs.outline import COMPANY, Outline, Written
from okrsync.okrs.windows import WindowError, WindowRule


def reference_findings(outline: Outline) -> Iterator[Finding]:
    """Yield everything that is wrong between the things of a project.

    Names that may stand in a file that could not be read are not called unknown.
    """
    yield from _cycle_findings(outline)
    yield from _team_findings(outline)
    yield from _objective_findings(outline)
    yield from _trackable_findings(outline)
    yield from _metric_findings(outline)
    yield from _owner_findings(outline)
    for part in (outline.settings, *outline.goals):
        if part:
            yield from _variable_findings(part.document)


def _unknown(where: Written, field: str, thing: str, known: Collection[str]) -> Iterator[Finding]:
    name = where.text(field)
    if name is not None and name not in known:
        yield where.finding(field, f"there is no {thing} {name!r}", did_you_mean(name, known))


def _second(things: Iterable[tuple[str, Written]], field: str, what: str) -> Iterator[Finding]:
    """Yield a finding at every thing whose name another has already."""
    first: dict[str, Written] = {}
    for name, thing in things:
        if name in first:
            yield thing.finding(field, f"{what} {name!r} is taken", f"by {first[name].place}; every one needs its own")
        first.setdefault(name, thing)


def _cycle_findings(outline: Outline) -> Iterator[Finding]:
    settings = outline.settings
    if not settings:
        return
    if settings.has("cycle") and settings.has("cycles"):
        yield settings.finding("cycles", "cycle and cycles are both there", "list all of them below cycles")
    if not settings.has("cycle") and not settings.values.get("cycles"):
        yield settings.finding_here("cycle is missing", "cycle: {name: 2026-Q4, start: 2026-10-01, end: 2026-12-31}")
    yield from _second(((cycle.text("name") or "", cycle) for cycle in outline.cycles), "name", "the cycle")
    names = [name for cycle in outline.cycles if (name := cycle.text("name"))]
    for file in outline.goals:
        yield from _unknown(file, "cycle", "cycle", names)
        if len(names) > 1 and not file.has("cycle"):
            yield file.finding_here("cycle is missing", f"there are several: {', '.join(names)}")


def _team_findings(outline: Outline) -> Iterator[Finding]:
    listed = [*outline.listed_teams.items()]
    described = [(key, team) for file in outline.goals if (team := file.below("team")) and (key := team.text("key"))]
    yield from _second([*listed, *described], "key", "the team")
    for _, team in (*listed, *described):
        if outline.whole:
            yield from _unknown(team, "parent", "team", outline.team_keys)
    if outline.whole and listed:
        known = {*outline.listed_teams, *(key for key, _ in described), COMPANY}
        for file in outline.goals:
            yield from _unknown(file, "team", "team", known)
    company = outline.listed_teams.get(COMPANY)
    if outline.settings and outline.settings.has("company") and company and company.has("title"):
        yield company.finding("title", "the company's name is given twice", "here and as company: leave one out")
    parents = {key: [parent] if (parent := team.text("parent")) else [] for key, team in (*listed, *described)}
    yield from _circle_findings(parents, dict([*listed, *described]), "parent", "teams")


def _objective_findings(outline: Outline) -> Iterator[Finding]:
    objectives = {key: objective for key, objective, _ in outline.objectives()}
    yield from _second(((key, objective) for key, objective, _ in outline.objectives()), "id", "the objective")
    for objective in objectives.values():
        if outline.whole:
            yield from _unknown(objective, "supports", "objective", objectives)
    supports = {key: [other] if (other := found.text("supports")) else [] for key, found in objectives.items()}
    yield from _circle_findings(supports, objectives, "supports", "objectives")


def _circle_findings(
    stands_on: Mapping[str, Iterable[str]], things: Mapping[str, Written], field: str, what: str
) -> Iterator[Finding]:
    for circle in circles(stands_on):
        way = " → ".join([*circle, circle[0]])
        yield things[circle[0]].finding(field, f"these {what} go in a circle: {way}", f"take one {field} out")


def _trackable_findings(outline: Outline) -> Iterator[Finding]:
    things = [(name, thing) for thing in outline.trackables() if (name := thing.text("id"))]
    yield from _second(things, "id", "the id")
    names = {name for name, _ in things}
    heirs = [(was, thing) for _, thing in things if (was := thing.text("was"))]
    yield from _second(heirs, "was", "the history of")
    for was, thing in heirs:
        if was in names:
            yield thing.finding("was", f"{was!r} is still there", "was names an id that is no more")
    for name, thing in things:
        yield from _unknown(thing, "metric", "metric", outline.metric_names) if outline.settings else ()
        if thing.below("metric") and (listed := outline.listed_metrics.get(name)):
            hint = f"the metrics have one, in {listed.place}: name it with metric: {name}, or give one another name"
            yield thing.finding("metric", f"there is a metric {name!r} already", hint)


def _metric_findings(outline: Outline) -> Iterator[Finding]:
    formulas = {name: formula for name, metric in outline.metrics.items() if (formula := _formula(metric))}
    for name, metric in outline.metrics.items():
        if outline.settings:
            yield from _unknown(metric, "connection", "connection", outline.connection_names)
            if formula := formulas.get(name):
                yield from _unknown_in_formula(metric, formula, outline.metric_names)
    uses = {name: formula.names for name, formula in formulas.items()}
    yield from _circle_findings(uses, outline.metrics, "formula", "formulas")
    for kpi, _ in outline.kpis():
        yield from _needs_no_cycle(kpi, outline.metrics, uses)


def _formula(metric: Written) -> Formula | None:
    try:
        return Formula.parse(metric.text("formula") or "")
    except FormulaError:
        return None


def _unknown_in_formula(metric: Written, formula: Formula, known: Iterable[str]) -> Iterator[Finding]:
    written = str(metric.values["formula"])
    for name in formula.names:
        if name in known:
            continue
        found = re.search(rf"(?<![\w]){name}(?!\w)", written)
        hint = _hyphen_hint(name, known) or did_you_mean(name, filter(METRIC_NAME.fullmatch, known))
        yield metric.finding("formula", f"there is no metric {name!r}", hint, offset=found.start() if found else 0)


def _hyphen_hint(name: str, known: Iterable[str]) -> str:
    """Return what to do where a metric's hyphen was read as a minus."""
    for metric in known:
        if "-" in metric and name in metric.split("-"):
            return f"in a formula - is minus: rename the metric {metric!r} to {metric.replace('-', '_')!r}"
    return ""


def _needs_no_cycle(
    kpi: Written, metrics: Mapping[str, Written], uses: Mapping[str, Iterable[str]]
) -> Iterator[Finding]:
    asked = kpi.text("id") if kpi.below("metric") else kpi.text("metric")
    ahead, seen = [asked] if asked else [], set[str]()
    while ahead:
        name = ahead.pop()
        metric = metrics.get(name)
        if name in seen or not metric:
            continue
        seen.add(name)
        ahead.extend(uses.get(name, ()))
        if _window_needs_cycle(metric):
            window = metric.text("window")
            hint = "a KPI has no cycle: a window such as trailing(28 days), month_to_date or now does"
            yield kpi.finding("metric", f"the window {window} of metric {name!r} needs a cycle", hint)


def _window_needs_cycle(metric: Written) -> bool:
    try:
        return WindowRule.parse(metric.text("window") or "now").needs_cycle
    except WindowError:
        return False


def _owner_findings(outline: Outline) -> Iterator[Finding]:
    hint = "owner: somebody@example.com, here or for the whole file"
    for file in outline.goals:
        if file.has("owner"):
            continue
        yield from (kpi.finding_here("owner is missing", hint) for kpi in file.items("kpis") if not kpi.has("owner"))
        for objective in file.items("objectives"):
            if not objective.has("owner"):
                yield objective.finding_here("owner is missing", hint)


def _variable_findings(document: Document) -> Iterator[Finding]:
    """Yield variables where none are filled in, and those that are not well written."""
    for way in document.values:
        value = document.value
        for part in way:
            value = value[part]
        if not isinstance(value, str) or not has_variable(value):
            continue
        if way[0] not in ("connections", "database"):
            hint = "variables are filled in below connections and in database only"
            yield document.finding(way, "a variable stands here, and is not filled in", hint)
        elif not well_written(value):
            yield document.finding(way, "a variable is not well written", "${NAME} or ${NAME:-text instead}")
