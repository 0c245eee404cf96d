"""A run of the kit: what it returns, what it leaves as it was, and how it is told to a person."""

from __future__ import annotations

import logging
import socket
import sys
import time
from dataclasses import replace

import pytest
from requests.adapters import HTTPAdapter

from okrsync import redaction
from okrsync.connect.transport.clock import system_clock
from okrsync.errors import UnknownName
from okrsync.testing import Case, Exchange, checks_for, report, run, switched_off
from tests.testing.deals import EXAMPLE, Deals, deals, example


class Mistaken(Deals):
    """Mistaken."""

    def params(self, ask):
        return {**super().params(ask), "token": self.config.token.get_secret_value()}


class Shy(Deals):
    """Raises what nobody expects."""

    def credentials(self):  # it is to be a class method
        raise TypeError


def test_a_good_connector_has_no_failures():
    failures = run(EXAMPLE)

    assert failures == []
    assert report(EXAMPLE, failures) == "33 of 33 checks passed"


def test_a_failure_says_where_what_and_how_to_mend_it():
    mistaken = example(Mistaken)

    told = report(mistaken, run(mistaken))

    assert "✗ no secret in an address  (testing/test_running.py:" in told
    assert "a secret stands in the address of GET /v1/deals" in told
    assert '→ send it as a header: auth = Bearer("the_setting")' in told
    assert told.endswith("32 of 33 checks passed; 1 to mend")
    assert "canary" not in told


def test_a_check_is_switched_off_with_a_reason_that_the_report_repeats():
    waived = example(Mistaken, without={"no_secret_in_an_address": "the API knows no other way"})

    failures = run(waived)

    assert failures == []
    assert "not checked: no secret in an address (the API knows no other way)" in report(waived, failures)
    assert switched_off(waived) == {"no_secret_in_an_address": "the API knows no other way"}


def test_a_check_is_not_switched_off_without_a_reason():
    with pytest.raises(ValueError, match="does not say why"):
        example(Deals, without={"no_secret_in_an_address": " "})


@pytest.mark.parametrize("ask", [run, checks_for, switched_off])
def test_an_unknown_check_cannot_be_switched_off(ask):
    with pytest.raises(UnknownName, match="three_pages_are_counted"):
        ask(example(Deals, without={"three_pages_are_countd": "a typo"}))


def test_an_unknown_check_cannot_be_asked_for():
    with pytest.raises(UnknownName, match="the_value_is_read"):
        run(EXAMPLE, only=["the_value_is_red"])


@pytest.mark.parametrize(
    ("left_out", "checks"),
    [
        ({"empty": None}, {"empty_is_not_zero"}),
        ({"pages": None}, {"three_pages_are_counted", "the_same_cursor_twice_stops"}),
        ({"bad_query": None}, {"a_bad_question_is_its_owners_to_mend", "one_bad_question_spoils_no_other"}),
        ({"edges": None}, {"rows_on_both_edges_of_the_window"}),
        ({"batch": EXAMPLE.batch[:1]}, {"a_batch_equals_singles"}),
    ],
)
def test_what_the_example_leaves_out_is_asked_for(left_out, checks):
    failures = run(replace(EXAMPLE, **left_out))

    assert {failure.check for failure in failures} == checks
    assert all("does not show" in failure.message and "without={" in failure.hint for failure in failures)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"settings": {}}, "token is missing"),
        ({"settings": {"token": "canary-4711", "tokn": "x"}}, "tokn"),
        ({"query": {"stage": "won", "stagge": "won"}}, "stagge"),
    ],
)
def test_an_example_that_cannot_be_opened_is_one_failure(change, said):
    (failure,) = run(replace(EXAMPLE, **change))

    assert failure.check == "the_example_can_be_tried"
    assert said in failure.message


def test_a_check_that_breaks_is_a_failure_of_its_own():
    def broken(sent):
        raise KeyError(sent.method)

    failures = run(example(Deals, edges=Case([Exchange(broken)], value=1)), only=["rows_on_both_edges_of_the_window"])

    assert failures


def test_a_short_secret_is_refused_because_it_proves_nothing():
    (failure,) = run(example(Deals, settings={"token": "abc"}), only=["secrets_are_hidden_types"])

    assert "too short" in failure.message


def test_nothing_of_the_process_is_changed_afterwards():
    before = (HTTPAdapter.send, time.sleep, system_clock(), sys.getprofile(), logging.getLogger().level)
    handlers = list(logging.getLogger().handlers)

    run(EXAMPLE)

    assert (HTTPAdapter.send, time.sleep, system_clock(), sys.getprofile(), logging.getLogger().level) == before
    assert logging.getLogger().handlers == handlers


def test_the_network_is_there_again_afterwards():
    run(EXAMPLE, only=["the_value_is_read"])

    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), 1) as line:
        assert line.getpeername() == server.getsockname()


def test_a_run_waits_for_nothing():
    began = time.monotonic()

    run(EXAMPLE, only=["retry_after_is_heeded", "a_broken_source_is_unreachable"])

    assert time.monotonic() - began < 5


def test_a_reply_may_depend_on_the_request():
    counted = Exchange(lambda sent: {"results": [{"amount": len(sent.params["stage"])}]}, method="GET", path="deals")

    assert run(example(Deals, exchanges=[counted], value=3), only=["the_value_is_read"]) == []


def test_a_text_is_known_to_hold_a_secret_in_any_form():
    assert redaction.holds("Basic YW5uOmNhbmFyeS00NzEx", "canary-4711")
    assert not redaction.holds("canary", "canary-4711")
    assert not redaction.holds("abc", "abc")
    assert deals(1).described == "a request /deals"
