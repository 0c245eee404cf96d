import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from responses.matchers import query_param_matcher

from okrsync import Ask, Choice, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.contract import question_key
from okrsync.connect.registry import Registry
from okrsync.okrs.model import Connection

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
WINDOW = Window(datetime(2026, 9, 30, 22, tzinfo=UTC), NOW, ZoneInfo("Europe/Berlin"))
PRESENT = Window(None, NOW, ZoneInfo("Europe/Berlin"))
REGISTRY = Registry.load()
SALESFORCE = REGISTRY.get("salesforce")
ORG = "https://acme.my.salesforce.com"
API = f"{ORG}/services/data/v67.0"
BATCH, LOGIN = f"{API}/composite/batch", f"{ORG}/services/oauth2/token"
REPORT_ID = "00O000000000001AAA"
REPORT = f"{API}/analytics/reports/{REPORT_ID}"
COUNT = "SELECT COUNT() FROM Lead"
SUM = "SELECT SUM(Amount) v FROM Opportunity"


@pytest.fixture
def crm(tmp_path, source):
    source.post(LOGIN, json={"access_token": "s3cret-access", "instance_url": ORG, "scope": "api refresh_token"})
    source.assert_all_requests_are_fired = False
    return opened(tmp_path)


def opened(folder, **settings):
    settings = {"client_id": "app", "client_secret": "${SALESFORCE_SECRET}", "token_url": LOGIN, **settings}
    spec = Connection("crm", "salesforce", settings)
    return open_connection(spec, REGISTRY, {"SALESFORCE_SECRET": "s3cret-of-app"}, folder)


def asked(window=PRESENT, **query):
    query = SALESFORCE.Query.model_validate(query)
    return Ask(question_key("salesforce", "crm", query, window), query, window, window.end)


def ask(connector, *asks):
    return list(collect(connector, asks, NOW).values())


def ask_one(connector, window=PRESENT, **query):
    (answer,) = ask(connector, asked(window, **query))
    return answer


def counted(number):
    return {"statusCode": 200, "result": {"totalSize": number, "done": True, "records": []}}


def row(**values):
    record = {"attributes": {"type": "AggregateResult"}, **values}
    return {"statusCode": 200, "result": {"totalSize": 1, "done": True, "records": [record]}}


def refused(status, code):
    return {"statusCode": status, "result": [{"errorCode": code, "message": "s3cret text of the source"}]}


def batch(*results):
    return {"hasErrors": any(one["statusCode"] != 200 for one in results), "results": list(results)}


def report(*totals, names=("RowCount", "s!AMOUNT"), **more):
    totals = [{"label": str(value), "value": value} for value in totals]
    return {
        "allData": True,
        "factMap": {"T!T": {"aggregates": totals}, "0!T": {"aggregates": totals}},
        "reportMetadata": {"aggregates": list(names)},
        **more,
    }


def queries_of(call):
    return [parse_qs(urlsplit(one["url"]).query)["q"][0] for one in json.loads(call.request.body)["batchRequests"]]


def test_a_count_is_the_size_of_an_answer_without_rows(crm, source):
    source.post(BATCH, json=batch(counted(7)))

    reading = ask_one(crm, soql=COUNT)

    assert reading.value == 7
    assert reading.provenance["soql"] == COUNT
    assert source.calls[1].request.headers["Authorization"] == "Bearer s3cret-access"
    assert json.loads(source.calls[1].request.body) == {
        "haltOnError": False,
        "batchRequests": [{"method": "GET", "url": "v67.0/query?q=SELECT%20COUNT%28%29%20FROM%20Lead"}],
    }


def test_a_sum_is_the_only_value_of_the_only_row_and_exact(crm, source):
    body = json.dumps(batch(row(expr0="X"))).replace('"X"', "12345678901234567890.10")
    source.post(BATCH, body=body)

    assert ask_one(crm, soql=SUM).value == Decimal("12345678901234567890.10")


