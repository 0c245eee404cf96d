"""What a program says on its standard error: the end of it, kept in bounded space and shown without a secret."""

from __future__ import annotations

from okrsync.redaction import redact

_KEPT = 16 * 1024
_LONGEST_LINE = 300


class Complaints:
    """The last of what was written."""

    def __init__(self) -> None:
        self._kept = b""
        self._cut = False

    def add(self, piece: bytes) -> None:
        """Take what comes next."""
        self._kept += piece
        if len(self._kept) > _KEPT:
            self._kept, self._cut = self._kept[-_KEPT:], True

    @property
    def lines(self) -> list[str]:
        """The lines of it that are not empty, secrets hidden.

        The first of what was kept is left out where it may be the rest of a line: half a secret is not recognised.
        """
        kept = self._kept.partition(b"\n")[2] if self._cut else self._kept
        # Secrets are hidden before lines are told apart and cut: a secret may have several.
        lines = [line.strip() for line in redact(kept.decode(errors="replace")).splitlines()]
        return [_shortened(line) for line in lines if line]


def _shortened(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…"
