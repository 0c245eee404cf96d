import json
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import Field

from okrsync import Ask, Config, Connector, Limits, Problem, Query, Reading, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.contract import question_key
from okrsync.connect.transport.http import HttpClient
from okrsync.redaction import learn

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(days=30), NOW, ZoneInfo("Europe/Berlin"))


class Nothing(Config):
    """No settings."""


class Named(Query):
    """A number by its name."""

    name: str = Field(description="Which number.")


class Source(Connector[Nothing, Named]):
    """A source that answers with 1, and remembers how it was asked. `says` holds what else some names bring."""

    name, history, max_batch = "source", "window", 10
    limits = Limits(at_once=1)

    def __init__(self, says=None):
        super().__init__("crm", Nothing(), HttpClient(connection="crm", base_url="https://crm.test"))
        self.says = says or {}
        self.calls = []

    def one(self, ask):
        said = self.says.get(ask.query.name, 1)
        if isinstance(said, BaseException):
            raise said
        return said(ask) if callable(said) else Reading(Decimal(said), as_of=ask.as_of)

    def read_many(self, asks):
        self.calls.append([ask.query.name for ask in asks])
        return [self.one(ask) for ask in asks]


def asked(*names, as_of=NOW):
    queries = [Named(name=name) for name in names]
    return [Ask(question_key("source", "crm", query, WINDOW), query, WINDOW, as_of) for query in queries]


def answers(source, *names, now=NOW, **asking):
    """What `source` answers, by name: a value or a problem."""
    asks = asked(*names, **asking)
    found = collect(source, asks, now)
    assert set(found) == {ask.key for ask in asks}
    return {ask.query.name: _value(found[ask.key]) for ask in asks}


def _value(answer):
    return answer if isinstance(answer, Problem) else answer.value


def test_every_distinct_question_gets_its_own_answer():
    source = Source({"a": 10, "b": 20})

    assert answers(source, "a", "b", "a") == {"a": 10, "b": 20}
    assert source.calls == [["a", "b"]]


def test_no_more_questions_go_into_a_call_than_the_source_takes():
    source = Source()

    answers(source, *map(str, range(25)))

    assert [len(call) for call in source.calls] == [10, 10, 5]


def test_questions_go_together_as_the_connector_says():
    class Grouping(Source):
        def together(self, ask):
            return ask.query.name[0]

    source = Grouping()
    answers(source, "a1", "b1", "a2", "b2")

    assert source.calls == [["a1", "a2"], ["b1", "b2"]]


@pytest.mark.parametrize(
    "error",
    [
        Problem(Reason.QUERY, "no such stage"),
        Problem(Reason.BAD_VALUE, "not a number"),
        KeyError("results"),
        MemoryError(),
        RecursionError(),
        SystemExit(1),
    ],
    ids=lambda error: getattr(error, "reason", type(error).__name__),
)
def test_one_bad_question_spoils_no_other(error):
    names = [f"q{n}" for n in range(10)]
    source = Source({"q7": error})

    found = answers(source, *names)

    assert isinstance(found.pop("q7"), Problem)
    assert set(found.values()) == {1}
    assert len(source.calls) <= 9


def test_a_fault_of_the_connector_is_named_and_nothing_of_its_text_is():
    problem = answers(Source({"a": ValueError("row of ann@example.com")}), "a")["a"]

    assert problem.reason is Reason.INTERNAL
    assert problem.message.startswith("crm: the connector source failed with ValueError at test_collect.py:")
    assert "ann@" not in str(problem)


def test_running_out_of_memory_is_said_so():
    assert "out of memory" in answers(Source({"a": MemoryError()}), "a")["a"].message


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason.of_the_connection])
def test_a_connection_that_fails_is_not_asked_again(reason):
    retry_at = NOW + timedelta(hours=1)
    source = Source({"q3": Problem(reason, "crm: no", "do this", retry_at)})

    found = answers(source, *[f"q{n}" for n in range(25)])

    assert len(source.calls) == 1
    assert set(found.values()) == {Problem(reason, "crm: no", "do this", retry_at)}


def test_what_was_answered_before_the_connection_failed_is_kept():
    class Base(Source):
        read_many = Connector.read_many

        def read(self, ask):
            self.calls.append(ask.query.name)
            return self.one(ask)

    source = Base({"c": Problem(Reason.UNREACHABLE, "crm: gone")})
    found = answers(source, "a", "b", "c", "d")

    assert [found["a"], found["b"]] == [1, 1]
    assert found["c"] == found["d"] == Problem(Reason.UNREACHABLE, "crm: gone")
    assert source.calls == ["a", "b", "c"]


def test_a_timeout_that_is_returned_is_the_questions_own():
    source = Source({"slow": lambda _: Problem(Reason.TIMEOUT, "took 30 s")})

    found = answers(source, "slow", "quick")

    assert found == {"slow": Problem(Reason.TIMEOUT, "crm: took 30 s"), "quick": 1}


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param(lambda given: given[:-1], id="one too few"),
        pytest.param(lambda given: [*given, given[0]], id="one too many"),
        pytest.param(lambda _: [], id="none"),
        pytest.param(lambda _: None, id="nothing at all"),
    ],
)
def test_answers_that_cannot_be_told_apart_by_their_number_are_none(shape):
    class Miscounting(Source):
        def read_many(self, asks):
            return shape(super().read_many(asks))

    found = answers(Miscounting(), "a", "b", "c")

    assert {problem.reason for problem in found.values()} == {Reason.INTERNAL}


