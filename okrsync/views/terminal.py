"""What every printed view shares: the console, the colours of the words, and text that is only text."""

from __future__ import annotations

from rich.console import Console, Group
from rich.padding import Padding
from rich.text import Text

from okrsync.vocabulary import DataState, Status

STATUS_STYLES = {
    Status.ON_TRACK: "green",
    Status.ACHIEVED: "bold green",
    Status.AT_RISK: "yellow",
    Status.OFF_TRACK: "bold red",
    Status.MISSED: "bold red",
    Status.NOT_STARTED: "dim",
    Status.UNKNOWN: "magenta",
}
DATA_STYLES = {
    DataState.FRESH: "dim",
    DataState.LATE: "yellow",
    DataState.STALE: "bold magenta",
    DataState.QUARANTINED: "bold magenta",
    DataState.PINNED: "cyan",
    DataState.PAUSED: "dim",
}
PIPE_WIDTH = 160
"""Columns where there is no terminal to ask."""


class Output(Console):
    """A console whose reader may leave before the end; the command line knows what that means."""

    def on_broken_pipe(self) -> None:
        """Let the error pass, which rich would end the process for."""
        self.quiet = True
        raise BrokenPipeError


def console() -> Console:
    """Return the console for standard output: coloured on a terminal only, as wide as that; wide also in a pipe."""
    found = Output(highlight=False, markup=False, emoji=False)
    return found if found.is_terminal else Output(highlight=False, markup=False, emoji=False, width=PIPE_WIDTH)


def words(status: Status | DataState) -> str:
    """Return a term of the field as it is read.

    >>> words(Status.OFF_TRACK)
    'off track'
    """
    return status.value.replace("_", " ")


def styled(status: Status) -> Text:
    """Return a status in its colour."""
    return Text(words(status), style=STATUS_STYLES[status])


def plain(text: str, style: str = "") -> Text:
    """Return text of any origin without the characters that would steer a terminal."""
    return Text("".join(char if char.isprintable() else "�" for char in text), style=style)


def hanging(text: Text) -> Group:
    """Return `text` with every line's indent kept where the line is too long for its place and goes on below."""
    return Group(*(_indented(line) for line in text.split("\n")))


def _indented(line: Text) -> Padding | Text:
    indent = len(line.plain) - len(line.plain.lstrip(" "))
    return Padding(line[indent:], (0, 0, 0, indent), expand=False) if indent else line
