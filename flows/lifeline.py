"""Runs `prefect` with the given arguments for as long as the process that started it lives.

Run as a script, by its path. Its standard input is a pipe from that process; when the other end is gone, even
by a SIGKILL, so is the reason for a server, and it ends itself.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading


def _end_with_the_parent() -> None:
    # The raw descriptor, because a thread in the middle of sys.stdin.read() would hold up the interpreter's end.
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_parent, name="lifeline", daemon=True).start()
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)
