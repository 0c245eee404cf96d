"""Mistakes that authors make are caught by the check that is meant for them, which says what to change."""

# ruff: noqa: BLE001, DTZ011, PERF402, RET503, RUF034, SIM105 - they are mistakes

from __future__ import annotations

import logging
import socket
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import requests
from pydantic import BaseModel, Field, HttpUrl, SecretStr

from okrsync import Choice, Config, Connector, Problem, Query, Reading, Reason, number, redaction
from okrsync.connect.answers.paging import Request
from okrsync.connect.answers.rows import reduce_rows
from okrsync.testing import Case, Exchange, checks_for, run
from tests.testing.deals import SUM, Deals, DealsConfig, DealsQuery, deals, example
from tests.testing.test_good_connectors import SHIPPED
from tests.testing.test_good_connectors import TestSpreadsheet as Shipped


class ZeroForEmpty(Deals):
    """Mistaken."""

    def read(self, ask):
        rows = list(self.rows(ask))
        return super().read(ask) if rows else Reading(Decimal(0), as_of=ask.as_of)


class Float(Deals):
    """Mistaken."""

    def read(self, ask):
        return Reading(sum(float(row["amount"]) for row in self.rows(ask)), as_of=ask.as_of)


class NaiveTime(Deals):
    """Mistaken."""

    def read(self, ask):
        return Reading(super().read(ask).value, as_of=ask.as_of.replace(tzinfo=None))


class DatedToday(Deals):
    """Mistaken."""

    def read(self, ask):
        return Reading(super().read(ask).value, as_of=datetime(2100, 1, 1, tzinfo=UTC))


class RetriesItself(Deals):
    """Mistaken."""

    def page(self, request):
        for attempt in range(3):
            try:
                return super().page(request)
            except Problem:
                if attempt == 2:
                    raise


class SleepsBetweenPages(Deals):
    """Mistaken."""

    def page(self, request):
        time.sleep(60)
        return super().page(request)


class TokenInAddress(Deals):
    """Mistaken."""

    def params(self, ask):
        return {**super().params(ask), "api_key": self.config.token.get_secret_value()}


class IgnoresWindow(Deals):
    """Mistaken."""

    def params(self, ask):
        return {"stage": ask.query.stage}


class HardCodedDates(Deals):
    """Mistaken."""

    def params(self, ask):
        return {"stage": ask.query.stage, "from": "2026-10-01T00:00:00Z", "before": "2027-01-01T00:00:00Z"}


class InclusiveEnd(Deals):
    """Mistaken."""

    def params(self, ask):
        return {**super().params(ask), "before": f"{ask.window.end.date()}T23:59:59"}


class DaysInUtc(Deals):
    """Mistaken."""

    def params(self, ask):
        days = {"from": ask.window.start.date().isoformat(), "before": ask.window.end.date().isoformat()}
        return {**super().params(ask), **days}


class CutsTheZoneOff(Deals):
    """Mistaken."""

    def params(self, ask):
        return {**super().params(ask), "from": f"{ask.window.start.astimezone(ask.window.zone):%Y-%m-%dT%H:%M:%S}Z"}


class FirstPageOnly(Deals):
    """Mistaken."""

    def rows(self, ask):
        return self.page(Request("GET", "/deals", self.params(ask))).body["results"]


class PartialTotal(Deals):
    """Mistaken."""

    def read(self, ask):
        rows = []
        try:
            for row in Deals.rows(self, ask):
                rows.append(row)
        except Problem:
            if not rows:
                raise
        return Reading(reduce_rows(rows, SUM).value, as_of=ask.as_of)


class PagesForEver(Deals):
    """Mistaken."""

    def rows(self, ask):
        params = self.params(ask)
        while True:
            body = self.page(Request("GET", "/deals", params)).body
            yield from body["results"]
            if not body.get("next"):
                return
            params["after"] = body["next"]


class SwallowsErrors(Deals):
    """Mistaken."""

    def read(self, ask):
        try:
            return super().read(ask)
        except Exception:
            return Reading(Decimal(0), as_of=ask.as_of)


