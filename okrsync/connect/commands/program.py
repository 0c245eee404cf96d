"""Which program a command means, and what it is given of this process's environment."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from okrsync.errors import Problem, Reason

PASSED_ON = ("PATH", "HOME", "LANG")
"""The variables that a program gets of this process's own; the others may hold secrets of other connections."""


def refuse_elsewhere(program: str, folder: Path) -> None:
    """Raise ValueError for a path that leads out of the project's `folder`.

    Links are not followed: the interpreter of a virtual environment is one to a file elsewhere.
    """
    if "/" in program and not _in_folder(program, folder).is_relative_to(folder.resolve()):
        raise ValueError(f"{program} lies outside the project folder; write its name, with its folder on PATH")


def find(program: str, folder: Path, path: str) -> str:
    """Return the file that `program` means: one below `folder` if it has a slash, else one on `path`.

    Raises `Problem` (`config`).
    """
    if "/" not in program:
        found = shutil.which(program, path=path)
        if found is None or not Path(found).is_absolute():
            raise Problem(
                Reason.CONFIG,
                f"there is no program {program!r} on PATH",
                "install it for the user that okrsync runs as; a file of the project is written as ./NAME",
            )
        return found
    file = _in_folder(program, folder)
    if not file.is_file():
        raise Problem(Reason.CONFIG, f"there is no file {program} in the project folder", "correct `command`")
    if not os.access(file, os.X_OK):
        hint = f"run `chmod +x {program}`, or name its interpreter first, as in [python3, {program}]"
        raise Problem(Reason.CONFIG, f"{program} is not executable", hint)
    return str(file)


def environment(ours: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """Return what a program finds in its environment: `PASSED_ON` of `ours`, and all of `own`."""
    passed = {name: ours[name] for name in PASSED_ON if name in ours}
    return {"PATH": os.defpath, **passed, **own}


def _in_folder(program: str, folder: Path) -> Path:
    return Path(os.path.normpath(folder.resolve() / program))
