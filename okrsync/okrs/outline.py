"""A project folder as it is written, sound or not: which things there are, and where each stands.

What is checked here is read leniently, so that one wrong value does not hide what else is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from okrsync.errors import Finding
from okrsync.okrs.documents import Document, Way

COMPANY = "company"
"""Key of the team whose goals are the company's."""


@dataclass(frozen=True)
class Written:
    """A mapping in a file, perhaps not a sound one: what is not there or not of the kind asked for is None."""

    document: Document
    way: Way

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """The keys and values; none if this is no mapping at all."""
        value = self.document.value
        for part in self.way:
            value = value[part]
        return value if isinstance(value, dict) else {}

    def has(self, key: str) -> bool:
        """Whether something stands behind `key`."""
        return self.values.get(key) is not None

    def text(self, key: str) -> str | None:
        """Return the text behind `key`."""
        value = self.values.get(key)
        return value.strip() if isinstance(value, str) else None

    def number(self, key: str) -> Decimal | None:
        """Return the number behind `key`."""
        value = self.values.get(key)
        sound = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
        return Decimal(value) if sound and value is not None else None

    def day(self, key: str) -> date | None:
        """Return the date behind `key`."""
        try:
            return date.fromisoformat(self.text(key) or "")
        except ValueError:
            return None

    def below(self, key: str) -> Written | None:
        """Return the mapping behind `key`."""
        return Written(self.document, (*self.way, key)) if isinstance(self.values.get(key), dict) else None

    def items(self, key: str) -> list[Written]:
        """Return the mappings in the list behind `key`."""
        found = self.values.get(key)
        items = found if isinstance(found, list) else []
        return [Written(self.document, (*self.way, key, at)) for at, item in enumerate(items) if isinstance(item, dict)]

    def named(self, key: str) -> dict[str, Written]:
        """Return the mappings by name in the mapping behind `key`."""
        found = self.below(key)
        return {name: part for name in found.values if (part := found.below(name))} if found else {}

    def finding(self, key: str, message: str, hint: str = "", offset: int = 0) -> Finding:
        """Return a finding at the value behind `key`."""
        return self.document.finding((*self.way, key), message, hint, offset=offset)

    def finding_here(self, message: str, hint: str = "") -> Finding:
        """Return a finding at the whole thing."""
        return self.document.finding(self.way, message, hint, of_key=True)

    @property
    def place(self) -> str:
        """Where it is, as `file:line`."""
        return f"{self.document.file}:{self.document.key_spot(self.way).line}"


@dataclass(frozen=True)
class KeyResultWritten:
    """A key result, the objective it belongs to and its file."""

    key_result: Written
    objective: Written
    file: Written


@dataclass(frozen=True)
class Outline:
    """`okrsync.yaml` (None where it cannot be read) and the goals files that can; `whole` if all of them can."""

    settings: Written | None
    goals: tuple[Written, ...]
    whole: bool

    @cached_property
    def cycles(self) -> list[Written]:
        """Every cycle, in their order."""
        if not self.settings:
            return []
        single = self.settings.below("cycle")
        return [single] if single else self.settings.items("cycles")

    @cached_property
    def connection_names(self) -> set[str]:
        """Names of the connections."""
        return self._names("connections")

    @cached_property
    def metric_names(self) -> set[str]:
        """Names of the metrics, those included of which nothing else can be read."""
        return self._names("metrics") | set(self.metrics)

    @cached_property
    def listed_metrics(self) -> dict[str, Written]:
        """Metrics of `okrsync.yaml` by name."""
        return self.settings.named("metrics") if self.settings else {}

    @cached_property
    def metrics(self) -> dict[str, Written]:
        """All metrics by name; one that is written out at a key result or KPI has the id of that."""
        inline = {
            name: metric
            for thing in self.trackables()
            if (metric := thing.below("metric"))
            if (name := thing.text("id"))
        }
        return inline | self.listed_metrics

    @cached_property
    def listed_teams(self) -> dict[str, Written]:
        """Teams of `okrsync.yaml` by key."""
        return self.settings.named("teams") if self.settings else {}

    @cached_property
    def team_keys(self) -> set[str]:
        """Keys of the teams that are described somewhere, or named by a goals file."""
        named = {key for file in self.goals if (key := team_of(file))}
        return named | set(self.listed_teams) | ({COMPANY} if self.settings and self.settings.has("company") else set())

    def _names(self, key: str) -> set[str]:
        found = self.settings.below(key) if self.settings else None
        return set(found.values) if found else set()

    def objectives(self) -> Iterator[tuple[str, Written, Written]]:
        """Yield key, objective and file of every objective that has an id and a team."""
        for file in self.goals:
            team = team_of(file)
            for objective in file.items("objectives"):
                if team and (name := objective.text("id")):
                    yield f"{team}/{name}", objective, file

    def key_results(self) -> Iterator[KeyResultWritten]:
        """Yield every key result."""
        for file in self.goals:
            for objective in file.items("objectives"):
                for key_result in objective.items("key_results"):
                    yield KeyResultWritten(key_result, objective, file)

    def kpis(self) -> Iterator[tuple[Written, Written]]:
        """Yield every KPI and its file."""
        for file in self.goals:
            for kpi in file.items("kpis"):
                yield kpi, file

    def trackables(self) -> Iterator[Written]:
        """Yield what has values over time: key results and KPIs."""
        yield from (found.key_result for found in self.key_results())
        yield from (kpi for kpi, _ in self.kpis())

    def cycle_of(self, file: Written) -> Written | None:
        """Return the cycle of a goals file: the one it names, or the only one."""
        name = file.text("cycle")
        if name is None:
            return self.cycles[0] if len(self.cycles) == 1 else None
        return next((cycle for cycle in self.cycles if cycle.text("name") == name), None)


def team_of(file: Written) -> str | None:
    """Return the key of a goals file's team."""
    described = file.below("team")
    return described.text("key") if described else file.text("team")
