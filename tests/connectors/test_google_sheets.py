"""Questions to a spreadsheet of Google Sheets, asked as a sync asks them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError

from connectors.google_sheets import GoogleSheets, GoogleSheetsConfig, GoogleSheetsQuery
from okrsync import Ask, Reading, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.contract import Answer, question_key
from okrsync.connect.registry import Registry
from okrsync.okrs.model import Connection
from okrsync.testing import Case, ConnectorContract, Example, Exchange, Sent
from tests.connectors import discovery

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
REGISTRY = Registry.load()
BERLIN = ZoneInfo("Europe/Berlin")
QUARTER = Window(datetime(2026, 9, 30, 22, tzinfo=UTC), NOW, BERLIN)
TOKENS = "https://oauth2.googleapis.com/token"
ID = "1f7zKlUAxEFe6q2jbUe3UNQDbMZyt6EQvoqjs"
SHEET = f"https://sheets.googleapis.com/v4/spreadsheets/{ID}"
RECORDED = Path(__file__).parents[2].parent / "shared" / "recordings"
CASSETTES = RECORDED / "gspread-cassettes" / "exchanges.json"
GROUPAROO = RECORDED / "grouparoo-recordings" / "google-sheets.json"


@cache
def key_file() -> str:
    """Return the key file of a service account, with a key of its own."""
    pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return json.dumps({"client_email": "kpi@acme.iam.test", "private_key": pem.decode(), "token_uri": TOKENS})


def ranges(*found: tuple[str, list[list[Any]] | None]) -> dict[str, Any]:
    each = ({"range": name, "majorDimension": "ROWS", **({"values": rows} if rows else {})} for name, rows in found)
    return {"spreadsheetId": ID, "valueRanges": list(each)}


def tab(sent: Sent) -> dict[str, Any]:
    """Answer any set of ranges of one spreadsheet, as Google does: in the order in which they were asked for."""
    known = {
        "'KPI'!B2": ("KPI!B2", [[1204.5]]),
        "'KPI'!B3": ("KPI!B3", [[3]]),
        "Churn": ("KPI!B4", [[0.125]]),
        "'Deals'": ("Deals!A1:C4", [["Deal", "Amount", "Closed"], ["A", 10.5, 46296], ["B", 5, 46297.75]]),
    }
    asked = parse_qs(urlsplit(sent.url).query)["ranges"]
    if unknown := [each for each in asked if each not in known]:
        error = {"code": 400, "message": f"Unable to parse range: {unknown[0]}", "status": "INVALID_ARGUMENT"}
        return Exchange({"error": error}, status=400)  # type: ignore[return-value]
    return ranges(*(known[each] for each in asked))


ZONE = Exchange({"properties": {"timeZone": "Etc/UTC"}}, containing="fields=properties(timeZone)")
EDGES = [46295.99999, 46296, 46296.5, 46326.99999, 46327]
"""30 September 2026 shortly before midnight, 1 October, its noon, 31 October shortly before midnight, 1 November."""


class TestContract(ConnectorContract):
    example = Example(
        connector=GoogleSheets,
        settings={"key_json": key_file(), "spreadsheet": ID, "token_url": TOKENS},
        query={"sheet": "Deals", "column": "Amount", "agg": "sum", "date_column": "Closed"},
        tokens=[Exchange({"access_token": "ya29.canary-4711", "expires_in": 3599}, path="/token")],
        exchanges=[Exchange(tab, path="/values:batchGet"), ZONE],
        value="15.5",
        empty=Case([Exchange(ranges(("KPI!B9", None)), path="/values:batchGet")], query={"sheet": "KPI", "cell": "B9"}),
        bad_query=Case([Exchange(tab, path="/values:batchGet"), ZONE], query={"sheet": "KPIs", "cell": "B2"}),
        edges=Case(
            [
                Exchange(
                    ranges(("Deals!A1:B6", [["Amount", "Closed"], *([2**n, at] for n, at in enumerate(EDGES))])),
                    path="/values:batchGet",
                ),
                ZONE,
            ],
            value=14,
        ),
        batch=[
            Case([Exchange(tab, path="/values:batchGet")], value="1204.5", query={"sheet": "KPI", "cell": "B2"}),
            Case([Exchange(tab, path="/values:batchGet")], value=3, query={"sheet": "KPI", "cell": "$b$3"}),
            Case([Exchange(tab, path="/values:batchGet")], value="0.125", query={"name": "Churn"}),
            Case(
                [Exchange(tab, path="/values:batchGet")],
                value=5,
                query={"sheet": "Deals", "column": "Amount", "row": "B"},
            ),
        ],
        check=[
            Exchange(
                {"properties": {"title": "Plan", "timeZone": "Etc/UTC"}, "sheets": [{"properties": {"title": "KPI"}}]}
            )
        ],
        discover=[
            Exchange({"sheets": [{"properties": {"title": "KPI"}}], "namedRanges": [{"name": "Churn"}]}),
            Exchange(ranges(("KPI!A1:Z1", [["Metric", "Value"]]))),
        ],
        without={
            "three_pages_are_counted": "a range comes whole, however many rows it has",
            "the_same_cursor_twice_stops": "there are no cursors",
        },
    )


@pytest.fixture
def plan(tmp_path, source):
    source.post(TOKENS, json={"access_token": "ya29.token", "expires_in": 3599})
    return opened(tmp_path)


@pytest.fixture(autouse=True)
def known_to_google(source) -> Iterator[None]:
    """Every request that a test makes is one that Google's discovery document knows, where that is at hand."""
    yield
    if discovery.RECORDED.exists():
        sheets = discovery.Discovery("sheets.v4.json")
        asked = [call.request for call in source.calls if call.request.url.startswith("https://sheets.")]
        assert not [(request.url, faults) for request in asked if (faults := sheets.faults(request))]