def test_a_source_that_never_stops_answering_is_stopped():
    class Endless(Source):
        def read_many(self, asks):
            while True:
                yield Reading(Decimal(1), as_of=NOW)

    assert answers(Endless(), "a")["a"].reason is Reason.INTERNAL


def test_an_answer_that_is_neither_reading_nor_problem_is_a_fault():
    assert "a float" in answers(Source({"a": lambda _: 1.5}), "a")["a"].message


@pytest.mark.parametrize(
    ("value", "as_of"),
    [
        pytest.param(1.5, NOW, id="a float"),
        pytest.param(Decimal("NaN"), NOW, id="not a number"),
        pytest.param(Decimal(1), NOW.replace(tzinfo=None), id="a time without a zone"),
    ],
)
def test_a_reading_that_is_none_says_how_to_mend_the_connector(value, as_of):
    problem = answers(Source({"a": lambda _: Reading(value, as_of=as_of)}), "a")["a"]

    assert problem.reason is Reason.BAD_VALUE
    assert "connector" in problem.hint


def test_an_answer_from_the_future_is_none_but_clocks_may_differ_a_little():
    def ahead(minutes):
        return lambda _: Reading(Decimal(1), as_of=NOW + timedelta(minutes=minutes))

    found = answers(Source({"far": ahead(6), "near": ahead(4)}), "far", "near")

    assert found["near"] == 1
    assert found["far"].reason is Reason.BAD_VALUE
    assert "in the future: 2026-11-21 12:06 UTC" in found["far"].message


def test_a_source_that_knows_only_the_present_is_not_asked_about_the_past():
    source = Source()
    source.history = "snapshot"

    found = answers(source, "a", as_of=NOW - timedelta(days=1))

    assert found["a"].reason is Reason.UNSUPPORTED
    assert "2026-11-20 12:00 UTC" in found["a"].message
    assert source.calls == []
    assert answers(source, "a", as_of=NOW - timedelta(minutes=4)) == {"a": 1}


def test_a_source_with_records_is_asked_about_the_past():
    assert answers(Source(), "a", as_of=NOW - timedelta(days=1)) == {"a": 1}


def test_problems_are_named_after_the_connection_once_and_hold_no_secret():
    learn("s3cret-token")
    source = Source({"a": Problem(Reason.QUERY, "bad s3cret-token", "not s3cret-token")})

    problem = answers(source, "a")["a"]

    assert problem == Problem(Reason.QUERY, "crm: bad ********", "not ********")


def test_a_reading_says_how_to_ask_again_by_hand_and_holds_no_secret():
    learn("s3cret-token")
    own = {"cell": "B2", "seen": [Decimal("1.50"), NOW], "note": "s3cret-token", "query": "its own"}
    source = Source({"a": lambda ask: Reading(Decimal(1), as_of=ask.as_of, provenance=own)})

    (reading,) = collect(source, asked("a"), NOW).values()

    assert json.loads(json.dumps(reading.provenance)) == {
        "connector": "source",
        "connection": "crm",
        "query": {"name": "a"},
        "window": ["2026-10-22T12:00:00+00:00", "2026-11-21T12:00:00+00:00", "Europe/Berlin"],
        "as_of": "2026-11-21T12:00:00+00:00",
        "requests": [],
        "cell": "B2",
        "seen": ["1.50", "2026-11-21T12:00:00+00:00"],
        "note": "********",
    }


def test_each_reading_carries_its_own_requests_also_when_several_are_under_way(source):
    class Web(Source):
        max_batch, limits = 1, Limits(at_once=3)

        def read(self, ask):
            return Reading(Decimal(self.http.get(f"/{ask.query.name}")), as_of=ask.as_of)

        read_many = Connector.read_many

    for name in "abc":
        source.get(f"https://crm.test/{name}", json=1)

    found = collect(Web(), asked(*"abc"), NOW)

    assert [reading.provenance["requests"] for reading in found.values()] == [
        [{"method": "GET", "url": f"https://crm.test/{name}", "status": 200}] for name in "abc"
    ]


def test_as_many_calls_are_under_way_as_the_limits_allow():
    together = threading.Barrier(3, timeout=10)

    class Slow(Source):
        max_batch, limits = 1, Limits(at_once=3)

        def one(self, ask):
            together.wait()
            return super().one(ask)

    assert answers(Slow(), "a", "b", "c") == {"a": 1, "b": 1, "c": 1}


def test_a_driver_that_hangs_does_not_keep_the_process_from_ending():
    hanging = f"""
import sys, threading
sys.path.insert(0, {str(ROOT)!r})
from tests.connect.test_collect import NOW, Source, asked, collect
begun = threading.Event()
source = Source({{"a": lambda _: begun.set() or threading.Event().wait()}})
threading.Thread(target=collect, args=(source, asked("a"), NOW), daemon=True).start()
assert begun.wait(10)
"""

    subprocess.run([sys.executable, "-c", hanging], timeout=30, check=True)


def test_a_connection_may_set_its_own_limits():
    class Calm(Config):
        at_once: int = 1
        per_second: float | None = None

    assert Limits(per_second=4.0, at_once=8, per_day=100).overridden_by(Calm()) == Limits(4.0, 1, 100)


def test_a_person_who_interrupts_is_obeyed():
    with pytest.raises(KeyboardInterrupt):
        collect(Source({"a": KeyboardInterrupt()}), asked("a"), NOW)


def test_nothing_to_ask_is_nothing_to_answer():
    assert collect(Source(), [], NOW) == {}
