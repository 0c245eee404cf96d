"""Each search against GitHub's published specification, and replies that it allows."""

import json
from datetime import UTC, date, datetime
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

SPEC = Path(__file__).parents[2].parent / "shared" / "recordings" / "github" / "api.github.com.trimmed.openapi.json"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PRESENT = Window(None, NOW, ZoneInfo("UTC"))
QUARTER = cycle_window(date(2026, 7, 1), date(2026, 9, 30), ZoneInfo("UTC"))
REGISTRY = Registry.load()
GITHUB = REGISTRY.get("github")

pytestmark = pytest.mark.skipif(not SPEC.is_file(), reason="needs the specification in ../shared, which is not here")


@pytest.fixture
def spec():
    return json.loads(SPEC.read_text())


@pytest.fixture
def github(tmp_path):
    return open_connection(
        Connection("code", "github", {"token": "${GITHUB_TOKEN}"}), REGISTRY, {"GITHUB_TOKEN": "s3cret"}, tmp_path
    )


def search_in(spec):
    return spec["paths"]["/search/issues"]["get"]


def parameters(spec):
    shared = spec["components"]["parameters"]
    for one in search_in(spec)["parameters"]:
        parameter = shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one
        yield parameter["name"], parameter


def faults(spec, request):
    """Return what the specification forbids about `request`: its address, unknown, missing and wrong parameters."""
    known, sent = dict(parameters(spec)), dict(parse_qsl(urlsplit(request.url).query))
    found = [] if request.url.startswith(f"{spec['servers'][0]['url']}/search/issues?") else ["another address"]
    found += [f"{name} is unknown" for name in sent.keys() - known.keys()]
    found += [f"{name} is missing" for name, one in known.items() if one.get("required") and name not in sent]
    for name in sent.keys() & known.keys():
        schema = known[name]["schema"]
        value = int(sent[name]) if schema["type"] == "integer" else sent[name]
        found += [error.message for error in Draft202012Validator(schema).iter_errors(value)]
    return found


def reply_schema(spec):
    schema = search_in(spec)["responses"]["200"]["content"]["application/json"]["schema"]
    return {**schema, "components": spec["components"]}


@pytest.mark.parametrize(
    ("window", "query"),
    [
        pytest.param(PRESENT, {"q": "is:issue is:open"}, id="now"),
        pytest.param(QUARTER, {"q": "is:pr", "date_field": "merged"}, id="in a window"),
        pytest.param(QUARTER, {"q": "is:pr OR is:issue", "date_field": "closed"}, id="alternatives"),
    ],
)
def test_a_search_is_one_that_the_specification_knows(github, source, spec, window, query):
    reply = {"total_count": 280, "incomplete_results": False, "items": [], "search_type": "lexical"}
    Draft202012Validator(reply_schema(spec)).validate(reply)
    source.get("https://api.github.com/search/issues", json=reply)

    answer = collect(github, [Ask("k", GITHUB.Query.model_validate(query), window, window.end)], NOW)["k"]

    assert answer.value == 280
    assert [faults(spec, call.request) for call in source.calls] == [[]]


@pytest.mark.parametrize("missing", ["total_count", "incomplete_results"])
def test_what_the_specification_requires_of_a_reply_is_required(github, source, spec, missing):
    reply = {"total_count": 280, "incomplete_results": False, "items": [], "search_type": "lexical"}
    del reply[missing]
    assert list(Draft202012Validator(reply_schema(spec)).iter_errors(reply))
    source.get("https://api.github.com/search/issues", json=reply)

    answer = collect(github, [Ask("k", GITHUB.Query(q="is:issue"), PRESENT, NOW)], NOW)["k"]

    assert answer.reason is Reason.BAD_RESPONSE


def test_the_refusals_that_the_specification_knows_have_their_reasons(github, source, spec):
    documented = set(search_in(spec)["responses"]) - {"200", "304"}
    reasons = {"401": Reason.AUTH, "403": Reason.AUTH, "422": Reason.QUERY, "503": Reason.UNREACHABLE}
    assert documented == set(reasons)

    for status, reason in reasons.items():
        source.reset()
        source.get("https://api.github.com/search/issues", status=int(status), json={"message": "no"})
        answer = collect(github, [Ask("k", GITHUB.Query(q="is:issue"), PRESENT, NOW)], NOW)["k"]
        assert answer.reason is reason
