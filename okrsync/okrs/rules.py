"""What must hold between the fields of one key result, KPI, metric or cycle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from okrsync.errors import Finding
from okrsync.okrs.outline import Written
from okrsync.vocabulary import KeyResultType

_FIGURES = ("start", "target", "low", "high")

_NEEDED = {
    KeyResultType.INCREASE: ("start", "target"),
    KeyResultType.DECREASE: ("start", "target"),
    KeyResultType.IN_RANGE: ("low", "high"),
    KeyResultType.MILESTONE: ("target",),
}
_MEANINGLESS = {
    KeyResultType.INCREASE: ("low", "high"),
    KeyResultType.DECREASE: ("low", "high"),
    KeyResultType.STAY_ABOVE: ("start", "high"),
    KeyResultType.STAY_BELOW: ("start", "low"),
    KeyResultType.IN_RANGE: ("start", "target"),
    KeyResultType.MILESTONE: ("low", "high"),
    KeyResultType.BINARY: ("low", "high"),
}
BOUND = {KeyResultType.STAY_ABOVE: "low", KeyResultType.STAY_BELOW: "high"}
"""The field that `target` may stand for."""

USUAL_UNIT = {KeyResultType.MILESTONE: "milestones", KeyResultType.BINARY: "done"}
"""Units that need not be written."""


def type_of(figures: Mapping[str, Decimal | None], written: KeyResultType | None) -> KeyResultType | None:
    """Return the type of a key result from what is `written`, else from its start, target, low and high."""
    start, target, low, high = (figures.get(name) for name in _FIGURES)
    if written is not None:
        return written
    if start is not None and target is not None and start != target:
        return KeyResultType.INCREASE if start < target else KeyResultType.DECREASE
    if start is not None or target is not None or (low is None and high is None):
        return None
    if low is not None and high is not None:
        return KeyResultType.IN_RANGE
    return KeyResultType.STAY_ABOVE if high is None else KeyResultType.STAY_BELOW


def key_result_findings(key_result: Written) -> Iterator[Finding]:
    """Yield what is wrong between the figures of a key result; nothing while one of them cannot be read."""
    figures = {name: key_result.number(name) for name in _FIGURES}
    if any(key_result.has(name) and figures[name] is None for name in _FIGURES):
        return
    written = key_result.text("type")
    if written is not None and written not in set(KeyResultType):
        return
    kind = type_of(figures, KeyResultType(written) if written else None)
    yield from _unit_findings(key_result, kind)
    if kind is None:
        yield _undecided(key_result, figures)
        return
    yield from _missing_and_meaningless(key_result, kind)
    if order := _wrong_order(kind, figures):
        yield key_result.finding(*order)


def _unit_findings(key_result: Written, kind: KeyResultType | None) -> Iterator[Finding]:
    if not key_result.has("unit") and kind not in USUAL_UNIT:
        yield key_result.finding_here("unit is missing", "for example percent, EUR or count")


def _undecided(key_result: Written, figures: Mapping[str, Decimal | None]) -> Finding:
    start, target = figures["start"], figures["target"]
    if start is not None and target is not None:
        return key_result.finding("target", *_same(start))
    if start is None and target is None:
        return key_result.finding_here(
            "start and target are missing", "or low and high, for a value that is to be kept"
        )
    if start is None:
        hint = "or, where the value is to be kept, say type: stay_above or type: stay_below"
        return key_result.finding_here("start is missing", hint)
    return key_result.finding_here("target is missing")


def _same(start: Decimal) -> tuple[str, str]:
    return (
        f"target is the same as start, {start}: there is no way to go",
        "where the value is to be kept, say type: stay_above, stay_below or in_range",
    )


def _missing_and_meaningless(key_result: Written, kind: KeyResultType) -> Iterator[Finding]:
    for name in _NEEDED.get(kind, ()):
        if not key_result.has(name):
            yield key_result.finding_here(f"{name} is missing, which {kind} needs")
    for name in _MEANINGLESS[kind]:
        if key_result.has(name):
            yield key_result.finding(name, f"{name} has no meaning for {kind}", "leave it out, or say another type")
    if bound := BOUND.get(kind):
        given = [name for name in (bound, "target") if key_result.has(name)]
        if not given:
            yield key_result.finding_here(f"{bound} is missing, which {kind} needs")
        if len(given) > 1:
            yield key_result.finding("target", f"target and {bound} say the same for {kind}", "leave one of them out")
    if kind.maintains and key_result.has("checkpoints"):
        yield key_result.finding("checkpoints", f"checkpoints have no meaning for {kind}", "leave them out")


def _wrong_order(kind: KeyResultType, figures: Mapping[str, Decimal | None]) -> tuple[str, str, str] | None:
    """Return field, message and hint for figures that contradict the type or each other."""
    if kind is KeyResultType.BINARY:
        return _not_binary(figures)
    if kind is KeyResultType.IN_RANGE:
        return _crossed("low", figures["low"], "high", figures["high"])
    start = figures["start"] if kind is not KeyResultType.MILESTONE else figures["start"] or Decimal(0)
    target = figures["target"]
    if kind.maintains or start is None or target is None:
        return None
    if kind is KeyResultType.MILESTONE and (target % 1 or start % 1):
        return "target", f"target {target} of start {start}: milestones are counted whole", "use whole numbers"
    if start == target:
        return "target", *_same(start)
    return _wrong_way(kind, start, target)


def _wrong_way(kind: KeyResultType, start: Decimal, target: Decimal) -> tuple[str, str, str] | None:
    rises = target > start
    if rises is (kind is not KeyResultType.DECREASE):
        return None
    relation = "above" if rises else "below"
    right = KeyResultType.INCREASE if rises else KeyResultType.DECREASE
    message = f"type is {kind}, but target {target} is {relation} start {start}"
    return "target", message, f"say type: {right}, or swap start and target"


def _not_binary(figures: Mapping[str, Decimal | None]) -> tuple[str, str, str] | None:
    for name, only in (("start", 0), ("target", 1)):
        if figures[name] is not None and figures[name] != only:
            return name, f"{name} is {figures[name]}, but binary goes from 0 to 1", "leave it out, or say another type"
    return None


def _crossed(lower: str, low: Decimal | None, upper: str, high: Decimal | None) -> tuple[str, str, str] | None:
    if low is None or high is None or low < high:
        return None
    return lower, f"nothing lies between {lower} {low} and {upper} {high}", "swap them?"


def checkpoint_findings(key_result: Written, cycle: Written | None) -> Iterator[Finding]:
    """Yield checkpoints outside the cycle, and two of the same day."""
    first, last = (cycle.day("start"), cycle.day("end")) if cycle else (None, None)
    seen = set()
    for checkpoint in key_result.items("checkpoints"):
        day = checkpoint.day("date")
        if day is None:
            continue
        if first and last and not first <= day <= last:
            yield checkpoint.finding("date", f"checkpoint {day} lies outside the cycle, {first} to {last}")
        if day in seen:
            yield checkpoint.finding("date", f"there is a checkpoint of {day} already")
        seen.add(day)


def kpi_findings(kpi: Written) -> Iterator[Finding]:
    """Yield what is wrong with the healthy range of a KPI."""
    if not (healthy := kpi.below("healthy")):
        return
    if not healthy.has("above") and not healthy.has("below"):
        yield kpi.finding("healthy", "healthy needs above, below or both")
    if crossed := _crossed("above", healthy.number("above"), "below", healthy.number("below")):
        yield healthy.finding(*crossed)


def metric_findings(metric: Written) -> Iterator[Finding]:
    """Yield what is wrong between the fields of a metric."""
    if metric.has("formula"):
        for name in ("connection", "query", "window", "when_empty"):
            if metric.has(name):
                hint = "it is said at the metrics that the formula uses" if name != "connection" else "say one of them"
                yield metric.finding(name, f"{name} does not go with a formula", hint)
    elif not metric.has("connection"):
        yield metric.finding_here("connection is missing", "or a formula over other metrics")
    if crossed := _crossed("minimum", metric.number("minimum"), "maximum", metric.number("maximum")):
        yield metric.finding(*crossed)


def cycle_findings(cycle: Written) -> Iterator[Finding]:
    """Yield a cycle that ends before it starts."""
    start, end = cycle.day("start"), cycle.day("end")
    if start and end and end < start:
        yield cycle.finding("end", f"end {end} is before start {start}", "swap them?")
