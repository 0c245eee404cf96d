"""What HubSpot really answered, played back."""

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from okrsync import Ask, Reading, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.registry import Registry
from okrsync.okrs.model import Connection

RECORDINGS = Path(__file__).parents[2].parent / "shared" / "recordings"
FILES = ("grouparoo-recordings/hubspot.json", "hubspot-ruby-cassettes/crm-v3-v4.json")
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PRESENT = Window(None, NOW, ZoneInfo("UTC"))
REGISTRY = Registry.load()
DEALS = "https://api.hubapi.com/crm/v3/objects/deals/search"

pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="needs the recordings in ../shared, which are not here")


def recorded(fits):
    exchanges = [one for file in FILES if RECORDINGS.is_dir() for one in json.loads((RECORDINGS / file).read_text())]
    return [one["response"] for one in exchanges if fits(one["request"]["url"], one["response"])]


def searches(status):
    return recorded(lambda url, reply: url.endswith("/search") and "/objects/" in url and reply["status"] == status)


def played(source, reply):
    body = reply["body"] if isinstance(reply["body"], str) else json.dumps(reply["body"])
    headers = {name: value for name, value in reply["headers"] if name.lower() != "content-type"}
    kind = next(value for name, value in reply["headers"] if name.lower() == "content-type")
    source.post(DEALS, status=reply["status"], body=body, headers=headers, content_type=kind)


@pytest.fixture
def count(tmp_path):
    spec = Connection("crm", "hubspot", {"token": "${HUBSPOT_TOKEN}"})
    crm = open_connection(spec, REGISTRY, {"HUBSPOT_TOKEN": "pat-s3cret-token"}, tmp_path)
    query = REGISTRY.get("hubspot").Query(object="deals")
    return lambda: collect(crm, [Ask("k", query, PRESENT, NOW)], NOW)["k"]


@pytest.mark.parametrize("reply", searches(200))
def test_a_recorded_search_gives_its_total_unless_it_contradicts_itself(count, source, reply):
    played(source, reply)
    total, rows = reply["body"]["total"], reply["body"]["results"]

    answer = count()

    if total and not rows:  # just after a change, HubSpot counts records that it does not have
        assert answer.reason is Reason.BAD_RESPONSE
        assert f"announced {total} records and handed out 0" in answer.message
    else:
        assert answer.value == total


def test_there_are_recordings_of_every_kind():
    totals = [(reply["body"]["total"], len(reply["body"]["results"])) for reply in searches(200)]

    assert {(0, 0), (2, 0), (4, 2)} <= set(totals)
    assert len(searches(429)) == 5


@pytest.mark.parametrize("reply", searches(429))
def test_a_recorded_429_without_retry_after_is_asked_again_when_its_second_is_over(count, source, waits, reply):
    played(source, reply)
    played(source, searches(200)[0])

    answer = count()

    assert isinstance(answer, Reading)
    assert waits == [1.0]
    source.assert_call_count(DEALS, 2)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        pytest.param(207, Reason.BAD_RESPONSE, id="only a part"),
        pytest.param(400, Reason.QUERY, id="a mistake"),
        pytest.param(404, Reason.QUERY, id="a web page"),
    ],
)
def test_a_recorded_refusal_has_its_reason(count, source, status, reason):
    for reply in recorded(lambda _, reply: reply["status"] == status and reply["body"]):
        played(source, reply)

        problem = count()

        assert problem.reason is reason
        assert str(status) in problem.message
        source.reset()