def test_twenty_five_questions_travel_in_one_call(crm, source):
    questions = [asked(soql=f"{COUNT} WHERE Score__c > {number}") for number in range(30)]

    def reply(request):
        sent = json.loads(request.body)["batchRequests"]
        numbers = [int(unquote(one["url"]).rpartition(" ")[2]) for one in sent]
        return 200, {}, json.dumps(batch(*map(counted, numbers)))

    source.add_callback("POST", BATCH, reply)

    answers = ask(crm, *questions)

    assert [answer.value for answer in answers] == list(range(30))
    assert sorted(len(queries_of(call)) for call in source.calls if call.request.url == BATCH) == [5, 25]


def test_slow_questions_can_be_asked_in_smaller_calls(crm, tmp_path, source):
    source.post(BATCH, json=batch(counted(1), counted(1)))
    connector = opened(tmp_path, per_call=2)

    answers = ask(connector, *[asked(soql=f"{COUNT} LIMIT {number}") for number in range(4)])

    assert [answer.value for answer in answers] == [1, 1, 1, 1]
    source.assert_call_count(BATCH, 2)


def test_the_window_goes_into_the_query_as_times_and_as_days(crm, source):
    source.post(BATCH, json=batch(counted(7)))
    soql = f"{COUNT} WHERE CreatedDate >= {{window.start}} AND CreatedDate < {{window.end}} AND D < {{window.end:date}}"

    ask_one(crm, WINDOW, soql=soql)

    assert queries_of(source.calls[1]) == [
        f"{COUNT} WHERE CreatedDate >= 2026-09-30T22:00:00Z AND CreatedDate < 2026-11-21T12:00:00Z AND D < 2026-11-22"
    ]


def test_a_window_that_still_runs_makes_a_reading_incomplete(crm, source):
    source.post(BATCH, json=batch(counted(7), counted(3)))
    whole = Window(WINDOW.start, NOW + timedelta(days=40), WINDOW.zone)
    running = SALESFORCE.Query(soql=f"{COUNT} WHERE CreatedDate < {{window.end}}")

    running, now = ask(crm, Ask("k", running, whole, NOW), asked(soql=COUNT))

    assert not running.complete
    assert now.complete


def test_a_query_that_says_when_to_stop_knows_the_past_and_others_do_not(crm, source):
    source.post(BATCH, json=batch(counted(7)))
    past = Window(WINDOW.start, NOW - timedelta(days=30), WINDOW.zone)

    known = ask_one(crm, past, soql=f"{COUNT} WHERE CreatedDate < {{window.end}}")
    unknown = ask_one(crm, Window(None, past.end, past.zone), soql=COUNT)

    assert known.value == 7
    assert unknown.reason is Reason.UNSUPPORTED


@pytest.mark.parametrize("query", [{"soql": COUNT}, {"report": REPORT_ID}])
def test_a_window_that_the_question_does_not_use_is_refused(crm, query):
    problem = ask_one(crm, WINDOW, **query)

    assert problem.reason is Reason.QUERY
    assert "window: now" in problem.hint


