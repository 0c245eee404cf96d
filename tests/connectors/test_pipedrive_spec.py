"""Each request to Pipedrive against its published specification, and the examples in there read as answers."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest
from jsonschema import Draft202012Validator

from okrsync import Ask, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.registry import Registry
from okrsync.okrs.model import Connection
from okrsync.okrs.windows import cycle_window

SPECS = Path(__file__).parents[2].parent / "shared" / "recordings" / "pipedrive-openapi"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PRESENT = Window(None, NOW, ZoneInfo("UTC"))
QUARTER = cycle_window(date(2026, 7, 1), date(2026, 9, 30), ZoneInfo("UTC"))
REGISTRY = Registry.load()
PIPEDRIVE = REGISTRY.get("pipedrive")

pytestmark = pytest.mark.skipif(not SPECS.is_dir(), reason="needs the specifications in ../shared, which are not here")


@pytest.fixture
def crm(tmp_path):
    spec = Connection("crm", "pipedrive", {"api_token": "${PIPEDRIVE_TOKEN}"})
    return open_connection(spec, REGISTRY, {"PIPEDRIVE_TOKEN": "s3cret-token"}, tmp_path)


def operation(url):
    """Return what the specification says of a GET to `url`; its host and its path have to be in it."""
    spec = json.loads((SPECS / f"v{2 if '/api/v2/' in url else 1}.trimmed.openapi.json").read_text())
    server = spec["servers"][0]["url"]
    assert url.startswith(server + "/")
    return spec["paths"][urlsplit(url.removeprefix(server)).path]["get"]


def answer_in(url):
    return operation(url)["responses"]["200"]["content"]["application/json"]


def faults(request):
    """Return what the specification forbids about `request`: unknown, missing and wrong parameters, or its header."""
    known = {one["name"]: one for one in operation(request.url).get("parameters", []) if one["in"] == "query"}
    sent = dict(parse_qsl(urlsplit(request.url).query))
    found = [f"{name} is unknown" for name in sent.keys() - known.keys()]
    found += [f"{name} is missing" for name, one in known.items() if one.get("required") and name not in sent]
    for name in sent.keys() & known.keys():
        schema = known[name]["schema"]
        value = int(sent[name]) if schema["type"] in ("integer", "number") else sent[name]
        found += [error.message for error in Draft202012Validator(schema).iter_errors(value)]
    return found + ([] if request.headers.get("x-api-token") == "s3cret-token" else ["no x-api-token"])


def played(source, **changes):
    """Answer every request with the example of the specification."""

    def reply(request):
        played.requests.append(request)
        return 200, {}, json.dumps({**answer_in(request.url)["example"], **changes})

    played.requests = []
    for path in ("v1/deals/summary", "v1/deals/timeline", "v1/users/me", "api/v2/pipelines", "api/v2/stages"):
        source.add_callback("GET", f"https://api.pipedrive.com/{path}", reply)
    source.assert_all_requests_are_fired = False
    return played.requests


def ask_one(crm, window=PRESENT, **query):
    (answer,) = collect(crm, [Ask("k", PIPEDRIVE.Query(**query), window, window.end)], NOW).values()
    return answer


@pytest.mark.parametrize(
    ("window", "query"),
    [
        pytest.param(PRESENT, {}, id="a summary of all"),
        pytest.param(PRESENT, {"status": "lost", "stage_id": 4, "pipeline_id": 2, "user_id": 7}, id="a summary of few"),
        pytest.param(PRESENT, {"status": "won", "filter_id": 3, "value": "weighted_value"}, id="a summary by filter"),
        pytest.param(QUARTER, {"date_field": "won_time"}, id="a timeline of all"),
        pytest.param(
            QUARTER,
            {"date_field": "add_time", "status": "won", "value": "value", "currency": "EUR", "pipeline_id": 2},
            id="a timeline in a currency",
        ),
        pytest.param(QUARTER, {"date_field": "won_time", "filter_id": 3}, id="a timeline by filter"),
    ],
)
def test_every_question_is_a_request_that_the_specification_allows(crm, source, window, query):
    requests = played(source)

    ask_one(crm, window, **query)

    assert [faults(request) for request in requests] == [[]]


def test_check_and_discover_send_what_the_specification_allows(crm, source):
    requests = played(source, additional_data={})

    assert crm.check().startswith("connected as Me of Pipedrive (Europe/Berlin, EUR)")
    assert [choice.value for choice in crm.discover()][:2] == ["1", "1"]

    assert [faults(request) for request in requests] == [[], [], []]


def test_the_specification_would_refuse_a_mistake(crm, source):
    requests = played(source)

    crm.http.get("/v1/deals/timeline", params={"interval": "year", "pipeline": 1})

    (found,) = map(faults, requests)
    assert "pipeline is unknown" in found
    assert "start_date is missing" in found
    assert any("'year' is not one of" in fault for fault in found)


@pytest.mark.parametrize(
    ("value", "number"),
    [("count", 5), ("value", Decimal("41.1")), ("weighted_value", Decimal("41.1"))],
)
def test_the_summary_of_the_specification_has_its_numbers(crm, source, value, number):
    played(source)

    assert ask_one(crm, value=value).value == number


def test_the_month_of_the_specification_is_not_taken_for_a_day(crm, source):
    played(source)

    day = cycle_window(date(2019, 12, 1), date(2019, 12, 1), ZoneInfo("UTC"))

    assert ask_one(crm, day, date_field="won_time").reason is Reason.BAD_RESPONSE