def opened(folder: Path, **settings: Any) -> Any:
    spec = Connection("plan", "google_sheets", {"key_json": "${KEY}", "spreadsheet": ID, **settings})
    return open_connection(spec, REGISTRY, {"KEY": key_file()}, folder)


def asked(window: Window = QUARTER, as_of: datetime = NOW, **query: Any) -> Ask[Any]:
    question = REGISTRY.get("google_sheets").Query.model_validate(query)
    return Ask(question_key("google_sheets", "plan", question, window), question, window, as_of)


def ask(connector: Any, *asks: Ask[Any]) -> list[Answer]:
    return list(collect(connector, asks, NOW).values())


def ask_one(connector: Any, **query: Any) -> Any:
    (answer,) = ask(connector, asked(**query))
    return answer


def params_of(call: Any) -> Mapping[str, list[str]]:
    return parse_qs(urlsplit(call.request.url).query)


def test_reads_a_cell_as_it_is_and_never_as_it_is_shown(plan, source):
    source.get(f"{SHEET}/values:batchGet", json=ranges(("'My KPI'!B2", [[1234.5]])))

    reading = ask_one(plan, sheet="My KPI", cell="B2")

    assert reading.value == Decimal("1234.5")
    sent = source.calls[-1].request
    assert sent.headers["Authorization"] == "Bearer ya29.token"
    assert params_of(source.calls[-1]) == {
        "ranges": ["'My KPI'!B2"],
        "valueRenderOption": ["UNFORMATTED_VALUE"],
        "dateTimeRenderOption": ["SERIAL_NUMBER"],
    }
    assert {name: reading.provenance[name] for name in ("spreadsheet", "sheet", "cell")} == {
        "spreadsheet": ID,
        "sheet": "My KPI",
        "cell": "B2",
    }