class AsksTheClock(Deals):
    """Mistaken."""

    def params(self, ask):
        return {**super().params(ask), "before": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"}


class AsksForToday(Deals):
    """Mistaken."""

    def params(self, ask):
        return {**super().params(ask), "today": str(date.today())}


class OutOfOrder(Deals):
    """Mistaken."""

    max_batch = 10

    def read_many(self, asks):
        return sorted((self.read(ask) for ask in asks), key=lambda reading: reading.value)


class OneSpoilsAll(Deals):
    """Mistaken."""

    max_batch = 10

    def read_many(self, asks):
        answers = []
        for ask in asks:
            try:
                answers.append(self.read(ask))
            except Problem as problem:
                return [problem] * len(asks)
        return answers


class BlamesTheConnection(Deals):
    """Mistaken."""

    def page(self, request):
        try:
            return super().page(request)
        except Problem as problem:
            raise Problem(Reason.UNREACHABLE, problem.message) from None


class BreaksOnNonsense(Deals):
    """Mistaken."""

    def page(self, request):
        page = super().page(request)
        return page if [row["amount"] + "0" for row in page.body["results"]] else page


class DefaultsToZero(Deals):
    """Mistaken."""

    def read(self, ask):
        amounts = [Decimal(row.get("amount") or 0) for row in self.rows(ask)]
        if not amounts:
            raise Problem(Reason.NO_DATA, "no deals")
        return Reading(sum(amounts, Decimal()), as_of=ask.as_of)


class PastTheClient(Deals):
    """Mistaken."""

    def page(self, request):
        requests.get(f"{self.config.base_url}/deals", params=request.params)
        return super().page(request)


class LineOfItsOwn(Deals):
    """Mistaken."""

    def page(self, request):
        try:
            socket.create_connection(("api.deals.test", 443), 1)
        except OSError:
            pass
        return super().page(request)


class Writes(Deals):
    """Mistaken."""

    def page(self, request):
        self.http.post("/reports/create", json={})
        return super().page(request)


class ConnectsAtOnce(Deals):
    """Mistaken."""

    def __init__(self, connection, config, http):
        super().__init__(connection, config, http)
        try:
            socket.create_connection(("127.0.0.1", 9), 1)
        except OSError:
            pass


class LogsTheToken(Deals):
    """Mistaken."""

    def page(self, request):
        logging.getLogger("deals").debug("asking with %s", self.config.token.get_secret_value())
        return super().page(request)


class TellsTheToken(Deals):
    """Mistaken."""

    def page(self, request):
        try:
            return super().page(request)
        except Problem as problem:
            raise Problem(problem.reason, f"{self.config.token.get_secret_value()} {problem}", problem.hint) from None


class ShowsTheToken(Deals):
    """Mistaken."""

    def __repr__(self):
        return f"Deals({self.config.token.get_secret_value()})"


class TokenInProvenance(Deals):
    """Mistaken."""

    def read(self, ask):
        account = {"curl": f"curl -H 'Authorization: Bearer {self.config.token.get_secret_value()}'"}
        return Reading(super().read(ask).value, as_of=ask.as_of, provenance=account)


class NoCheck(Deals):
    """Mistaken."""

    check = Connector.check


class CheckWithoutACall(Deals):
    """Mistaken."""

    def check(self):
        return "connected"


class CheckThatNeverFails(Deals):
    """Mistaken."""

    def check(self):
        try:
            return super().check()
        except Problem:
            return "connected"


class StrangeChoices(Deals):
    """Mistaken."""

    def discover(self, like=""):
        yield Choice("stagge", "won")


class PlainConfig(Config):
    """Mistaken."""

    token: str = Field(description="Token.")
    base_url: HttpUrl = Field(HttpUrl("https://api.deals.test/v1"), description="Where the API is.")


class PlainSecret(Deals, Connector[PlainConfig, DealsQuery]):
    """Mistaken."""


class TerseConfig(Config):
    """Mistaken."""

    token: SecretStr
    base_url: HttpUrl = Field(HttpUrl("https://api.deals.test/v1"), description="Where the API is.")


class Undescribed(Deals, Connector[TerseConfig, DealsQuery]):
    """Mistaken."""


class LooseQuery(BaseModel):
    """Mistaken."""

    stage: str = Field(description="Stage.", examples=["won"])


class TakesAnything(Deals, Connector[DealsConfig, LooseQuery]):
    """Mistaken."""


class TerseQuery(Query):
    """Mistaken."""

    stage: str = Field(description="Stage.")


class WithoutExamples(Deals, Connector[DealsConfig, TerseQuery]):
    """Mistaken."""


class TimelyQuery(DealsQuery):
    """Mistaken."""

    at: str = Field(default_factory=lambda: str(time.perf_counter()), description="When.", examples=["1"])


class NeverTheSameQuestion(Deals, Connector[DealsConfig, TimelyQuery]):
    """Mistaken."""


class FixedConfig(Config):
    """Mistaken."""

    token: SecretStr = Field(description="Token.")


class FixedAddress(Deals, Connector[FixedConfig, DealsQuery]):
    """Mistaken."""

    def base_url(self):
        return "https://api.deals.test/v1"


MISTAKES = [
    (ZeroForEmpty, "empty_is_not_zero", "number 0"),
    (Float, "a_reading_is_exact_aware_and_accounted_for", "not a finite decimal number"),
    (NaiveTime, "a_reading_is_exact_aware_and_accounted_for", "no zone"),
    (DatedToday, "a_reading_is_exact_aware_and_accounted_for", "dated 2100-01-01"),
    (RetriesItself, "a_broken_source_is_unreachable", "12 requests"),
    (RetriesItself, "refused_credentials_are_told_as_such", "tried 3 times"),
    (SleepsBetweenPages, "nothing_sleeps", "test_mistakes.py"),
    (TokenInAddress, "no_secret_in_an_address", "GET /v1/deals"),
    (IgnoresWindow, "the_window_reaches_the_source", "same answer"),
    (HardCodedDates, "the_window_reaches_the_source", "2026-10-01"),
    (InclusiveEnd, "rows_on_both_edges_of_the_window", "the answer is 4"),
    (DaysInUtc, "a_zone_far_from_utc", "2026-09-30"),
    (CutsTheZoneOff, "a_zone_far_from_utc", "2026-10-01T00:00:00Z"),
    (FirstPageOnly, "three_pages_are_counted", "1 of 3 pages"),
    (PartialTotal, "three_pages_are_counted", "second page"),
    (PagesForEver, "the_same_cursor_twice_stops", "again and again"),
    (SwallowsErrors, "refused_credentials_are_told_as_such", "number 0"),
    (SwallowsErrors, "a_broken_source_is_unreachable", "number 0"),
    (SwallowsErrors, "a_silent_source_is_a_timeout", "number 0"),
    (SwallowsErrors, "retry_after_is_heeded", "number 0"),
    (SwallowsErrors, "bodies_that_are_no_answer", "an HTML page"),
    (SwallowsErrors, "a_bad_question_is_its_owners_to_mend", "number 0"),
    (AsksTheClock, "the_clock_is_not_asked", "asks datetime.now()"),
    (AsksForToday, "the_clock_is_not_asked", "asks date.today()"),
    (OutOfOrder, "a_batch_equals_singles", "among 3 questions"),
    (OneSpoilsAll, "one_bad_question_spoils_no_other", "next to a bad question"),
    (BlamesTheConnection, "a_bad_question_is_its_owners_to_mend", "`unreachable`"),
    (BreaksOnNonsense, "bodies_that_are_no_answer", "broke"),
    (DefaultsToZero, "bodies_that_are_no_answer", "keys of its numbers renamed"),
    (PastTheClient, "every_request_has_a_time_limit", "without a time limit"),
    (LineOfItsOwn, "every_request_has_a_time_limit", "line of its own"),
    (Writes, "it_only_reads", "POST /v1/reports/create"),
    (ConnectsAtOnce, "the_constructor_does_no_io", "getaddrinfo"),
    (LogsTheToken, "no_secret_is_shown", "the log"),
    (TellsTheToken, "no_secret_is_shown", "the message of a refusal"),
    (ShowsTheToken, "no_secret_is_shown", "the repr of the connector"),
    (TokenInProvenance, "no_secret_is_shown", "the provenance"),
    (NoCheck, "check_proves_who_asks", "no check()"),
    (CheckWithoutACall, "check_proves_who_asks", "asked the source nothing"),
    (CheckThatNeverFails, "check_proves_who_asks", "with refused credentials"),
    (StrangeChoices, "discover_gives_choices", "stagge"),
    (PlainSecret, "secrets_are_hidden_types", "`token`"),
    (Undescribed, "settings_are_described", "`token`"),
    (TakesAnything, "unknown_keys_are_refused", "LooseQuery"),
    (WithoutExamples, "queries_are_described_with_examples", "`stage`"),
    (NeverTheSameQuestion, "equal_questions_have_one_identity", "two different questions"),
    (NeverTheSameQuestion, "equal_questions_cost_one_call", "twice 2"),
    (FixedAddress, "every_address_is_a_setting", "https://api.deals.test"),
]


@pytest.mark.parametrize(
    ("connector", "check", "said"), MISTAKES, ids=[f"{kind.__name__} by {check}" for kind, check, _ in MISTAKES]
)
def test_a_mistake_is_caught_by_the_check_that_is_meant_for_it(connector, check, said):
    failures = run(example(connector), only=[check])

    assert failures
    assert any(said in failure.message for failure in failures), [str(failure) for failure in failures]
    assert all(failure.hint and failure.place for failure in failures)


def test_a_logged_secret_is_seen_also_where_this_process_hides_secrets():
    before = logging.getLogRecordFactory()
    redaction.install()
    try:
        assert run(example(LogsTheToken), only=["no_secret_is_shown"])
    finally:
        logging.setLogRecordFactory(before)


def test_every_check_catches_some_mistake():
    seeded = {check for _, check, _ in MISTAKES}

    others = {check.name for check in checks_for(example(Deals))} - seeded

    assert others == {"the_value_is_read", "an_error_with_status_200"}, "which have tests of their own"


def test_a_wrong_value_is_told_with_the_right_one():
    (failure,) = run(example(Deals, value=17), only=["the_value_is_read"])

    assert "the answer is 16.00, the example says 17" in failure.message


def test_a_request_that_the_example_does_not_know_is_shown_with_those_it_does():
    (failure,) = run(example(Deals, exchanges=[deals(1, containing="stage=lost")]), only=["the_value_is_read"])

    assert "GET https://api.deals.test/v1/deals?stage=won&from=2026-10-01" in failure.message
    assert "/deals containing 'stage=lost'" in failure.message


def test_an_error_with_status_200_is_no_number():
    case = Case([Exchange({"error": "quota", "results": [{"amount": 0}]})])

    (failure,) = run(example(Deals, error_in_200=case), only=["an_error_with_status_200"])

    assert "an error with status 200" in failure.message
    assert "number 0" in failure.message


def test_a_zero_is_expected_only_where_the_source_says_it():
    failures = run(example(ZeroForEmpty, empty=Case([deals()], value=0)), only=["empty_is_not_zero"])

    assert "its reply holds no 0" in failures[0].message


class Total(Deals):
    """Reads one number."""

    def read(self, ask):
        return Reading(number(self.http.get("/total", params=self.params(ask)), "total"), as_of=ask.as_of)


def test_a_zero_that_the_source_says_is_a_number():
    case = Case([Exchange({"total": 0})], value=0)

    assert run(example(Total, exchanges=[Exchange({"total": 3})], value=3, empty=case), ["empty_is_not_zero"]) == []


class AsksWhileItIsMade(Deals):
    """Mistaken."""

    def __init__(self, connection, config, http):
        super().__init__(connection, config, http)
        http.get("/me")


class LooksUpWhileItIsMade(Deals):
    """Mistaken."""

    def __init__(self, connection, config, http):
        super().__init__(connection, config, http)
        socket.getaddrinfo("api.deals.test", 443)


@pytest.mark.parametrize("connector", [AsksWhileItIsMade, LooksUpWhileItIsMade])
def test_a_constructor_that_needs_the_source_cannot_be_tried_any_further(connector):
    (failure,) = run(example(connector))

    assert failure.check == "the_example_can_be_tried"
    assert "__init__" in failure.hint


class ReadsAtOnce(SHIPPED.get("spreadsheet")):
    """Mistaken."""

    def __init__(self, connection, config, http):
        super().__init__(connection, config, http)
        self.content = config.path.read_bytes()


def test_a_constructor_that_reads_its_file_is_caught():
    mistaken = replace(Shipped.example, connector=ReadsAtOnce)

    (failure,) = run(mistaken, only=["the_constructor_does_no_io"])

    assert "open plan.xlsx" in failure.message


class Crashes(SHIPPED.get("spreadsheet")):
    """Mistaken."""

    def read_many(self, asks):
        self.config.path.read_text(encoding="utf-16").index("x")


def test_a_connector_that_does_not_catch_what_its_source_throws_is_caught():
    mistaken = replace(Shipped.example, connector=Crashes)

    (failure,) = run(mistaken, only=["a_source_that_is_gone_is_a_problem"])

    assert "broke" in failure.message
