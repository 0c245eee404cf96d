"""Files that a connection may read: those below the project folder, and no others."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo


def below(folder: Path, path: Path) -> Path:
    """Return `path`, taken relative to `folder`, with every link followed; raises ValueError if it leads out of it."""
    root = folder.resolve()
    found = (root / path).resolve()
    if not found.is_relative_to(root):
        raise ValueError(f"{path} lies outside the project folder; copy or mount the file below it")
    return found


def regular_file(folder: Path, path: Path) -> Path:
    """Return the regular file that `path` means below `folder`; raises ValueError with what is there instead."""
    found = below(folder, path)
    if not found.exists():
        raise ValueError(f"{path} does not exist in the project folder{_nearest(found, path)}")
    if not found.is_file():
        raise ValueError(f"{path} is not a regular file")
    return found


def _nearest(missing: Path, path: Path) -> str:
    if not missing.parent.is_dir():
        return ""
    near = get_close_matches(missing.name, [file.name for file in missing.parent.iterdir()], n=1)
    return f"; did you mean {path.with_name(near[0])}?" if near else ""


def _project_file(path: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder")
    if folder is None:
        raise ValueError("a file can only be found from a project folder")
    return regular_file(folder, path)


ProjectFile = Annotated[Path, AfterValidator(_project_file)]
"""A setting that names a file: relative to the project folder, which the validation context carries as `folder`.

Validates to the absolute path of a regular file below that folder.
"""
