import http.client
import json

import pytest
import requests

from okrsync.demo.crm import Crm


def pages(crm, **filters):
    """Return the pages of a search for deals."""
    found, cursor = [], None
    while not found or cursor:
        answer = crm.post("/v1/deals/search", {"filters": filters, "cursor": cursor}).json()
        found.append(answer)
        cursor = (answer["paging"]["next"] or {}).get("cursor")
    return found


def deals_of(folder):
    return json.loads((folder / "crm" / "deals.json").read_text())


def test_says_who_is_connected(crm):
    assert crm.get("/v1/me").json()["account"] == "Fennel Analytics"


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Basic eDp5", "Bearer", "Bearer \xfc"])
def test_nobody_gets_in_without_the_token(crm, header):
    reply = requests.get(crm.base_url + "/v1/contacts", headers={"Authorization": header}, timeout=10)

    assert reply.status_code == 401
    assert reply.json()["error"]["code"] == "unauthorized"


def test_asks_for_patience_once_and_only_for_lists(written, served):
    crm = served(written.folder)

    me, first, second, third = (crm.get(f"/v1/{path}") for path in ("me", "contacts", "contacts", "contacts"))

    assert [reply.status_code for reply in (me, first, second, third)] == [200, 429, 200, 200]
    assert first.headers["Retry-After"] == "1"


def test_all_pages_together_are_the_file_with_nothing_twice(crm, written):
    found = pages(crm)

    assert [deal for page in found for deal in page["results"]] == deals_of(written.folder)
    assert {len(page["results"]) for page in found[:-1]} == {50}
    assert {page["total"] for page in found} == {len(deals_of(written.folder))}


def test_a_stage_is_filtered_over_all_pages(crm, written):
    found = [deal["id"] for page in pages(crm, stage="won") for deal in page["results"]]

    assert found == [deal["id"] for deal in deals_of(written.folder) if deal["stage"] == "won"]
    assert len(found) > 50


def test_spans_are_half_open(crm, written):
    closed = [deal for deal in deals_of(written.folder) if deal["closed_at"]]
    moment = closed[len(closed) // 2]["closed_at"]

    from_then = crm.post("/v1/deals/search", {"filters": {"closed_from": moment, "closed_to": "2999-01-01T00:00:00Z"}})
    until_then = crm.post("/v1/deals/search", {"filters": {"closed_to": moment}})

    assert from_then.json()["total"] == sum(deal["closed_at"] >= moment for deal in closed)
    assert until_then.json()["total"] == sum(deal["closed_at"] < moment for deal in closed)


def test_a_contact_counts_in_every_stage_it_went_through(crm, written):
    contacts = json.loads((written.folder / "crm" / "contacts.json").read_text())

    found = {stage: crm.get("/v1/contacts", stage=stage).json()["total"] for stage in ("lead", "mql", "sql")}

    assert found == {stage: sum(bool(each[f"{stage}_at"]) for each in contacts) for stage in found}
    assert found["lead"] > found["mql"] > found["sql"] > 0


def test_editing_a_file_changes_the_answer(demo, served):
    crm = served(demo.folder)
    crm.get("/v1/contacts")
    file = demo.folder / "crm" / "deals.json"
    before = crm.post("/v1/deals/search", {}).json()["results"][0]["amount"]

    file.write_text(file.read_text().replace(f'"amount": {before}', '"amount": 123456', 1))

    assert crm.post("/v1/deals/search", {}).json()["results"][0]["amount"] == 123456


def test_a_file_that_an_editor_broke_is_an_error_that_names_it(demo, served):
    crm = served(demo.folder)
    crm.get("/v1/contacts")
    (demo.folder / "crm" / "deals.json").write_text("[{,}]")

    reply = crm.post("/v1/deals/search", {})

    assert reply.status_code == 500
    assert "crm/deals.json" in reply.json()["error"]["message"]
    assert crm.get("/v1/contacts").status_code == 200


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        pytest.param({"filters": {"stagee": "won"}}, "unknown_filter", "stagee", id="a filter that does not exist"),
        pytest.param({"filter": {}}, "unknown_filter", "filters", id="a misspelt part of the body"),
        pytest.param({"filters": ["won"]}, "bad_filter", "object", id="filters of another kind"),
        pytest.param({"filters": {"closed_from": "soon"}}, "bad_filter", "closed_from", id="no time"),
        pytest.param({"cursor": "Zm9v"}, "bad_cursor", "cursor", id="a cursor of somebody else's"),
        pytest.param({"cursor": "\xfc"}, "bad_cursor", "cursor", id="no cursor at all"),
        pytest.param({"limit": 51}, "bad_limit", "50", id="too much at once"),
        pytest.param({"limit": 0}, "bad_limit", "50", id="nothing at once"),
        pytest.param([], "bad_json", "object", id="a list"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_in_words(crm, body, code, words):
    reply = crm.post("/v1/deals/search", body)

    assert reply.status_code == 400
    assert reply.json()["error"]["code"] == code
    assert words in reply.json()["error"]["message"]


def test_contacts_refuse_an_unknown_stage_and_an_unknown_filter(crm):
    assert "customer" in crm.get("/v1/contacts", stage="customer").json()["error"]["message"]
    assert crm.get("/v1/contacts", created="x").json()["error"]["code"] == "unknown_filter"


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("GET", "/v1/deals/search"), ("POST", "/v1/contacts")])
def test_what_does_not_exist_is_not_found(crm, method, path):
    reply = crm.session.request(method, crm.base_url + path, timeout=10)

    assert reply.status_code == 404
    assert reply.json()["error"]["code"] == "not_found"


def test_a_huge_body_is_refused_unread(crm):
    connection = http.client.HTTPConnection(crm.base_url.removeprefix("http://"), timeout=10)

    connection.request("POST", "/v1/deals/search", headers={"Content-Length": "70000"})

    assert connection.getresponse().status == 413
    connection.close()


def test_listens_on_loopback_only(written):
    with Crm(written.folder) as crm:
        assert crm.server_address[0] == "127.0.0.1"
