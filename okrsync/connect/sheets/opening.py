"""How a file becomes a workbook: its name and its content have to say the same of its format."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path, PurePath

from okrsync.connect.files import regular_file
from okrsync.connect.sheets.bounds import LARGEST_FILE, MEBIBYTE, Bounds, protected, too_big
from okrsync.connect.sheets.delimited import Dialect, open_delimited
from okrsync.connect.sheets.workbook import Workbook
from okrsync.errors import Problem, Reason

_ZIP = b"PK\x03\x04"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ODS_MARK = b"application/vnd.oasis.opendocument.spreadsheet"
_FORMATS = {".xlsx": "xlsx", ".xlsm": "xlsx", ".ods": "ods", ".csv": "csv", ".tsv": "csv", ".txt": "csv"}
_OTHERS = {".xls", ".xlsb", ".numbers", ".pdf", ".json", ".xml", ".html", ".htm", ".doc", ".docx", ".gsheet"}
_SHOWN = {"xlsx": "an xlsx workbook", "ods": "an ods workbook", "csv": "delimited text"}
_DEFAULT_DIALECT = Dialect()
_DEFAULT_BOUNDS = Bounds()


def read_file(folder: Path, file: Path) -> tuple[bytes, datetime]:
    """Return the content of `file`, relative to the project folder, and when it was last changed; raises `Problem`."""
    try:
        # Looked up again for each reading: a link out of the folder may have been put there since.
        with regular_file(folder, file).open("rb") as stream:
            # A little more than is allowed tells that it is too big.
            content = stream.read(LARGEST_FILE + 1)
            return content, datetime.fromtimestamp(os.fstat(stream.fileno()).st_mtime, UTC)
    except ValueError as error:
        hint = "put the file there, or change `path` of the connection"
        raise Problem(Reason.CONFIG, str(error), hint) from None
    except OSError as error:
        hint = "give okrsync the right to read it, and close it where it is open"
        raise Problem(Reason.CONFIG, f"{file} cannot be read: {error.strerror}", hint) from None


def open_workbook(
    content: bytes, name: str, dialect: Dialect = _DEFAULT_DIALECT, bounds: Bounds = _DEFAULT_BOUNDS
) -> Workbook:
    """Open the workbook that `content` is; `name` is the file's, for its ending and for messages.

    Raises `Problem`: `config` for a file of another kind than its ending says, or of one that cannot be read;
    `bad_response` for one that is damaged, or too big to be honest.
    """
    if len(content) > bounds.bytes:
        raise too_big(f"{name} is bigger than {bounds.bytes // MEBIBYTE} MiB")
    match _format(content, name):
        case "xlsx":
            from okrsync.connect.sheets.xlsx import open_xlsx  # noqa: PLC0415  openpyxl takes long to import

            return open_xlsx(content, name, bounds)
        case "ods":
            from okrsync.connect.sheets.ods import open_ods  # noqa: PLC0415

            return open_ods(content, name, bounds)
        case _:
            return open_delimited(content, name, dialect, bounds)


def _format(content: bytes, name: str) -> str:
    """Return the format that both the name's ending and the content speak for; a name without one does not count."""
    suffix = PurePath(name).suffix.lower()
    if suffix in _OTHERS and not content.startswith(_OLD_OFFICE):
        raise _not_readable(f"{name} is not a format that can be read")
    found = _seen(content, name)
    said = _FORMATS.get(suffix, found)
    if said != found:
        raise _not_readable(f"{name} is not {_SHOWN[said]}, it is {_SHOWN[found]}")
    return found


def _seen(content: bytes, name: str) -> str:
    start = content.lstrip(b"\xef\xbb\xbf \r\n\t")[:256]
    if not start:
        raise Problem(Reason.NO_DATA, f"{name} is an empty file", "export it again")
    if start.startswith(_OLD_OFFICE):
        # Excel puts a workbook with a password into the container of its old format.
        locked = "EncryptedPackage".encode("utf-16-le") in content
        raise protected(name) if locked else _not_readable(f"{name} is a workbook of Excel 97-2003")
    if start.lower().startswith((b"<!doctype html", b"<html")):
        raise _not_readable(f"{name} is an HTML page (a login page?)")
    if start.startswith(_ZIP):
        return _packed(content, start, name)
    return "csv"


def _packed(content: bytes, start: bytes, name: str) -> str:
    if _ODS_MARK in start:
        return "ods"
    if b"xl/" in content:
        return "xlsx"
    raise _not_readable(f"{name} is a zip archive and no workbook")


def _not_readable(message: str) -> Problem:
    return Problem(Reason.CONFIG, message, "save it as .xlsx, .ods or .csv, and point the connection to that file")
