"""What an answer should have been, and what to say when it is not."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from okrsync.connect.contract import Answer, Reading
from okrsync.errors import Problem, Reason
from okrsync.testing.bench import Bench
from okrsync.testing.example import Case, Number
from okrsync.testing.failure import Flaw, Flaws

LET_THROUGH = "let the problem that self.http raises go through: no `except` around it, no default after it"


def same(answer: Answer, value: Number) -> bool:
    """Return whether `answer` is the number `value`."""
    return isinstance(answer, Reading) and answer.value == Decimal(str(value))


def told(answer: Answer) -> str:
    """Return the answer as a message says it."""
    return f"{answer.value}" if isinstance(answer, Reading) else f"{answer.reason} ({answer.message})"


def expect_value(bench: Bench, answer: Answer, value: Number, hint: str) -> Flaws:
    """Yield what is wrong if the answer is not `value`; a request that the example does not know goes first."""
    if same(answer, value):
        return
    yield from unexpected(bench)
    if not bench.source.unexpected:
        yield Flaw(f"the answer is {told(answer)}, the example says {value}", hint)


def unexpected(bench: Bench) -> Flaws:
    """Yield the first request that the example has no reply to."""
    for sent in bench.source.unexpected[:1]:
        known = "; ".join(one.described for one in bench.source.exchanges) or "none"
        body = f" with {sent.body.decode(errors='replace')[:200]}" if sent.body else ""
        yield Flaw(
            f"{sent.method} {sent.url}{body} was sent, and the example has no reply to it; it knows: {known}",
            "correct what the connector sends, or `method`, `path` and `containing` of the example's exchanges",
        )


def expect_problem(answer: Answer, when: str, reasons: Collection[Reason], hint: str = LET_THROUGH) -> Flaws:
    """Yield what is wrong if the answer is no problem with one of `reasons`; none given: any but `internal`."""
    if isinstance(answer, Reading):
        yield Flaw(f"{when}, and the answer was the number {answer.value}", hint)
    elif answer.reason is Reason.INTERNAL:
        yield Flaw(
            f"{when}, and the connector broke: {answer.message}",
            "read the reply with okrsync.number() or an Aggregate, which say what is wrong with it",
        )
    elif reasons and answer.reason not in reasons:
        wanted = " or ".join(f"`{reason}`" for reason in reasons)
        yield Flaw(f"{when}; the reason given was `{answer.reason}`, not {wanted} ({answer.message})", hint)


def missing(what: str, check: str, give: str) -> Flaw:
    """Return the flaw of an example that leaves out what a check needs."""
    return Flaw(
        f"the example does not show {what}",
        f'give it {give}; if there is no such thing here, say why: without={{"{check}": "…"}}',
        in_example=True,
    )


def is_problem(answer: Answer, *reasons: Reason) -> bool:
    """Return whether the answer is a problem with one of `reasons`."""
    return isinstance(answer, Problem) and answer.reason in reasons


def case_of(case: Case, **changes: object) -> Case:
    """Return `case` with `changes`."""
    return Case(**{**vars(case), **changes})
