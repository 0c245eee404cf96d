"""What a connector makes of a source that refuses, fails, is silent or talks nonsense."""

# ruff: noqa: D401 - the docstring of a check says what it makes sure of

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import requests

from okrsync.connect.contract import Answer, Reading
from okrsync.connect.transport.http import Patience
from okrsync.connect.transport.strict_json import NotStrictJson, parse
from okrsync.errors import Actor, Problem, Reason
from okrsync.testing.bench import opened
from okrsync.testing.checks.register import READS, check, check_locally, check_over_http
from okrsync.testing.example import AnyExample, Example, Exchange, LocalExample
from okrsync.testing.expecting import LET_THROUGH, expect_problem, is_problem, missing, same, told, unexpected
from okrsync.testing.failure import Flaw, Flaws
from okrsync.testing.secrets import secret_settings
from okrsync.testing.source import Fault

_ATTEMPTS = Patience().attempts
_DAY = 86_400
_HTML = "<!doctype html><html><body>Something went wrong</body></html>"
_LOGIN = "<!doctype html><html><body><form>Log in <input type=password></form></body></html>"


def _always(said: Exchange | Exception) -> Fault:
    return lambda _: said


def _once(said: Exchange | Exception, at: int = 0) -> Fault:
    return lambda number: said if number == at else None


def _from(said: Exchange, first: int) -> Fault:
    return lambda number: said if number >= first else None


@check_over_http("auth", *READS)
def refused_credentials_are_told_as_such(example: Example) -> Flaws:
    """401 and 403 are `auth`, are not tried again, and name the secret to renew."""
    secrets = [name for name in secret_settings(example.connector) if name in example.settings]
    for status in (401, 403):
        with opened(example, fault=_always(Exchange({"message": "not allowed"}, status))) as bench:
            answer, tries = bench.ask(), len(bench.source.requests)
        yield from expect_problem(answer, f"the source refused the credentials ({status})", {Reason.AUTH})
        if not is_problem(answer, Reason.AUTH):
            continue
        assert isinstance(answer, Problem)  # noqa: S101 - as just said
        if secrets and not any(text in answer.hint for name in secrets for text in (name, name.upper())):
            yield Flaw(
                f"the hint for a {status} names none of the secrets {', '.join(secrets)}: {answer.hint!r}",
                'say how the connection proves who it is: auth = Bearer("the_setting"), or credentials()',
            )
        if tries > 2:
            yield Flaw(f"refused credentials were tried {tries} times", "take your own retries out")


@check_over_http(*READS)
def retry_after_is_heeded(example: Example) -> Flaws:
    """A source that asks for patience gets it, in whatever form it asks."""
    with opened(example) as bench:
        date = format_datetime(bench.clock.now() + timedelta(seconds=5), usegmt=True)
    forms: list[tuple[str | None, float | None]] = [(None, None), ("2", 2), ("1.5", 1.5), (date, 5), ("soon", None)]
    for form, seconds in forms:
        yield from _after_429(example, form, seconds)
    fault = _always(Exchange({"message": "slow down"}, 429, {"Retry-After": str(_DAY)}))
    with opened(example, fault=fault) as bench:
        answer, waits = bench.ask(), bench.waits
    yield from expect_problem(answer, "the source asked for a day of patience (429)", {Reason.RATE_LIMITED})
    if is_problem(answer, Reason.RATE_LIMITED) and not (isinstance(answer, Problem) and answer.retry_at):
        yield Flaw("the problem does not say when the source may be asked again", LET_THROUGH)
    if sum(waits) > Patience().total:
        yield Flaw(f"{sum(waits):g} s were waited for", LET_THROUGH)


