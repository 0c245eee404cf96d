"""The file by which a demo folder is known."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from okrsync.errors import ExitCode, OkrsyncError

NAME = ".okrsync-demo.json"


class NoDemo(OkrsyncError):
    """A folder that the demo did not write."""

    exit_code = ExitCode.USAGE


@dataclass(frozen=True)
class Marker:
    """What the demo remembers of its folder: the cycle, the seed of its numbers, and the port of its CRM."""

    cycle: str
    seed: int
    port: int

    @classmethod
    def read(cls, folder: Path) -> Marker:
        """Read the marker of a demo folder; raises `NoDemo`."""
        try:
            known = json.loads((folder / NAME).read_text(encoding="utf-8"))
            return cls(str(known["cycle"]), int(known["seed"]), int(known["port"]))
        except (OSError, ValueError, KeyError, TypeError):
            raise NoDemo(f"{folder} is no demo folder", hint="make one with `okrsync demo`") from None

    def write(self, folder: Path) -> None:
        """Write the marker into a folder."""
        (folder / NAME).write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")

    def moved_to(self, port: int) -> Marker:
        """Return the marker with another port."""
        return replace(self, port=port)


def is_demo(folder: Path) -> bool:
    """Return whether the demo wrote this folder."""
    return (folder / NAME).is_file()
