"""What people ask a connection for besides numbers: whether it works, and what there is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from okrsync.connect.contract import Choice, Connector
from okrsync.errors import Problem, Reason
from okrsync.testing.bench import Bench, opened
from okrsync.testing.checks.register import check
from okrsync.testing.example import AnyExample, Example, Exchange, Sent
from okrsync.testing.failure import Flaw, Flaws
from okrsync.testing.secrets import canaries, shown
from okrsync.testing.source import Fault

_ENOUGH = 10_000


def _exchanges(example: AnyExample) -> Sequence[Exchange]:
    return (example.check or example.exchanges) if isinstance(example, Example) else ()


@check("check")
def check_proves_who_asks(example: AnyExample) -> Flaws:
    """`check` makes a real call with the credentials, says as whom, and fails where they are refused."""
    said, bench = _checked(example)
    if isinstance(said, Exception):
        yield _failed(said)
    elif not isinstance(said, str) or not said.strip():
        yield Flaw(f"check() returned {said!r}", 'return what a person wants to read: f"connected as {name}"')
    elif isinstance(example, Example):
        yield from _proof(example, [*bench.source.requests, *bench.source.token_requests])
        refused, _ = _checked(example, lambda _: Exchange({"message": "no"}, 401))
        if not (isinstance(refused, Problem) and refused.reason is Reason.AUTH):
            yield Flaw(
                f"with refused credentials (401), check() ended with {refused!r}",
                "let the problem of self.http go through",
            )


def _checked(example: AnyExample, fault: Fault | None = None) -> tuple[Any, Bench]:
    with opened(example, exchanges=_exchanges(example), strict=False, fault=fault) as bench:
        try:
            return bench.connector.check(), bench
        except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at
            return error, bench


def _failed(error: Exception) -> Flaw:
    if isinstance(error, NotImplementedError):
        return Flaw("there is no check()", "write one: a cheap call with the credentials that says as whom")
    if isinstance(error, Problem):
        return Flaw(f"check() failed: {error}", "give the example `check=[…]`, what the source answers to it")
    return Flaw(f"check() raised {type(error).__name__}", "read the reply with okrsync.number() or raise a Problem")


def _proof(example: Example, sent: Sequence[Sent]) -> Flaws:
    secrets = canaries(example)
    if not sent:
        yield Flaw("check() asked the source nothing", "make a cheap call with the credentials")
    elif secrets and not any(shown(f"{one.headers} {one.text}", secrets) for one in sent):
        yield Flaw("check() made a call without the credentials", "make it with self.http, which sends them")


@check("discover")
def discover_gives_choices(example: AnyExample) -> Flaws:
    """`discover` yields what a person can write into a question, or nothing."""
    if example.connector.discover is Connector.discover:
        return
    given = example.discover or _exchanges(example)
    with opened(example, exchanges=given, strict=False) as bench:
        try:
            found = list(islice(bench.connector.discover(), _ENOUGH))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at
            yield Flaw(
                f"discover() failed: {error if isinstance(error, Problem) else type(error).__name__}",
                "give the example `discover=[…]`, what the source answers to it",
            )
            return
    yield from _unknown_choices(example, found)


def _unknown_choices(example: AnyExample, found: Sequence[Any]) -> Flaws:
    fields = example.connector.Query.model_fields
    names = {*fields, *(field.alias for field in fields.values() if field.alias)}
    for choice in found:
        if not isinstance(choice, Choice) or choice.field not in names or not choice.value:
            yield Flaw(
                f"discover() gave {choice!r}",
                f"yield Choice(field, value, label), with a field of the question: {', '.join(sorted(fields))}",
            )
            return
