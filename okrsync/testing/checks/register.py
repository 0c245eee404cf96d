"""What a check is, and the decorators that make one of a function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from okrsync.testing.example import AnyExample, Example, LocalExample
from okrsync.testing.failure import Flaws

CheckFunction = Callable[[Any], Flaws]

READS = ("read_many", "read")
"""Where a connector answers questions."""


@dataclass(frozen=True)
class Check:
    """One check: `about` names what in the connector's code it looks at, `example` the examples it is for."""

    name: str
    says: str
    function: CheckFunction
    about: tuple[str, ...]
    example: type[AnyExample]

    def fits(self, example: AnyExample) -> bool:
        """Return whether `example` is of the kind that this check is for."""
        return isinstance(example, self.example)


def _made(example: type[AnyExample], about: tuple[str, ...]) -> Callable[[CheckFunction], Check]:
    def make(function: CheckFunction) -> Check:
        says = (function.__doc__ or "").strip().partition("\n")[0]
        return Check(function.__name__, says, function, about, example)

    return make


def check(*about: str) -> Callable[[CheckFunction], Check]:
    """Make a function a check for every connector, about the methods or classes of these names."""
    return _made(AnyExample, about)


def check_over_http(*about: str) -> Callable[[CheckFunction], Check]:
    """Make a function a check for connectors over HTTP."""
    return _made(Example, about)


def check_locally(*about: str) -> Callable[[CheckFunction], Check]:
    """Make a function a check for connectors that read files, a database or a program's output."""
    return _made(LocalExample, about)
