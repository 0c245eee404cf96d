"""Questions to a Matomo, asked as a sync asks them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, unquote_plus
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from connectors.matomo import Matomo, MatomoQuery
from okrsync import Ask, Problem, Reason, Window
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection
from okrsync.connect.contract import Answer, question_key
from okrsync.connect.registry import Registry
from okrsync.okrs.model import Connection
from okrsync.okrs.windows import cycle_window
from okrsync.testing import Case, ConnectorContract, Example, Exchange, Sent

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OCTOBER = cycle_window(date(2026, 10, 1), date(2026, 10, 31), BERLIN)
CYCLE = cycle_window(date(2026, 10, 1), date(2026, 11, 20), BERLIN)
URL = "https://stats.acme.test/index.php"
SITE = {"idsite": 1, "name": "Acme", "timezone": "Europe/Berlin", "currency": "EUR"}
NUMBERS = {"nb_visits": 1204, "bounce_rate": 0.5, "nb_uniq_visitors": "910", "revenue": "10999.95"}


def error(message: str) -> dict[str, str]:
    return {"result": "error", "message": message}


NO_VIEW = error("You can't access this resource as it requires 'view' access for the website id = 9.")


def calls_in(body: bytes | str) -> list[dict[str, str]]:
    """Return the calls of a bulk request, read as Matomo reads them: the form undone, and what is left once more."""
    form = dict(parse_qsl(body.decode() if isinstance(body, bytes) else body))
    assert (form["module"], form["method"], form["format"]) == ("API", "API.getBulkRequest", "JSON")
    urls = [form[f"urls[{number}]"] for number in range(sum(name.startswith("urls[") for name in form))]
    return [dict(part.split("=", 1) for part in unquote_plus(url).split("&")) for url in urls]


def said(call: Mapping[str, str]) -> Any:  # noqa: PLR0911 - one for each report
    """Answer one call as any site of this Matomo but the ninth would. Labels are decoded once more than the rest."""
    if call.get("idSite") == "9":
        return NO_VIEW
    match call["method"]:
        case "SitesManager.getSiteFromId":
            return {**SITE, "idsite": int(call["idSite"])}
        case "VisitsSummary.get":
            return dict(NUMBERS)
        case "VisitsSummary.getVisits":
            return {"value": 77}
        case "Goals.get":
            return {"nb_conversions": 10 + int(call.get("idGoal", 0))}
        case "Referrers.getReferrerType":
            rows = [{"label": "Search Engines", "nb_visits": 40}, {"label": "Direct Entry", "nb_visits": 2}]
            return [row for row in rows if call.get("label", row["label"]) == row["label"]]
        case "Referrers.getWebsites" if unquote_plus(call["label"]) == "R&D + 100%":
            return [{"label": "R&D + 100%", "nb_visits": "5"}]
        case "Contents.getContentNames":
            return []
    return error(f"The method '{call['method']}' does not exist or is not available in the module.")


def matomo(sent: Sent) -> list[Any]:
    return [said(call) for call in calls_in(sent.body)]


ANY = Exchange(matomo, method="POST", path="/index.php")


class TestContract(ConnectorContract):
    example = Example(
        connector=Matomo,
        settings={
            "base_url": "https://stats.acme.test",
            "token": "matomo-canary-token",
            "timezone": "Europe/Berlin",
        },
        query={"site": 1, "metric": "nb_visits"},
        exchanges=[ANY],
        value=1204,
        empty=Case([ANY], query={"site": 1, "metric": "nb_impressions", "report": "Contents.getContentNames"}),
        bad_query=Case([ANY], query={"site": 1, "metric": "nb_visits", "report": "VisitsSumary.get"}),
        edges=Case(
            [Exchange(matomo, containing="period%3Drange%26date%3D2026-10-01%2C2026-11-20")],
            value=1204,
            window=CYCLE,
        ),
        batch=[
            Case([ANY], value=1204, query={"site": 1, "metric": "nb_visits"}),
            Case([ANY], value="0.5", query={"site": 1, "metric": "bounce_rate"}),
            Case([ANY], value=910, query={"site": 2, "metric": "nb_uniq_visitors"}),
            Case([ANY], value=12, query={"site": 2, "metric": "nb_conversions", "report": "Goals.get", "goal": 2}),
        ],
        check=[Exchange([{"value": "5.1.0"}, [SITE], [], []])],
        discover=[
            Exchange([[SITE]]),
            Exchange(
                [
                    [
                        {
                            "module": "VisitsSummary",
                            "action": "get",
                            "name": "Visits Summary",
                            "metrics": {"nb_visits": "Visits"},
                        }
                    ],
                    [{"idgoal": 2, "name": "Signup"}],
                ]
            ),
        ],
        without={
            "three_pages_are_counted": "a question is one row of one report; there are no pages",
            "the_same_cursor_twice_stops": "there are no cursors",
        },
    )


@pytest.fixture
def web(tmp_path) -> Matomo:
    return opened(tmp_path)


def opened(folder: Any, **settings: Any) -> Matomo:
    spec = Connection("web", "matomo", {"base_url": "https://stats.acme.test", "token": "${MATOMO_TOKEN}", **settings})
    return open_connection(spec, Registry.load(), {"MATOMO_TOKEN": "s3cret-token"}, folder)  # type: ignore[return-value]


def asked(metric: str = "nb_visits", window: Window = OCTOBER, as_of: datetime = NOW, **query: Any) -> Ask[Any]:
    parsed = MatomoQuery.model_validate({"site": 1, "metric": metric, **query})
    return Ask(question_key("matomo", "web", parsed, window), parsed, window, as_of)


def answers(connector: Any, *asks: Ask[Any]) -> list[Answer]:
    return list(collect(connector, asks, NOW).values())


def ask_one(connector: Any, *metric: str, **asking: Any) -> Answer:
    (answer,) = answers(connector, asked(*metric, **asking))
    return answer


def answering(source: Any) -> None:
    """Have the source answer any bulk request."""

    def answer(request: Any) -> tuple[int, dict[str, str], bytes]:
        return 200, {}, Exchange([said(call) for call in calls_in(request.body)]).content

    source.add_callback("POST", URL, answer)


def test_all_questions_go_out_in_one_post_with_the_token_in_its_form(web, source):
    answering(source)

    found = answers(
        web,
        asked("nb_visits"),
        asked("bounce_rate", site=2),
        asked("nb_conversions", report="Goals.get", goal=3),
        asked("value", report="VisitsSummary.getVisits"),
        asked("nb_visits"),
    )

    assert [reading.value for reading in found] == [1204, Decimal("0.5"), 13, 77]
    source.assert_call_count(URL, 1)
    request = source.calls[0].request
    assert "s3cret" not in request.url
    assert dict(parse_qsl(request.body))["token_auth"] == "s3cret-token"
    assert calls_in(request.body) == [
        {"method": "SitesManager.getSiteFromId", "idSite": "1"},
        {"method": "SitesManager.getSiteFromId", "idSite": "2"},
        {
            "method": "VisitsSummary.get",
            "idSite": "1",
            "period": "month",
            "date": "2026-10-01",
            "format_metrics": "0",
        },
        {
            "method": "VisitsSummary.get",
            "idSite": "2",
            "period": "month",
            "date": "2026-10-01",
            "format_metrics": "0",
        },
        {
            "method": "Goals.get",
            "idSite": "1",
            "period": "month",
            "date": "2026-10-01",
            "format_metrics": "0",
            "idGoal": "3",
        },
        {
            "method": "VisitsSummary.getVisits",
            "idSite": "1",
            "period": "month",
            "date": "2026-10-01",
            "format_metrics": "0",
        },
    ]


@pytest.mark.parametrize(
    ("first", "last", "period", "written"),
    [
        pytest.param(date(2026, 10, 5), date(2026, 10, 5), "day", "2026-10-05", id="a day"),
        pytest.param(date(2026, 10, 5), date(2026, 10, 11), "week", "2026-10-05", id="Monday to Sunday"),
        pytest.param(date(2026, 10, 6), date(2026, 10, 12), "range", "2026-10-06,2026-10-12", id="seven other days"),
        pytest.param(date(2028, 2, 1), date(2028, 2, 29), "month", "2028-02-01", id="a month"),
        pytest.param(date(2028, 2, 1), date(2028, 2, 28), "range", "2028-02-01,2028-02-28", id="a month but for a day"),
        pytest.param(date(2026, 1, 1), date(2026, 12, 31), "year", "2026-01-01", id="a year"),
        pytest.param(date(2026, 10, 1), date(2026, 12, 31), "range", "2026-10-01,2026-12-31", id="a quarter"),
    ],
)
def test_a_window_that_is_a_period_of_the_calendar_is_asked_for_as_that(web, source, first, last, period, written):
    answering(source)

    collect(web, [asked(window=cycle_window(first, last, BERLIN))], NOW)

    call = calls_in(source.calls[0].request.body)[1]
    assert (call["period"], call["date"]) == (period, written)


def test_texts_with_signs_of_their_own_reach_matomo_as_they_are(web, source):
    answering(source)

    reading = ask_one(web, report="Referrers.getWebsites", row="R&D + 100%", segment="pageTitle=@a%26b;visitCount>1")

    assert reading.value == 5
    assert calls_in(source.calls[0].request.body)[1]["segment"] == "pageTitle=@a%26b;visitCount>1"


def test_a_failed_item_in_a_200_spoils_no_other(web, source):
    answering(source)

    good, hidden, mistyped, other = answers(
        web, asked(), asked(site=9), asked(report="VisitsSumary.get"), asked("bounce_rate")
    )

    assert (good.value, other.value) == (1204, Decimal("0.5"))
    assert hidden.reason is Reason.AUTH
    assert "website id = 9" in hidden.message
    assert mistyped.reason is Reason.QUERY
    assert "does not exist" in mistyped.message
    source.assert_call_count(URL, 1)


@pytest.mark.parametrize(
    ("item", "reason", "told"),
    [
        pytest.param([], Reason.NO_DATA, "is empty for site 1", id="an empty day"),
        pytest.param({"nb_visits": None}, Reason.NO_DATA, "null", id="null"),
        pytest.param({"nb_visits": ""}, Reason.NO_DATA, "empty", id="an empty text"),
        pytest.param({"nb_visits": "50%"}, Reason.BAD_VALUE, "50%", id="a formatted number"),
        pytest.param({"nb_visits": False}, Reason.BAD_VALUE, "false", id="a no"),
        pytest.param({"nb_vists": 3}, Reason.QUERY, "there is: nb_vists", id="another metric"),
        pytest.param({"2026-10-01": {"nb_visits": 3}}, Reason.QUERY, "there is: 2026-10-01", id="keyed by days"),
        pytest.param(
            [{"label": "Search", "nb_visits": 3}, {"label": "Direct", "nb_visits": 4}],
            Reason.QUERY,
            "2 rows, expected 1 | there is: Search, Direct",
            id="several rows",
        ),
        pytest.param(None, Reason.BAD_RESPONSE, "no row", id="what could not be decoded"),
        pytest.param(
            error("Mysqli prepare error: MySQL server has gone away"), Reason.BAD_RESPONSE, "Matomo failed", id="down"
        ),
    ],
)
def test_nothing_is_not_zero(web, source, item, reason, told):
    source.post(URL, json=[SITE, item])

    problem = ask_one(web)

    assert problem.reason is reason
    assert told in problem.message


@pytest.mark.parametrize("written", [0, "0", 0.0])
def test_a_zero_that_matomo_says_is_zero(web, source, written):
    source.post(URL, json=[SITE, {"nb_visits": written}])

    assert ask_one(web).value == 0


def test_numbers_come_as_texts_or_numbers_and_stay_exact(web, source):
    source.post(URL, body='[{"currency": "EUR"}, {"revenue": 12345678901234567.89}, {"nb_visits": "1204"}]')

    revenue, visits = answers(web, asked("revenue"), asked("nb_visits"))

    assert (revenue.value, revenue.unit) == (Decimal("12345678901234567.89"), "EUR")
    assert (visits.value, visits.unit) == (1204, None)


def test_one_row_of_a_report_is_found_by_its_label(web, source):
    answering(source)

    reading = ask_one(web, report="Referrers.getReferrerType", row="Search Engines")

    assert reading.value == 40


def test_unique_visitors_of_a_range_are_unsupported_rather_than_mistyped(web, source):
    source.post(URL, json=[SITE, {"nb_visits": 3}])

    problem = ask_one(web, "nb_uniq_visitors", window=CYCLE)

    assert problem.reason is Reason.UNSUPPORTED
    assert "previous(month)" in problem.hint


@pytest.mark.parametrize(
    ("site", "fine"),
    [
        pytest.param({"timezone": "America/New_York"}, False, id="another zone"),
        pytest.param({"timezone": "UTC+2"}, False, id="an offset that is right in summer only"),
        pytest.param({"timezone": "Europe/Paris"}, True, id="the same days by another name"),
        pytest.param([{"timezone": "Europe/Berlin"}], True, id="in a list, as before version 4"),
        pytest.param({}, True, id="not told"),
        pytest.param({"timezone": "Mars/Olympus"}, True, id="a zone nobody knows"),
        pytest.param(NO_VIEW, True, id="not to be seen"),
    ],
)
def test_days_of_another_zone_are_refused(web, source, site, fine):
    source.post(URL, json=[site, {"nb_visits": 3}])

    answer = ask_one(web)

    assert isinstance(answer, Problem) is not fine
    assert fine or (answer.reason is Reason.CONFIG and f"timezone: {site['timezone']}" in answer.hint)


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Kiritimati"])
def test_days_are_those_of_the_zone_and_not_of_utc(web, source, zone):
    window = cycle_window(date(2026, 10, 1), date(2026, 11, 20), ZoneInfo(zone))
    source.post(URL, json=[{"timezone": zone}, {"nb_visits": 3}])

    assert ask_one(web, window=window).value == 3

    assert calls_in(source.calls[0].request.body)[1]["date"] == "2026-10-01,2026-11-20"


def test_fewer_answers_than_calls_are_no_answers(web, source):
    source.post(URL, json=[SITE, {"nb_visits": 3}])

    for problem in answers(web, asked(), asked("bounce_rate")):
        assert problem.reason is Reason.BAD_RESPONSE
        assert "2 answers to 3 calls" in problem.message


def test_a_form_never_holds_more_fields_than_php_reads(web, source):
    answering(source)

    found = answers(web, *[asked(site=100 + number) for number in range(450)])

    assert {reading.value for reading in found} == {1204}
    assert [len(parse_qsl(call.request.body)) < 1000 for call in source.calls] == [True] * 3


def test_a_refused_token_is_not_tried_twice_and_names_the_way_out(web, source):
    source.post(URL, status=401, json=error("Unable to authenticate with the provided token."))

    problem = ask_one(web)

    assert problem.reason is Reason.AUTH
    assert "MATOMO_TOKEN" in problem.hint
    source.assert_call_count(URL, 1)


def test_a_refused_token_with_status_200_is_told_as_such(web, source):
    source.post(URL, json=error("Unable to authenticate with the provided token."))

    problem = ask_one(web)

    assert problem.reason is Reason.AUTH
    assert "okrsync check web" in problem.hint


@pytest.mark.parametrize("window", [Window(None, NOW, BERLIN), Window(None, OCTOBER.end, BERLIN)])
def test_today_and_a_time_without_beginning_are_not_asked_for(web, window):
    assert ask_one(web, window=window).reason is Reason.UNSUPPORTED


def test_a_question_that_cannot_be_asked_spoils_no_other(web, source):
    answering(source)

    now, month = answers(web, asked(window=Window(None, NOW, BERLIN)), asked())

    assert now.reason is Reason.UNSUPPORTED
    assert month.value == 1204


def test_a_period_that_still_runs_is_incomplete(web, source):
    answering(source)

    running, over = answers(web, asked(as_of=OCTOBER.end - timedelta(days=1)), asked("bounce_rate"))

    assert (running.complete, over.complete) == (False, True)


def test_check_says_what_the_token_may_see_and_change(web, source):
    source.post(URL, json=[{"value": "5.1.0"}, [SITE, {"idsite": 2, "name": "Shop"}], [], []])
    source.post(URL, json=[{"value": "5.1.0"}, [SITE], [], [1]])

    assert web.check() == "connected to Matomo 5.1.0: the token may view 2 sites (Acme, Shop) and change none"
    assert web.check().endswith("and change some of them: the role View is enough")


def test_check_fails_where_no_site_is_to_be_seen(web, source):
    source.post(URL, json=[{"value": "5.1.0"}, [], [], []])

    with pytest.raises(Problem, match="shows no site") as caught:
        web.check()

    assert caught.value.reason is Reason.AUTH


def test_discover_lists_sites_goals_reports_and_metrics(web, source):
    source.post(URL, json=[[SITE, {"idsite": 2, "name": "Shop"}]])
    reports = [
        {
            "module": "Goals",
            "action": "get",
            "name": "Goals",
            "metrics": {"nb_conversions": "Conversions"},
            "processedMetrics": {"conversion_rate": "Conversion Rate"},
        },
        {
            "module": "Actions",
            "action": "getPageUrls",
            "name": "Pages",
            "dimension": "Page",
            "metrics": {"nb_hits": "H"},
        },
    ]
    source.post(URL, json=[reports, {"2": {"idgoal": 2, "name": "Signup"}}, []])

    assert [(one.field, one.value) for one in web.discover()] == [
        ("site", "1"),
        ("site", "2"),
        ("goal", "2"),
        ("report", "Goals.get"),
        ("metric", "nb_conversions"),
        ("metric", "conversion_rate"),
    ]


@pytest.mark.parametrize(
    "query",
    [
        pytest.param({"report": "SitesManager.deleteSite"}, id="what changes something"),
        pytest.param({"report": "API.getBulkRequest"}, id="a request in a request"),
        pytest.param({"report": "VisitsSummary.get&token_auth=x"}, id="parameters in a name"),
        pytest.param({"metric": "nb visits"}, id="no name of a metric"),
        pytest.param({"site": 0}, id="no site"),
        pytest.param({"segment": "pageTitle=@a&b"}, id="a segment that would be cut in two"),
        pytest.param({"segments": "a==b"}, id="a mistyped key"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_before_it_is_sent(query):
    with pytest.raises(ValidationError):
        MatomoQuery.model_validate({"site": 1, "metric": "nb_visits", **query})
