"""Questions to a workbook on OneDrive or SharePoint, asked as a sync asks them."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from connectors.microsoft_excel import MicrosoftExcel, MicrosoftExcelConfig
from okrsync import Ask, Problem, Reading, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.contract import Answer, question_key
from okrsync.connect.registry import Registry
from okrsync.okrs.model import Connection
from okrsync.redaction import redact
from okrsync.testing import Case, ConnectorContract, Example, Exchange, Sent
from tests.workbooks import xlsx

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
REGISTRY = Registry.load()
BERLIN = ZoneInfo("Europe/Berlin")
QUARTER = Window(datetime(2026, 9, 30, 22, tzinfo=UTC), NOW, BERLIN)
TOKENS = "https://login.microsoftonline.com/acme.test/oauth2/v2.0/token"
GRAPH = "https://graph.microsoft.com/v1.0"
FILE = f"{GRAPH}/drives/b!x/items/01ABC"
INSIDE = "/drives/b!x/items/01ABC/workbook"
DOWNLOAD = "https://acme.sharepoint.test/_layouts/15/download.aspx?UniqueId=1&tempauth=v1.eyJ.secretpart"
RECORDED = Path(__file__).parents[2].parent / "shared" / "recordings" / "graph-excel"

KPI = [["Metric", "Value"], ["Revenue", 1204.5], ["Churn", 3]]
DEALS = [
    ["Deal", "Amount", "Closed"],
    ["A", 1, date(2026, 9, 30)],
    ["B", 2, date(2026, 10, 1)],
    ["C", 4, datetime(2026, 10, 31, 23, 59)],  # noqa: DTZ001 - as a workbook has it
    ["D", 8, date(2026, 11, 1)],
]
BOOK = xlsx(("KPI", KPI), ("Deals", DEALS), names={"Churn": "KPI!$B$3"})
EMPTY = xlsx(("KPI", [["Metric", "Value"], ["Revenue", None]]))


def meta(address: str = DOWNLOAD, **more: Any) -> dict[str, Any]:
    return {
        "id": "01ABC",
        "name": "plan.xlsx",
        "size": len(BOOK),
        "lastModifiedDateTime": "2026-11-20T17:03:11Z",
        "file": {},
        "@microsoft.graph.downloadUrl": address,
        **more,
    }


THERE = "https://graph.microsoft.com/download/plan.xlsx?tempauth=1"
FOUND = Exchange(meta(THERE), path="/items/01ABC")
APPLICATION = {"tenant": "acme.test", "client_id": "app-1", "client_secret": "canary-4711"}
TOKEN = Exchange({"access_token": "eyJ0.canary-token", "expires_in": 3599}, path="/oauth2/v2.0/token")


class TestDownloadContract(ConnectorContract):
    example = Example(
        connector=MicrosoftExcel,
        settings={**APPLICATION, "drive": "b!x", "item": "01ABC"},
        query={"sheet": "Deals", "column": "Amount", "agg": "sum", "date_column": "Closed"},
        tokens=[TOKEN],
        exchanges=[FOUND, Exchange(BOOK, path="/plan.xlsx")],
        value=6,
        empty=Case([FOUND, Exchange(EMPTY, path="/plan.xlsx")], query={"sheet": "KPI", "cell": "B2"}),
        bad_query=Case([FOUND, Exchange(BOOK, path="/plan.xlsx")], query={"sheet": "KPIs", "cell": "B2"}),
        edges=Case([FOUND, Exchange(BOOK, path="/plan.xlsx")], value=6),
        batch=[
            Case([FOUND, Exchange(BOOK, path="/plan.xlsx")], value="1204.5", query={"sheet": "KPI", "cell": "B2"}),
            Case([FOUND, Exchange(BOOK, path="/plan.xlsx")], value=3, query={"name": "Churn"}),
        ],
        without={
            "three_pages_are_counted": "a workbook comes whole",
            "the_same_cursor_twice_stops": "there are no cursors",
        },
    )


def grid(address: str, rows: list[list[Any]], formats: str = "General") -> dict[str, Any]:
    kind = {str: "String", bool: "Boolean"}
    types = [["Empty" if value == "" else kind.get(type(value), "Double") for value in row] for row in rows]
    for line, row in zip(types, rows, strict=True):
        line[:] = ["Error" if str(value).startswith("#") else each for each, value in zip(line, row, strict=True)]
    return {"address": address, "values": rows, "valueTypes": types, "numberFormat": [[formats] * len(r) for r in rows]}


RANGES: Mapping[str, dict[str, Any]] = {
    "/worksheets/KPI/range(address='B2')": grid("KPI!B2", [[1204.5]]),
    "/worksheets/KPI/range(address='B9')": grid("KPI!B9", [[""]]),
    "/names/Churn/range": grid("KPI!B3", [[0.125]], "0.0%"),
    "/worksheets/Deals/usedRange(valuesOnly=true)": grid(
        "Deals!A1:C5",
        [["Deal", "Amount", "Closed"], ["A", 1, 46295], ["B", 2, 46296], ["C", 4, 46326.999], ["D", 8, 46327]],
    ),
}


def excel(sent: Sent) -> dict[str, Any]:
    """Answer a batch as Graph does: in any order, each with its own status."""
    responses = []
    for each in sent.json["requests"]:
        found = RANGES.get(each["url"].removeprefix(INSIDE).partition("?")[0])
        missing = {"error": {"code": "ItemNotFound", "message": "The requested resource doesn't exist."}}
        responses.append({"id": each["id"], "status": 200 if found else 404, "body": found or missing})
    return {"responses": responses[::-1]}


BATCH = Exchange(excel, path="/$batch")
PERSON = {"tenant": "acme.test", "client_id": "app-1", "refresh_token": "canary-4712", "read": "ranges"}


class TestRangesContract(ConnectorContract):
    example = Example(
        connector=MicrosoftExcel,
        settings={**PERSON, "drive": "b!x", "item": "01ABC"},
        query={"sheet": "Deals", "column": "Amount", "agg": "sum", "date_column": "Closed"},
        tokens=[TOKEN],
        exchanges=[BATCH],
        value=6,
        empty=Case([BATCH], query={"sheet": "KPI", "cell": "B9"}),
        bad_query=Case([BATCH], query={"sheet": "KPIs", "cell": "B2"}),
        edges=Case([BATCH], value=6),
        error_in_200=Case(
            [
                Exchange({"status": "failed", "error": {"code": "generalException"}}, path="/$batch"),
            ]
        ),
        batch=[
            Case([BATCH], value="1204.5", query={"sheet": "KPI", "cell": "b2"}),
            Case([BATCH], value="0.125", query={"name": "Churn"}),
        ],
        check=[FOUND, Exchange({"value": [{"name": "KPI"}]}, path="/worksheets")],
        discover=[
            Exchange({"value": [{"name": "KPI"}]}, path="/worksheets"),
            Exchange({"value": [{"name": "Churn"}]}, path="/names"),
        ],
        without={
            "three_pages_are_counted": "a range comes whole",
            "the_same_cursor_twice_stops": "there are no cursors",
        },
    )


@pytest.fixture
def plan(tmp_path, source):
    source.post(TOKENS, json={"access_token": "eyJ0.token", "expires_in": 3599})
    return opened(tmp_path)


@pytest.fixture
def ranges(tmp_path, source):
    source.post(TOKENS, json={"access_token": "eyJ0.token", "expires_in": 3599})
    return opened(tmp_path, client_secret=None, refresh_token="${REFRESH}", read="ranges")


def opened(folder: Path, **changes: Any) -> Any:
    settings = {"tenant": "acme.test", "client_id": "app-1", "client_secret": "${SECRET}", "drive": "b!x"}
    settings |= {"item": "01ABC", **changes}
    spec = Connection("plan", "microsoft_excel", {name: value for name, value in settings.items() if value is not None})
    return open_connection(spec, REGISTRY, {"SECRET": "app-s3cret", "REFRESH": "0.refresh"}, folder)


def asked(window: Window = QUARTER, as_of: datetime = NOW, **query: Any) -> Ask[Any]:
    question = REGISTRY.get("microsoft_excel").Query.model_validate(query)
    return Ask(question_key("microsoft_excel", "plan", question, window), question, window, as_of)


def ask(connector: Any, *asks: Ask[Any]) -> list[Answer]:
    return list(collect(connector, asks, NOW).values())


def ask_one(connector: Any, **query: Any) -> Any:
    (answer,) = ask(connector, asked(**query))
    return answer


def test_one_download_answers_every_question(plan, source):
    found = source.get(FILE, json=meta())
    download = source.get(DOWNLOAD, body=BOOK)

    answers = ask(
        plan,
        asked(sheet="KPI", cell="B2"),
        asked(name="Churn"),
        asked(sheet="KPI", column="Value", row="Churn"),
        asked(sheet="Deals", column="Amount", agg="sum", date_column="Closed"),
    )

    assert [answer.value for answer in answers] == [Decimal("1204.5"), 3, 3, 14]
    assert (found.call_count, download.call_count) == (1, 1)
    assert answers[0].provenance["file"] == "plan.xlsx"
    assert answers[0].provenance["changed"] == "2026-11-20T17:03:11Z"


def test_the_application_asks_in_its_own_name_and_the_token_stays_with_graph(plan, source):
    source.get(FILE, json=meta())
    source.get(DOWNLOAD, body=BOOK)

    ask_one(plan, sheet="KPI", cell="B2")

    tokens, found, download = (call.request for call in source.calls)
    assert parse_qs(tokens.body) == {
        "grant_type": ["client_credentials"],
        "scope": ["https://graph.microsoft.com/.default"],
        "client_id": ["app-1"],
        "client_secret": ["app-s3cret"],
    }
    assert found.headers["Authorization"] == "Bearer eyJ0.token"
    assert "Authorization" not in download.headers


@pytest.mark.parametrize("address", [DOWNLOAD, "https://x1.files.1drv.test/y4m-secretpart"])
def test_the_address_of_the_download_is_hidden_like_any_other_credential(plan, source, caplog, address):
    caplog.set_level(logging.DEBUG)
    source.get(FILE, json=meta(address))
    for _ in range(4):
        source.get(address, status=500)

    problem = ask_one(plan, sheet="KPI", cell="B2")

    assert problem.reason is Reason.UNREACHABLE
    assert "secretpart" not in f"{problem} {caplog.text} {redact(address)}"


@pytest.mark.parametrize(
    ("place", "path"),
    [
        pytest.param({"drive": "b!x", "item": "01ABC"}, "/drives/b!x/items/01ABC", id="by ids"),
        pytest.param(
            {"site": "acme.sharepoint.com/sites/Strategy", "path": "OKR 2026/plan #1.xlsx"},
            "/sites/acme.sharepoint.com:/sites/Strategy:/drive/root:/OKR%202026/plan%20%231.xlsx",
            id="a path in the library of a site",
        ),
        pytest.param(
            {"site": "acme.sharepoint.com", "item": "01ABC"},
            "/sites/acme.sharepoint.com/drive/items/01ABC",
            id="the root site",
        ),
        pytest.param(
            {"user": "kim@acme.test", "path": "plan.xlsx"},
            "/users/kim%40acme.test/drive/root:/plan.xlsx",
            id="a person's OneDrive",
        ),
    ],
)
def test_the_file_is_found_where_the_settings_say(tmp_path, source, place, path):
    source.post(TOKENS, json={"access_token": "eyJ0.token"})
    source.get(f"{GRAPH}{path}", json=meta())
    source.get(DOWNLOAD, body=BOOK)

    plan = opened(tmp_path, **{"drive": None, "item": None, **place})

    assert ask_one(plan, sheet="KPI", cell="B2").value == Decimal("1204.5")


def graph_error(*codes: str) -> dict[str, Any]:
    error: dict[str, Any] = {}
    for code in reversed(codes):
        error = {"code": code, "message": "prose", **({"innerError": error} if error else {})}
    return {"error": error}


@pytest.mark.parametrize(
    ("status", "body", "reason", "said"),
    [
        pytest.param(404, graph_error("itemNotFound"), Reason.CONFIG, "`item` or `path`", id="no such file"),
        pytest.param(403, graph_error("accessDenied"), Reason.AUTH, "administrator", id="no right to it"),
        pytest.param(401, graph_error("InvalidAuthenticationToken"), Reason.AUTH, "SECRET", id="no such token"),
        pytest.param(423, graph_error("resourceLocked"), Reason.BAD_RESPONSE, "editing", id="locked"),
    ],
)
def test_a_refusal_says_whose_turn_it_is(plan, source, status, body, reason, said):
    source.get(FILE, status=status, json=body)

    problem = ask_one(plan, sheet="KPI", cell="B2")

    assert problem.reason is reason
    assert said in problem.hint
    assert "prose" not in str(problem)


def test_a_download_that_has_expired_is_no_matter_of_credentials(plan, source):
    source.get(FILE, json=meta())
    source.get(DOWNLOAD, status=401, body="expired")

    assert ask_one(plan, sheet="KPI", cell="B2").reason is Reason.BAD_RESPONSE


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        pytest.param(meta(folder={"childCount": 2}), Reason.CONFIG, id="a folder"),
        pytest.param({"name": "plan.xlsx"}, Reason.BAD_RESPONSE, id="no address"),
        pytest.param(meta("http://acme.sharepoint.test/plan.xlsx"), Reason.BAD_RESPONSE, id="an open line"),
        pytest.param(meta(size=51 * 1024**2), Reason.BAD_RESPONSE, id="too big"),
        pytest.param([], Reason.BAD_RESPONSE, id="a list"),
    ],
)
def test_what_is_no_workbook_is_not_downloaded(plan, source, file, reason):
    source.get(FILE, json=file)

    assert ask_one(plan, sheet="KPI", cell="B2").reason is reason


def test_the_past_is_refused_without_a_date_column(tmp_path):
    past = NOW - timedelta(days=7)

    (problem,) = ask(opened(tmp_path), asked(Window(QUARTER.start, past, BERLIN), past, sheet="KPI", cell="B2"))

    assert problem.reason is Reason.UNSUPPORTED


def batch_of(**ranges: Any) -> Any:
    """Return a callback that answers a batch with `ranges`, by the text that an address holds, in reverse order."""

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        responses = []
        for each in json.loads(request.body)["requests"]:
            body = next(body for name, body in ranges.items() if name in each["url"])
            status = body.pop("status", 200) if "error" in body else 200
            responses.insert(0, {"id": each["id"], "status": status, "body": body})
        return 200, {}, json.dumps({"responses": responses})

    return answer


def test_ranges_go_out_twenty_to_a_request_and_are_told_apart_by_their_ids(ranges, source):
    seen = []

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        asked_for = json.loads(request.body)["requests"]
        seen.append([each["url"] for each in asked_for])
        rows = [(each, int(each["url"].partition("'B")[2].partition("'")[0])) for each in asked_for]
        responses = [{"id": each["id"], "status": 200, "body": grid(f"KPI!B{row}", [[row]])} for each, row in rows]
        return 200, {}, json.dumps({"responses": sorted(responses, key=lambda each: str(each["id"]), reverse=True)})

    source.add_callback("POST", f"{GRAPH}/$batch", callback=answer)

    answers = ask(ranges, *(asked(sheet="KPI", cell=f"B{row}") for row in range(1, 46)))

    assert [answer.value for answer in answers] == list(range(1, 46))
    assert [len(urls) for urls in seen] == [20, 20, 5]
    wanted = "$select=address,values,valueTypes,numberFormat"
    assert seen[0][0] == f"{INSIDE}/worksheets/KPI/range(address='B1')?{wanted}"


def test_one_used_range_answers_all_questions_about_a_sheet(ranges, source):
    rows = [["Metric", "Value"], ["Revenue", 10], ["Churn", 3]]
    sent = source.add_callback("POST", f"{GRAPH}/$batch", callback=batch_of(usedRange=grid("'My KPI'!B3:C5", rows)))

    answers = ask(
        ranges,
        asked(sheet="My KPI", column="Value", agg="sum", header_row=3),
        asked(sheet="My KPI", column="Value", row="Churn", label_column="Metric", header_row=3),
    )

    assert [answer.value for answer in answers] == [13, 3]
    assert answers[1].provenance["cell"] == "C5"
    (call,) = [call for call in source.calls if call.request.url.endswith("$batch")]
    (one,) = json.loads(call.request.body)["requests"]
    assert "/worksheets/My%20KPI/usedRange(valuesOnly=true)" in one["url"]
    assert sent is not None


@pytest.mark.parametrize(
    ("body", "reason", "said"),
    [
        pytest.param(grid("KPI!B2", [[""]]), Reason.NO_DATA, "is empty", id="a blank cell"),
        pytest.param(grid("KPI!B2", [["#DIV/0!"]]), Reason.BAD_VALUE, "holds #DIV/0!", id="a failed formula"),
        pytest.param(
            grid("KPI!B2", [["#EXTERNAL!"]]), Reason.BAD_VALUE, "holds #EXTERNAL!", id="a failure of a new kind"
        ),
        pytest.param(
            {**grid("KPI!B2", [["x"]]), "values": [["#N/A"]]}, Reason.BAD_VALUE, "the text '#N/A'", id="a text like one"
        ),
        pytest.param(grid("KPI!B2", [["1-Fri"]]), Reason.BAD_VALUE, "the text '1-Fri'", id="a text"),
        pytest.param({"address": "KPI!B2", "values": None}, Reason.BAD_RESPONSE, "without all", id="no values"),
        pytest.param({"address": "KPI!B:B", "values": None}, Reason.BAD_RESPONSE, "no block", id="a whole column"),
        pytest.param(
            {"status": 404, **graph_error("ItemNotFound")}, Reason.QUERY, "404 ItemNotFound", id="no such sheet"
        ),
        pytest.param(
            {"status": 400, **graph_error("InvalidArgument")}, Reason.QUERY, "400 InvalidArgument", id="no such cell"
        ),
        pytest.param(
            {"status": 403, **graph_error("AccessDenied")}, Reason.AUTH, "403 AccessDenied", id="no right to it"
        ),
        pytest.param(
            {"status": 409, **graph_error("conflict", "accessConflict")},
            Reason.BAD_RESPONSE,
            "conflict accessConflict",
            id="somebody is editing",
        ),
        pytest.param({"status": "failed", "error": {"code": "x"}}, Reason.QUERY, "200 x", id="an error in a 200"),
    ],
)
def test_a_range_without_a_number_is_the_problem_of_its_question_alone(ranges, source, body, reason, said):
    callback = batch_of(**{"'B2'": dict(body), "'B3'": grid("KPI!B3", [[7]])})
    if body.get("status") == "failed":
        callback = failing_in_200(body)
    source.add_callback("POST", f"{GRAPH}/$batch", callback=callback)

    bad, good = ask(ranges, asked(sheet="KPI", cell="B2"), asked(sheet="KPI", cell="B3"))

    assert isinstance(bad, Problem)
    assert bad.reason is reason
    assert said in bad.message
    assert isinstance(good, Reading)
    assert good.value == 7


def failing_in_200(body: Mapping[str, Any]) -> Any:
    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        asked_for = json.loads(request.body)["requests"]
        bodies = [body if "'B2'" in each["url"] else grid("KPI!B3", [[7]]) for each in asked_for]
        responses = [
            {"id": each["id"], "status": 200, "body": said} for each, said in zip(asked_for, bodies, strict=True)
        ]
        return 200, {}, json.dumps({"responses": responses})

    return answer


def test_a_throttled_range_is_asked_for_by_itself_as_patiently_as_it_wants(ranges, source, waits):
    item = f"{GRAPH}{INSIDE}/worksheets/KPI/range(address='B2')"
    source.add_callback(
        "POST",
        f"{GRAPH}/$batch",
        callback=batch_of(**{"'B2'": {"status": 429, **graph_error("TooManyRequests")}}),
    )
    source.get(item, status=429, json=graph_error("TooManyRequests"), headers={"Retry-After": "2.128"})
    source.get(item, json=grid("KPI!B2", [[7]]))

    assert ask_one(ranges, sheet="KPI", cell="B2").value == 7
    assert waits == [2.128]


@pytest.mark.parametrize(
    "responses",
    [
        pytest.param([], id="nothing"),
        pytest.param([{"id": "7", "status": 200, "body": grid("KPI!B2", [[1]])}], id="another question's"),
        pytest.param([{"id": "0", "body": grid("KPI!B2", [[1]])}], id="no status"),
        pytest.param(None, id="no list"),
    ],
)
def test_an_answer_that_cannot_be_told_apart_gives_no_number(ranges, source, responses):
    source.post(f"{GRAPH}/$batch", json={"responses": responses})

    assert ask_one(ranges, sheet="KPI", cell="B2").reason is Reason.BAD_RESPONSE


def test_ranges_need_to_know_the_sheet(ranges, source):
    source.add_callback("POST", f"{GRAPH}/$batch", callback=batch_of(**{"'B3'": grid("KPI!B3", [[7]])}))

    without, with_sheet = ask(ranges, asked(cell="B2"), asked(sheet="KPI", cell="B3"))

    assert without.reason is Reason.QUERY
    assert with_sheet.value == 7


def test_a_percentage_is_the_number_in_the_cell_and_says_how_it_is_shown(ranges, source):
    source.add_callback("POST", f"{GRAPH}/$batch", callback=batch_of(names=grid("KPI!B3", [[0.125]], "0.0%")))

    reading = ask_one(ranges, name="Churn")

    assert reading.value == Decimal("0.125")
    assert reading.provenance["percentage"] is True


def test_check_says_as_whom_and_which_file(plan, source):
    source.get(FILE, json=meta())

    assert plan.check() == "connected as application app-1: may read plan.xlsx, last changed 2026-11-20T17:03:11Z"


def test_check_of_ranges_looks_into_the_workbook(ranges, source):
    source.get(FILE, json=meta())
    source.get(f"{FILE}/workbook/worksheets", json={"value": [{"name": "KPI"}, {"name": "Deals"}]})

    assert ranges.check().endswith("may read plan.xlsx, last changed 2026-11-20T17:03:11Z, with the sheets KPI, Deals")


def test_discover_reads_the_workbook(plan, source):
    source.get(FILE, json=meta())
    source.get(DOWNLOAD, body=BOOK)

    assert [(choice.field, choice.value) for choice in plan.discover("c")] == [
        ("column", "Metric"),
        ("column", "Closed"),
        ("name", "Churn"),
    ]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param({"drive": None}, "`drive`, `site` and `user`", id="nowhere"),
        pytest.param({"user": "kim@acme.test"}, "`drive`, `site` and `user`", id="in two places"),
        pytest.param({"path": "plan.xlsx"}, "`item` or `path`", id="two files"),
        pytest.param({"client_secret": None}, "`client_secret`", id="nobody"),
        pytest.param({"read": "ranges"}, "never an application alone", id="ranges for an application"),
        pytest.param({"tenant": "acme.test/x?"}, "tenant", id="a tenant that is a path"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(settings, said):
    whole = {**APPLICATION, "drive": "b!x", "item": "01ABC", **settings}
    with pytest.raises(ValidationError, match=said):
        MicrosoftExcelConfig.model_validate({name: value for name, value in whole.items() if value is not None})


@pytest.mark.skipif(not RECORDED.exists(), reason=f"the recorded exchanges are not in {RECORDED}")
def test_recorded_cells_give_their_numbers(ranges, source):
    (exchange,) = json.loads((RECORDED / "graph_call_body.json").read_text())
    source.add_callback("POST", f"{GRAPH}/$batch", callback=batch_of(usedRange=exchange["response"]["body"]))
    question = {"sheet": "Sheet1", "header_row": 56}

    hundred, text, window = ask(
        ranges,
        asked(column="100", agg="sum", **question),
        asked(column="Hello", row="42370", **question),
        asked(
            Window(None, datetime(2016, 1, 2, tzinfo=UTC), ZoneInfo("UTC")),
            column="100",
            agg="sum",
            date_column="Hello",
            **question,
        ),
    )

    assert hundred.value == 200
    assert text.value == 42370
    assert window.value == 200
    assert window.watermark == datetime(2016, 1, 1, tzinfo=UTC)
