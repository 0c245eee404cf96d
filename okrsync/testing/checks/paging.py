"""Replies that come in pages."""

# ruff: noqa: D401 - the docstring of a check says what it makes sure of

from __future__ import annotations

from okrsync.connect.contract import Reading
from okrsync.testing.bench import opened
from okrsync.testing.checks.register import READS, check_over_http
from okrsync.testing.example import Example, Exchange
from okrsync.testing.expecting import expect_problem, expect_value, missing, same, told
from okrsync.testing.failure import Flaw, Flaws
from okrsync.testing.source import MOST_REQUESTS

_GIVE = "`pages=Case([first, second, third], value=…)`"


@check_over_http(*READS)
def three_pages_are_counted(example: Example) -> Flaws:
    """Rows on the second and third page count; a page that fails makes no smaller total."""
    case = example.pages
    if case is None or case.value is None or len(case.exchanges) < 3:
        yield missing("three pages and what they make together", "three_pages_are_counted", _GIVE)
        return
    with opened(example, case) as bench:
        answer, asked = bench.ask(case), len(bench.source.requests)
        if isinstance(answer, Reading) and asked < 3 and not same(answer, case.value):
            yield Flaw(
                f"{asked} of {len(case.exchanges)} pages was asked for: the answer is {told(answer)}, not {case.value}",
                "follow what the reply says about the next page until there is none (okrsync.connect.answers.paging)",
            )
        else:
            hint = "add up the rows of all pages; end where the source says so"
            yield from expect_value(bench, answer, case.value, hint)
    down = Exchange({"message": "down"}, 500)
    with opened(example, case, fault=lambda number: down if number >= 1 else None) as bench:
        answer, asked = bench.ask(case), len(bench.source.requests)
    if asked > 1:
        yield from expect_problem(answer, "the second page could not be had", ())


@check_over_http(*READS)
def the_same_cursor_twice_stops(example: Example) -> Flaws:
    """A source that sends its first page for ever is a problem, not an endless loop and not a total."""
    case = example.pages
    if case is None or not case.exchanges:
        yield missing("three pages and what they make together", "the_same_cursor_twice_stops", _GIVE)
        return
    first = case.exchanges[0]
    with opened(example, case, exchanges=[first], strict=False) as bench:
        answer, asked, endless = bench.ask(case), len(bench.source.requests), bench.source.endless
    if endless:
        yield Flaw(
            f"{MOST_REQUESTS} requests were sent to a source that gives the same next page again and again",
            "remember the cursors and stop at one that comes twice (okrsync.connect.answers.paging.pages does)",
        )
    elif asked > 1:
        hint = "raise Problem(Reason.BAD_RESPONSE, …) when a cursor comes twice"
        yield from expect_problem(answer, "the source gave the same next page again and again", (), hint)
