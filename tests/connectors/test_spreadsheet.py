"""Questions to a workbook, asked as a sync asks them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from connectors.spreadsheet import Spreadsheet, SpreadsheetConfig, SpreadsheetQuery
from okrsync.connect.collect import collect
from okrsync.connect.contract import Answer, Ask, History, Reading, question_key
from okrsync.connect.transport.http import HttpClient
from okrsync.errors import Problem, Reason
from okrsync.okrs.windows import Window
from tests.workbooks import RECORDED, xlsx

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
QUARTER = Window(datetime(2026, 9, 30, 22, tzinfo=UTC), NOW, BERLIN)

KPI = [["Metric", "Value", "Target"], ["Revenue", 1204.5, 2000], ["Churn", 3, 2], [2026, 7, 8]]
DEALS = [
    ["Deal", "Stage", "Amount", "Closed"],
    ["A", "Won", 100.1, date(2026, 9, 30)],
    ["B", "Won", 200.2, date(2026, 10, 1)],
    ["C", "Lost", 50, date(2026, 10, 2)],
    ["D", "Won", None, date(2026, 10, 3)],
    ["E", "Won", 300.3, date(2026, 11, 21)],
    ["F", "Open", 10, None],
    ["G", "Won", 999, date(2026, 11, 22)],
]

Open = Callable[..., Spreadsheet]


@pytest.fixture
def plan(tmp_path: Path) -> Open:
    """Open a connection to a workbook with the content given, by default one with two sheets."""

    def opened(content: bytes | None = None, file: str = "plan.xlsx", **settings: Any) -> Spreadsheet:
        if content is None:
            content = xlsx(("KPI", KPI), ("Deals", DEALS), names={"Churn": "KPI!$B$3"})
        (tmp_path / file).write_bytes(content)
        config = SpreadsheetConfig.model_validate({"path": file, **settings}, context={"folder": tmp_path})
        return Spreadsheet("plan", config, HttpClient(connection="plan", base_url="", config=config))

    return opened


def asked(query: dict[str, Any], window: Window = QUARTER, as_of: datetime = NOW) -> Ask[SpreadsheetQuery]:
    question = SpreadsheetQuery.model_validate(query)
    return Ask(question_key("spreadsheet", "plan", question, window), question, window, as_of)


def ask_one(connector: Spreadsheet, window: Window = QUARTER, **query: Any) -> Answer:
    ask = asked(query, window)
    return collect(connector, [ask], NOW)[ask.key]


def reading_of(answer: Answer) -> Reading:
    assert isinstance(answer, Reading), answer
    return answer


def problem_of(answer: Answer) -> Problem:
    assert isinstance(answer, Problem), answer
    return answer


@pytest.mark.parametrize(
    ("query", "value"),
    [
        pytest.param({"sheet": "KPI", "cell": "B2"}, "1204.5", id="cell"),
        pytest.param({"sheet": "KPI", "cell": "$b$3"}, "3", id="cell in another spelling"),
        pytest.param({"name": "churn"}, "3", id="named range"),
        pytest.param({"sheet": "KPI", "column": "Value", "row": "Revenue"}, "1204.5", id="header and label"),
        pytest.param({"sheet": "KPI", "column": "Target", "row": 2026}, "8", id="a label that is a number"),
        pytest.param({"sheet": "KPI", "column": "Value", "row": 2, "label_column": "Target"}, "3", id="label column"),
    ],
)
def test_one_cell_by_its_place_its_name_or_its_labels(plan, query, value):
    assert reading_of(ask_one(plan(), **query)).value == Decimal(value)


def test_a_reading_tells_enough_to_look_it_up_by_hand(plan):
    reading = reading_of(ask_one(plan(), sheet="KPI", column="Value", row="Revenue"))

    told = {name: reading.provenance[name] for name in ("file", "sheet", "cell", "holds", "number_format")}
    assert told == {"file": "plan.xlsx", "sheet": "KPI", "cell": "B2", "holds": "1204.5", "number_format": "General"}
    assert datetime.fromisoformat(reading.provenance["changed"]).tzinfo is not None
    assert reading.as_of == NOW


@pytest.mark.skipif(not RECORDED.exists(), reason=f"the files made by LibreOffice are not in {RECORDED}")
@pytest.mark.parametrize("file", ["kpi.xlsx", "kpi.ods"])
def test_a_percentage_is_the_number_in_the_cell_and_says_how_it_is_shown(plan, file):
    reading = reading_of(ask_one(plan((RECORDED / file).read_bytes(), file), column="value", row="rate"))

    assert reading.value == Decimal("0.125")
    assert reading.provenance["percentage"] is True


@pytest.mark.parametrize(
    ("query", "value"),
    [
        pytest.param({"agg": "sum", "where": {"Stage": "Won"}}, "500.5", id="sum"),
        pytest.param({"agg": "count", "where": {"Stage": "Won"}}, "2", id="count of filled cells"),
        pytest.param({"agg": "avg"}, "183.5", id="average"),
        pytest.param({"agg": "min"}, "50", id="smallest"),
        pytest.param({"agg": "max"}, "300.3", id="largest"),
        pytest.param({"agg": "median"}, "200.2", id="median"),
        pytest.param({"agg": "percentile", "p": 50}, "200.2", id="percentile"),
        pytest.param({"agg": "distinct", "column": "Stage"}, "2", id="distinct texts"),
        pytest.param({"agg": "latest"}, "300.3", id="latest"),
        pytest.param({"agg": "first"}, "200.2", id="first"),
    ],
)
def test_a_column_becomes_a_number_over_the_window(plan, query, value):
    reading = reading_of(ask_one(plan(), **{"sheet": "Deals", "column": "Amount", "date_column": "Closed", **query}))

    assert round(reading.value, 10) == Decimal(value)


def test_decimal_sums_are_exact(plan):
    rows = [["Amount"], *([0.1] for _ in range(10))]

    assert reading_of(ask_one(plan(xlsx(("KPI", rows))), column="Amount", agg="sum")).value == Decimal(1)


def test_what_was_left_out_is_told(plan):
    reading = reading_of(
        ask_one(plan(), sheet="Deals", column="Amount", agg="sum", date_column="Closed", where={"Stage": "Won"})
    )

    assert reading.rows == 2
    assert reading.provenance["first_cells"] == ["C3", "C6"]
    assert reading.provenance["empty_cells"] == 1
    assert reading.watermark == datetime(2026, 11, 20, 23, tzinfo=UTC)
    assert reading.sample[0] == {"Stage": "Won", "Closed": "2026-09-30T22:00:00+00:00", "Amount": "200.2"}


def test_rows_without_a_date_are_no_part_of_any_window_and_counted(plan):
    reading = reading_of(ask_one(plan(), sheet="Deals", column="Amount", agg="sum", date_column="Closed"))

    assert reading.provenance["undated_rows"] == 1


@pytest.mark.parametrize(
    ("start", "end", "deals"),
    [
        pytest.param(date(2026, 10, 1), date(2026, 10, 2), 1, id="the first day belongs to it"),
        pytest.param(date(2026, 9, 30), date(2026, 10, 1), 1, id="the day of the end does not"),
        pytest.param(date(2026, 9, 30), date(2026, 10, 3), 3, id="both"),
    ],
)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_days_of_the_sheet_are_days_of_the_cycle(plan, start, end, deals, zone):
    edges = (datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)) for day in (start, end))
    window = Window(*edges, ZoneInfo(zone))

    reading = ask_one(plan(), window, sheet="Deals", column="Amount", agg="count", date_column="Closed")

    assert reading_of(reading).value == deals


def test_a_sheet_may_have_a_zone_of_its_own(plan):
    connector = plan(timezone="Pacific/Kiritimati")
    window = Window(datetime(2026, 9, 30, 10, tzinfo=UTC), datetime(2026, 9, 30, 20, tzinfo=UTC), BERLIN)

    reading = ask_one(connector, window, sheet="Deals", column="Amount", agg="sum", date_column="Closed")

    assert connector.zone() == "Pacific/Kiritimati"
    assert reading_of(reading).value == Decimal("200.2")


def test_a_period_that_still_runs_is_not_complete(plan):
    whole = Window(QUARTER.start, NOW + timedelta(days=30), BERLIN)
    query = {"sheet": "Deals", "column": "Amount", "agg": "max", "date_column": "Closed"}

    assert reading_of(ask_one(plan(), **query)).complete
    assert not reading_of(ask_one(plan(), whole, **query)).complete


def test_only_rows_with_dates_know_the_past(plan):
    past = datetime(2026, 10, 15, tzinfo=UTC)
    until_then = Window(QUARTER.start, past, BERLIN)
    dated = asked({"sheet": "Deals", "column": "Amount", "agg": "sum", "date_column": "Closed"}, until_then, past)
    present = asked({"sheet": "KPI", "cell": "B2"}, until_then, past)
    connector = plan()

    answers = collect(connector, [dated, present], NOW)

    assert reading_of(answers[dated.key]).value == Decimal("250.2")
    assert problem_of(answers[present.key]).reason is Reason.UNSUPPORTED
    assert connector.history_of(dated.query) is History.WINDOW


@pytest.mark.parametrize(
    ("query", "reason", "message", "hint"),
    [
        pytest.param(
            {"sheet": "KPI", "column": "Valeu", "row": "Churn"},
            Reason.QUERY,
            "plan.xlsx, sheet KPI: header 'Valeu' not found in row 1",
            "did you mean 'Value'?",
            id="renamed header",
        ),
        pytest.param(
            {"sheet": "KPI", "column": "Value", "row": "Chrun"},
            Reason.QUERY,
            "row 'Chrun' not found in column A",
            "did you mean 'Churn'?",
            id="renamed row",
        ),
        pytest.param(
            {"sheet": "Deals", "column": "Amount", "row": "Won", "label_column": "Stage"},
            Reason.QUERY,
            "row 'Won' stands 5 times in column B, in the rows 2 and 3",
            "`agg`",
            id="a label that is not unique",
        ),
        pytest.param({"cell": "B2"}, Reason.QUERY, "has the sheets 'KPI', 'Deals'", "`sheet: KPI`", id="which sheet"),
        pytest.param(
            {"sheet": "KPI", "cell": "B9"}, Reason.NO_DATA, "plan.xlsx: KPI!B9 is empty", "fill", id="empty cell"
        ),
        pytest.param(
            {"sheet": "KPI", "cell": "A2"},
            Reason.BAD_VALUE,
            "KPI!A2 holds the text 'Revenue'",
            "plain number",
            id="text",
        ),
        pytest.param(
            {"sheet": "Deals", "column": "Amount", "agg": "sum", "where": {"Stage": "Wno"}},
            Reason.NO_DATA,
            "none of 7 rows has Stage 'Wno'",
            "did you mean 'Won'?",
            id="a condition with a typo",
        ),
        pytest.param(
            {"sheet": "Deals", "column": "Amount", "agg": "sum", "where": {"Deal": "A", "Stage": "Lost"}},
            Reason.NO_DATA,
            "none of 7 rows has Deal 'A' and Stage 'Lost'",
            "when_empty: zero",
            id="no row fits",
        ),
        pytest.param(
            {"sheet": "Deals", "column": "Amount", "agg": "sum", "where": {"Stgae": "Won"}},
            Reason.QUERY,
            "header 'Stgae' not found",
            "did you mean 'Stage'?",
            id="a condition on a header that is not there",
        ),
        pytest.param(
            {"sheet": "Deals", "column": "Amount", "agg": "sum", "where": {"Deal": "D"}},
            Reason.NO_DATA,
            "all 1 cells under 'Amount' are empty",
            "when_empty: zero",
            id="nothing but empty cells",
        ),
        pytest.param(
            {"sheet": "Deals", "column": "Stage", "agg": "sum"},
            Reason.BAD_VALUE,
            "Deals!B2 holds the text 'Won', not a number (and 6 more of the cells asked for hold none either)",
            "plain number",
            id="a column of texts",
        ),
        pytest.param(
            {"sheet": "Deals", "column": "Amount", "agg": "sum", "date_column": "Stage"},
            Reason.BAD_VALUE,
            "Deals!B2 holds 'Won', not a date",
            "2026-11-21",
            id="a date column without dates",
        ),
    ],
)
def test_a_question_the_sheet_cannot_answer_says_why(plan, query, reason, message, hint):
    problem = problem_of(ask_one(plan(), **query))

    assert problem.reason is reason
    assert message in problem.message
    assert hint in problem.hint


def test_no_row_in_the_window_is_no_data_and_not_zero(plan):
    january = Window(datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC), BERLIN)

    problem = problem_of(ask_one(plan(), january, sheet="Deals", column="Amount", agg="sum", date_column="Closed"))

    assert problem.reason is Reason.NO_DATA
    assert "none of 7 rows has a date under 'Closed' from 2027-01-01 to 2027-02-01 (1 have none)" in problem.message


def test_a_header_that_stands_twice_is_never_the_first_of_the_two(plan):
    content = xlsx(("KPI", [["Metric", "Value", "Value"], ["Churn", 3, 4]]))

    problem = problem_of(ask_one(plan(content), column="Value", row="Churn"))

    assert problem.reason is Reason.QUERY
    assert "header 'Value' stands 2 times, in the columns B and C" in problem.message


def test_a_moved_column_is_still_found_by_its_header(plan):
    content = xlsx(("KPI", [["Metric", "Note", "Value"], ["Churn", "x", 3]]))

    assert reading_of(ask_one(plan(content), column="Value", row="Churn")).value == Decimal(3)


def test_two_newest_rows_that_differ_are_not_a_number(plan):
    content = xlsx(("KPI", [["Day", "Value"], [date(2026, 10, 5), 3], [date(2026, 10, 5), 4]]))

    problem = problem_of(ask_one(plan(content), column="Value", agg="latest", date_column="Day"))

    assert "latest of 'Value'" in problem.message
    assert "2 rows are the newest" in problem.message


def test_one_bad_cell_of_a_column_is_named(plan):
    content = xlsx(("KPI", [["Amount"], [1], ["#REF!"], [2]]))

    for agg in ("sum", "count"):
        problem = problem_of(ask_one(plan(content), column="Amount", agg=agg))

        assert problem.reason is Reason.BAD_VALUE
        assert problem.message.endswith("plan.xlsx: KPI!A3 holds #REF!")


def test_headers_may_stand_further_down(plan):
    content = xlsx(("KPI", [["Our plan"], [], ["Metric", "Value"], ["Churn", 3]]))

    assert reading_of(ask_one(plan(content), column="Value", row="Churn", header_row=3)).value == Decimal(3)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param("Churn", "line 3 has 1 columns, the headers have 2", id="too few"),
        pytest.param("Churn,1,234", "line 3 has 3 columns, the headers have 2", id="an unquoted separator"),
    ],
)
def test_a_line_out_of_step_with_the_headers_gives_no_number(plan, line, message):
    connector = plan(f"Metric,Value\nRevenue,7\n{line}\n".encode(), "plan.csv", delimiter=",")

    problem = problem_of(ask_one(connector, column="Value", row="Revenue"))

    assert problem.reason is Reason.BAD_VALUE
    assert message in problem.message


def test_a_csv_with_commas_for_points_says_so_once(plan):
    content = b"Metric;Value;Day\nRevenue;1.234,56;2026-10-05\n"

    right = ask_one(plan(content, "plan.csv", decimal_comma=True), column="Value", agg="sum", date_column="Day")
    wrong = ask_one(plan(content, "plan.csv"), column="Value", agg="sum", date_column="Day")

    assert reading_of(right).value == Decimal("1234.56")
    assert problem_of(wrong).reason is Reason.BAD_VALUE


def test_one_bad_question_does_not_spoil_the_others_and_the_file_is_read_once(plan, monkeypatch):
    connector, reads = plan(), []
    opened = Spreadsheet._open
    monkeypatch.setattr(Spreadsheet, "_open", lambda self: reads.append(1) or opened(self))
    asks = [asked({"sheet": "KPI", "cell": cell}) for cell in ("B2", "A2", "B3", "B9")]

    answers = collect(connector, asks, NOW)

    kinds = [type(answers[ask.key]) for ask in asks]
    assert kinds == [Reading, Problem, Reading, Problem]
    assert len(reads) == 1


@pytest.mark.parametrize(
    ("query", "message"),
    [
        pytest.param({}, "ask in one of these ways", id="nothing"),
        pytest.param({"cell": "B2", "name": "Churn"}, "ask in one of these ways", id="two ways"),
        pytest.param({"column": "Value"}, "ask in one of these ways", id="a column alone"),
        pytest.param({"row": "Churn"}, "needs `column`", id="a row alone"),
        pytest.param({"cell": "B2", "where": {"A": "b"}}, "`cell` does not go with `where`", id="a stray condition"),
        pytest.param({"cell": "2B"}, "write it like B7", id="no cell"),
        pytest.param({"column": "A", "agg": "latest"}, "needs `date_column`", id="latest of what"),
        pytest.param({"column": "A", "agg": "percentile"}, "go together", id="which percentile"),
        pytest.param({"column": "A", "agg": "sum", "p": 5}, "go together", id="a percentile of a sum"),
        pytest.param({"cell": "B2", "sheeet": "KPI"}, "Extra inputs", id="unknown key"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_before_it_is_asked(query, message):
    with pytest.raises(ValidationError, match=message):
        SpreadsheetQuery.model_validate(query)


def test_values_of_yaml_are_taken_as_they_stand_in_the_sheet():
    query = SpreadsheetQuery.model_validate(
        {"column": "A", "agg": "sum", "where": {"Year": 2026, "Won": True, "Day": date(2026, 10, 1), "Rate": 0.5}}
    )

    assert query.where == {"Year": "2026", "Won": "TRUE", "Day": "2026-10-01", "Rate": "0.5"}


def test_check_says_what_is_in_the_workbook(plan):
    assert plan().check() == "opened plan.xlsx: KPI (4 rows), Deals (8 rows)"


def test_discover_lists_sheets_headers_and_named_ranges(plan):
    choices = {(choice.field, choice.value) for choice in plan().discover()}

    assert {("sheet", "Deals"), ("column", "Amount"), ("name", "Churn")} <= choices
    assert {choice.value for choice in plan().discover("amo")} == {"Amount"}
