"""JSON read strictly: exact numbers, no key twice, no bottomless nesting."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

DEEPEST = 100
"""Levels of nesting. No source needs more; what walks a reply may then use recursion."""


class NotStrictJson(ValueError):
    """Bytes that are no acceptable JSON; the message says why and quotes none of them but a doubled key."""


def parse(content: bytes) -> Any:
    """Return what `content` says; numbers with a point or an exponent are Decimal. Raises `NotStrictJson`.

    `NaN` and `Infinity` come back as such Decimals, so that whoever wants that number can say where it stood.
    """
    try:
        text = content.decode(json.detect_encoding(content))
        answer = json.loads(text, parse_float=Decimal, parse_constant=Decimal, object_pairs_hook=_without_doubles)
    except NotStrictJson:
        raise
    except RecursionError:
        raise NotStrictJson("nested too deep") from None
    except json.JSONDecodeError as error:
        raise NotStrictJson(f"not JSON ({error.msg.lower()} at line {error.lineno})") from None
    except ValueError:
        raise NotStrictJson("not JSON (its text or one of its numbers cannot be read)") from None
    _refuse_depth(answer)
    _refuse_halves(content, answer)
    return answer


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NotStrictJson(f"the key {twice[:40]!r} is there twice")
    return found


def _refuse_depth(answer: Any) -> None:
    level, depth = [answer], 0
    while level := [part for part in level if isinstance(part, dict | list)]:
        depth += 1
        if depth > DEEPEST:
            raise NotStrictJson("nested too deep")
        level = [inner for part in level for inner in (part.values() if isinstance(part, dict) else part)]


def _refuse_halves(content: bytes, answer: Any) -> None:
    """Refuse a text with half a surrogate pair in it: it can be neither stored nor printed."""
    if b"\\ud" not in content.lower():
        return
    try:
        json.dumps(answer, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        raise NotStrictJson("not JSON (half a character in a text)") from None