@pytest.mark.parametrize(
    ("result", "reason", "said"),
    [
        pytest.param(row(v=None), Reason.NO_DATA, "v is null", id="the sum of nothing"),
        pytest.param(row(v="a lot"), Reason.BAD_VALUE, "a lot", id="a text"),
        pytest.param(row(a=1, b=2), Reason.QUERY, "2 values", id="two values"),
        pytest.param(
            {"statusCode": 200, "result": {"totalSize": 0, "records": []}}, Reason.NO_DATA, "no rows", id="no rows"
        ),
        pytest.param(
            {"statusCode": 200, "result": {"totalSize": 2, "done": True, "records": [{"v": 1}, {"v": 2}]}},
            Reason.QUERY,
            "2 rows",
            id="rows",
        ),
        pytest.param(
            {"statusCode": 200, "result": {"totalSize": 9000, "done": False, "records": [{"v": 1}]}},
            Reason.QUERY,
            "9000 rows",
            id="a first page",
        ),
        pytest.param(refused(400, "INVALID_FIELD"), Reason.QUERY, "400 INVALID_FIELD", id="a typo"),
        pytest.param(refused(400, "QUERY_TIMEOUT"), Reason.TIMEOUT, "QUERY_TIMEOUT", id="too slow"),
        pytest.param(refused(403, "INSUFFICIENT_ACCESS"), Reason.AUTH, "INSUFFICIENT_ACCESS", id="no right"),
        pytest.param(refused(503, "SERVER_UNAVAILABLE"), Reason.UNREACHABLE, "503", id="down"),
        pytest.param(refused(500, "UNKNOWN_THING"), Reason.UNREACHABLE, "UNKNOWN_THING", id="something else"),
        pytest.param({"statusCode": 400, "result": None}, Reason.QUERY, "(400)", id="no code"),
    ],
)
def test_what_is_wrong_with_one_question_spoils_no_other(crm, source, result, reason, said):
    source.post(BATCH, json=batch(result, row(v=5)))

    bad, good = ask(crm, asked(soql=SUM), asked(soql=f"{SUM} WHERE IsWon = true"))

    assert bad.reason is reason
    assert said in bad.message
    assert "s3cret" not in str(bad)
    assert good.value == 5


def test_a_spent_quota_within_a_batch_keeps_what_came_and_ends_the_asking(crm, source):
    results = [counted(1), *[refused(403, "REQUEST_LIMIT_EXCEEDED")] * 24]
    source.post(BATCH, json=batch(*results))
    crm.limits = type(crm.limits)(at_once=1)

    answers = ask(crm, *[asked(soql=f"{COUNT} LIMIT {number}") for number in range(30)])

    assert answers[0].value == 1
    assert {answer.reason for answer in answers[1:]} == {Reason.RATE_LIMITED}
    source.assert_call_count(BATCH, 1)


def test_a_quota_that_a_403_announces_is_a_quota(crm, source, waits):
    body = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
    source.post(BATCH, status=403, json=body)

    problem = ask_one(crm, soql=COUNT)

    assert problem.reason is Reason.RATE_LIMITED
    assert "REQUEST_LIMIT_EXCEEDED" in problem.message
    assert waits == []


def test_an_expired_session_is_renewed_once(crm, source):
    source.post(BATCH, status=401, json=[{"errorCode": "INVALID_SESSION_ID", "message": "Session expired"}])
    source.post(BATCH, json=batch(counted(7)))

    assert ask_one(crm, soql=COUNT).value == 7
    source.assert_call_count(LOGIN, 2)


def test_the_totals_of_a_report_cost_one_run(crm, source):
    source.get(REPORT, json=report(12, 300.5), match=[query_param_matcher({"includeDetails": "false"})])

    rows, amount, typo, group = ask(
        crm,
        asked(report=REPORT_ID),
        asked(report=REPORT_ID, summary="s!AMOUNT", group="0!T"),
        asked(report=REPORT_ID, summary="s!AMONT"),
        asked(report=REPORT_ID, group="7!T"),
    )

    assert (rows.value, amount.value) == (12, Decimal("300.5"))
    assert (typo.reason, group.reason) == (Reason.QUERY, Reason.QUERY)
    assert "s!AMOUNT" in typo.hint
    assert len(source.calls) == 2


def test_a_currency_of_a_report_is_the_unit(crm, source):
    source.get(REPORT, json=report(12, {"amount": 300.5, "currency": "EUR"}))

    reading = ask_one(crm, report=REPORT_ID, summary="s!AMOUNT")

    assert (reading.value, reading.unit) == (Decimal("300.5"), "EUR")


def test_a_report_that_leaves_rows_out_is_incomplete(crm, source):
    source.get(REPORT, json=report(2000, 1, allData=False))

    assert not ask_one(crm, report=REPORT_ID).complete


@pytest.mark.parametrize("value", [None, {"amount": None, "currency": "EUR"}])
def test_an_empty_total_of_a_report_is_no_zero(crm, source, value):
    source.get(REPORT, json=report(0, value))

    assert ask_one(crm, report=REPORT_ID, summary="s!AMOUNT").reason is Reason.NO_DATA


