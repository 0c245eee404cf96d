"""Several questions at once."""

from __future__ import annotations

from collections.abc import Sequence

from okrsync.errors import Reason
from okrsync.testing.bench import opened
from okrsync.testing.checks.register import READS, check
from okrsync.testing.example import AnyExample, Case, Exchange
from okrsync.testing.expecting import expect_value, is_problem, missing, same, told, unexpected
from okrsync.testing.failure import Flaw, Flaws


def _union(cases: Sequence[Case]) -> list[Exchange]:
    return list(dict.fromkeys(exchange for case in cases for exchange in case.exchanges))


@check(*READS)
def a_batch_equals_singles(example: AnyExample) -> Flaws:
    """Questions asked at once have the answers that they have alone, in whatever order."""
    cases = example.batch
    if len({str(case.value) for case in cases if case.value is not None}) < 2:
        give = "`batch=[Case([…], value=…, query={…}), …]`, with different values"
        yield missing("at least two questions with different values", "a_batch_equals_singles", give)
        return
    singles = [flaw for case in cases for flaw in _single(example, case)]
    yield from singles
    exchanges = _union(cases) if example.together is None else example.together
    for order in [] if singles else [list(cases), list(reversed(cases))]:
        with opened(example, exchanges=exchanges) as bench:
            answers = bench.ask_all(order)
            yield from unexpected(bench)
        wrong = [
            (case, answer) for case, answer in zip(order, answers, strict=True) if not same(answer, case.value or 0)
        ]
        for case, answer in wrong[:1]:
            yield Flaw(
                f"{case.query} is {case.value} when it is asked alone and {told(answer)} among {len(order)} questions",
                "answer in the order of the questions, and match the source's replies to them by what identifies them",
            )
            return


def _single(example: AnyExample, case: Case) -> Flaws:
    with opened(example, case) as bench:
        yield from expect_value(bench, bench.ask(case), case.value or 0, "correct the `batch` of the example")


@check(*READS)
def one_bad_question_spoils_no_other(example: AnyExample) -> Flaws:
    """Next to a question with a mistake in it, the others have their answers."""
    bad = example.bad_query
    if bad is None or bad.query is None:
        give = "`bad_query=Case([…], query={…})`, a question of its own"
        yield missing("a question with a mistake in it", "one_bad_question_spoils_no_other", give)
        return
    good = [example.happy, *example.batch[:1]]
    for order in ([bad, *good], [*good, bad]):
        # The bad question's replies go first: a request with the mistake in it is refused, whatever else it asks for.
        with opened(example, exchanges=_union([bad, *good])) as bench:
            answers = dict(zip(map(id, order), bench.ask_all(order), strict=True))
        for case in good:
            if not same(answers[id(case)], case.value or 0):
                yield Flaw(
                    f"next to a bad question, a good one was answered with {told(answers[id(case)])} instead of "
                    f"{case.value}",
                    "catch the Problem of each question by itself and yield it as its answer",
                )
                return
        if is_problem(answers[id(bad)], Reason.INTERNAL) or same(answers[id(bad)], example.value):
            yield Flaw(
                f"the bad question was answered with {told(answers[id(bad)])}", "yield its Problem as its answer"
            )
            return
