"""The evidence of how a value was obtained: enough to ask again by hand, and without a secret."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from okrsync.connect.contract import Answer, Reading
from okrsync.sync.plan import Due
from okrsync.sync.questions import Measured, Question


def okrsync_version() -> str:
    """Return the version of the installed package, or `unknown` where it is run without being installed."""
    try:
        return version("okrsync")
    except PackageNotFoundError:
        return "unknown"


def receipt(due: Due, measured: Measured, formula: str | None, answers: Mapping[str, Answer]) -> dict[str, Any]:
    """Return the receipt of a check-in: its metric or formula, and every source's answer behind the value."""
    return {
        "okrsync": okrsync_version(),
        "metric": due.metric,
        "formula": formula,
        "value": measured.value,
        "as_of": measured.as_of,
        "complete": measured.complete,
        "inputs": [
            _input(name, question, measured, answers[question.ask.key])
            for name, question in due.questions.items()
            if isinstance(question, Question)
        ],
    }


def _input(name: str, question: Question, measured: Measured, answer: Answer) -> dict[str, Any]:
    window = question.ask.window
    evidence: dict[str, Any] = {
        "metric": name,
        "connection": question.connection,
        "question": question.ask.key,
        "query": question.ask.query.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "window": {
            "rule": question.metric.window,
            "start": window.start,
            "end": window.end,
            "zone": str(window.zone),
        },
        "raw": measured.raw[name],
        "scale": question.metric.scale,
    }
    if isinstance(answer, Reading):
        evidence |= {
            "as_of": answer.as_of,
            "complete": answer.complete,
            "rows": answer.rows,
            "watermark": answer.watermark,
            "unit": answer.unit,
            "provenance": dict(answer.provenance),
        }
    else:
        evidence["empty"] = f"{answer.message}; the metric says when_empty: zero"
    return evidence
