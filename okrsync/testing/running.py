"""Trying a connector with all checks that are for its kind."""

from __future__ import annotations

import traceback
from collections.abc import Collection
from pathlib import Path

from okrsync.errors import UnknownName
from okrsync.testing import failure
from okrsync.testing.bench import Unusable, line_of, opened
from okrsync.testing.checks import batches, commands, description, paging, reading, secrecy, time, troubles
from okrsync.testing.checks.register import Check
from okrsync.testing.example import AnyExample
from okrsync.testing.failure import Failure

OPENING = "the_example_can_be_tried"
"""Stands in for a check where the example cannot even be opened."""

_SUBJECTS = (description, reading, time, troubles, batches, paging, secrecy, commands)
CHECKS: dict[str, Check] = {
    check.name: check for subject in _SUBJECTS for check in vars(subject).values() if isinstance(check, Check)
}
"""All checks by name, in the order they are made."""


def checks_for(example: AnyExample) -> list[Check]:
    """Return the checks that are made of `example`: those of its kind, without those that it switches off.

    Raises `UnknownName` for a name in `without` that is no check.
    """
    off = switched_off(example)
    return [check for check in CHECKS.values() if check.fits(example) and check.name not in off]


def switched_off(example: AnyExample) -> dict[str, str]:
    """Return the checks that `example` switches off, with its reasons; raises `UnknownName`."""
    for name in example.without:
        if name not in CHECKS:
            raise UnknownName.among("check", name, CHECKS)
    return dict(example.without)


def run(example: AnyExample, only: Collection[str] = ()) -> list[Failure]:
    """Return everything that is wrong with the example's connector; `only` names the checks to make, if not all.

    Contacts nothing over a network for an `Example`, and never waits. Raises `UnknownName` for a name that is no
    check, and nothing else. Not for several threads at once: the network and the clock of the process are replaced.
    """
    for name in only:
        if name not in CHECKS:
            raise UnknownName.among("check", name, CHECKS)
    if unopened := _unopened(example):
        return [unopened]
    made = [check for check in checks_for(example) if not only or check.name in only]
    return [failure for check in made for failure in failures_of(check, example)]


def failures_of(check: Check, example: AnyExample) -> list[Failure]:
    """Make one check and return what it found."""
    place = line_of(example.connector, *check.about)
    if check.about[:1] in (("Config",), ("Query",)):
        place = line_of(getattr(example.connector, check.about[0]))
    try:
        flaws = list(check.function(example))
    except Unusable as error:
        return [Failure(check.name, error.message, error.hint)]
    except Exception as error:  # noqa: BLE001 - functions of the example and of the connector may fail in any way
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(frame.filename).name}:{frame.lineno}"
        message = f"the check could not be made: {type(error).__name__} at {where}: {error}"
        return [Failure(check.name, message, "mend what fails there, in the connector or in the example", place)]
    return [Failure(check.name, flaw.message, flaw.hint, "" if flaw.in_example else place) for flaw in flaws]


def _unopened(example: AnyExample) -> Failure | None:
    try:
        with opened(example) as bench:
            bench.question(example.happy)
    except Unusable as error:
        return Failure(OPENING, error.message, error.hint, line_of(example.connector))
    return None


def report(example: AnyExample, failures: list[Failure]) -> str:
    """Return the outcome of `run` as a person wants to read it: what is wrong, where, and how to mend it."""
    made = [] if any(one.check == OPENING for one in failures) else checks_for(example)
    return failure.report(failures, len(made), switched_off(example))
