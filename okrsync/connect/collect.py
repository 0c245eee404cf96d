"""The one way in which connectors are asked: N questions in, one answer per distinct question out, never an error.

Equal questions are asked once. A call that fails as a whole for a reason of its questions is halved until the
culprit stands alone; one that fails for a reason of the connection ends the asking of that connection. What a
connector answers is checked, named after its connection and given its provenance.
"""

from __future__ import annotations

import traceback
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from okrsync.at_once import at_once
from okrsync.connect.contract import Answer, Ask, Connector, History, Reading
from okrsync.connect.transport.reply import RequestMade
from okrsync.errors import Actor, Problem, Reason
from okrsync.redaction import redact

SKEW = timedelta(minutes=5)
"""How far the clocks of a source and of this machine may lie apart."""

_REQUESTS_KEPT = 20
_HALVED = frozenset({Actor.METRIC_OWNER, Actor.OKRSYNC})

AnyConnector = Connector[Any, Any]
Asks = Sequence[Ask[Any]]


def collect(connector: AnyConnector, asks: Iterable[Ask[Any]], now: datetime) -> dict[str, Answer]:
    """Return the answer to each distinct question, by its key; raises nothing.

    `now` is the one clock of the run (aware). A question about the past is refused where the source knows only
    the present, and an answer from the future is none. As many calls are under way at once as the connector's
    limits allow.
    """
    distinct = {ask.key: ask for ask in asks}
    answers: dict[str, Answer] = {}
    groups: dict[Hashable, list[Ask[Any]]] = {}
    for ask in distinct.values():
        try:
            _refuse_unknowable_past(connector, ask, now)
            groups.setdefault(connector.together(ask), []).append(ask)
        except Exception as error:  # noqa: BLE001 - a connector may fail in any way
            answers[ask.key] = _problem(connector, error)
    calls = [chunk for group in groups.values() for chunk in _chunks(group, connector.max_batch)]
    answers.update(_Asking(connector, now).ask_all(calls))
    return {key: answers[key] for key in distinct}


def _refuse_unknowable_past(connector: AnyConnector, ask: Ask[Any], now: datetime) -> None:
    if connector.history_of(ask.query) is History.SNAPSHOT and now - ask.as_of > SKEW:
        moment = ask.as_of.astimezone(UTC)
        raise Problem(
            Reason.UNSUPPORTED,
            f"this question only has an answer for the present, none for {moment:%Y-%m-%d %H:%M} UTC",
            "ask it with `window: now`, or have the query say which time it is about",
        )


def _chunks(asks: Asks, size: int) -> list[Asks]:
    return [asks[start : start + size] for start in range(0, len(asks), max(1, size))]


