"""What counts as a number, strictly: no data is not zero, and a typo is not zero.

`to_decimal` is the one door through which values come in; `number` finds one in a reply.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from okrsync.connect.answers.expressions import compiled
from okrsync.connect.answers.fields import begins_in
from okrsync.errors import Problem, Reason
from okrsync.redaction import redact

LARGEST = Decimal(10) ** 26
"""Values must be smaller than this, either way: what the central database keeps exactly."""

_GRAMMAR = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}([.,' \u00a0\u202f]\d{3})+([.,]\d+)?|[+-]?\d+,\d+", re.ASCII)
_DECORATED = re.compile(r"[^\d]*[+-]?\d[\d.,]*\s*[^\d]*", re.ASCII)
_LONGEST_SHOWN = 40
_NOT_FINITE = frozenset({"nan", "inf", "infinity", "-inf", "-infinity", "+inf", "+infinity"})


def to_decimal(value: Any, where: str = "") -> Decimal:
    """Return `value` as an exact, finite number; raises `Problem` saying what was there instead.

    Integers and Decimals pass. A text passes when it is digits with an optional sign, point and exponent;
    spaces, separators of thousands, percent and currency signs do not. A float, as some database drivers give,
    counts as the shortest decimal that means it (`0.1` is 0.1). `where` says in messages what was looked at.

    >>> to_decimal("28.10", "B7")
    Decimal('28.10')
    """
    if value is None:
        raise Problem(Reason.NO_DATA, f"{_subject(where)} is empty (null)", hint="no data is not zero")
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _in_range(Decimal(repr(value)) if isinstance(value, float) else Decimal(value), where)
    if isinstance(value, str):
        return _in_range(_from_text(value, where), where)
    raise Problem(Reason.BAD_VALUE, f"{_subject(where)} is {_described(value)}, not a number")


def number(answer: Any, path: str) -> Decimal:
    """Return the one number at `path`, a JMESPath expression such as `results[0].metrics[0]`, of a reply.

    Raises `Problem`: `query` when the path cannot be read or looks at a key that the reply does not have (naming
    those it has), `no_data` when the key is there and holds nothing, `bad_value` when what is there is no number or
    more than one. A mistyped path must not pass for "nothing", which a metric may take for 0, nor for a sum of 0.
    """
    found = compiled(path).search(answer)
    if not found and not begins_in(answer, path):
        raise _nothing(Reason.QUERY, "is not in the reply", answer, path)
    if found is None:
        raise _nothing(Reason.NO_DATA, "is empty in the reply", answer, path)
    if isinstance(found, list):
        if len(found) == 1:
            return to_decimal(found[0], path)
        if not found:
            raise Problem(Reason.NO_DATA, f"{path!r} found nothing (an empty list)")
        raise Problem(
            Reason.BAD_VALUE,
            f"{path!r} found {len(found)} values, expected 1",
            hint="point at one of them, or reduce rows with an aggregate",
        )
    return to_decimal(found, path)


def _from_text(text: str, where: str) -> Decimal:
    if _GRAMMAR.fullmatch(text):
        return Decimal(text)
    if not text.strip():
        raise Problem(Reason.NO_DATA, f"{_subject(where)} is empty", hint="no data is not zero")
    if text.strip().lower() in _NOT_FINITE:
        raise Problem(Reason.BAD_VALUE, f"{_subject(where)} is {text.strip()}, not a finite number")
    raise Problem(Reason.BAD_VALUE, f"{_subject(where)} is the text {_quoted(text)}, not a number", _hint(text))


def _hint(text: str) -> str:
    text = text.strip()
    if len(text) > _LONGEST_SHOWN:
        return ""
    if _GRAMMAR.fullmatch(text):
        return "there are spaces around it; have the source send the bare number"
    if _GROUPED.fullmatch(text):
        return "which of its signs is the decimal point? Have the source send 1234.5, or declare how it writes numbers"
    if "%" in text and _DECORATED.fullmatch(text):
        return "is 12% meant as 12 or as 0.12? Have the source send the bare number, and declare `scale`"
    if _DECORATED.fullmatch(text):
        return "have the source send the bare number, without unit or currency"
    return ""


def _in_range(value: Decimal, where: str) -> Decimal:
    if not value.is_finite():
        raise Problem(Reason.BAD_VALUE, f"{_subject(where)} is {value}, not a finite number")
    if value and value.adjusted() >= LARGEST.adjusted():
        raise Problem(Reason.BAD_VALUE, f"{_subject(where)} is out of range: {_shortened(f'{value:.3e}')}")
    return value


def _nothing(reason: Reason, what: str, answer: Any, path: str) -> Problem:
    hint = ""
    keys = _keys(answer)
    by_last = {_last_key(key): key for key in reversed(keys)}
    if near := get_close_matches(_last_key(path), by_last, n=1):
        hint = f"did you mean {by_last[near[0]]!r}?"
    there = f" | there is: {', '.join(keys[:12])}" if keys else f" | the reply is {_described(answer)}"
    return Problem(reason, redact(f"{path!r} {what}{there}"), hint)


def _last_key(path: str) -> str:
    names: list[str] = re.findall(r"\w+", re.sub(r"\[[^\]]*\]", "", path))
    return names[-1] if names else path


def _keys(answer: Any, depth: int = 3, prefix: str = "") -> list[str]:
    """Return the paths that the reply has, a few levels deep."""
    if isinstance(answer, Mapping):
        found = []
        for name, value in list(answer.items())[:20]:
            inner = _keys(value, depth - 1, f"{prefix}{name}.") if depth > 1 else []
            found += inner or [f"{prefix}{name}"]
        return found
    if isinstance(answer, Sequence) and not isinstance(answer, str | bytes) and answer:
        return _keys(answer[0], depth, f"{prefix.rstrip('.')}[0].")
    return []


def _subject(where: str) -> str:
    return where or "the value"


def _described(value: Any) -> str:
    match value:
        case bool():
            return f"{value}, a yes or no".lower()
        case Mapping():
            return f"an object ({', '.join(map(str, list(value)[:8]))})" if value else "an empty object"
        case list() | tuple():
            return f"a list of {len(value)}" if value else "an empty list"
        case str():
            return f"the text {_quoted(value)}"
        case None:
            return "null"
        case _:
            return f"a {type(value).__name__}"


def _quoted(text: str) -> str:
    return repr(_shortened(redact(text)))


def _shortened(text: str, longest: int = _LONGEST_SHOWN) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
