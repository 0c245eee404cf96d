"""The receipt of a number is enough to ask again by hand; and no secret is in it, nor anywhere else."""

from __future__ import annotations

import base64
import json
import logging
from datetime import datetime
from decimal import Decimal
from urllib.parse import quote

import pytest

from okrsync.views.explanation import explained
from tests.fault_server import reply
from tests.projects import NOW

CANARY = "c4nary/s3cret+token="


@pytest.fixture
def crm(project, server, monkeypatch):
    """Deals over HTTP with a token, and a rate over them and a csv file."""
    monkeypatch.setenv("CRM_TOKEN", CANARY)
    server.answer("/deals", reply({"results": [{"amount": 100}, {"amount": 150}]}))
    server.answer("/refused", reply({"error": f"bad token {CANARY}"}, "401 Unauthorized"))
    server.answer("/leads", reply({"total": "n/a"}))
    project.numbers(calls=50)
    return project.write(
        connections="numbers: {connector: spreadsheet, path: numbers.csv}\n"
        f'crm: {{connector: http, base_url: "{server.url}", bearer: "${{CRM_TOKEN}}"}}',
        metrics="""
        amount:
          connection: crm
          query: {path: /deals, params: {since: "{window.start:date}"}, rows: results, agg: sum, of: amount}
          window: cycle_to_date
          scale: 0.01
        calls: {connection: numbers, query: {column: value, row: calls}}
        per_call: {formula: amount / calls}
        leads: {connection: crm, query: {path: /leads, value: total}}
        refused: {connection: crm, query: {path: /refused, value: total}}
        """,
        key_results="".join(
            f"- {{id: {key}, title: {key}, metric: {key}, unit: EUR, start: 0, target: 10}}\n"
            for key in ("amount", "per_call", "leads", "refused")
        ),
    ).apply()


def test_the_receipt_holds_question_window_answer_and_the_request_that_was_made(crm, server):
    crm.sync(only=["amount"])

    (past,) = crm.history("amount")
    receipt = past.receipt
    assert (receipt["metric"], receipt["value"], receipt["formula"]) == ("amount", Decimal("2.5"), None)
    (answer,) = receipt["inputs"]
    assert (answer["connection"], answer["raw"], answer["rows"]) == ("crm", 250, 2)
    assert answer["query"]["path"] == "/deals"
    assert answer["window"]["rule"] == "cycle_to_date"
    assert datetime.fromisoformat(answer["window"]["end"]) == NOW
    (request,) = answer["provenance"]["requests"]
    assert request["method"] == "GET"
    assert request["status"] == 200
    assert request["url"].startswith(f"{server.url}/deals?since=2026-10-01")
    assert len(answer["question"]) == 64


def test_an_explanation_has_the_value_its_receipt_and_the_history(crm):
    crm.sync(only=["per_call"])
    with crm.opened() as workspace:
        found = explained(workspace, "per_call", NOW)

    assert str(found.row.value) == "0.05"
    assert found.current is not None
    assert found.current.receipt["formula"] == "amount / calls"
    assert {one["metric"]: one["connection"] for one in found.current.receipt["inputs"]} == {
        "amount": "crm",
        "calls": "numbers",
    }
    assert found.row.source == "amount / calls of crm (http) + numbers (spreadsheet)"


def test_no_table_and_no_log_line_holds_the_secret_in_any_form(crm, caplog):
    with caplog.at_level(logging.DEBUG):
        report = crm.sync()

    assert report.failed
    kept = json.dumps(crm.tables(), default=str) + caplog.text + repr(report)
    token = CANARY.encode()
    forms = {CANARY, quote(CANARY, safe=""), base64.b64encode(token).decode(), json.dumps(CANARY)[1:-1], token.hex()}
    assert [form for form in forms if form in kept] == []
    assert "CRM_TOKEN" in kept


def test_a_run_logs_each_connection_and_what_it_came_to_with_fields_for_machines(crm, caplog):
    with caplog.at_level(logging.INFO, "okrsync.sync"):
        report = crm.sync(only=["amount", "leads"])

    by_event = {record.event: record for record in caplog.records}
    asked, ended = by_event["connection_asked"], by_event["run_ended"]
    assert (asked.connection, asked.answered, asked.asked, asked.reason) == ("crm", 1, 2, "bad_value")
    assert (asked.levelname, ended.levelname) == ("ERROR", "INFO")
    assert (ended.run_id, ended.recorded, ended.failed, ended.exit_code) == (report.run_id, 1, 1, 3)