def test_all_questions_go_out_in_one_request_and_equal_ranges_once(plan, source):
    rows = [["Metric", "Value", "Target"], ["Revenue", 10, 20], ["Churn", 3, 2]]
    batch = source.get(
        f"{SHEET}/values:batchGet",
        json=ranges(("KPI!A1:C3", rows), ("KPI!B2", [[10]]), ("KPI!C3", [[2]])),
    )

    answers = ask(
        plan,
        asked(sheet="KPI", column="Value", row="Revenue"),
        asked(sheet="KPI", column="Target", agg="sum"),
        asked(sheet="KPI", cell="B2"),
        asked(name="ChurnTarget"),
        asked(sheet="KPI", column="Value", agg="max"),
    )

    assert [answer.value for answer in answers] == [10, 22, 10, 2, 10]
    assert batch.call_count == 1
    assert params_of(batch.calls[0])["ranges"] == ["'KPI'", "'KPI'!B2", "ChurnTarget"]


def test_more_ranges_than_an_address_holds_go_out_in_several_requests(plan, source):
    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        asked_for = parse_qs(urlsplit(request.url).query)["ranges"]
        return 200, {}, json.dumps(ranges(*((each, [[int(each.rpartition("B")[2])]]) for each in asked_for)))

    source.add_callback("GET", f"{SHEET}/values:batchGet", callback=answer)

    answers = ask(plan, *(asked(sheet="A tab with quite a name", cell=f"B{row}") for row in range(1, 301)))

    assert [answer.value for answer in answers] == list(range(1, 301))
    addresses = [call.request.url for call in source.calls if "batchGet" in call.request.url]
    assert len(addresses) == 3
    assert max(map(len, addresses)) < 10_000


def test_one_bad_range_spoils_no_other(plan, source):
    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        asked_for = parse_qs(urlsplit(request.url).query)["ranges"]
        if "'KPIs'!B2" in asked_for:
            error = {"code": 400, "message": "Unable to parse range: 'KPIs'!B2", "status": "INVALID_ARGUMENT"}
            return 400, {}, json.dumps({"error": error})
        return 200, {}, json.dumps(ranges(*((each, [[7]]) for each in asked_for)))

    source.add_callback("GET", f"{SHEET}/values:batchGet", callback=answer)

    answers = ask(plan, *(asked(sheet="KPI", cell=f"B{row}") for row in range(3)[1:]), asked(sheet="KPIs", cell="B2"))

    assert [answer.value for answer in answers[:2]] == [7, 7]
    assert answers[2].reason is Reason.QUERY
    assert "INVALID_ARGUMENT" in answers[2].message
    assert "`sheet`" in answers[2].hint


@pytest.mark.parametrize("name", ["A1", "It's mine", "🌵 Plan, 50%&more"])
def test_a_tab_may_have_any_name(plan, source, name):
    quoted = "'{}'".format(name.replace("'", "''"))
    source.get(f"{SHEET}/values:batchGet", json=ranges((f"{quoted}!A1:A2", [["Value"], [7]])))

    assert ask_one(plan, sheet=name, column="Value", agg="sum").value == 7
    assert params_of(source.calls[-1])["ranges"] == [quoted]


@pytest.mark.parametrize(
    ("rows", "reason", "said"),
    [
        pytest.param(None, Reason.NO_DATA, "KPI!B2 is empty", id="an empty range is absent"),
        pytest.param([[]], Reason.NO_DATA, "is empty", id="an empty row"),
        pytest.param([[None]], Reason.NO_DATA, "is empty", id="null"),
        pytest.param([[""]], Reason.NO_DATA, "is empty", id="an empty text"),
        pytest.param([["#DIV/0!"]], Reason.BAD_VALUE, "holds #DIV/0!", id="a failed formula"),
        pytest.param([["#N/A"]], Reason.BAD_VALUE, "holds #N/A", id="not available"),
        pytest.param([["#ERROR!"]], Reason.BAD_VALUE, "holds #ERROR!", id="a formula that cannot be read"),
        pytest.param([["Loading..."]], Reason.BAD_RESPONSE, "still loading", id="a function that waits"),
        pytest.param([["1.234,5"]], Reason.BAD_VALUE, "the text '1.234,5'", id="a number in a text"),
        pytest.param([[True]], Reason.BAD_VALUE, "TRUE", id="a checkbox"),
    ],
)
def test_a_cell_without_a_number_is_a_problem(plan, source, rows, reason, said):
    source.get(f"{SHEET}/values:batchGet", json=ranges(("KPI!B2", rows)))

    problem = ask_one(plan, sheet="KPI", cell="B2")

    assert problem.reason is reason
    assert said in problem.message


