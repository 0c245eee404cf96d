"""From a metric to the questions that its value needs, and from their answers back to the value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from okrsync.connect.connections import parse_query
from okrsync.connect.contract import Answer, Ask, Connector, History, Reading, question_key
from okrsync.errors import Problem, Reason
from okrsync.okrs.model import Cycle, Metric
from okrsync.okrs.windows import Grain, Window, WindowError, WindowRule, cycle_window
from okrsync.store.types import exact
from okrsync.sync.ask import as_problem
from okrsync.vocabulary import WhenEmpty

if TYPE_CHECKING:
    from okrsync.sync.workspace import Workspace

_DIGITS = 50
"""Significant digits that scaling and formulas work with; more than any stored value has."""


@dataclass(frozen=True)
class Question:
    """What one metric asks of its connection, at one moment, for one cycle."""

    metric: Metric
    connection: str
    ask: Ask[Any]
    history: History


@dataclass(frozen=True)
class Measured:
    """The value of a metric, as the database keeps it; `raw` are the sources' own numbers behind it, by metric."""

    value: Decimal
    as_of: datetime
    complete: bool
    unit: str | None
    raw: Mapping[str, Decimal]


class Asking:
    """Makes the questions of metrics at one moment: one clock, each distinct question once.

    `moment` is when the values are to hold true: now for a sync, a slot of the past for a back-fill.
    """

    def __init__(self, workspace: Workspace, metrics: Mapping[str, Metric], moment: datetime) -> None:
        self.workspace = workspace
        self.metrics = metrics
        self.moment = moment
        self._known: dict[tuple[str, str], dict[str, Question | Problem]] = {}

    def questions(self, metric: str, cycle: Cycle | None) -> dict[str, Question | Problem]:
        """Return the question of each metric with a connection that `metric` stands on, or why it has none."""
        place = (metric, cycle.name if cycle else "")
        if place not in self._known:
            self._known[place] = self._questions(metric, cycle)
        return self._known[place]

    def _questions(self, metric: str, cycle: Cycle | None) -> dict[str, Question | Problem]:
        try:
            return {leaf.name: self._question_or_problem(leaf, cycle) for leaf in leaves(metric, self.metrics)}
        except Problem as problem:
            return {metric: problem}

    def _question_or_problem(self, metric: Metric, cycle: Cycle | None) -> Question | Problem:
        try:
            return self._question(metric, cycle)
        except Exception as error:  # noqa: BLE001 - a connector's code is asked; its faults must not stop the others
            return as_problem(error, metric.connection or metric.name)

    def _question(self, metric: Metric, cycle: Cycle | None) -> Question:
        if metric.connection is None:
            raise Problem(Reason.CONFIG, f"metric {metric.name} has neither a connection nor a formula")
        connector = self.workspace.connector(metric.connection)
        query = _query(connector, metric)
        window = self._window(metric, cycle, connector)
        as_of = min(window.end, self.moment)
        # What a source says of a window that is not over, such as the whole cycle, holds true at present only.
        history = connector.history_of(query) if as_of == window.end else History.SNAPSHOT
        ask = Ask(question_key(connector.name, metric.connection, query, window), query, window, as_of)
        return Question(metric, metric.connection, ask, history)

    def _window(self, metric: Metric, cycle: Cycle | None, connector: Connector[Any, Any]) -> Window:
        zone = ZoneInfo(connector.zone() or str(cycle.zone if cycle else self.workspace.zone))
        grain = Grain(connector.grain)
        # A source that knows days only means its own days, also by the first and the last one of a cycle.
        span = cycle_window(cycle.start, cycle.end, zone if grain is Grain.DAY else cycle.zone) if cycle else None
        moment = min(self.moment, span.end) if span else self.moment
        try:
            window = WindowRule.parse(metric.window).at(moment, span, zone, grain)
        except WindowError as error:
            raise Problem(Reason.CONFIG, f"metric {metric.name}: {error}") from None
        if window.empty:
            raise Problem(
                Reason.NO_DATA,
                f"metric {metric.name}: no whole day lies in {metric.window} yet",
                f"{connector.name} answers by the day; there is a first number after the next midnight in {zone}",
            )
        return window


def distinct_asks(questions: Iterable[Question | Problem]) -> dict[str, tuple[Ask[Any], ...]]:
    """Return what there is to ask, each distinct question once, by connection."""
    asks: dict[str, dict[str, Ask[Any]]] = defaultdict(dict)
    for question in questions:
        if isinstance(question, Question):
            asks[question.connection].setdefault(question.ask.key, question.ask)
    return {connection: tuple(by_key.values()) for connection, by_key in asks.items()}


