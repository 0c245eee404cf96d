"""Why key results have no number: each reason named once, with its way out and those it holds up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Protocol

from rich.text import Text

from okrsync.errors import Reason
from okrsync.views.terminal import DATA_STYLES, plain
from okrsync.vocabulary import DataState


class Troubled(Protocol):
    """A key result or KPI as the board and a run's report have it; `reason` is None where nothing is wrong."""

    @property
    def key(self) -> str:
        """Its key."""

    @property
    def value(self) -> Decimal | None:
        """Its last good value."""

    @property
    def reason(self) -> Reason | None:
        """Why it has no new one."""

    @property
    def message(self) -> str:
        """What happened."""

    @property
    def hint(self) -> str:
        """What to do."""


def troubles(rows: Iterable[Troubled]) -> Iterator[Text]:
    """Yield one text per cause among `rows`."""
    causes: dict[tuple[str, str, str], dict[str, list[str]]] = {}
    for row in rows:
        if row.reason:
            left_with = "has no value yet" if row.value is None else "keeps its last good value"
            causes.setdefault((row.reason, row.message, row.hint), {}).setdefault(left_with, []).append(row.key)
    for (reason, message, hint), held_up in causes.items():
        text = plain(f"stale ({reason}): {message}", DATA_STYLES[DataState.STALE])
        if hint:
            text.append(f"\n  → {hint}", style="default")
        for left_with, keys in held_up.items():
            text.append(f"\n  {left_with}: {', '.join(keys)}", style="dim")
        yield text