def test_dates_are_days_of_the_spreadsheet_or_of_the_zone_that_the_settings_name(tmp_path, plan, source):
    rows = [["Amount", "Closed"], [1, 46295], [2, 46296], [4, "2026-10-01"], [8, 46295.75]]
    source.get(f"{SHEET}/values:batchGet", json=ranges(("Deals!A1:B5", rows)))
    metadata = source.get(SHEET, json={"properties": {"timeZone": "America/Los_Angeles"}})
    question = asked(sheet="Deals", column="Amount", agg="sum", date_column="Closed")

    (there,), (here,) = ask(plan, question), ask(opened(tmp_path, timezone="Europe/Berlin"), question)

    assert there.value == 2 + 4 + 8, "the 30th is not yet over in Los Angeles at 18:00 when October begins in Berlin"
    assert here.value == 2 + 4
    assert here.watermark == datetime(2026, 9, 30, 22, tzinfo=UTC)
    assert metadata.call_count == 1, "the settings name the zone in the other connection"


def test_no_zone_is_asked_for_where_no_question_has_to_do_with_days(plan, source):
    source.get(f"{SHEET}/values:batchGet", json=ranges(("Deals!A1:A2", [["Amount"], [1]])))

    assert ask_one(plan, sheet="Deals", column="Amount", agg="sum").value == 1


def test_the_past_is_refused_without_a_date_column(tmp_path):
    past = NOW - timedelta(days=7)

    (problem,) = ask(opened(tmp_path), asked(Window(QUARTER.start, past, BERLIN), past, sheet="KPI", cell="B2"))

    assert problem.reason is Reason.UNSUPPORTED


def test_a_named_range_of_more_than_a_cell_is_refused(plan, source):
    source.get(f"{SHEET}/values:batchGet", json=ranges(("KPI!B2:C3", [[1, 2], [3, 4]])))

    problem = ask_one(plan, name="Targets")

    assert problem.reason is Reason.QUERY
    assert "the block KPI!B2:C3" in problem.message


def test_a_named_range_that_is_called_like_the_tab_is_not_taken_for_it(plan, source):
    source.get(f"{SHEET}/values:batchGet", json=ranges(("Other!B2:C3", [["Amount"], [3]])))

    problem = ask_one(plan, sheet="Deals", column="Amount", agg="sum")

    assert problem.reason is Reason.QUERY
    assert "it sent Other!B2:C3" in problem.message


def refusal(status: int, word: str, *reasons: str) -> dict[str, Any]:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason} for reason in reasons]
    return {"error": {"code": status, "message": "prose", "status": word, "details": details}}


