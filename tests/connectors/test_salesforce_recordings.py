"""What Salesforce really answered, played back."""

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from okrsync import Ask, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.registry import Registry
from okrsync.okrs.model import Connection

RECORDINGS = Path(__file__).parents[2].parent / "shared" / "recordings"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PRESENT = Window(None, NOW, ZoneInfo("UTC"))
REGISTRY = Registry.load()
ORG = "https://acme.my.salesforce.com"
LOGIN = f"{ORG}/services/oauth2/token"
API = f"{ORG}/services/data/v67.0"

pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="needs the recordings in ../shared, which are not here")


def queries():
    file = RECORDINGS / "grouparoo-recordings" / "salesforce.json"
    exchanges = json.loads(file.read_text()) if file.is_file() else []
    return [one["response"] for one in exchanges if one["request"]["method"] == "GET"]


def fixture(name):
    return json.loads((RECORDINGS / "salesforce-restforce" / "fixtures.json").read_text())[name]


@pytest.fixture
def crm(tmp_path, source):
    source.assert_all_requests_are_fired = False
    settings = {"client_id": "app", "client_secret": "${SECRET}", "token_url": LOGIN, "base_url": ORG}
    return open_connection(Connection("crm", "salesforce", settings), REGISTRY, {"SECRET": "s3cret-of-app"}, tmp_path)


@pytest.fixture
def ask(crm, source):
    def answer(soql, result, status=200):
        source.post(LOGIN, json=fixture("auth_success_response.json"))
        reply = {"hasErrors": status != 200, "results": [{"statusCode": status, "result": result}]}
        source.post(f"{API}/composite/batch", json=reply)
        query = REGISTRY.get("salesforce").Query(soql=soql)
        return collect(crm, [Ask("k", query, PRESENT, NOW)], NOW)["k"]

    return answer


@pytest.mark.parametrize("reply", queries())
def test_a_recorded_query_has_its_size(ask, reply):
    assert ask("SELECT COUNT() FROM Account", reply["body"]).value == reply["body"]["totalSize"]


def test_there_are_recordings_with_rows_and_without():
    assert {0, 1} <= {reply["body"]["totalSize"] for reply in queries()}


@pytest.mark.parametrize(
    ("name", "reason", "said"),
    [
        pytest.param("sobject/query_empty_response.json", Reason.NO_DATA, "no rows", id="nothing"),
        pytest.param("sobject/query_success_response.json", Reason.QUERY, "values in the row", id="a whole record"),
        pytest.param("sobject/query_paginated_first_page_response.json", Reason.QUERY, "2 rows", id="a first page"),
        pytest.param("sobject/org_query_response.json", Reason.BAD_VALUE, "not a number", id="a text"),
    ],
)
def test_a_recorded_answer_that_is_no_number_is_a_problem(ask, name, reason, said):
    problem = ask("SELECT Id FROM Organization", fixture(name))

    assert problem.reason is reason
    assert said in problem.message


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("sobject/query_error_response.json", "INVALID_FIELD"),
        ("sobject/search_error_response.json", "MALFORMED_SEARCH"),
        ("sobject/delete_error_response.json", "NOT_FOUND"),
    ],
)
def test_a_recorded_error_is_told_by_its_code(ask, name, code):
    problem = ask("SELECT COUNT() FROM Account", fixture(name), status=400)

    assert problem.reason is Reason.QUERY
    assert code in problem.message


def test_a_recorded_refusal_of_a_login_is_the_connections(crm, source):
    source.post(LOGIN, status=400, json=fixture("auth_error_response.json"))
    query = REGISTRY.get("salesforce").Query(soql="SELECT COUNT() FROM Account")

    problem = collect(crm, [Ask("k", query, PRESENT, NOW)], NOW)["k"]

    assert problem.reason is Reason.AUTH


def test_the_recorded_use_of_calls_is_told(crm, source):
    source.post(LOGIN, json=fixture("auth_success_response.json"))
    source.get(API, json={"identity": f"{ORG}/id/00DRO0000008aXd2AI/005RO000000HfnkYAC"})
    source.get(f"{API}/query", json=queries()[0]["body"], headers=dict(queries()[0]["headers"][2:3]))

    assert crm.check().endswith("; 4141/15000 API calls used")
