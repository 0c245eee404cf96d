"""Why a program gave no answer: what its exit code, the signal that ended it and its last words mean."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence

from okrsync.connect.commands.launcher import NOT_FOUND, NOT_RUNNABLE
from okrsync.errors import Problem, Reason

_OUT_OF_MEMORY = re.compile(
    r"MemoryError|out of memory|OutOfMemoryError|cannot allocate memory|bad_alloc|failed to allocate|allocation failed",
    re.IGNORECASE,
)


def failure(program: str, code: int, said: Sequence[str], memory: int) -> Problem:
    """Return the problem of a `program` that ended with `code` (negative: a signal) after it `said` some lines.

    `memory` is the limit that it had, in megabytes.
    """
    words = f": {said[-1]}" if said else ""
    if any(map(_OUT_OF_MEMORY.search, said)):
        return Problem(
            Reason.BAD_RESPONSE,
            f"{program} ran out of memory (its limit is {memory} MB){words}",
            "have it print less, or raise `memory` of the connection",
        )
    if code in (NOT_FOUND, NOT_RUNNABLE):
        hint = "run the command by hand, in the project folder; see whether all that it names is installed"
        return Problem(Reason.CONFIG, f"{program} cannot be run (exit code {code}){words}", hint)
    if code < 0:
        hint = "was it stopped by hand or by the system, for want of memory? Run it by hand"
        return Problem(Reason.BAD_RESPONSE, f"{program} was ended by {_name(-code)}{words}", hint)
    hint = "run the command by hand, in the project folder and with its environment"
    return Problem(Reason.BAD_RESPONSE, f"{program} failed with exit code {code}{words}", hint)


def too_slow(program: str, seconds: float) -> Problem:
    """Return the problem of a program that was stopped after `seconds`."""
    return Problem(
        Reason.TIMEOUT,
        f"{program} took longer than {seconds:g} s and was stopped",
        "have it print less, or raise `timeout` of the connection",
    )


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
