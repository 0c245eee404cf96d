"""Things that stand on one another, and on themselves in the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def circles(stands_on: Mapping[str, Iterable[str]]) -> list[tuple[str, ...]]:
    """Return every circle once, beginning where it was met first.

    >>> circles({"a": ["b"], "b": ["c", "d"], "c": ["a"], "d": []})
    [('a', 'b', 'c')]
    """
    found: list[tuple[str, ...]] = []
    done: set[str] = set()
    for start in stands_on:
        _follow(start, stands_on, done, found)
    return found


def _follow(start: str, stands_on: Mapping[str, Iterable[str]], done: set[str], found: list[tuple[str, ...]]) -> None:
    """Walk everything that `start` stands on, depth first; without recursion, as chains may be long."""
    if start in done:
        return
    way, ahead = [start], [iter(stands_on[start])]
    while ahead:
        following = next(ahead[-1], None)
        if following is None:
            ahead.pop()
            done.add(way.pop())
        elif following in way:
            found.append(tuple(way[way.index(following) :]))
        elif following in stands_on and following not in done:
            way.append(following)
            ahead.append(iter(stands_on[following]))