def _after_429(example: Example, form: str | None, seconds: float | None) -> Flaws:
    headers = {} if form is None else {"Retry-After": form}
    with opened(example, fault=_once(Exchange({"message": "slow down"}, 429, headers))) as bench:
        answer, waits = bench.ask(), bench.waits
    said = f"Retry-After: {form}" if form else "no Retry-After"
    if not same(answer, example.value):
        yield Flaw(f"after one 429 with {said}, the answer was {told(answer)}", LET_THROUGH)
    elif seconds is not None and not any(abs(wait - seconds) <= 1 for wait in waits):
        yield Flaw(f"a 429 with {said} was followed by waits of {waits} s", "ask through self.http, which waits")


@check_over_http(*READS)
def a_broken_source_is_unreachable(example: Example) -> Flaws:
    """5xx is asked again a few times, then told as `unreachable`."""
    with opened(example, fault=_always(Exchange({"message": "down"}, 503))) as bench:
        answer, tries = bench.ask(), len(bench.source.requests)
    yield from expect_problem(answer, "the source answered 503, again and again", {Reason.UNREACHABLE})
    if tries > _ATTEMPTS:
        yield Flaw(
            f"a source that answers 503 was sent {tries} requests; {_ATTEMPTS} are okrsync's own patience",
            "take your own retry loop out: self.http asks again by itself",
        )
    with opened(example, fault=_once(Exchange(_HTML, 502, {"Content-Type": "text/html"}))) as bench:
        answer = bench.ask()
    if not same(answer, example.value):
        yield Flaw(f"after one 502 the answer was {told(answer)}", LET_THROUGH)


@check_over_http(*READS)
def a_silent_source_is_a_timeout(example: Example) -> Flaws:
    """A source that says nothing is told as `timeout`."""
    for error in (requests.ReadTimeout("read"), requests.ConnectTimeout("connect")):
        with opened(example, fault=_always(error)) as bench:
            answer, tries = bench.ask(), len(bench.source.requests)
        yield from expect_problem(answer, "the source said nothing in time", {Reason.TIMEOUT})
        if tries > _ATTEMPTS:
            yield Flaw(f"a silent source was sent {tries} requests", "take your own retry loop out")


@check_over_http(*READS)
def bodies_that_are_no_answer(example: Example) -> Flaws:
    """HTML, `null`, `[]`, half a body, unknown keys: a problem, never a number and never an exception."""
    with opened(example) as bench:
        bench.ask()
        said = bench.source.replies
    for name, body, first in _nonsense(said):
        headers = {"Content-Type": "text/html"} if body.startswith(b"<") else {"Content-Type": "application/json"}
        with opened(example, fault=_from(Exchange(body, headers=headers), first)) as bench:
            answer = bench.ask()
        yield from expect_problem(answer, f"the source sent {name}", ())
    for name, change in _CHANGES.items():
        yield from _changed(example, name, change, said)


