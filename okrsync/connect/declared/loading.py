"""A connector file, read: everything that is wrong with it, or the class that it means."""

from __future__ import annotations

from pathlib import Path

from okrsync.connect.declared.compiling import Declared, compiled
from okrsync.connect.declared.grammar import ConnectorFile
from okrsync.connect.declared.rules import findings
from okrsync.errors import GoalsError
from okrsync.okrs.documents import Document, parse_document, read_document
from okrsync.okrs.shape import fit


def load(path: Path, file: str) -> type[Declared]:
    """Return the connector in `path`, called `file` in findings; raises `GoalsError` with all that is wrong."""
    document, unreadable = read_document(path, file)
    if document is None:
        raise GoalsError(unreadable)
    return _meant(document)


def parse(text: str, file: str) -> type[Declared]:
    """Return the connector in `text`, called `file` in findings; raises `GoalsError` with all that is wrong."""
    document, unreadable = parse_document(text, file)
    if document is None:
        raise GoalsError(unreadable)
    return _meant(document)


def _meant(document: Document) -> type[Declared]:
    file, misfits = fit(document, ConnectorFile)
    if file is None:
        raise GoalsError(misfits)
    if wrong := list(findings(document, file)):
        raise GoalsError(wrong)
    return compiled(file, document)