def test_a_report_that_may_not_be_read_says_nothing_of_the_others(crm, source):
    source.get(REPORT, status=403, json=[{"errorCode": "INSUFFICIENT_ACCESS", "message": "no"}])
    source.post(BATCH, json=batch(counted(7)))
    crm.limits = type(crm.limits)(at_once=1)

    denied, good = ask(crm, asked(report=REPORT_ID), asked(soql=COUNT))

    assert denied.reason is Reason.AUTH
    assert good.value == 7


def test_check_says_who_it_is_with_which_scopes_and_how_many_calls_are_used(crm, source):
    source.get(API, json={"identity": f"{ORG}/id/00DRO0000008aXd2AI/005RO000000HfnkYAC", "query": "/…"})
    user = {"Username": "bot@acme.com", "Profile": {"Name": "Integration"}, "TimeZoneSidKey": "Europe/Berlin"}
    source.get(
        f"{API}/query",
        json={"totalSize": 1, "done": True, "records": [user]},
        headers={"Sforce-Limit-Info": "api-usage=4147/15000"},
    )

    assert crm.check() == (
        "connected as bot@acme.com (Europe/Berlin, Integration) of org 00DRO0000008aXd2AI"
        " with the scopes api refresh_token; 4147/15000 API calls used"
    )
    assert "Id = '005RO000000HfnkYAC'" in source.calls[-1].request.params["q"]


def test_discover_lists_objects_and_reports_and_the_fields_of_an_object(crm, source):
    names = [{"name": "Opportunity", "label": "Opportunity", "queryable": True}, {"name": "X__c", "label": "X"}]
    source.get(f"{API}/sobjects", json={"sobjects": names})
    fields = [
        {"name": "Amount", "label": "Amount", "type": "currency", "aggregatable": True},
        {"name": "CloseDate", "label": "Close Date", "type": "date"},
        {"name": "Name", "label": "Name", "type": "string"},
    ]
    source.get(f"{API}/sobjects/Opportunity/describe", json={"fields": fields})
    source.get(f"{API}/analytics/reports", json=[{"id": REPORT_ID, "name": "Opportunity pipeline"}])

    assert list(crm.discover("opportunity")) == [
        Choice("soql", "SELECT COUNT() FROM Opportunity", "Opportunity"),
        Choice("soql", "SELECT SUM(Amount) FROM Opportunity", "Amount (currency)"),
        Choice(
            "soql",
            "SELECT COUNT() FROM Opportunity WHERE CloseDate >= {window.start:date} AND CloseDate < {window.end:date}",
            "Close Date (date)",
        ),
        Choice("report", REPORT_ID, "Opportunity pipeline"),
    ]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        pytest.param({}, "either", id="nothing"),
        pytest.param({"soql": COUNT, "report": REPORT_ID}, "either", id="both"),
        pytest.param({"soql": COUNT, "summary": "s!AMOUNT"}, "just one", id="a total of a query"),
        pytest.param({"soql": "DELETE FROM Lead"}, "one SELECT", id="no SELECT"),
        pytest.param({"soql": "SELECT Score__c FROM Lead LIMIT 1 FOR VIEW"}, "only reads", id="marks as viewed"),
        pytest.param({"soql": "SELECT MAX(A__c) FROM X__c UPDATE VIEWSTAT"}, "only reads", id="counts the view"),
        pytest.param(
            {"soql": f"{COUNT} WHERE CreatedDate > {{window.begin}}"}, "window.begin", id="no such placeholder"
        ),
        pytest.param({"report": "Pipeline"}, "pattern", id="no ID"),
    ],
)
def test_questions_that_cannot_be_asked_are_refused_in_words(query, said):
    with pytest.raises(ValidationError, match=said):
        SALESFORCE.Query.model_validate(query)


def test_words_in_a_text_are_no_clauses():
    query = SALESFORCE.Query(soql=r"SELECT COUNT() FROM Lead WHERE Name = 'wait \' for view'")

    assert query.soql.endswith("for view'")
