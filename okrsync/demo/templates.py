"""Copies the text files of a folder of this package, with `@names@` in them filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

_BLANK = re.compile(r"@([a-z_]+)@")
_STORED_AS = {"gitignore": ".gitignore"}
"""Under its real name it would hide files of this package."""


def write_folder(name: str, into: Path, values: Mapping[str, str], *, keep_existing: bool = False) -> list[Path]:
    """Write the files of this package's folder `name` below `into`, and return the paths of those written."""
    written = []
    for parts, source in _files(files("okrsync.demo") / name):
        target = into.joinpath(*parts[:-1], _STORED_AS.get(parts[-1], parts[-1]))
        if keep_existing and target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text(encoding="utf-8")
        target.write_text(_BLANK.sub(lambda blank: values[blank[1]], text), encoding="utf-8")
        written.append(target)
    return written


def _files(folder: Traversable, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda found: found.name):
        path = (*above, entry.name)
        if entry.is_dir():
            yield from _files(entry, path)
        else:
            yield path, entry