@dataclass
class _Asking:
    """The asking of one connection; `down` is why it answers nothing any more."""

    connector: AnyConnector
    now: datetime
    down: Problem | None = None

    def ask_all(self, calls: Sequence[Asks]) -> dict[str, Answer]:
        """Make the calls, some at once. Signals reach this thread, never the threads that ask."""
        limits = self.connector.limits.overridden_by(self.connector.config)
        named = {f"{self.connector.connection} {number}": call for number, call in enumerate(calls)}
        answers: dict[str, Answer] = {}
        for _, found in at_once(lambda name: self.call(named[name]), named, most=max(1, limits.at_once)):
            answers |= found or {}
        return answers

    def call(self, asks: Asks) -> dict[str, Answer]:
        """Ask once, and where that fails for a reason of the questions, in halves."""
        if self.down:
            return dict.fromkeys((ask.key for ask in asks), self.down)
        mark = self.connector.http.mark()
        read, failure = self._read(asks)
        requests = self.connector.http.requests_since(mark)
        answers = {ask.key: self._checked(ask, answer, requests) for ask, answer in zip(asks, read, strict=False)}
        return answers | self._after(failure, asks[len(read) :])

    def _read(self, asks: Asks) -> tuple[list[Any], Problem | None]:
        """Return the answers that came, in order, and why the others did not."""
        answers: list[Any] = []
        try:
            # One more than wanted: an answer too many must show, and so must a failure after the last.
            for answer in islice(self.connector.read_many(asks), len(asks) + 1):
                answers.append(answer)  # noqa: PERF402 - what came before a failure is kept
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever a connector throws is an answer to its questions
            return answers, _problem(self.connector, error)
        if len(answers) == len(asks):
            return answers, None
        number = "too many" if len(answers) > len(asks) else str(len(answers))
        return [], _fault(self.connector, f"gave {number} answers to {len(asks)} questions")

    def _after(self, failure: Problem | None, rest: Asks) -> dict[str, Answer]:
        """Return the answers to what a failed call left open."""
        if failure is None:
            return {}
        if failure.reason.of_the_connection:
            self.down = self.down or failure
        elif len(rest) > 1 and failure.reason.actor in _HALVED:
            middle = len(rest) // 2
            return self.call(rest[:middle]) | self.call(rest[middle:])
        return dict.fromkeys((ask.key for ask in rest), failure)

    def _checked(self, ask: Ask[Any], answer: Any, requests: Sequence[RequestMade]) -> Answer:
        if isinstance(answer, Problem):
            return _problem(self.connector, answer)
        if not isinstance(answer, Reading):
            return _fault(self.connector, f"answered with a {type(answer).__name__}, neither Reading nor Problem")
        if answer.as_of - self.now > SKEW:
            moment = answer.as_of.astimezone(UTC)
            return _problem(
                self.connector,
                Problem(
                    Reason.BAD_VALUE,
                    f"the value's as-of lies in the future: {moment:%Y-%m-%d %H:%M} UTC",
                    "compare the clock and the time zone of the source with this machine's",
                ),
            )
        return replace(answer, provenance=_provenance(self.connector, ask, answer.provenance, requests))


def _problem(connector: AnyConnector, error: BaseException) -> Problem:
    """Return `error` as the problem it is, named after the connection and without a secret."""
    if isinstance(error, Problem):
        start = f"{connector.connection}: "
        message = error.message if error.message.startswith(start) else start + error.message
        return Problem(error.reason, redact(message), redact(error.hint), error.retry_at)
    if isinstance(error, MemoryError):
        return _fault(connector, "ran out of memory")
    return _fault(connector, f"failed with {type(error).__name__}{_place(error)}")


def _fault(connector: AnyConnector, how: str) -> Problem:
    """Return a problem that the connector's code is to blame for.

    The text of an unexpected error stays out: it may hold what the source sent.
    """
    return Problem(
        Reason.INTERNAL,
        f"{connector.connection}: the connector {connector.name} {how}",
        "this is a fault in the connector; report it to whoever maintains it",
    )


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def _provenance(
    connector: AnyConnector, ask: Ask[Any], own: Mapping[str, Any], requests: Sequence[RequestMade]
) -> dict[str, Any]:
    """Return what is needed to ask again by hand: the connector's own account and what is known of any question."""
    window = ask.window
    account = {
        **own,
        "connector": connector.name,
        "connection": connector.connection,
        "query": ask.query.model_dump(mode="json", by_alias=True, exclude_unset=True),
        "window": [window.start, window.end, str(window.zone)],
        "as_of": ask.as_of,
        "requests": [{"method": r.method, "url": r.url, "status": r.status} for r in requests[:_REQUESTS_KEPT]],
    }
    if len(requests) > _REQUESTS_KEPT:
        account["more_requests"] = len(requests) - _REQUESTS_KEPT
    plain: dict[str, Any] = _plain(account)
    return plain


def _plain(value: Any) -> Any:
    """Return `value` as JSON can hold it, numbers as exact texts, and no secret in it."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Mapping):
        return {redact(str(name)): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(part) for part in value]
    return redact(value.isoformat() if isinstance(value, date) else str(value))
