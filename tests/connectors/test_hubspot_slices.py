"""Sums over more records than one search of HubSpot hands out."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from okrsync import Ask, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.contract import question_key
from okrsync.connect.registry import Registry
from okrsync.connect.vendors import hubspot
from okrsync.okrs.model import Connection

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
START = datetime(2026, 10, 1, tzinfo=UTC)
QUARTER = Window(START, NOW, ZoneInfo("UTC"))
LIFETIME = Window(None, NOW, ZoneInfo("UTC"))
REGISTRY = Registry.load()
DEALS = "https://api.hubapi.com/crm/v3/objects/deals/search"
MOST, PAGE = 100, 10


@pytest.fixture(autouse=True)
def small_searches(monkeypatch):
    """The limits of a search, a hundred times smaller."""
    monkeypatch.setattr(hubspot, "MOST_ROWS", MOST)
    monkeypatch.setattr(hubspot, "PAGE", PAGE)


@pytest.fixture
def crm(tmp_path):
    spec = Connection("crm", "hubspot", {"token": "${HUBSPOT_TOKEN}", "per_second": 1000})
    return open_connection(spec, REGISTRY, {"HUBSPOT_TOKEN": "pat-s3cret-token"}, tmp_path)


class Searches:
    """A HubSpot that searches as the real one does: half-open by its filters, never past the most it hands out."""

    def __init__(self, dates):
        self.dates = dict(enumerate(dates))
        self.asked = []
        self.lost = set()

    def __call__(self, request):
        asked = json.loads(request.body)
        self.asked.append(asked)
        assert asked["sorts"] == [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
        found = [number for number, date in self.dates.items() if self._fits(asked, date)]
        first = int(asked.get("after", 0))
        if first + asked["limit"] > MOST:
            return 400, {}, json.dumps({"status": "error", "category": "VALIDATION_ERROR"})
        page = [number for number in found[first : first + asked["limit"]] if number not in self.lost]
        body = {"total": len(found), "results": [self._row(number) for number in page]}
        if first + asked["limit"] < len(found):
            body["paging"] = {"next": {"after": str(first + asked["limit"])}}
        return 200, {}, json.dumps(body)

    def _fits(self, asked, date):
        milliseconds = int(date.timestamp() * 1000)
        filters = [one for group in asked["filterGroups"] for one in group["filters"]]
        fits = {"GTE": lambda edge: milliseconds >= edge, "LT": lambda edge: milliseconds < edge}
        return all(fits[one["operator"]](int(one["value"])) for one in filters)

    @staticmethod
    def _row(number):
        return {"id": str(number), "properties": {"amount": f"{number}.10"}, "updatedAt": "2026-11-01T00:00:00Z"}

    @property
    def total(self):
        return sum((Decimal(f"{number}.10") for number in self.dates), Decimal())


def summed(crm, source, searches, window=QUARTER, **query):
    source.add_callback("POST", DEALS, searches)
    query = {"object": "deals", "agg": "sum", "of": "amount", **query}
    query = REGISTRY.get("hubspot").Query.model_validate(query)
    ask = Ask(question_key("hubspot", "crm", query, window), query, window, NOW)
    (answer,) = collect(crm, [ask], NOW).values()
    return answer


def hourly(count):
    return [START + timedelta(hours=number) for number in range(count)]


def test_more_records_than_a_search_hands_out_are_read_in_slices_of_time(crm, source):
    searches = Searches(hourly(1000))

    reading = summed(crm, source, searches, date_property="closedate")

    assert reading.value == searches.total
    assert reading.rows == 1000


def test_as_many_as_a_search_hands_out_need_no_slices(crm, source):
    searches = Searches(hourly(MOST))

    assert summed(crm, source, searches, date_property="closedate").value == searches.total
    assert len(searches.asked) == MOST // PAGE


def test_a_record_on_the_cut_is_in_one_slice_only(crm, source):
    cut = START + (NOW - START) / 2
    searches = Searches([cut] * 60 + [cut - timedelta(milliseconds=1)] * 60)

    reading = summed(crm, source, searches, date_property="closedate")

    assert (reading.value, reading.rows) == (searches.total, 120)


def test_records_without_a_date_in_the_question_are_sliced_by_when_they_were_created(crm, source):
    searches = Searches([datetime(2015, 1, 1, tzinfo=UTC) + timedelta(days=10 * number) for number in range(400)])

    reading = summed(crm, source, searches, LIFETIME)

    assert reading.value == searches.total
    cuts = {
        one["propertyName"] for asked in searches.asked for group in asked["filterGroups"] for one in group["filters"]
    }
    assert cuts == {"createdate"}


def test_the_open_ends_of_a_lifetime_lose_no_record(crm, source):
    early, late = datetime(1999, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
    searches = Searches([early, *hourly(200), late])

    assert summed(crm, source, searches, LIFETIME).value == searches.total


def test_too_many_records_at_one_moment_are_refused_with_a_way_out(crm, source):
    searches = Searches([START] * (MOST + 1))

    problem = summed(crm, source, searches, date_property="closedate")

    assert problem.reason is Reason.UNSUPPORTED
    assert "closedate" in problem.message
    assert "count instead" in problem.hint
    assert len(searches.asked) < 60


def test_records_that_are_announced_and_do_not_come_are_no_smaller_total(crm, source):
    searches = Searches(hourly(30))
    searches.lost = {17}

    problem = summed(crm, source, searches, date_property="closedate")

    assert problem.reason is Reason.BAD_RESPONSE
    assert "announced 30 records and handed out 29" in problem.message


def test_a_record_that_comes_on_two_pages_counts_once(crm, source):
    row = {"id": "1", "properties": {"amount": "5"}, "updatedAt": "2026-11-01T00:00:00Z"}
    source.post(DEALS, json={"total": 2, "results": [row], "paging": {"next": {"after": "10"}}})
    source.post(DEALS, json={"total": 2, "results": [row, {**row, "id": "2"}]})
    query = REGISTRY.get("hubspot").Query(object="deals", agg="sum", of="amount", date_property="closedate")

    (reading,) = collect(crm, [Ask("k", query, QUARTER, NOW)], NOW).values()

    assert reading.value == 10
