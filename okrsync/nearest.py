"""The name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the one of `known` that is most like `name`, or None if none is at all like it.

    >>> nearest("tilte", ["title", "target"])
    'title'
    """
    by_case = {candidate.casefold(): candidate for candidate in known}
    close = get_close_matches(name.casefold(), by_case, n=1, cutoff=0.6)
    return by_case[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint that names the nearest of `known`, or all of them where none is near and they are few.

    >>> did_you_mean("tilte", ["title", "target"])
    "did you mean 'title'?"
    >>> did_you_mean("x", ["sqls", "mqls"])
    'there are: mqls, sqls'
    """
    names = sorted(set(known))
    if found := nearest(name, names):
        return f"did you mean {found!r}?"
    if not names:
        return "there are none"
    return f"there are: {', '.join(names)}" if len(names) <= _FEW else ""


_FEW = 15