def _nonsense(said: list[Exchange]) -> Iterator[tuple[str, bytes, int]]:
    """Yield what a body may be instead, and from which request on: a later page may rightly be empty."""
    whole = {"an HTML page": _HTML, "a login page": _LOGIN, "nothing at all": "", "null": "null", "[]": "[]"}
    yield from ((name, body.encode(), 0) for name, body in whole.items())
    yield "keys that nobody expects", b'{"unexpected": 1, "also_unexpected": {"value": 2}, "count_of_nothing": 0}', 0
    for number, exchange in enumerate(said[:3]):
        where = f" as its {number + 1}. reply" if len(said) > 1 else ""
        if _shows_its_end(exchange.content):
            yield f"half a body{where}", exchange.content[: len(exchange.content) // 2], number
        yield f"an HTML page{where}", _HTML.encode(), number


def _shows_its_end(content: bytes) -> bool:
    """Whether half of it can be told from the whole: half a CSV file looks like a short one."""
    return len(content) > 1 and (content[:1] in b"{[" or b"\0" in content)


def _changed(example: Example, name: str, change: Callable[[Any], Any], said: list[Exchange]) -> Flaws:
    """Yield a flaw if a reply with its values taken away still gives a number, and another one."""
    bodies = [_parsed(exchange) for exchange in said]
    if any(body is None for body in bodies) or [change(body) for body in bodies] == bodies:
        return
    spoilt = [Exchange(json.dumps(change(body), default=float)) for body in bodies]
    with opened(example, fault=lambda number: spoilt[min(number, len(spoilt) - 1)]) as bench:
        answer = bench.ask()
    if not _still(answer, example):
        hint = "take values with okrsync.number() or an Aggregate, with no default such as get(…, 0) and no float()"
        yield from expect_problem(answer, f"the source sent its reply with {name}", (), hint)


def _still(answer: Answer, example: Example) -> bool:
    """Whether the number is unharmed: a count of rows does not look at their values."""
    return isinstance(answer, Reading) and same(answer, example.value)


def _parsed(exchange: Exchange) -> Any:
    try:
        return parse(exchange.content)
    except NotStrictJson:
        return None


def _renamed(body: Any) -> Any:
    if isinstance(body, dict):
        return {f"{key}_renamed": _renamed(value) for key, value in body.items()}
    return [_renamed(value) for value in body] if isinstance(body, list) else body


def _inner_renamed(body: Any) -> Any:
    """Rename the keys of numbers only, so that the rows are still found."""
    if isinstance(body, dict):
        return {f"{key}_renamed" if _is_number(value) else key: _inner_renamed(value) for key, value in body.items()}
    return [_inner_renamed(value) for value in body] if isinstance(body, list) else body


def _without_numbers(instead: Any) -> Callable[[Any], Any]:
    def change(body: Any) -> Any:
        if isinstance(body, dict):
            return {key: change(value) for key, value in body.items()}
        if isinstance(body, list):
            return [change(value) for value in body]
        return instead if _is_number(body) else body

    return change


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return value.replace(".", "", 1).lstrip("-").isdigit()
    return not isinstance(value, bool | dict | list) and value is not None


_CHANGES: dict[str, Callable[[Any], Any]] = {
    "every key renamed": _renamed,
    "the keys of its numbers renamed": _inner_renamed,
    "null for every number": _without_numbers(None),
    "a text for every number": _without_numbers("n/a"),
}


@check_over_http(*READS)
def an_error_with_status_200(example: Example) -> Flaws:
    """A reply that says 200 and holds an error is a problem, for sources that do so."""
    if (case := example.error_in_200) is None:
        return
    with opened(example, case) as bench:
        answer = bench.ask(case)
        hint = "set self.http.classify in __init__, or raise the problem where the reply is read"
        yield from expect_problem(answer, "the source sent an error with status 200", (), hint)
        yield from unexpected(bench)


@check(*READS)
def a_bad_question_is_its_owners_to_mend(example: AnyExample) -> Flaws:
    """A mistake in a question is told to whoever wrote it, and is no fault of the connection."""
    if (case := example.bad_query) is None:
        give = "`bad_query=Case([…], query={…})`"
        yield missing("how the source refuses a mistake in a question", "a_bad_question_is_its_owners_to_mend", give)
        return
    with opened(example, case) as bench:
        answer = bench.ask(case)
        reasons = {reason for reason in Reason if reason.actor is Actor.METRIC_OWNER}
        hint = "map what the source says to Problem(Reason.QUERY, …), for example in self.http.classify"
        yield from expect_problem(answer, "the source refused the question", reasons, hint)
        yield from unexpected(bench)


@check_locally(*READS)
def a_source_that_is_gone_is_a_problem(example: LocalExample) -> Flaws:
    """A file, database or program that cannot be used is a problem, never a number and never an exception."""
    if example.broken is None:
        give = "`broken=`, a function that gets the project folder"
        yield missing("how its source can break", "a_source_that_is_gone_is_a_problem", give)
        return
    with opened(example) as bench:
        example.broken(bench.folder)
        answer = bench.ask()
    yield from expect_problem(answer, "the source could not be used", (), "catch its errors and raise a Problem")
