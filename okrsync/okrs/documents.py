"""YAML files whose every key and value knows its place.

Of YAML only what a person means by it: `true` and `false` are the truth values, `null` and `~` nothing, decimal
digits a number; everything else is text, so that `NO` stays a country and 2026-10-01 stays as written. Numbers
are exact: 28.10 is a `Decimal`. Refused, because they surprise: a key given twice, anchors and aliases, tags,
several documents in one file, tabs that indent, infinity and not-a-number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from okrsync.errors import Finding

Way = tuple[str | int, ...]
"""The way to a value: keys of mappings, positions in lists."""

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 20
_MAX_DIGITS = 60

_INTEGER = re.compile(r"[-+]?(?:0|[1-9]\d*)", re.ASCII)
_NUMBER = re.compile(r"[-+]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,2})?", re.ASCII)
_NOT_FINITE = re.compile(r"[-+]?\.inf|\.nan", re.IGNORECASE)
_STANDARD_TAG = "tag:yaml.org,2002:"
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True)
class Spot:
    """A place within a file, counted from 1; `quoted` if a quotation mark stands there."""

    line: int
    column: int
    quoted: bool = False


@dataclass(frozen=True)
class Document:
    """A YAML file that was read: plain values (dict, list, str, int, Decimal, bool, None) and their places.

    `file` is relative to the project folder.
    """

    file: str
    value: Any
    keys: Mapping[Way, Spot] = field(default_factory=dict)
    values: Mapping[Way, Spot] = field(default_factory=dict)

    def spot(self, path: Way) -> Spot:
        """Return where the value at `path` begins, or the nearest thing around it that is there."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, Spot(1, 1))

    def key_spot(self, path: Way) -> Spot:
        """Return where the key of the value at `path` stands; for an item of a list, where the item begins."""
        return self.keys.get(path) or self.spot(path)

    def finding(self, path: Way, message: str, hint: str = "", *, of_key: bool = False, offset: int = 0) -> Finding:
        """Return a finding at the value at `path` (or its key), `offset` characters into its text."""
        spot = self.key_spot(path) if of_key else self.spot(path)
        return Finding(self.file, spot.line, spot.column + (offset + spot.quoted if offset else 0), message, hint)


def read_document(path: Path, file: str) -> tuple[Document | None, list[Finding]]:
    """Return the YAML file at `path`, called `file` in findings, or None and why it cannot be read."""
    try:
        with path.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as error:
        return None, [Finding(file, 0, 0, f"cannot be read: {error.strerror}")]
    if len(content) > MAX_BYTES:
        return None, [Finding(file, 0, 0, "is larger than 1 MiB", "goals may be spread over any number of files")]
    try:
        return parse_document(content.decode("utf-8-sig"), file)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return None, [Finding(file, line, 1, "is not UTF-8 text here", "save the file as UTF-8")]


