"""Trying the connector in a file, and telling the outcome to a person who knows no pytest."""

from __future__ import annotations

import hashlib
from pathlib import Path

from okrsync.connect.declared.loading import load
from okrsync.connect.registry import DECLARED, import_file
from okrsync.errors import OkrsyncError, Problem, Reason
from okrsync.redaction import redact
from okrsync.testing.declared import example_of, in_words_of_the_file
from okrsync.testing.example import AnyExample
from okrsync.testing.running import report, run


def tried(file: Path) -> tuple[str, bool]:
    """Return what is to be told of the connector in `file`, and whether all is well.

    Raises `GoalsError` for a YAML file that is no connector, `Problem` for a Python file without one.
    """
    if file.suffix in DECLARED:
        kind = load(file, str(file))
        example: AnyExample = example_of(kind)
        failures = [in_words_of_the_file(kind, failure) for failure in run(example)]
    else:
        example = _example_in(file)
        failures = run(example)
    return report(example, failures), not failures


def _example_in(file: Path) -> AnyExample:
    name = f"okrsync_tried_{hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:12]}_{file.stem}"
    try:
        found = getattr(import_file(file, name), "example", None)
    except OkrsyncError:
        raise
    except Exception as error:  # noqa: BLE001 - a module may fail in any way while it is imported
        raise Problem(Reason.CONFIG, redact(f"{file} cannot be imported: {type(error).__name__}: {error}")) from None
    if not isinstance(found, AnyExample):
        hint = "write `example = Example(connector=…, settings=…, query=…, exchanges=[…], value=…)` of okrsync.testing"
        raise Problem(Reason.CONFIG, f"{file} has no `example` to try its connector with", hint)
    return found
