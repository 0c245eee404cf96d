"""Takes limits upon itself and becomes the program: `launcher.py MEGABYTES PROGRAM [ARGUMENT…]`.

Run as a script of its own, because limits that are set between fork and exec would need Python code to run in a
forked copy of a process with threads, which may hang.
"""

from __future__ import annotations

import os
import resource
import sys

NOT_RUNNABLE, NOT_FOUND = 126, 127
"""Exit codes, as shells have them."""


def main(megabytes: str, program: str, *arguments: str) -> int:
    """Become `program`; returns an exit code only if that cannot be."""
    # What is merely reserved counts for RLIMIT_AS, and Java and Node reserve more than they will ever use.
    memory = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    _lower(memory, int(megabytes) * 2**20)
    _lower(resource.RLIMIT_CORE, 0)
    try:
        os.execv(program, [program, *arguments])  # noqa: S606 - no shell is the point
    except OSError as error:
        sys.stderr.write(f"cannot be started: {error.strerror}\n")
        return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_RUNNABLE


def _lower(limit: int, value: int) -> None:
    _, highest = resource.getrlimit(limit)
    value = value if highest == resource.RLIM_INFINITY else min(value, highest)
    resource.setrlimit(limit, (value, value))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