def parse_document(text: str, file: str) -> tuple[Document | None, list[Finding]]:
    """Return the document that `text` holds, or None and what is wrong with it."""
    if tabs := _tabs(text, file):
        return None, tabs
    try:
        return _parsed(text, file, _FAST_LOADER)
    except yaml.YAMLError:
        pass
    try:  # The slow parser says more exactly what is wrong, and where.
        return _parsed(text, file, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        return None, [_syntax_error(error, file)]
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return None, [Finding(file, line, 1, "holds a character that YAML does not allow")]


_FAST_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _parsed(text: str, file: str, loader: Any) -> tuple[Document | None, list[Finding]]:
    reader = _Reader(file)
    try:
        value = reader.document(yaml.parse(text, Loader=loader))
    except _Stop:
        value = None
    if reader.findings:
        return None, sorted(reader.findings)
    return Document(file, value, reader.keys, reader.values), []


def _tabs(text: str, file: str) -> list[Finding]:
    indents = ((number, re.match(r" *(?=\t)", line)) for number, line in enumerate(text.splitlines(), 1))
    return [
        Finding(file, number, found.end() + 1, "a tab indents this line", "indent with spaces")
        for number, found in indents
        if found
    ]


def _syntax_error(error: yaml.MarkedYAMLError, file: str) -> Finding:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    problem = f"{error.problem or 'unreadable'} {error.context or ''}"
    for sign, (message, hint) in _SYNTAX.items():
        if sign in problem:
            return Finding(file, line, column, message, hint)
    return Finding(file, line, column, f"is not YAML here: {error.problem}")


_SYNTAX = {
    "mapping values are not allowed": (
        "a ':' is not expected here",
        "a text that holds ': ' needs quotation marks; or the line before is no key, or this one is indented too far",
    ),
    "<block end>": ("this does not belong to the lines before", "indent it like its neighbours"),
    "could not find expected ':'": ("a key is not finished", "a key needs ': ' after it"),
    "cannot start any token": ("a text cannot begin like this", "put it in quotation marks"),
    "unexpected end of stream": ("a quotation mark is not closed", "close it"),
    "node content": ("a value is missing", "a bracket may not be closed"),
    "expected ',' or": ("a bracket is not closed, or a comma is missing", "close it, or put a comma between"),
}


class _Stop(Exception):
    """The rest of the file is not looked at."""


class _Reader:
    """Builds values from parser events, and remembers where each stood."""

    def __init__(self, file: str) -> None:
        self.findings: list[Finding] = []
        self.keys: dict[Way, Spot] = {}
        self.values: dict[Way, Spot] = {}
        self._file = file

    def document(self, events: Iterator[Any]) -> Any:
        value, documents = None, 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._find(event, "a second document begins here", "a file holds one document: make it two files")
                    raise _Stop
            elif isinstance(event, yaml.NodeEvent):
                value = self._node(event, events, ())
        return value

    def _find(self, event: Any, message: str, hint: str = "") -> None:
        spot = _spot(event)
        self.findings.append(Finding(self._file, spot.line, spot.column, message, hint))

    def _node(self, event: Any, events: Iterator[Any], path: Way) -> Any:
        self._refuse_what_surprises(event, path)
        self.values[path] = _spot(event)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(events, path)
        if isinstance(event, yaml.SequenceStartEvent):
            items = _until(yaml.SequenceEndEvent, events)
            return [self._node(item, events, (*path, index)) for index, item in enumerate(items)]
        return None if isinstance(event, yaml.AliasEvent) else self._scalar(event)

    def _refuse_what_surprises(self, event: Any, path: Way) -> None:
        if len(path) > MAX_DEPTH:
            self._find(event, f"is nested more than {MAX_DEPTH} deep")
            raise _Stop
        if isinstance(event, yaml.AliasEvent):
            self._find(event, f"*{event.anchor} is an alias, which is not supported", "write the value out")
            return
        if event.anchor:
            self._find(event, f"&{event.anchor} is an anchor, which is not supported", "leave it out")
        if event.tag:
            self._find(
                event, f"{event.tag.replace(_STANDARD_TAG, '!!')} is a tag, which is not supported", "leave it out"
            )

    def _mapping(self, events: Iterator[Any], path: Way) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for event in _until(yaml.MappingEndEvent, events):
            key = self._key(event, path)
            spot = _spot(event)
            if key in result:
                first = self.keys[*path, key]
                self._find(event, f"the key {key!r} is here a second time", f"it is in line {first.line} already")
            self.keys.setdefault((*path, key), spot)
            value = self._node(next(events), events, (*path, key))
            result.setdefault(key, value)
        return result

    def _key(self, event: Any, path: Way) -> str:
        self._refuse_what_surprises(event, path)
        if not isinstance(event, yaml.ScalarEvent):
            self._find(event, "a key has to be a word", "a text that begins with { or [ or * needs quotation marks")
            raise _Stop
        return str(event.value)

    def _scalar(self, event: Any) -> Any:
        text = str(event.value)
        if event.style:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _NOT_FINITE.fullmatch(text):
            self._find(event, f"{text} is no finite number")
            return None
        return self._number(event, text)

    def _number(self, event: Any, text: str) -> int | Decimal | str | None:
        if not _NUMBER.fullmatch(text):
            return text
        if len(text) > _MAX_DIGITS:
            self._find(event, f"a number of {len(text)} digits is too long", "in quotation marks it would be a text")
            return None
        return int(text) if _INTEGER.fullmatch(text) else Decimal(text)


def _until(end: type[Any], events: Iterator[Any]) -> Iterator[Any]:
    return iter(lambda: _next_unless(end, events), None)


def _next_unless(end: type[Any], events: Iterator[Any]) -> Any:
    event = next(events)
    return None if isinstance(event, end) else event


def _spot(event: Any) -> Spot:
    mark = event.start_mark
    quoted = isinstance(event, yaml.ScalarEvent) and event.style in ("'", '"')
    return Spot(mark.line + 1, mark.column + 1, quoted)
