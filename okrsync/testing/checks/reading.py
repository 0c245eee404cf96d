"""The number itself: that it is right, exact and accounted for, and that nothing is not zero."""

# ruff: noqa: D401 - the docstring of a check says what it makes sure of

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from okrsync.connect.collect import SKEW
from okrsync.connect.contract import Reading
from okrsync.errors import Problem, Reason
from okrsync.testing.bench import Bench, files_of, opened
from okrsync.testing.checks.register import READS, check, check_over_http
from okrsync.testing.example import AnyExample, Example, LocalExample, Sent
from okrsync.testing.expecting import expect_problem, expect_value, missing, unexpected
from okrsync.testing.failure import Flaw, Flaws
from okrsync.testing.watching import clock_watched

_WRITES = frozenset(
    {"add", "archive", "cancel", "close", "create", "delete", "edit", "import", "insert", "merge", "move", "patch"}
    | {"publish", "remove", "send", "set", "subscribe", "unsubscribe", "update", "upsert"}
)
_READS = frozenset(
    {"aggregate", "batch", "count", "find", "get", "graphql", "list", "lookup", "query", "read", "report", "reports"}
    | {"search"}
)
_MUTATION = re.compile(rb'\s*\{\s*"query"\s*:\s*"(\s|\\n)*mutation\b')
_ZERO = re.compile(rb"(?<![\w.])-?0(\.0+)?(?![\w.])")


@check(*READS)
def the_value_is_read(example: AnyExample) -> Flaws:
    """The question of the example has the value that the example says."""
    with opened(example) as bench:
        answer = bench.ask()
        if not _unfit(answer):
            yield from expect_value(bench, answer, example.value, "compare what `read` does with the reply")


@check(*READS)
def a_reading_is_exact_aware_and_accounted_for(example: AnyExample) -> Flaws:
    """A reading is a finite Decimal, true at an aware moment that is not in the future, and says what was asked."""
    with opened(example) as bench:
        ask, answer = bench.question(example.happy), bench.ask()
    with opened(example) as bench:
        raw = bench.raw()
    if _unfit(answer):
        assert isinstance(answer, Problem)  # noqa: S101 - as _unfit says
        yield Flaw(
            f"what came back is no reading: {answer.message}",
            "make the number a Decimal from the wire on, with okrsync.number() or to_decimal(), never float(); "
            "take the moment from `ask.as_of`",
        )
    if not isinstance(raw, Reading):
        return
    if raw.as_of - ask.as_of > SKEW:
        yield Flaw(
            f"the value was asked for at {_utc(ask.as_of)} and is dated {_utc(raw.as_of)}",
            "give Reading(…, as_of=ask.as_of), or the moment that the source states",
        )
    if isinstance(example, Example) and isinstance(answer, Reading) and not answer.provenance.get("requests"):
        yield Flaw(
            "the reading does not say which requests it comes from",
            "ask through self.http, which keeps the account",
        )
    if isinstance(example, LocalExample) and not raw.provenance:
        yield Flaw(
            "the reading does not say where it comes from",
            "give Reading(…, provenance={…}) what a person needs to look it up by hand",
        )


def _unfit(answer: object) -> bool:
    """Whether the answer was refused when it was made: no Decimal, not finite, or without a time zone."""
    return isinstance(answer, Problem) and any(
        text in answer.message for text in ("not a finite decimal number", "the reading's time has no zone")
    )


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M %Z}"


@check(*READS)
def the_clock_is_not_asked(example: AnyExample) -> Flaws:
    """What time it is, a connector gets told: `ask.window` and `ask.as_of`."""
    with clock_watched(files_of(example.connector)) as seen, opened(example) as bench:
        bench.raw()
    for where in seen[:1]:
        yield Flaw(where, "use ask.window for the period and ask.as_of for the moment")


@check(*READS)
def nothing_sleeps(example: AnyExample) -> Flaws:
    """Waiting and asking again is the client's part."""
    with opened(example) as bench:
        bench.ask()
        sleeps = bench.sleeps
    for where in sleeps[:1]:
        yield Flaw(where, "take it out: `limits` say how fast a source may be asked, self.http waits and asks again")


@check(*READS)
def empty_is_not_zero(example: AnyExample) -> Flaws:
    """Where nothing is, there is no number, unless the source itself says 0."""
    case = example.empty
    if case is None:
        yield missing("what the source answers when there is nothing", "empty_is_not_zero", "`empty=Case([…])`")
        return
    with opened(example, case) as bench:
        answer = bench.ask(case)
        if case.value is None:
            yield from expect_problem(
                answer,
                "the source said that there is nothing",
                {Reason.NO_DATA},
                "raise Problem(Reason.NO_DATA, …); okrsync.number() and Aggregate do so by themselves",
            )
        else:
            yield from expect_value(bench, answer, case.value, "compare what `read` does with the `empty` reply")
            yield from _said_by_the_source(bench, Decimal(str(case.value)))
        yield from unexpected(bench)


def _said_by_the_source(bench: Bench, value: Decimal) -> Flaws:
    over_http = isinstance(bench.example, Example)
    if over_http and value == 0 and not any(_ZERO.search(reply.content) for reply in bench.source.replies):
        yield Flaw(
            "the `empty` case expects 0, and its reply holds no 0",
            "nothing is not zero: leave `value` out of it and raise Problem(Reason.NO_DATA, …)",
        )


@check_over_http(*READS)
def it_only_reads(example: Example) -> Flaws:
    """A connection changes nothing at the source."""
    with opened(example) as bench:
        answer = bench.ask()
        sent = bench.source.requests
    if isinstance(answer, Problem) and "a connection only reads" in answer.message:
        yield Flaw(answer.message, "ask with GET, or with POST where the API searches by it")
    for one in sent:
        if _writes(one) or _MUTATION.match(one.body):
            yield Flaw(
                f"{one.method} {one.path} looks like a request that changes something",
                "ask with GET, or with POST where the API searches by it",
            )
            return


def _writes(sent: Sent) -> bool:
    """Whether method or last part of the path say so: `/deals/delete`, `/createDeal`, but not `/deals/search`."""
    last = sent.path.rpartition("/")[2]
    words = {word.lower() for word in [*re.findall(r"[A-Z]?[a-z]+", last), last]}
    return sent.method not in ("GET", "POST") or (
        sent.method == "POST" and bool(words & _WRITES) and not words & _READS
    )


@check_over_http(*READS)
def every_request_has_a_time_limit(example: Example) -> Flaws:
    """All requests go through okrsync's client, which bounds them in time and size."""
    with opened(example) as bench:
        bench.ask()
        sent, lines = bench.source.requests, bench.deeds.lines
    for one in sent:
        if not (one.by_okrsync and one.time_limit):
            yield Flaw(
                f"{one.method} {one.path} was sent past okrsync's client"
                + ("" if one.time_limit else ", without a time limit"),
                "ask with self.http.get() or self.http.post()",
            )
            return
    for line in lines[:1]:
        yield Flaw(f"the connector opened a line of its own ({line})", "ask with self.http.get() or self.http.post()")


@check_over_http(*READS)
def equal_questions_cost_one_call(example: Example) -> Flaws:
    """Asking the same twice in one run costs what asking once costs."""
    with opened(example) as bench:
        bench.ask()
        once = len(bench.source.requests)
    with opened(example) as bench:
        bench.ask_all([example.happy, example.happy])
        twice = len(bench.source.requests)
    if twice > once:
        yield Flaw(
            f"one question costs {once} requests, the same question asked twice {twice}",
            "give the Query fixed defaults, so that equal questions are equal",
        )
