"""How big a workbook may be, so that a small file cannot fill the memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from okrsync.errors import Problem, Reason

MEBIBYTE = 1024 * 1024
LARGEST_FILE = 50 * MEBIBYTE
Row = TypeVar("Row", bound=Sequence[object])


@dataclass(frozen=True)
class Bounds:
    """The limits of one file. `ratio` is unpacked to packed size of one part, looked at from 1 MiB on."""

    bytes: int = LARGEST_FILE
    """Of the file, and again of everything packed into it."""
    ratio: int = 300
    parts: int = 2_000
    rows: int = 1_048_576
    """Of one sheet; the most a spreadsheet program has."""
    cells: int = 500_000
    """Of one sheet, gaps within a row counted."""

    def counted(self, rows: Iterable[Row], place: str) -> Iterator[Row]:
        """Yield `rows` as long as they are within the bounds; raises `Problem` at the first that is not."""
        cells = 0
        for count, row in enumerate(rows, start=1):
            cells += len(row)
            if count > self.rows or cells > self.cells:
                raise too_big(f"{place} has more than {self.rows:,} rows or {self.cells:,} cells")
            yield row


def too_big(message: str) -> Problem:
    """Return the problem of a file that is refused for its size."""
    return Problem(Reason.BAD_RESPONSE, message, "keep the numbers for okrsync in a smaller workbook, or in a database")


def damaged(name: str, kind: str) -> Problem:
    """Return the problem of a file that breaks off or contradicts itself; it may just be being written."""
    hint = "if it stays so, open and save it in a spreadsheet program"
    return Problem(Reason.BAD_RESPONSE, f"{name} is damaged or not complete: it cannot be read as {kind}", hint)


def open_archive(content: bytes, name: str, kind: str, bounds: Bounds) -> zipfile.ZipFile:
    """Return the zip archive that an xlsx or ods file is, its sizes checked before anything is unpacked."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise damaged(name, kind) from None
    parts = archive.infolist()
    if len(parts) > bounds.parts:
        raise too_big(f"{name} consists of {len(parts):,} parts, allowed are {bounds.parts:,}")
    unpacked = sum(part.file_size for part in parts)
    if unpacked > bounds.bytes:
        raise too_big(f"{name} unpacks to {unpacked / MEBIBYTE:,.0f} MiB, allowed are {bounds.bytes // MEBIBYTE}")
    for part in parts:
        if part.file_size > max(MEBIBYTE, part.compress_size * bounds.ratio):
            raise too_big(f"{name} is packed more than {bounds.ratio} to 1, as no real workbook is")
    if any(part.flag_bits & 0x1 for part in parts):
        raise protected(name)
    return archive


def protected(name: str) -> Problem:
    """Return the problem of a file that only a password opens."""
    return Problem(Reason.CONFIG, f"{name} is protected by a password", "save it without a password for opening")
