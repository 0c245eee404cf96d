"""Writes the folder that a new project starts from: small, commented, and working at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from okrsync.demo.quarters import Quarter
from okrsync.demo.templates import write_folder
from okrsync.errors import Finding, SettingsError


def write_starter(folder: Path, today: date) -> list[Path]:
    """Write a project folder whose cycle is the quarter of `today`, and return the files written.

    Files that are there already are kept as they are; a folder that holds an `okrsync.yaml` is refused with
    `SettingsError`.
    """
    if (folder / "okrsync.yaml").exists():
        found = Finding(str(folder / "okrsync.yaml"), 0, 0, "is there already", hint="name another folder")
        raise SettingsError([found])
    quarter = Quarter.of(today)
    values = {"cycle": quarter.name, "cycle_start": str(quarter.start), "cycle_end": str(quarter.end)}
    return write_folder("starter", folder, values, keep_existing=True)
