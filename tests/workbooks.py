"""Workbooks as a test wants them, real files of each format."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.workbook.defined_name import DefinedName

RECORDED = Path(__file__).parents[1].parent / "shared" / "recordings" / "libreoffice-files"

_NAMESPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"' for short in ("office", "table", "text")
)


def xlsx(*sheets: tuple[str, Iterable[Sequence[Any]]], names: Mapping[str, str] | None = None) -> bytes:
    """Return a workbook of Excel; `names` are named ranges, such as `{"Churn": "KPI!$B$2"}`."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    for name, target in (names or {}).items():
        book.defined_names[name] = DefinedName(name, attr_text=target)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def ods(tables: str, before: str = "") -> bytes:
    """Return an OpenDocument workbook whose body holds `tables`; `before` stands in front of the root element."""
    content = (
        f'<?xml version="1.0"?>{before}<office:document-content {_NAMESPACES} '
        'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">'
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    return archive({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content})


def ods_table(*rows: str, name: str = "KPI") -> str:
    """Return a sheet; a row is a text of `ods_cell`s."""
    inner = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    return f'<table:table table:name="{name}">{inner}</table:table>'


def ods_cell(value: str | float | None = None, **attributes: str) -> str:
    """Return a cell; attributes are named with `__` for the colon and `_` for the dash."""
    given = "".join(f' {name.replace("__", ":").replace("_", "-")}="{text}"' for name, text in attributes.items())
    if value is None:
        return f"<table:table-cell{given}/>"
    if isinstance(value, str):
        return f'<table:table-cell office:value-type="string"{given}><text:p>{value}</text:p></table:table-cell>'
    return f'<table:table-cell office:value-type="float" office:value="{value}"{given}/>'


def archive(parts: Mapping[str, str | bytes]) -> bytes:
    """Return a zip archive; a part named `mimetype` is not packed, as OpenDocument wants it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED)
    return file.getvalue()


def with_part(content: bytes, part: str, old: str, new: str) -> bytes:
    """Return the archive with `old` replaced by `new` in one of its parts, which has to hold it."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        parts: dict[str, str | bytes] = {name: packed.read(name) for name in packed.namelist()}
    text = bytes(parts[part]).decode()
    assert old in text
    return archive({**parts, part: text.replace(old, new)})
