"""What a connector does besides asking: opening lines and files, looking at the clock, sleeping, logging."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Any

_NETWORK = frozenset({"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"})
_PROCESSES = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"})
_CLOCK = {"now": date, "utcnow": date, "today": date}
_TIME_FUNCTIONS = frozenset({time.time, time.time_ns, time.localtime, time.gmtime})


@dataclass
class Deeds:
    """What was done within `watched`; `lines` are attempts to reach a network past the HTTP client."""

    folder: Path
    let_out: bool
    lines: list[str] = field(default_factory=list)
    processes: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[str]:
        """Everything that was done, for a message."""
        return [*self.lines, *self.processes, *self.files]

    def note(self, event: str, details: tuple[Any, ...]) -> None:
        """Remember what is about to happen; raises `OSError` when it would leave this machine."""
        if event in _NETWORK:
            self.lines.append(f"{event}{_address(details)}")
            if not self.let_out:
                raise ConnectionRefusedError("the kit lets nothing out")
        elif event in _PROCESSES:
            self.processes.append(f"{event} {details[0]!r}" if details else event)
        elif event == "sqlite3.connect" or (event == "open" and self._is_ours(details[0])):
            self.files.append(f"{event} {Path(str(details[0])).name}")

    def _is_ours(self, path: Any) -> bool:
        return isinstance(path, str | Path) and Path(path).is_relative_to(self.folder)


_deeds: ContextVar[Deeds | None] = ContextVar("deeds", default=None)
_hooked: list[bool] = []


def _address(details: tuple[Any, ...]) -> str:
    return f" to {details[-1] if isinstance(details[-1], tuple) else details[0]}" if details else ""


def _hook(event: str, details: tuple[Any, ...]) -> None:
    deeds = _deeds.get()
    if deeds is not None and (event in _NETWORK or event in _PROCESSES or event in ("open", "sqlite3.connect")):
        deeds.note(event, details)


@contextmanager
def watched(folder: Path, *, let_out: bool) -> Iterator[Deeds]:
    """Note what this context and the threads that inherit it do; nothing leaves the machine unless `let_out`."""
    if not _hooked:
        sys.addaudithook(_hook)  # stays for the life of the process, and does nothing outside of `watched`
        _hooked.append(True)
    deeds = Deeds(folder, let_out)
    token = _deeds.set(deeds)
    try:
        yield deeds
    finally:
        _deeds.reset(token)


@contextmanager
def clock_watched(files: frozenset[str]) -> Iterator[list[str]]:
    """Note where code in `files` asks the clock, in this thread: file, line and what was asked."""
    seen: list[str] = []

    def note(frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call" and frame.f_code.co_filename in files and (name := _clock_function(called)):
            seen.append(f"{place(frame.f_code.co_filename, frame.f_lineno)} asks {name}()")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield seen
    finally:
        sys.setprofile(before)


def _clock_function(called: Any) -> str | None:
    name, owner = getattr(called, "__name__", ""), getattr(called, "__self__", None)
    if name in _CLOCK and isinstance(owner, type) and issubclass(owner, date):
        return f"{owner.__name__}.{name}"
    return f"time.{name}" if called in _TIME_FUNCTIONS else None


@contextmanager
def sleepless(files: frozenset[str]) -> Iterator[list[str]]:
    """Have code in `files` not sleep, and note where it wanted to."""
    seen: list[str] = []
    real = time.sleep

    def sleep(seconds: float) -> None:
        frame = sys._getframe(1)  # noqa: SLF001 - whose sleep it is
        if frame.f_code.co_filename in files:
            seen.append(f"{place(frame.f_code.co_filename, frame.f_lineno)} sleeps {seconds:g} s")
        else:
            real(seconds)

    time.sleep = sleep  # type: ignore[assignment]
    try:
        yield seen
    finally:
        time.sleep = real


def place(file: str, line: int) -> str:
    """Return file and line as a message shows them."""
    path = Path(file)
    return f"{path.parent.name}/{path.name}:{line}"


class _Kept(logging.Handler):
    """Keeps what is logged, with its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))


@contextmanager
def logs_kept() -> Iterator[list[str]]:
    """Keep everything that is logged, and show it nowhere: the troubles are made up.

    It is kept as it was logged, also where this process hides secrets in its log: hiding is no excuse for logging.
    """
    root, kept = logging.getLogger(), _Kept()
    level, handlers, factory = root.level, root.handlers, logging.getLogRecordFactory()
    root.handlers = [kept]
    root.setLevel(logging.DEBUG)
    logging.setLogRecordFactory(logging.LogRecord)
    try:
        yield kept.texts
    finally:
        root.handlers = handlers
        root.setLevel(level)
        logging.setLogRecordFactory(factory)
