"""What a check found wrong, and how it is told to a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import NamedTuple

_WIDTH = 100


class Flaw(NamedTuple):
    """One thing that a check found wrong, and what to change: in the connector, or in the example."""

    message: str
    hint: str
    in_example: bool = False


Flaws = Iterator[Flaw]


@dataclass(frozen=True)
class Failure:
    """One thing that is wrong with a connector: the check that found it, what it saw, and what to change.

    `place` is the file and line of the code that the check is about, where that can be told.
    """

    check: str
    message: str
    hint: str
    place: str = ""

    def __str__(self) -> str:
        place = f"{self.place}: " if self.place else ""
        return f"{self.check}: {place}{self.message}\n  {self.hint}"


def report(failures: Sequence[Failure], made: int, switched_off: dict[str, str]) -> str:
    """Return the outcome of a run for a person; `made` is the number of checks that were made."""
    failed = {failure.check for failure in failures}
    lines = [line for failure in failures for line in _lines(failure)]
    lines += [f"not checked: {_sentence(name)} ({reason})" for name, reason in switched_off.items()]
    passed = f"{made - len(failed)} of {made} checks passed"
    lines.append(f"{passed}; {len(failed)} to mend" if failed else passed)
    return "\n".join(lines)


def _lines(failure: Failure) -> Iterator[str]:
    yield f"✗ {_sentence(failure.check)}" + (f"  ({failure.place})" if failure.place else "")
    yield fill(failure.message, _WIDTH, initial_indent="    ", subsequent_indent="    ")
    yield fill(failure.hint, _WIDTH, initial_indent="  → ", subsequent_indent="    ")
    yield ""


def _sentence(name: str) -> str:
    return name.replace("_", " ")
