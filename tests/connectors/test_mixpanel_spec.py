"""Each request to Mixpanel against its published specification, and the examples in there read as answers."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest
import yaml
from jsonschema import Draft202012Validator

from okrsync import Ask, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.registry import Registry
from okrsync.okrs.model import Connection
from okrsync.okrs.windows import cycle_window

SPEC = Path(__file__).parents[2].parent / "shared" / "recordings" / "mixpanel-openapi" / "query.openapi.yaml"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PACIFIC = ZoneInfo("US/Pacific")
PRESENT = Window(None, NOW, PACIFIC)
QUARTER = cycle_window(date(2026, 7, 1), date(2026, 9, 30), PACIFIC)
REGISTRY = Registry.load()
API = "https://mixpanel.com/api/query"

pytestmark = pytest.mark.skipif(not SPEC.is_file(), reason="needs the specification in ../shared, which is not here")


@pytest.fixture(scope="module")
def spec():
    return yaml.safe_load(SPEC.read_text())


@pytest.fixture
def product(tmp_path):
    settings = {"username": "okrsync.sa", "secret": "${SECRET}", "project_id": 123, "timezone": "US/Pacific"}
    spec = Connection("product", "mixpanel", {**settings, "workspace_id": 9})
    return open_connection(spec, REGISTRY, {"SECRET": "s3cret-text"}, tmp_path)


def operation(spec, url):
    """Return what the specification says of a GET to `url`; its host and its path have to be in it."""
    server = spec["servers"][0]
    regions = server["variables"]["regionAndDomain"]["enum"]
    server = next(at for region in regions if url.startswith(at := server["url"].format(regionAndDomain=region)))
    return spec["paths"][urlsplit(url.removeprefix(server)).path]["get"]


def parameters(spec, url):
    found = operation(spec, url)["parameters"]
    found = [spec["components"]["parameters"][one["$ref"].split("/")[-1]] if "$ref" in one else one for one in found]
    return {one["name"]: one for one in found}


def faults(spec, request):
    """Return what the specification forbids about `request`: unknown, missing and wrong parameters, or its header."""
    known = parameters(spec, request.url)
    sent = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
    found = [f"{name} is unknown" for name in sent.keys() - known.keys()]
    found += [f"{name} is missing" for name, one in known.items() if one.get("required") and name not in sent]
    for name in sent.keys() & known.keys():
        schema = known[name]["schema"]
        value = json.loads(sent[name]) if schema["type"] in ("integer", "number") else sent[name]
        found += [f"{name}: {error.message}" for error in Draft202012Validator(schema).iter_errors(value)]
    return found + ([] if request.headers.get("Authorization", "").startswith("Basic ") else ["no Basic credentials"])


def example(spec, url):
    return operation(spec, url)["responses"]["200"]["content"]["application/json"]["examples"]["example"]["value"]


@pytest.fixture
def requests(spec, source):
    """The requests that were made; each is answered with the example of the specification."""
    made = []

    def reply(request):
        made.append(request)
        return 200, {}, json.dumps(example(spec, request.url))

    for path in ("insights", "events", "events/names", "segmentation", "segmentation/sum"):
        source.add_callback("GET", f"{API}/{path}", reply)
    source.assert_all_requests_are_fired = False
    return made


def ask_one(product, window, **query):
    (answer,) = collect(product, [Ask("k", product.Query(**query), window, window.end)], NOW).values()
    return answer


@pytest.mark.parametrize(
    ("window", "query", "path"),
    [
        pytest.param(QUARTER, {"event": "a"}, "/events", id="a count"),
        pytest.param(QUARTER, {"event": "a", "where": 'properties["x"] == 1'}, "/segmentation", id="a filtered count"),
        pytest.param(QUARTER, {"event": "a", "count": "unique"}, "/segmentation", id="people"),
        pytest.param(QUARTER, {"event": "a", "count": "average", "where": "1"}, "/segmentation", id="an average"),
        pytest.param(QUARTER, {"event": "a", "sum_of": 'properties["x"]'}, "/segmentation/sum", id="a sum"),
        pytest.param(PRESENT, {"report": 77}, "/insights", id="a report"),
    ],
)
def test_every_question_is_a_request_that_the_specification_allows(product, spec, requests, window, query, path):
    ask_one(product, window, **query)

    assert urlsplit(requests[0].url).path == f"/api/query{path}"
    assert [faults(spec, request) for request in requests] == [[]] * len(requests)


def test_check_and_discover_send_what_the_specification_allows(product, spec, requests):
    product.check()

    assert [choice.value for choice in product.discover("sign")] == ["click signup button"]
    assert [faults(spec, request) for request in requests] == [[], []]


def test_the_specification_would_refuse_a_mistake(product, spec, requests):
    product.http.get("/segmentation", params={"unit": "week", "events": "a", "project_id": 1})

    (found,) = (faults(spec, request) for request in requests)
    assert "events is unknown" in found
    assert "event is missing" in found
    assert any("'week' is not one of" in fault for fault in found)


@pytest.mark.parametrize(
    ("first", "last", "query", "value"),
    [
        pytest.param(date(2010, 5, 29), date(2010, 5, 31), {"event": "splash features"}, 15, id="every day"),
        pytest.param(date(2010, 5, 29), date(2010, 5, 31), {"event": "account-page"}, 1, id="days left out"),
        pytest.param(date(2011, 8, 6), date(2011, 8, 9), {"event": "Signed up", "where": "x"}, 2445, id="filtered"),
        pytest.param(date(2019, 10, 6), date(2019, 10, 7), {"event": "a", "sum_of": "x"}, 11, id="a sum"),
    ],
)
def test_the_counts_of_the_specification_have_their_numbers(product, requests, first, last, query, value):
    assert ask_one(product, cycle_window(first, last, PACIFIC), **query).value == value


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ({"metric": "Logged in", "over": "sum"}, 14177),
        ({"metric": "Viewed page", "over": "latest"}, 11432),
    ],
)
def test_the_report_of_the_specification_has_its_numbers(product, requests, query, value):
    reading = ask_one(product, PRESENT, report=77, **query)

    assert reading.value == value
    assert reading.as_of == datetime(2020, 9, 21, 16, 35, 41, 252314, tzinfo=UTC)


def test_people_counted_by_the_day_in_the_specification_are_refused(product, requests):
    window = cycle_window(date(2011, 8, 6), date(2011, 8, 9), PACIFIC)

    assert ask_one(product, window, event="Signed up", count="unique").reason is Reason.UNSUPPORTED
