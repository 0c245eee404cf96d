"""The kit in pytest: says after a run which checks of which connectors were switched off, and why.

Loaded with every pytest run where okrsync is installed, so it imports nothing of okrsync.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

_OFF = pytest.StashKey[dict[str, str]]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Remember what the collected contract tests leave out."""
    session.config.stash[_OFF] = dict(_switched_off(session.items))


def _switched_off(items: list[pytest.Item]) -> Iterator[tuple[str, str]]:
    for item in items:
        contract = getattr(item, "cls", None)
        without = _without(contract)
        reason = without.get(item.name.removeprefix("test_"))
        if contract is not None and reason:
            yield f"{contract.__name__}: {item.name.removeprefix('test_').replace('_', ' ')}", reason


def _without(contract: Any) -> dict[str, str]:
    """Return what a class of contract tests switches off; nothing for any other class."""
    if not any(base.__module__ == "okrsync.testing.contract_tests" for base in getattr(contract, "__mro__", ())):
        return {}
    return dict(getattr(getattr(contract, "example", None), "without", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was left out."""
    off = terminalreporter.config.stash.get(_OFF, {})
    if off:
        terminalreporter.section("okrsync: checks switched off")
    for check, reason in off.items():
        terminalreporter.write_line(f"{check}: {reason}")