def leaves(metric: str, metrics: Mapping[str, Metric]) -> Iterator[Metric]:
    """Yield the metrics with a connection that `metric` stands on: itself, or those of its formula, each once.

    Raises `Problem` where a name leads nowhere; a formula that leads back to itself is refused at loading.
    """
    seen: set[str] = set()
    waiting = [metric]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name not in metrics:
            raise Problem(Reason.CONFIG, f"there is no metric {name}", "apply the goals with `okrsync apply`")
        found = metrics[name]
        if found.formula:
            waiting += reversed(found.formula.names)
        else:
            yield found


def _query(connector: Connector[Any, Any], metric: Metric) -> Any:
    try:
        return parse_query(type(connector), metric.query)
    except Problem as problem:
        raise Problem(problem.reason, f"metric {metric.name}: {problem.message}", problem.hint) from None


def settling_time(metric: str | None, metrics: Mapping[str, Metric]) -> timedelta:
    """Return how long after its window's end a value of `metric` is still the newest there can be.

    The number of last month is as new as can be until this month is over.
    """
    if metric is None:
        return timedelta()
    try:
        kinds = [WindowRule.parse(leaf.window).kind for leaf in leaves(metric, metrics)]
    except (Problem, WindowError):
        return timedelta()
    return max((_LASTS.get(kind, timedelta()) for kind in kinds), default=timedelta())


_LASTS = {"trailing": timedelta(days=1), "previous_week": timedelta(days=7), "previous_month": timedelta(days=31)}


class KeepLast(Problem):
    """The source had nothing, and the metric says `when_empty: keep`: the last value stays, beyond doubt."""


def measure(
    metric: str,
    metrics: Mapping[str, Metric],
    questions: Mapping[str, Question | Problem],
    answers: Mapping[str, Answer],
) -> Measured | Problem:
    """Return the value of `metric` from the answers to its questions, or the `Problem` that stands in its way.

    `questions` are those that `Asking.questions` gave for the metric, `answers` the answer to each by its key.
    """
    try:
        return _measure(metric, metrics, questions, answers)
    except Problem as problem:
        return problem


def _measure(
    metric: str,
    metrics: Mapping[str, Metric],
    questions: Mapping[str, Question | Problem],
    answers: Mapping[str, Answer],
) -> Measured:
    readings = {name: _reading(question, answers) for name, question in questions.items()}
    with localcontext(prec=_DIGITS):
        known = {name: reading.value * metrics[name].scale for name, reading in readings.items()}
        value = _evaluate(metrics[metric], metrics, known)
    found = list(readings.values())
    return Measured(
        value=_kept(metric, value),
        as_of=min(reading.as_of for reading in found),
        complete=all(reading.complete for reading in found),
        unit=found[0].unit if len(found) == 1 else None,
        raw={name: reading.value for name, reading in readings.items()},
    )


def _kept(metric: str, value: Decimal) -> Decimal:
    """Return `value` as the database keeps it; raises `Problem` for one that it cannot keep."""
    try:
        return exact(value)
    except Problem as problem:
        raise Problem(problem.reason, f"metric {metric}: {problem.message}", "mend the source, or the scale") from None


def _reading(question: Question | Problem, answers: Mapping[str, Answer]) -> Reading:
    """Return the reading that answers `question`, or raise why there is none."""
    if isinstance(question, Problem):
        raise question
    answer = answers[question.ask.key]
    if isinstance(answer, Reading):
        return answer
    if answer.reason is Reason.NO_DATA:
        match question.metric.when_empty:
            case WhenEmpty.ZERO:
                return Reading(Decimal(0), as_of=question.ask.as_of)
            case WhenEmpty.KEEP:
                raise KeepLast(answer.reason, answer.message, answer.hint)
            case WhenEmpty.PROBLEM:
                pass
    raise answer


def _evaluate(metric: Metric, metrics: Mapping[str, Metric], known: Mapping[str, Decimal]) -> Decimal:
    if metric.formula is None:
        return _bounded(metric, known[metric.name])
    inputs = {name: _evaluate(metrics[name], metrics, known) for name in metric.formula.names}
    try:
        return _bounded(metric, metric.formula.evaluate(inputs) * metric.scale)
    except Problem as problem:
        raise Problem(problem.reason, f"metric {metric.name}: {problem.message}", problem.hint) from None


def _bounded(metric: Metric, value: Decimal) -> Decimal:
    if metric.minimum is not None and value < metric.minimum:
        raise _out_of_bounds(metric, value, f"below the minimum {metric.minimum}")
    if metric.maximum is not None and value > metric.maximum:
        raise _out_of_bounds(metric, value, f"above the maximum {metric.maximum}")
    return value


def _out_of_bounds(metric: Metric, value: Decimal, how: str) -> Problem:
    return Problem(
        Reason.BAD_VALUE,
        f"metric {metric.name}: {value:f} is {how}",
        "mend the source, or the metric's `minimum` and `maximum`",
    )
