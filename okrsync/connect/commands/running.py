"""Runs a program within bounds of time, memory and output, and leaves nothing of it behind.

The program gets a process group of its own, which is ended with it: what it started dies with it. Nothing is ever
handed to a shell.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from okrsync.connect.commands import launcher
from okrsync.connect.commands.complaints import Complaints
from okrsync.connect.commands.outcome import failure, too_slow
from okrsync.errors import Problem, Reason

LONGEST_LINE = 10 * 2**20
"""Bytes of one line."""

_GRACE = 2.0
"""Seconds between the wish that a program ends and its end; containers need some to end with it."""
_TICK = 0.1
"""Seconds after which it is seen that a program is done, though something else still holds its output open."""
_PIECE = 64 * 1024


@dataclass(frozen=True)
class Bounds:
    """What a program may use: `seconds` in all, `memory` in megabytes per process, `output` in bytes."""

    seconds: float
    memory: int
    output: int


@dataclass(frozen=True)
class Command:
    """A program as `program.find` gives it, its arguments, where it runs, what it finds there, its bounds.

    `name` is what it is called in messages. The arguments and the environment may hold secrets.
    """

    name: str
    program: str
    arguments: Sequence[str] = field(repr=False)
    folder: Path
    environ: Mapping[str, str] = field(repr=False)
    bounds: Bounds


class Running:
    """A program while it runs; a context manager that ends it, whatever happens."""

    def __init__(self, command: Command) -> None:
        """Start `command`; raises `Problem`."""
        self._command = command
        self._ends = time.monotonic() + command.bounds.seconds
        self._complaints = Complaints()
        limited = [sys.executable, "-I", "-S", launcher.__file__, str(command.bounds.memory)]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the project's own command, and no shell
                [*limited, command.program, *command.arguments],
                cwd=command.folder,
                env=dict(command.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                bufsize=0,
            )
        except OSError as error:
            raise Problem(Reason.CONFIG, f"{command.name} cannot be started: {error.strerror}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe:
                pipe.close()

    @property
    def complaints(self) -> list[str]:
        """The end of its standard error, line by line, secrets hidden."""
        return self._complaints.lines

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of its standard output, without their ends; the last may lack its own.

        Raises `Problem` when it breaks a bound, or is done and says that it failed. Nothing is known to be whole
        before the iterator has ended.
        """
        begun: list[bytes] = []
        length = 0
        for piece in self._pieces():
            head, ended, rest = piece.rpartition(b"\n")
            if ended:
                yield from b"".join([*begun, head]).split(b"\n")
                begun, length = [], 0
            begun.append(rest)
            length += len(rest)
            if length > LONGEST_LINE:
                raise self._too_much(f"a line of more than {LONGEST_LINE // 2**20} MB", "print one row per line")
        self._refuse_failure()
        if length:
            yield b"".join(begun)

    def interrupt(self) -> None:
        """End it from another thread: whoever reads its lines is told that it was ended."""
        if self._process.returncode is None:
            self._signal(signal.SIGKILL)

    def _pieces(self) -> Iterator[bytes]:
        """Yield its output as it comes, until it ends or is done."""
        stdout, stderr = self._process.stdout, self._process.stderr
        assert stdout is not None  # noqa: S101 - both were asked for
        assert stderr is not None  # noqa: S101
        total = 0
        with selectors.DefaultSelector() as open_pipes:
            open_pipes.register(stdout, selectors.EVENT_READ)
            open_pipes.register(stderr, selectors.EVENT_READ)
            while open_pipes.get_map():
                ready = open_pipes.select(min(_TICK, self._seconds_left()))
                if not ready and self._is_done():
                    return
                for key, _ in ready:
                    piece = os.read(key.fd, _PIECE)
                    if not piece:
                        open_pipes.unregister(key.fileobj)
                    elif key.fileobj is stderr:
                        self._complaints.add(piece)
                    else:
                        total += len(piece)
                        self._refuse_flood(total)
                        yield piece

    def _seconds_left(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise too_slow(self._command.name, self._command.bounds.seconds)
        return left

    def _refuse_flood(self, total: int) -> None:
        most = self._command.bounds.output
        if total > most:
            raise self._too_much(f"more than {most / 10**6:g} MB", "have it print less, or raise `max_bytes`")

    def _too_much(self, what: str, hint: str) -> Problem:
        return Problem(Reason.BAD_RESPONSE, f"{self._command.name} printed {what} and was stopped", hint)

    def _refuse_failure(self) -> None:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(self._seconds_left())
        if not self._is_done():
            raise too_slow(self._command.name, self._command.bounds.seconds)
        if code := self._process.returncode:
            raise failure(self._command.name, code, self.complaints, self._command.bounds.memory)

    def _is_done(self) -> bool:
        """Return whether the program has ended; what it left running ends then, too."""
        if self._process.poll() is None:
            return False
        self._signal(signal.SIGKILL)
        return True

    def _end(self) -> None:
        if self._process.returncode is None and not self._is_done():
            self._signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE)
            self._signal(signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE)

    def _signal(self, number: signal.Signals) -> None:
        """Send a signal to the program and to what it started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
