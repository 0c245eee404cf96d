"""Questions to a base of Airtable, asked as a sync asks them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from responses.matchers import header_matcher, json_params_matcher, query_param_matcher

from connectors.airtable import Airtable, AirtableQuery
from okrsync import Ask, Problem, Reading, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.contract import Answer, question_key
from okrsync.connect.registry import Registry
from okrsync.okrs.model import Connection
from okrsync.testing import Case, ConnectorContract, Example, Exchange

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
REGISTRY = Registry.load()
BERLIN = ZoneInfo("Europe/Berlin")
QUARTER = Window(datetime(2026, 9, 30, 22, tzinfo=UTC), NOW, BERLIN)
URL = "https://api.airtable.com/v0/appKIT/Deals"
RECORDED = Path(__file__).parents[2].parent / "shared" / "recordings"
AIRTABLE = RECORDED / "grouparoo-recordings" / "airtable.json"


def record(number: int, **fields: Any) -> dict[str, Any]:
    return {"id": f"rec{number}", "fields": fields, "createdTime": "2026-10-01T00:00:00.000Z"}


def listed(*records: Mapping[str, Any], offset: str | None = None) -> dict[str, Any]:
    return {"records": list(records), **({"offset": offset} if offset else {})}


OCTOBER = Window(
    datetime(2026, 9, 30, 10, tzinfo=UTC), datetime(2026, 10, 31, 10, tzinfo=UTC), ZoneInfo("Pacific/Kiritimati")
)


class TestContract(ConnectorContract):
    example = Example(
        connector=Airtable,
        settings={"token": "patCANARY.4711", "base": "appKIT"},
        query={"table": "Deals", "field": "Amount", "agg": "sum", "date_field": "Closed"},
        exchanges=[
            Exchange(
                listed(record(1, Amount=10.5, Closed="2026-10-02"), record(2, Amount=5, Closed="2026-10-30")),
                path="/appKIT/Deals",
                containing=["fields[]=Amount", "fields[]=Closed", "pageSize=100"],
            )
        ],
        value="15.5",
        empty=Case([Exchange(listed())]),
        bad_query=Case(
            [Exchange({"error": {"type": "UNKNOWN_FIELD_NAME", "message": "?"}}, status=422, containing="Amont")],
            query={"table": "Deals", "field": "Amont", "agg": "sum", "date_field": "Closed"},
        ),
        pages=Case(
            [
                Exchange(listed(record(1, Amount=1), offset="itr1/rec1")),
                Exchange(listed(record(2, Amount=2), offset="itr1/rec2"), containing="offset=itr1/rec1"),
                Exchange(listed(record(3, Amount=4)), containing="offset=itr1/rec2"),
            ],
            value=7,
            query={"table": "Deals", "field": "Amount", "agg": "sum"},
        ),
        edges=Case(
            [
                Exchange(
                    listed(
                        record(1, Amount=1, At="2026-09-30T09:59:59.999Z"),
                        record(2, Amount=2, At="2026-09-30T10:00:00.000Z"),
                        record(3, Amount=4, At="2026-10-01"),
                        record(4, Amount=8, At="2026-10-31"),
                        record(5, Amount=16, At="2026-11-01"),
                        record(6, Amount=32, At="2026-10-31T10:00:00.000Z"),
                    ),
                    containing=["2026-09-29", "2026-11-02"],
                )
            ],
            value=14,
            query={"table": "Deals", "field": "Amount", "agg": "sum", "date_field": "At"},
            window=OCTOBER,
        ),
        batch=[
            Case(
                [Exchange(listed(record(1, Amount=3, Seats=8)), containing="{Stage}='Won'")],
                value=3,
                query={"table": "Deals", "field": "Amount", "agg": "sum", "formula": "{Stage}='Won'"},
            ),
            Case(
                [Exchange(listed(record(1, Amount=3, Seats=8)), containing="{Stage}='Won'")],
                value=8,
                query={"table": "Deals", "field": "Seats", "agg": "max", "formula": "{Stage}='Won'"},
            ),
            Case(
                [Exchange(listed(record(7, MRR=99), record(8, MRR=98)), path="/KPI", containing="RECORD_ID()='rec7'")],
                value=99,
                query={"table": "KPI", "field": "MRR", "record": "rec7"},
            ),
        ],
        check=[
            Exchange({"id": "usr1", "scopes": ["data.records:read"]}, path="/meta/whoami"),
            Exchange({"tables": [{"name": "Deals"}]}, path="/meta/bases/appKIT/tables"),
        ],
        discover=[Exchange({"tables": [{"id": "tbl1", "name": "Deals", "fields": [], "views": []}]})],
    )


@pytest.fixture
def crm(tmp_path):
    return opened(tmp_path)


def opened(folder: Path, **settings: Any) -> Any:
    spec = Connection("crm", "airtable", {"token": "${TOKEN}", "base": "appKIT", **settings})
    return open_connection(spec, REGISTRY, {"TOKEN": "patCANARY.4711"}, folder)


def asked(window: Window = QUARTER, as_of: datetime = NOW, **query: Any) -> Ask[Any]:
    question = REGISTRY.get("airtable").Query.model_validate({"table": "Deals", **query})
    return Ask(question_key("airtable", "crm", question, window), question, window, as_of)


def ask(connector: Any, *asks: Ask[Any]) -> list[Answer]:
    return list(collect(connector, asks, NOW).values())


def ask_one(connector: Any, **query: Any) -> Any:
    (answer,) = ask(connector, asked(**query))
    return answer


def test_adds_up_a_field_exactly_and_says_which_records(crm, source):
    source.get(
        URL,
        body='{"records": [{"id": "rec1", "fields": {"Amount": 0.1}}, {"id": "rec2", "fields": {"Amount": 0.2}}]}',
        match=[
            header_matcher({"Authorization": "Bearer patCANARY.4711"}),
            query_param_matcher(
                {"pageSize": "100", "fields[]": "Amount", "filterByFormula": "{Stage}='Won'", "view": "Open"}
            ),
        ],
    )

    reading = ask_one(crm, field="Amount", agg="sum", formula="{Stage}='Won'", view="Open")

    assert reading.value == Decimal("0.3")
    assert reading.rows == 2
    assert reading.sample[0] == {"record": "rec1", "Amount": Decimal("0.1")}
    assert reading.as_of == NOW


def test_questions_about_the_same_records_cost_one_call(crm, source):
    listing = source.get(URL, json=listed(record(1, Amount=2, Seats=3), record(2, Amount=4, Seats=5)))

    answers = ask(
        crm,
        asked(field="Amount", agg="sum"),
        asked(field="Seats", agg="max"),
        asked(agg="count"),
        asked(field="Amount", agg="avg"),
    )

    assert [answer.value for answer in answers] == [6, 5, 2, 3]
    assert listing.call_count == 1
    assert parse_qs(urlsplit(listing.calls[0].request.url).query)["fields[]"] == ["Amount", "Seats"]


def test_records_that_are_named_by_id_come_in_one_call(crm, source):
    listing = source.get(URL, json=listed(record(2, MRR=20), record(1, MRR=10)))

    answers = ask(
        crm,
        asked(record="rec1", field="MRR"),
        asked(record="rec2", field="MRR"),
        asked(record="rec3", field="MRR"),
    )

    assert [answer.value for answer in answers[:2]] == [10, 20]
    assert answers[2].reason is Reason.QUERY
    assert "no record rec3" in answers[2].message
    assert listing.call_count == 1


def test_a_long_formula_travels_in_the_body(crm, source):
    formula = f"OR({','.join(['{Stage}=1'] * 500)})"
    for offset, answer in ((None, listed(record(1, Amount=1), offset="o1")), ("o1", listed(record(2, Amount=2)))):
        body = {"pageSize": 100, "filterByFormula": formula, "fields": ["Amount"], "returnFieldsByFieldId": False}
        sent = {**body, **({"offset": offset} if offset else {})}
        source.post(f"{URL}/listRecords", json=answer, match=[json_params_matcher(sent)])

    assert ask_one(crm, field="Amount", agg="sum", formula=formula).value == 3


def test_a_field_named_by_its_id_is_asked_for_by_ids(crm, source):
    source.get(
        URL,
        json=listed(record(1, fld1VnoyuotSTyxW1=7)),
        match=[
            query_param_matcher({"pageSize": "100", "fields[]": "fld1VnoyuotSTyxW1", "returnFieldsByFieldId": "true"})
        ],
    )

    assert ask_one(crm, field="fld1VnoyuotSTyxW1", agg="sum").value == 7


def test_the_table_may_have_any_name(crm, source):
    source.get("https://api.airtable.com/v0/appKIT/Deals%20%2F%20won%3F", json=listed(record(1)))

    assert ask_one(crm, table="Deals / won?", agg="count").value == 1


def test_the_window_narrows_the_list_and_decides_about_days_in_the_zone_of_the_base(tmp_path, source):
    tokyo = opened(tmp_path, timezone="Asia/Tokyo")
    window = Window(datetime(2026, 9, 30, 15, tzinfo=UTC), NOW, ZoneInfo("Asia/Tokyo"))
    days = ("2026-09-30", "2026-10-01", "2026-09-30T15:00:00.000Z", "2026-09-30T14:59:59.000Z")
    listing = source.get(URL, json=listed(*(record(n, **{"Closed {x}": day}) for n, day in enumerate(days))))

    (reading,) = ask(tokyo, asked(window, agg="count", date_field="Closed {x}"))

    assert reading.value == 2
    assert reading.watermark == datetime(2026, 9, 30, 15, tzinfo=UTC)
    formula = parse_qs(urlsplit(listing.calls[0].request.url).query)["filterByFormula"][0]
    assert formula == (
        r"AND(IS_AFTER({Closed {x\}},DATETIME_PARSE('2026-09-29','YYYY-MM-DD')),"
        r"IS_BEFORE({Closed {x\}},DATETIME_PARSE('2026-11-23','YYYY-MM-DD')))"
    )


def test_the_past_is_refused_without_a_date_field(crm):
    past = NOW - timedelta(days=7)

    (problem,) = ask(crm, asked(Window(QUARTER.start, past, BERLIN), past, agg="count"))

    assert problem.reason is Reason.UNSUPPORTED


@pytest.mark.parametrize(
    ("fields", "reason", "said"),
    [
        pytest.param({}, Reason.NO_DATA, "is empty", id="an empty field is absent"),
        pytest.param({"MRR": {"specialValue": "NaN"}}, Reason.BAD_VALUE, "is NaN", id="a formula without a number"),
        pytest.param({"MRR": {"error": "#ERROR!"}}, Reason.BAD_VALUE, "is #ERROR!", id="a formula that failed"),
        pytest.param({"MRR": [1, 2]}, Reason.BAD_VALUE, "a list of 2", id="a lookup of two records"),
        pytest.param({"MRR": True}, Reason.BAD_VALUE, "yes or no", id="a checkbox"),
        pytest.param({"MRR": "1.234,5"}, Reason.BAD_VALUE, "not a number", id="a text"),
    ],
)
def test_what_is_no_number_is_a_problem(crm, source, fields, reason, said):
    source.get(URL, json=listed(record(1, **fields)))

    problem = ask_one(crm, record="rec1", field="MRR")

    assert problem.reason is reason
    assert said in problem.message


def test_the_lookup_of_one_record_is_its_value(crm, source):
    source.get(URL, json=listed(record(1, MRR=[497699])))

    assert ask_one(crm, record="rec1", field="MRR").value == 497699


def test_records_without_a_value_are_counted_and_never_taken_for_zero(crm, source):
    source.get(URL, json=listed(record(1, Amount=1), record(2), record(3)))

    problem = ask_one(crm, field="Amount", agg="sum")

    assert problem.reason is Reason.BAD_VALUE
    assert "'Amount' is empty in 2 of 3 records of Deals" in problem.message
    assert "NOT({Amount}=BLANK())" in problem.hint


@pytest.mark.parametrize(
    ("records", "reason", "said"),
    [
        pytest.param([], Reason.NO_DATA, "no record of Deals fits", id="none"),
        pytest.param([record(1, MRR=1), record(2, MRR=2)], Reason.QUERY, "2 records of Deals fit", id="two"),
    ],
)
def test_a_formula_without_an_aggregate_means_just_one_record(crm, source, records, reason, said):
    source.get(URL, json=listed(*records))

    problem = ask_one(crm, formula="{Name}='MRR'", field="MRR")

    assert problem.reason is reason
    assert said in problem.message


@pytest.mark.parametrize(
    ("status", "body", "reason", "said"),
    [
        pytest.param(401, {"error": {"type": "AUTHENTICATION_REQUIRED"}}, Reason.AUTH, "TOKEN", id="no such token"),
        pytest.param(404, {"error": "NOT_FOUND"}, Reason.CONFIG, "base", id="no such base, as a text"),
        pytest.param(404, {"error": {"type": "NOT_FOUND"}}, Reason.CONFIG, "base", id="no such base, as an object"),
        pytest.param(404, {"error": {"type": "TABLE_NOT_FOUND"}}, Reason.QUERY, "`table`", id="no such table"),
        pytest.param(
            403,
            {"error": {"type": "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"}},
            Reason.QUERY,
            "`table`",
            id="a 403 that means a typo as well",
        ),
        pytest.param(403, {"error": {"type": "SOMETHING_NEW"}}, Reason.AUTH, "TOKEN", id="another 403"),
        pytest.param(
            422, {"error": {"type": "INVALID_FILTER_BY_FORMULA"}}, Reason.QUERY, "`formula`", id="a wrong formula"
        ),
        pytest.param(422, {"error": {"type": "SOMETHING_NEW"}}, Reason.QUERY, "query", id="another 422"),
        pytest.param(
            422,
            {"error": {"type": "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"}},
            Reason.BAD_RESPONSE,
            "stale",
            id="a list that went stale",
        ),
    ],
)
def test_a_refusal_says_whose_turn_it_is(crm, source, status, body, reason, said):
    listing = source.get(URL, status=status, json=body)

    answers = ask(crm, asked(agg="count"), asked(agg="sum", field="Amount"))

    assert [answer.reason for answer in answers] == [reason, reason]
    assert said in str(answers[0])
    assert listing.call_count == 1, "the questions share a listing, so one refusal is enough"


def test_a_wrong_field_spoils_no_other_question(crm, source):
    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        if "Amont" in request.url:
            return 422, {}, json.dumps({"error": {"type": "UNKNOWN_FIELD_NAME", "message": "Amont"}})
        return 200, {}, json.dumps(listed(record(1, Amount=1)))

    source.add_callback("GET", URL, callback=answer)

    wrong, right = ask(crm, asked(field="Amont", agg="sum"), asked(field="Amount", agg="sum"))

    assert wrong.reason is Reason.QUERY
    assert "UNKNOWN_FIELD_NAME" in wrong.message
    assert right.value == 1


def test_after_a_429_it_is_left_alone_for_thirty_seconds(crm, source, waits):
    source.get(URL, status=429, json={"errors": []}, headers={"Date": "Sat, 21 Nov 2026 12:00:00 GMT"})

    problem = ask_one(crm, agg="count")

    assert problem.reason is Reason.RATE_LIMITED
    assert problem.retry_at == NOW + timedelta(seconds=30)
    assert not waits


def test_check_says_who_is_asking_and_what_it_may_see(crm, source):
    source.get("https://api.airtable.com/v0/meta/whoami", json={"id": "usr1", "scopes": ["data.records:read"]})
    source.get("https://api.airtable.com/v0/meta/bases/appKIT/tables", json={"tables": [{"name": "Deals"}]})

    assert crm.check() == "connected as usr1, scopes data.records:read; appKIT has the tables Deals"


def test_check_does_without_the_right_to_see_tables(crm, source):
    source.get("https://api.airtable.com/v0/meta/whoami", json={"id": "usr1"})
    source.get(
        "https://api.airtable.com/v0/meta/bases/appKIT/tables", status=404, json={"error": {"type": "NOT_FOUND"}}
    )

    assert "schema.bases:read" in crm.check()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        pytest.param({}, "say which record", id="nothing"),
        pytest.param({"field": "A"}, "say which record", id="a field of which record"),
        pytest.param({"agg": "sum"}, "`field` says", id="the sum of what"),
        pytest.param({"agg": "count", "field": "A"}, "`field` says", id="a count of a field"),
        pytest.param({"record": "rec1", "field": "A", "agg": "sum"}, "`record` names one", id="a sum of one record"),
        pytest.param({"formula": "1", "field": "A", "date_field": "D"}, "needs `agg`", id="one record of a window"),
        pytest.param({"agg": "latest", "field": "A"}, "needs `date_field`", id="the latest by what"),
        pytest.param({"agg": "percentile", "field": "A"}, "`p`", id="which percentile"),
        pytest.param(
            {"agg": "sum", "field": "fld1VnoyuotSTyxW1", "date_field": "Closed"}, "both by name", id="names and ids"
        ),
    ],
)
def test_a_question_that_means_nothing_is_refused(query, said):
    with pytest.raises(ValidationError, match=said):
        AirtableQuery.model_validate({"table": "Deals", **query})


needs_recordings = pytest.mark.skipif(not AIRTABLE.exists(), reason=f"the recorded exchanges are not in {RECORDED}")


def recorded(status: int) -> list[dict[str, Any]]:
    """Return the recorded answers of live bases to listings, with the parts of an address that they were got at."""
    found = []
    for each in json.loads(AIRTABLE.read_text()):
        parts = urlsplit(each["request"]["url"]).path.split("/")
        if each["request"]["method"] == "GET" and len(parts) == 4 and each["response"]["status"] == status:
            found.append({"base": parts[2], "table": parts[3], "body": each["response"]["body"]})
    return found


@needs_recordings
def test_recorded_records_give_the_numbers_that_stand_in_them(crm, source):
    body = next(each["body"] for each in recorded(200) if len(each["body"]["records"]) > 2)
    source.get(URL, json=body)
    first, second = (each["id"] for each in body["records"][:2])

    answers = ask(
        crm,
        asked(record=first, field="f_number"),
        asked(record=first, field="f_multipleLookupValues"),
        asked(record=second, field="f_percent"),
        asked(record=second, field="f_duration"),
        asked(record=second, field="f_rollup"),
        asked(record=first, field="f_duration"),
        asked(record=first, field="f_formula"),
    )

    values = [answer.value if isinstance(answer, Reading) else answer.reason for answer in answers]
    assert values == [
        Decimal("42.1"), 497699, Decimal("1.23"), 4980, Reason.BAD_VALUE, Reason.NO_DATA, Reason.BAD_VALUE
    ]  # fmt: skip


@needs_recordings
@pytest.mark.parametrize("agg", ["sum", "count"])
def test_a_recorded_empty_table_has_no_number(crm, source, agg):
    body = next(each["body"] for each in recorded(200) if not each["body"]["records"])
    source.get(URL, json=body)

    problem = ask_one(crm, agg=agg, **({} if agg == "count" else {"field": "f_number"}))

    assert problem.reason is Reason.NO_DATA


@needs_recordings
def test_a_recorded_unknown_table_is_the_owners_of_the_metric(crm, source):
    source.get(URL, status=404, json=recorded(404)[0]["body"])

    problem = ask_one(crm, agg="count")

    assert isinstance(problem, Problem)
    assert problem.reason is Reason.QUERY
    assert "TABLE_NOT_FOUND" in problem.message