@pytest.mark.parametrize(
    ("status", "body", "reason", "said"),
    [
        pytest.param(
            403, refusal(403, "PERMISSION_DENIED"), Reason.AUTH, "kpi@acme.iam.test, as Viewer", id="not shared"
        ),
        pytest.param(
            403, refusal(403, "PERMISSION_DENIED", "SERVICE_DISABLED"), Reason.CONFIG, "enable", id="API not enabled"
        ),
        pytest.param(
            403,
            refusal(403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
            Reason.AUTH,
            "scope",
            id="authorised without the scope",
        ),
        pytest.param(403, {"message": "no"}, Reason.AUTH, "KEY", id="a 403 that says nothing"),
        pytest.param(404, refusal(404, "NOT_FOUND"), Reason.CONFIG, "`spreadsheet`", id="no such spreadsheet"),
        pytest.param(
            400, refusal(400, "FAILED_PRECONDITION"), Reason.CONFIG, "Google spreadsheet", id="an uploaded xlsx"
        ),
        pytest.param(401, refusal(401, "UNAUTHENTICATED"), Reason.AUTH, "KEY", id="a token that is not taken"),
    ],
)
def test_a_refusal_says_whose_turn_it_is(plan, source, status, body, reason, said):
    source.get(f"{SHEET}/values:batchGet", status=status, json=body)

    problem = ask_one(plan, sheet="KPI", cell="B2")

    assert problem.reason is reason
    assert said in problem.hint


def test_a_quota_that_a_403_announces_is_no_matter_of_rights(plan, source):
    source.get(f"{SHEET}/values:batchGet", status=403, json=refusal(403, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"))

    assert ask_one(plan, sheet="KPI", cell="B2").reason is Reason.RATE_LIMITED


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(ranges(), id="fewer ranges than asked for"),
        pytest.param(ranges(("KPI!B2", [[1]]), ("KPI!B3", [[2]])), id="more"),
        pytest.param(ranges(("KPI", [[1]])), id="a range that is nowhere"),
        pytest.param({"valueRanges": [{"range": "KPI!B2", "values": [1]}]}, id="rows that are none"),
        pytest.param([], id="a list"),
    ],
)
def test_an_answer_that_is_none_gives_no_number(plan, source, body):
    source.get(f"{SHEET}/values:batchGet", json=body)

    assert ask_one(plan, sheet="KPI", cell="B2").reason is Reason.BAD_RESPONSE


def test_a_person_may_be_the_one_who_reads(tmp_path, source):
    personal = {"refresh_token": "${REFRESH}", "client_id": "id.apps", "client_secret": "${SECRET}"}
    spec = Connection("plan", "google_sheets", {"spreadsheet": ID, **personal})
    plan = open_connection(spec, REGISTRY, {"REFRESH": "1//refresh", "SECRET": "GOCSPX-secret"}, tmp_path)
    tokens = source.post(TOKENS, json={"access_token": "ya29.person", "expires_in": 3599})
    source.get(f"{SHEET}/values:batchGet", json=ranges(("KPI!B2", [[7]])))

    assert ask_one(plan, sheet="KPI", cell="B2").value == 7
    assert parse_qs(tokens.calls[0].request.body)["refresh_token"] == ["1//refresh"]


def test_check_says_as_whom_and_what_is_there(plan, source):
    source.get(
        SHEET,
        json={
            "properties": {"title": "Plan", "timeZone": "Europe/Paris"},
            "sheets": [{"properties": {"title": "KPI"}}, {"properties": {"title": "Deals"}}],
        },
    )

    assert plan.check() == (
        "connected as kpi@acme.iam.test with spreadsheets.readonly: 'Plan' (Europe/Paris) has the tabs KPI, Deals"
    )


def test_discover_lists_tabs_headers_and_named_ranges(plan, source):
    source.get(SHEET, json={"sheets": [{"properties": {"title": "It's"}}], "namedRanges": [{"name": "Churn"}]})
    source.get(f"{SHEET}/values:batchGet", json=ranges(("'It''s'!A1:Z1", [["Metric", "", "Value"]])))

    found = [(choice.field, choice.value) for choice in plan.discover()]

    assert found == [("sheet", "It's"), ("column", "Metric"), ("column", "Value"), ("name", "Churn")]
    assert params_of(source.calls[-1])["ranges"] == ["'It''s'!1:1"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param({}, "say one of the two", id="no account"),
        pytest.param({"key_json": "{}", "refresh_token": "x"}, "say one of the two", id="two accounts"),
        pytest.param({"refresh_token": "x", "client_id": "y"}, "needs `client_id` and", id="half a client"),
        pytest.param({"key_json": "{}", "client_id": "y"}, "go with `refresh_token`", id="a client for a program"),
        pytest.param({"key_json": "{}", "spreadsheet": "my plan"}, "its address", id="a title"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(settings, said):
    with pytest.raises(ValidationError, match=said):
        GoogleSheetsConfig.model_validate({"spreadsheet": ID, **settings})


@pytest.mark.parametrize(
    "address",
    [
        f"https://docs.google.com/spreadsheets/d/{ID}/edit?gid=0#gid=0",
        f"https://docs.google.com/spreadsheets/u/1/d/{ID}/edit",
        f"https://docs.google.com/a/acme.test/spreadsheets/d/{ID}",
        ID,
    ],
)
def test_the_spreadsheet_may_be_pasted_as_an_address(address):
    assert GoogleSheetsConfig.model_validate({"key_json": "{}", "spreadsheet": address}).spreadsheet == ID


def test_a_question_says_which_tab_it_means():
    with pytest.raises(ValidationError, match="say which tab"):
        GoogleSheetsQuery.model_validate({"cell": "B2"})


needs_recordings = pytest.mark.skipif(not CASSETTES.exists(), reason=f"the recorded exchanges are not in {RECORDED}")


def recorded(path: str) -> dict[str, Any]:
    """Return what Google has answered to the request whose address ends like this."""
    for exchanges in json.loads(CASSETTES.read_text()).values():
        for each in exchanges:
            if each["request"]["method"] == "GET" and each["request"]["url"].endswith(path):
                found: dict[str, Any] = each["response"]
                return found
    raise LookupError(path)


@needs_recordings
def test_recorded_cells_give_their_numbers_read_unformatted(plan, source):
    answer = recorded("/values/%27Sheet1%27?valueRenderOption=UNFORMATTED_VALUE")["body"]
    source.get(f"{SHEET}/values:batchGet", json={"valueRanges": [answer]})

    answers = ask(plan, *(asked(sheet="Sheet1", column=label, agg="sum") for label in ("2", "43831", "string", "53")))

    numbers = [answer.value if isinstance(answer, Reading) else answer.reason for answer in answers]
    assert numbers == [Decimal("1.5"), Decimal("0.12"), 36162, Reason.NO_DATA]


@needs_recordings
def test_a_recorded_empty_range_has_no_number(plan, source):
    answer = recorded("/values/%27Sheet1%27%21A1%3AD2")["body"]
    assert "values" not in answer
    source.get(f"{SHEET}/values:batchGet", json={"valueRanges": [answer]})

    assert ask_one(plan, sheet="Sheet1", cell="A1").reason is Reason.NO_DATA


@needs_recordings
@pytest.mark.parametrize(
    ("path", "reason"),
    [
        pytest.param("6RkjiOmj1LrJN706Yc?includeGridData=false", Reason.AUTH, id="403"),
        pytest.param("/test?includeGridData=false", Reason.CONFIG, id="404"),
    ],
)
def test_recorded_refusals_have_their_reasons(plan, source, path, reason):
    answer = recorded(path)
    source.get(f"{SHEET}/values:batchGet", status=answer["status"], json=answer["body"])

    problem = ask_one(plan, sheet="KPI", cell="B2")

    assert problem.reason is reason
    assert answer["body"]["error"]["status"] in problem.message
    assert answer["body"]["error"]["message"] not in problem.message


@needs_recordings
def test_a_recorded_429_without_retry_after_is_asked_again(plan, source, waits):
    busy = next(each for each in json.loads(GROUPAROO.read_text()) if each["response"]["status"] == 429)["response"]
    assert "retry-after" not in {name.lower() for name, _ in busy["headers"]}
    source.get(f"{SHEET}/values:batchGet", status=429, json=busy["body"])
    source.get(f"{SHEET}/values:batchGet", json=ranges(("KPI!B2", [[7]])))

    assert ask_one(plan, sheet="KPI", cell="B2").value == 7
    assert waits


@pytest.mark.skipif(not discovery.RECORDED.exists(), reason=f"Google's documents are not in {discovery.RECORDED}")
@pytest.mark.parametrize(
    ("path", "fault"),
    [
        pytest.param("/values:batchGet?range=A1", "no parameter range", id="a misspelt parameter"),
        pytest.param("/values:batchGet?valueRenderOption=RAW", "cannot be RAW", id="a value that there is not"),
        pytest.param("/values:bulkGet?ranges=A1", "there is no GET", id="a method that there is not"),
        pytest.param("?fields=properties(zone)", "names zone", id="a field that there is not"),
    ],
)
def test_what_google_does_not_know_would_be_noticed(path, fault):
    request = requests.Request("GET", f"{SHEET}{path}").prepare()

    assert any(fault in each for each in discovery.Discovery("sheets.v4.json").faults(request))
