"""One number, asked for now: what it is, over which window, from which rows and requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from okrsync.connect.contract import Answer, Reading
from okrsync.errors import Problem
from okrsync.sync.preview import Previewed, PreviewedMetric
from okrsync.sync.questions import Measured, Question
from okrsync.views.change_list import preview_document
from okrsync.views.figures import number, share, with_unit
from okrsync.views.inline import request_line, shown, span
from okrsync.views.terminal import STATUS_STYLES, console, hanging, plain, words

Questions = Mapping[str, Question | Problem]


def print_preview(one: Previewed, to: Console | None = None) -> None:
    """Print what a key result would become, and every question behind it."""
    out = to or console()
    tracked = one.result.due.tracked
    out.print(plain(f"{tracked.title}  ({tracked.key})", "bold"))
    if one.after:
        state = one.after.state
        before = with_unit(one.before.value, tracked.unit)
        out.print(plain(f"{before} → {with_unit(state.value, tracked.unit)}", "bold"))
        progress = f", {share(state.progress)} of the way" if state.progress is not None else ""
        out.print(plain(f"{words(state.status)}{progress}: {state.rule}", STATUS_STYLES[state.status]))
    else:
        _print_problem(one.result.found, out)
    print_questions(one.result.due.questions, one.answers, out)
    out.print(plain("Nothing was written.", "dim"))


def print_metric(one: PreviewedMetric, to: Console | None = None) -> None:
    """Print the value of a metric, and every question behind it."""
    out = to or console()
    if isinstance(one.found, Measured):
        out.print(plain(f"{one.metric.name} = {number(one.found.value)}", "bold"))
        out.print(plain(f"exactly {one.found.value:f}, true at {one.found.as_of:%Y-%m-%d %H:%M} UTC", "dim"))
    else:
        _print_problem(one.found, out)
    if one.metric.formula:
        out.print(plain(f"  {one.metric.name} = {one.metric.formula.text}"))
    print_questions(one.questions, one.answers, out)
    out.print(plain("Nothing was written.", "dim"))


def _print_problem(found: object, out: Console) -> None:
    if isinstance(found, Problem):
        out.print(plain(f"no number ({found.reason}): {found.message}", "magenta"))
        if found.hint:
            out.print(hanging(plain(f"  → {found.hint}")))


def print_questions(questions: Questions, answers: Mapping[str, Answer], out: Console) -> None:
    """Print each question with its window, its answer, the rows and the requests behind it."""
    for name, question in questions.items():
        if isinstance(question, Problem):
            continue
        window = question.ask.window
        out.print(plain(f"  {name}: asked of {question.connection}", "bold"))
        when = span(window.start, window.end, str(window.zone))
        out.print(hanging(plain(f"    window  {question.metric.window}: {when}")))
        answer = answers[question.ask.key]
        if isinstance(answer, Reading):
            _print_reading(answer, question, out)
        else:
            out.print(hanging(plain(f"    {answer.reason}: {answer.message}", "magenta")))


def _print_reading(answer: Reading, question: Question, out: Console) -> None:
    scale = question.metric.scale
    times = f" × {scale} = {answer.value * scale:f}" if scale != 1 else ""
    out.print(plain(f"    answer  {answer.value:f}{times}{'' if answer.complete else '  (not complete yet)'}"))
    out.print(plain(f"    as of   {answer.as_of:%Y-%m-%d %H:%M} UTC"))
    if answer.rows is not None:
        out.print(plain(f"    rows    {answer.rows}"))
    for row in list(answer.sample)[:3]:
        out.print(hanging(plain(f"            {shown(row)}", "dim")))
    for request in answer.provenance.get("requests", ()):
        out.print(plain(f"    request {request_line(request)}", "dim"))
    for name, value in answer.provenance.items():
        if name not in _SAID:
            out.print(hanging(plain(f"    {name}: {shown(value)}", "dim")))


_SAID = ("requests", "connector", "connection", "query", "window", "as_of", "complete", "rows")


def preview_documents(one: Previewed) -> dict[str, Any]:
    """Return a previewed key result for programs, with the questions behind it."""
    return preview_document(one) | {"questions": _questions(one.result.due.questions, one.answers)}


def metric_document(one: PreviewedMetric) -> dict[str, Any]:
    """Return a previewed metric for programs."""
    found = one.found
    value: dict[str, Any] = (
        {"value": found.value, "as_of": found.as_of, "complete": found.complete}
        if isinstance(found, Measured)
        else {"value": None, "reason": found.reason.value, "message": found.message, "hint": found.hint}
    )
    return {"metric": one.metric.name, **value, "questions": _questions(one.questions, one.answers)}


def _questions(questions: Questions, answers: Mapping[str, Answer]) -> list[dict[str, Any]]:
    return [
        _question(name, question, answers[question.ask.key])
        for name, question in questions.items()
        if isinstance(question, Question)
    ]


def _question(name: str, question: Question, answer: Answer) -> dict[str, Any]:
    window = question.ask.window
    asked = {
        "metric": name,
        "connection": question.connection,
        "window": {"start": window.start, "end": window.end, "zone": str(window.zone)},
    }
    if isinstance(answer, Problem):
        return asked | {"reason": answer.reason.value, "message": answer.message, "hint": answer.hint}
    return asked | {
        "value": answer.value,
        "as_of": answer.as_of,
        "complete": answer.complete,
        "rows": answer.rows,
        "provenance": dict(answer.provenance),
    }
