"""One connection of an example, opened the way okrsync opens it, with everything around it under control."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection, parse_query
from okrsync.connect.contract import Answer, Ask, Connector, question_key
from okrsync.connect.registry import Kind, Registry
from okrsync.connect.transport.clock import Clock, replaced_by
from okrsync.errors import Problem
from okrsync.okrs.model import Connection
from okrsync.okrs.windows import Window, cycle_window
from okrsync.testing.example import AnyExample, Case, Example, Exchange, LocalExample
from okrsync.testing.secrets import secret_settings
from okrsync.testing.source import Fault, Source
from okrsync.testing.watching import Deeds, logs_kept, sleepless, watched

CONNECTION = "kit"
"""Name of the connection that is tried."""

NO_IO = "nothing can be asked in __init__ and base_url(): do it in read, where a problem can be told"
"""What to do about a connection that asks while it is opened."""

_DAYS = date(2026, 10, 1), date(2026, 10, 31)


class Unusable(Exception):
    """The example cannot be tried: its settings or a query of it are not accepted."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


class _Only(Registry):
    """A registry that knows the connector under test."""

    def __init__(self, kind: Kind) -> None:
        super().__init__([])
        self._kind = kind

    def get(self, name: str) -> Kind:  # noqa: ARG002 - whatever it is called
        return self._kind


@dataclass
class Bench:
    """An opened connection and its surroundings: the source, what was waited for (seconds), logged and done."""

    example: AnyExample
    connector: Connector[Any, Any]
    source: Source
    clock: Clock
    waits: list[float]
    sleeps: list[str]
    logs: list[str]
    deeds: Deeds
    folder: Path

    def question(self, case: Case, as_of: datetime | None = None) -> Ask[Any]:
        """Return the question of `case`; raises `Unusable`."""
        query = parsed(self.example, case.query)
        window = case.window or self.example.window or self._october()
        moment = as_of or (self.example.as_of if window == self.example.window else None) or window.end
        return Ask(question_key(self.connector.name, CONNECTION, query, window), query, window, moment)

    def ask(self, case: Case | None = None, as_of: datetime | None = None) -> Answer:
        """Return the answer to one question, asked at its own moment."""
        ask = self.question(case or self.example.happy, as_of)
        return collect(self.connector, [ask], ask.as_of)[ask.key]

    def ask_all(self, cases: Sequence[Case]) -> list[Answer]:
        """Return the answers to several questions, asked at once."""
        asks = [self.question(case) for case in cases]
        answers = collect(self.connector, asks, max(ask.as_of for ask in asks))
        return [answers[ask.key] for ask in asks]

    def raw(self, case: Case | None = None) -> Any:
        """Return what the connector itself answers, before okrsync has cleaned it: a problem may be raised."""
        try:
            return next(iter(self.connector.read_many([self.question(case or self.example.happy)])), None)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at
            return error

    def _october(self) -> Window:
        return cycle_window(*_DAYS, ZoneInfo(self.connector.zone() or "UTC"))


@contextmanager
def opened(
    example: AnyExample,
    case: Case | None = None,
    *,
    exchanges: Sequence[Exchange] | None = None,
    strict: bool = True,
    fault: Fault | None = None,
    settings: Mapping[str, Any] | None = None,
    moved: Mapping[str, str] | None = None,
) -> Iterator[Bench]:
    """Open the example's connection against a source that answers `case`, or with `exchanges`; raises `Unusable`.

    Waiting costs nothing, and nothing reaches a network unless the connector is not one over HTTP.
    """
    case = case or example.happy
    tokens = example.tokens if isinstance(example, Example) else ()
    given = case.exchanges if exchanges is None else exchanges
    source = Source(given, tokens=tokens, strict=strict, fault=fault, moved=moved)
    waits: list[float] = []
    clock = _still(waits)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="okrsync-kit-"))).resolve()
        for prepare in dict.fromkeys(filter(None, (example.prepare, case.prepare))):
            prepare(folder)
        sleeps = stack.enter_context(sleepless(files_of(example.connector)))
        logs = stack.enter_context(logs_kept())
        stack.enter_context(replaced_by(clock))
        stack.enter_context(source.in_place_of_the_network())
        deeds = stack.enter_context(watched(folder, let_out=isinstance(example, LocalExample)))
        connector = _connected(example, settings or example.settings, deeds)
        stack.callback(_close, connector)
        yield Bench(example, connector, source, clock, waits, sleeps, logs, deeds, folder)


def _close(connector: Connector[Any, Any]) -> None:
    connector.close()
    connector.http.close()


def _still(waits: list[float]) -> Clock:
    """Return a clock that goes on by what is waited for, and only by that."""
    began = datetime(2026, 11, 1, tzinfo=UTC)
    return Clock(
        sleep=waits.append,
        monotonic=lambda: float(sum(waits)),
        now=lambda: began + timedelta(seconds=sum(waits)),
    )


def _connected(example: AnyExample, settings: Mapping[str, Any], deeds: Deeds) -> Connector[Any, Any]:
    """Open the connection with every secret taken from a variable of its setting's name, in capitals."""
    kind = example.connector
    secrets = {name.upper(): str(settings[name]) for name in secret_settings(kind) if name in settings}
    written = {name: f"${{{name.upper()}}}" if name.upper() in secrets else value for name, value in settings.items()}
    try:
        connector = open_connection(Connection(CONNECTION, kind.name, written), _Only(kind), secrets, deeds.folder)
    except Problem as problem:
        if deeds.lines:
            raise Unusable(f"{problem.message}, as it tried {deeds.lines[0]}", NO_IO) from None
        raise Unusable(
            problem.message, problem.hint or f"correct the example's `settings`, or the Config; {NO_IO}"
        ) from None
    # One call at a time, so that the source's replies are used in the order of the questions.
    connector.limits = replace(connector.limits, at_once=1)  # type: ignore[misc]
    return connector


def parsed(example: AnyExample, query: Mapping[str, Any] | None) -> Any:
    """Return `query`, or the example's, as the connector's own; raises `Unusable`."""
    try:
        return parse_query(example.connector, example.query if query is None else query)
    except Problem as problem:
        hint = problem.hint or "correct the example's query, or the connector's Query"
        raise Unusable(f"the query is not accepted: {problem.message}", hint) from None


def files_of(kind: Kind) -> frozenset[str]:
    """Return the files that the connector's classes are written in, okrsync's own not among them."""
    modules = [sys.modules.get(each.__module__) for each in kind.__mro__ if issubclass(each, Connector)]
    modules = [module for module in modules if module and module.__name__ != Connector.__module__]
    return frozenset(file for module in modules if (file := getattr(module, "__file__", None)))


def line_of(kind: Kind, *names: str) -> str:
    """Return file and line of the first of `names` that the connector itself has, else of its class."""
    for name in names:
        found = vars(kind).get(name)
        if callable(found) and (line := _line(found)):
            return line
    return _line(kind)


def _line(target: Callable[..., Any] | type) -> str:
    try:
        file, line = inspect.getsourcefile(target), inspect.getsourcelines(target)[1]
    except (OSError, TypeError):
        return ""
    return f"{Path(file).parent.name}/{Path(file).name}:{line}" if file else ""
