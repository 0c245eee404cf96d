"""The window: that it reaches the source, with the right edges and in the right zone."""

# ruff: noqa: D401 - the docstring of a check says what it makes sure of

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from okrsync.connect.contract import Answer, History, Reading
from okrsync.errors import Problem, Reason
from okrsync.okrs.windows import Window, cycle_window
from okrsync.testing.bench import Bench, opened
from okrsync.testing.checks.register import READS, check
from okrsync.testing.example import AnyExample, LocalExample, Sent
from okrsync.testing.expecting import case_of, expect_value, missing
from okrsync.testing.failure import Flaw, Flaws

_EARLIER = timedelta(days=3653)
_FAR = ZoneInfo("Pacific/Kiritimati")
"""14 hours before UTC: its first of October begins on the 30th of September."""
_DATE = re.compile(r"(?<![\d:T-])(\d{4}-\d{2}-\d{2})(?![\d:T]|-\d| \d{2}:)")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})")


def _knows_the_past(bench: Bench) -> bool:
    return bench.connector.history_of(bench.question(bench.example.happy).query) is not History.SNAPSHOT


@check("history_of", *READS)
def the_window_reaches_the_source(example: AnyExample) -> Flaws:
    """Another window is another question, or else the past is refused."""
    with opened(example, strict=False) as bench:
        if not _knows_the_past(bench):
            return  # okrsync refuses the past for it
        ask = bench.question(example.happy)
        now, first = bench.ask(), _sent(bench)
    with opened(example, strict=False) as bench:
        earlier = case_of(example.happy, window=_shifted(ask.window))
        then, second = bench.ask(earlier, ask.as_of - _EARLIER), _sent(bench)
    if first == second and _equal(now, then):
        asked = f" (both times {first[0][0]} {first[0][1]})" if first else ""
        yield Flaw(
            f"two windows, ten years apart, have the same answer{asked}",
            "send ask.window.start and ask.window.end to the source, or filter the rows by them; if the source knows "
            'only its present, declare `history = "snapshot"`',
        )


def _sent(bench: Bench) -> list[tuple[str, str, bytes]]:
    return [sent.question for sent in bench.source.requests]


def _shifted(window: Window) -> Window:
    return replace(window, start=window.start and window.start - _EARLIER, end=window.end - _EARLIER)


def _equal(first: Answer, second: Answer) -> bool:
    """Whether both are the same number: two problems are no proof of anything."""
    return isinstance(first, Reading) and isinstance(second, Reading) and first.value == second.value


@check(*READS)
def rows_on_both_edges_of_the_window(example: AnyExample) -> Flaws:
    """A window is half-open: what happened on its start counts, what happened on its end does not."""
    with opened(example) as bench:
        if not _knows_the_past(bench):
            return
    case = example.edges
    if case is None or case.value is None:
        give = "`edges=Case([…], value=…, window=…)`, with rows on the edges or with exchanges `containing` them"
        yield missing("how the edges of a window count", "rows_on_both_edges_of_the_window", give)
        return
    with opened(example, case) as bench:
        answer = bench.ask(case)
        hint = "count what lies in [start, end): from the start on, up to but not with the end"
        yield from expect_value(bench, answer, case.value, hint)


@check("zone", *READS)
def a_zone_far_from_utc(example: AnyExample) -> Flaws:
    """Days are counted in the window's zone, not in UTC and not in this machine's."""
    window = cycle_window(date(2026, 10, 1), date(2026, 10, 31), _FAR)
    with opened(example, strict=False) as bench:
        if bench.connector.zone() is not None or not _knows_the_past(bench):
            return
        answer = bench.ask(case_of(example.happy, window=window))
        sent = bench.source.requests
    if isinstance(answer, Problem) and answer.reason is Reason.INTERNAL:
        yield Flaw(f"a window of {_FAR} breaks the connector: {answer.message}", "take days from ask.window.dates()")
    if not isinstance(example, LocalExample):
        yield from list(_wrong_days(sent, window))[:1]


def _wrong_days(sent: list[Sent], window: Window) -> Iterator[Flaw]:
    text = "\n".join(one.text for one in sent)
    assert window.start is not None  # noqa: S101 - it is a cycle's
    utc_day = window.start.astimezone(UTC).date().isoformat()
    if utc_day in _DATE.findall(text):
        yield Flaw(
            f"the window begins on {window.first_day} in {_FAR}, and the source was sent {utc_day}, its date in UTC",
            "take days from ask.window.dates(), first_day or last_day",
        )
    wrong = {datetime.combine(day, datetime.min.time(), UTC) for day in (window.first_day, window.last_day) if day}
    for moment in _MOMENT.findall(text):
        if datetime.fromisoformat(moment.replace(" ", "T")).astimezone(UTC) in wrong:
            yield Flaw(
                f"the window begins at {window.start:%Y-%m-%dT%H:%MZ}, and the source was sent {moment}",
                "send ask.window.start.isoformat(): it is in UTC already; do not cut its zone off or put another on",
            )
