"""What a workbook says, the same for every format."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from okrsync.connect.sheets.cells import Cell, Kind, exact
from okrsync.connect.sheets.delimited import Dialect
from okrsync.connect.sheets.opening import open_workbook
from okrsync.connect.sheets.workbook import Sheet, Workbook
from okrsync.errors import Problem, Reason
from tests.workbooks import RECORDED, ods, ods_cell, ods_table, with_part, xlsx

recorded = pytest.mark.skipif(not RECORDED.exists(), reason=f"the files made by LibreOffice are not in {RECORDED}")
SHEET_XML = "xl/worksheets/sheet1.xml"


def sheet_of(content: bytes, name: str = "plan.xlsx", **dialect: object) -> Sheet:
    return open_workbook(content, name, Dialect(**dialect)).sheet()


def refused(workbook: Workbook, coordinate: tuple[int, int]) -> Problem:
    sheet = workbook.sheet()
    with pytest.raises(Problem) as caught:
        sheet.cell(*coordinate).number(sheet.place)
    return caught.value


@recorded
@pytest.mark.parametrize("file", ["kpi.xlsx", "kpi.ods"])
@pytest.mark.parametrize(
    ("row", "kind", "label"),
    [
        pytest.param(2, Kind.NUMBER, "1234567.891", id="formatted as money"),
        pytest.param(3, Kind.NUMBER, "0.125", id="formatted as a percentage"),
        pytest.param(4, Kind.NUMBER, "9876543.128", id="calculated"),
        pytest.param(5, Kind.ERROR, "#DIV/0!", id="failed formula"),
        pytest.param(6, Kind.DATE, "2026-11-21", id="date"),
        pytest.param(7, Kind.EMPTY, "", id="empty"),
        pytest.param(8, Kind.TEXT, "n/a", id="text"),
        pytest.param(9, Kind.ERROR, "#N/A", id="not available"),
        pytest.param(10, Kind.EMPTY, "", id="below the last row"),
    ],
)
def test_a_file_of_libreoffice_says_the_same_in_both_formats(file, row, kind, label):
    sheet = sheet_of((RECORDED / file).read_bytes(), file)

    cell = sheet.cell(row, 2)

    assert (cell.kind, cell.label) == (kind, label)
    assert sheet.row_count == 9


@recorded
@pytest.mark.parametrize("file", ["kpi.xlsx", "kpi.ods"])
def test_a_percentage_is_told_from_a_plain_number(file):
    sheet = sheet_of((RECORDED / file).read_bytes(), file)

    assert sheet.cell(3, 2).percentage
    assert not sheet.cell(2, 2).percentage


def test_a_percent_sign_that_is_only_written_behind_the_number_scales_nothing():
    assert Cell(1, 1, Kind.NUMBER, Decimal(12), "0.0%").percentage
    assert not Cell(1, 1, Kind.NUMBER, Decimal(12), '0.0" %"').percentage
    assert not Cell(1, 1, Kind.NUMBER, Decimal(12), r"0.0\%").percentage


@recorded
def test_a_text_file_with_decorated_numbers_is_refused_cell_by_cell():
    book = open_workbook((RECORDED / "kpi.csv").read_bytes(), "kpi.csv")

    assert "'1,234,567.89 €'" in refused(book, (2, 2)).message
    assert "'12.5%'" in refused(book, (3, 2)).message
    assert refused(book, (5, 2)).message == "kpi.csv: B5 holds #DIV/0!"


@recorded
def test_a_formula_that_was_never_calculated_is_not_an_empty_cell():
    book = open_workbook((RECORDED / "kpi-no-cached-values.xlsx").read_bytes(), "kpi.xlsx")

    problem = refused(book, (4, 2))

    assert problem.reason is Reason.BAD_VALUE
    assert problem.message == "kpi.xlsx: KPI!B4 holds a formula that was never calculated"
    assert problem.hint == "open and save the workbook in a spreadsheet program"
    assert book.sheet().cell(7, 2).kind is Kind.EMPTY


def test_a_formula_calculated_to_an_empty_text_is_an_empty_cell():
    written = xlsx(("KPI", [["x", '=IF(A1="","",1)']]))
    content = with_part(written, SHEET_XML, '<c r="B1">', '<c r="B1" t="str">')

    assert sheet_of(content).cell(1, 2).kind is Kind.EMPTY
    assert sheet_of(written).cell(1, 2).kind is Kind.UNCALCULATED


@pytest.mark.parametrize(
    ("written", "number"),
    [
        pytest.param("1.1000000000000001", "1.1", id="17 digits of a binary fraction"),
        pytest.param("9007199254740993", "9007199254740993", id="a whole number over 2^53"),
        pytest.param("1E-3", "0.001", id="exponent"),
        pytest.param("-0.5", "-0.5", id="negative"),
    ],
)
def test_a_number_is_the_one_a_person_sees(written, number):
    assert exact(written) == Decimal(number)


@pytest.mark.parametrize("written", ["1e400", "NaN", "INF", "", "1,5"])
def test_what_is_no_finite_number_is_none(written):
    assert exact(written) is None


def test_a_number_without_limit_in_an_xlsx_is_no_number():
    content = with_part(xlsx(("KPI", [["x", 7.5]])), SHEET_XML, "<v>7.5</v>", "<v>1.0e400</v>")

    assert refused(open_workbook(content, "plan.xlsx"), (1, 2)).reason is Reason.BAD_VALUE


@pytest.mark.parametrize(
    ("value", "reason", "message"),
    [
        pytest.param("#REF!", Reason.BAD_VALUE, "plan.xlsx: KPI!A1 holds #REF!", id="reference error"),
        pytest.param("n/a", Reason.BAD_VALUE, "plan.xlsx: KPI!A1 holds the text 'n/a', not a number", id="text"),
        pytest.param("'12", Reason.BAD_VALUE, 'plan.xlsx: KPI!A1 holds the text "\'12", not a number', id="as text"),
        pytest.param(True, Reason.BAD_VALUE, "plan.xlsx: KPI!A1 holds the boolean TRUE, not a number", id="yes or no"),
        pytest.param(
            date(2026, 10, 1), Reason.BAD_VALUE, "plan.xlsx: KPI!A1 holds the date 2026-10-01, not a number", id="date"
        ),
        pytest.param(None, Reason.NO_DATA, "plan.xlsx: KPI!A1 is empty", id="empty"),
        pytest.param("  ", Reason.NO_DATA, "plan.xlsx: KPI!A1 is empty", id="blank"),
    ],
)
def test_a_cell_without_a_number_says_what_it_holds(value, reason, message):
    problem = refused(open_workbook(xlsx(("KPI", [[value, "x"]])), "plan.xlsx"), (1, 1))

    assert (problem.reason, problem.message) == (reason, message)


@pytest.mark.parametrize(
    ("text", "decimal_comma", "number"),
    [
        pytest.param("1234.56", False, "1234.56", id="plain"),
        pytest.param("1,234.5", False, None, id="thousands with a comma"),
        pytest.param("1.234,56", False, None, id="a comma that nobody declared"),
        pytest.param("1.234,56", True, "1234.56", id="a comma that is declared"),
        pytest.param("1234,5", True, "1234.5", id="comma without thousands"),
        pytest.param("1.234", True, "1234", id="thousands only"),
        pytest.param("1.5", True, None, id="a point where the comma is declared"),
        pytest.param("12%", False, None, id="percent"),
        pytest.param("€ 5", False, None, id="currency"),
        pytest.param("1.2M", False, None, id="million"),
        pytest.param("NaN", False, None, id="not a number"),
        pytest.param("1_000", False, None, id="underscore"),
        pytest.param("١٢", False, None, id="digits of another script"),
    ],
)
def test_text_is_a_number_only_if_there_is_one_way_to_read_it(text, decimal_comma, number):
    cell = sheet_of(f"metric\tvalue\nx\t{text}\n".encode(), "plan.tsv", decimal_comma=decimal_comma).cell(2, 2)

    assert (cell.kind, cell.value) == ((Kind.NUMBER, Decimal(number)) if number else (Kind.TEXT, text))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found_out(delimiter):
    text = delimiter.join(["metric", "value", "note"]) + "\n" + delimiter.join(["churn", "3", '"one; two, three"'])

    assert sheet_of(text.encode(), "plan.csv").cell(2, 2).value == Decimal(3)


def test_a_delimiter_that_may_be_either_is_asked_for():
    with pytest.raises(Problem, match="may be delimited by ',' or ';'") as caught:
        sheet_of(b"a;b,c\n1;2,3\n", "plan.csv")

    assert caught.value.reason is Reason.CONFIG
    assert sheet_of(b"a;b,c\n1;2,3\n", "plan.csv", delimiter=";").cell(2, 2).label == "2,3"


@pytest.mark.parametrize(
    ("encoding", "given"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-8"), ("windows-1252", "windows-1252")],
)
def test_text_is_read_in_its_encoding(encoding, given):
    content = "Umsatz €,Größe\n7,8\n".encode(encoding)

    sheet = sheet_of(content, "plan.csv", encoding=given)

    assert [sheet.cell(1, column).label for column in (1, 2)] == ["Umsatz €", "Größe"]


def test_text_in_another_encoding_is_refused_with_the_way_out():
    with pytest.raises(Problem, match=r"plan\.csv is not text in utf-8") as caught:
        sheet_of("Größe,x\n1,2\n".encode("windows-1252"), "plan.csv")

    assert "`encoding`" in caught.value.hint


def test_a_csv_with_an_open_quote_is_damaged():
    with pytest.raises(Problem, match=r"line 2") as caught:
        sheet_of(b'a,b\n"1,2\n3,4\n', "plan.csv")

    assert caught.value.reason is Reason.BAD_RESPONSE


def test_repeated_cells_and_rows_of_an_ods_stand_where_they_are_seen():
    table = ods_table(
        ods_cell("metric") + ods_cell(None, table__number_columns_repeated="2") + ods_cell(7),
        ods_cell(None, table__number_columns_repeated="16384"),
        ods_cell(1, table__number_columns_repeated="3"),
    ).replace("<table:table-row>", '<table:table-row table:number-rows-repeated="2">', 1)

    sheet = sheet_of(ods(table), "plan.ods")

    assert [sheet.cell(row, 4).label for row in (1, 2, 3, 4)] == ["7", "7", "", ""]
    assert [sheet.cell(4, column).label for column in (1, 2, 3, 4)] == ["1", "1", "1", ""]


def test_an_ods_says_what_failed_and_what_was_never_calculated():
    failed = ods_cell("#REF!", table__formula="of:=[.A9]")
    uncalculated = ods_cell(None, table__formula="of:=1+1")
    book = open_workbook(ods(ods_table(failed + uncalculated)), "plan.ods")

    assert refused(book, (1, 1)).message == "plan.ods: KPI!A1 holds #REF!"
    assert "never calculated" in refused(book, (1, 2)).message


def test_a_note_pinned_to_a_cell_of_an_ods_is_not_its_text():
    note = '<table:table-cell office:value-type="string"><office:annotation><text:p>old: 5</text:p></office:annotation>'
    cell = note + '<text:p>a<text:s text:c="2"/>b</text:p></table:table-cell>'

    assert sheet_of(ods(ods_table(cell)), "plan.ods").cell(1, 1).label == "a  b"


def test_the_only_sheet_need_not_be_named_and_of_several_one_must():
    two = open_workbook(xlsx(("KPI", [[1]]), ("Deals", [[2]])), "plan.xlsx")

    with pytest.raises(Problem, match=r"plan.xlsx has the sheets 'KPI', 'Deals'") as caught:
        two.sheet()

    assert caught.value.reason is Reason.QUERY
    assert two.sheet("Deals").cell(1, 1).value == Decimal(2)


def test_a_missing_sheet_names_the_one_that_was_meant():
    with pytest.raises(Problem, match="no sheet 'Dealz'") as caught:
        open_workbook(xlsx(("KPI", [[1]]), ("Deals", [[2]])), "plan.xlsx").sheet("Dealz")

    assert caught.value.hint.startswith("did you mean 'Deals'?")


NAMES = {"Churn": "'My KPIs'!$B$2", "Block": "'My KPIs'!$A$1:$B$2", "Lost": "#REF!$A$1", "Fixed": "42"}
NAMED_ODS = ods(
    ods_table(ods_cell("metric") + ods_cell("value"), ods_cell("churn") + ods_cell(3), name="My KPIs")
    + "<table:named-expressions>"
    '<table:named-range table:name="Churn" table:cell-range-address="$&apos;My KPIs&apos;.$B$2"/>'
    '<table:named-range table:name="Block" table:cell-range-address="$&apos;My KPIs&apos;.$A$1:.$B$2"/>'
    '<table:named-range table:name="Lost" table:cell-range-address="$#REF!.$A$1"/>'
    '<table:named-range table:name="Fixed" table:cell-range-address="42"/>'
    "</table:named-expressions>"
)
NAMED = {
    "plan.xlsx": xlsx(("My KPIs", [["metric", "value"], ["churn", 3]]), names=NAMES),
    "plan.ods": NAMED_ODS,
}


@pytest.mark.parametrize("file", NAMED)
def test_a_named_range_finds_its_cell(file):
    _, cell = open_workbook(NAMED[file], file).named_cell("churn")

    assert (cell.coordinate, cell.value) == ("B2", Decimal(3))


@pytest.mark.parametrize("file", NAMED)
@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("Block", "is the block My KPIs!A1:B2, expected one cell", id="a block"),
        pytest.param("Lost", "", id="its sheet was deleted"),
        pytest.param("Fixed", "does not stand for a cell", id="a constant"),
        pytest.param("Churm", "has no named range 'Churm'", id="a typo"),
    ],
)
def test_a_named_range_that_is_not_one_cell_is_a_problem_of_the_question(file, name, message):
    with pytest.raises(Problem) as caught:
        open_workbook(NAMED[file], file).named_cell(name)

    assert caught.value.reason is Reason.QUERY
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        pytest.param(Cell(1, 1, Kind.DATE, date(2026, 10, 1)), datetime(2026, 9, 30, 22, tzinfo=UTC), id="a day"),
        pytest.param(
            Cell(1, 1, Kind.DATE, datetime(2026, 12, 1, 9, 30)),  # noqa: DTZ001 - as a workbook has it
            datetime(2026, 12, 1, 8, 30, tzinfo=UTC),
            id="a moment",
        ),
        pytest.param(Cell(1, 1, Kind.TEXT, "2026-10-01"), datetime(2026, 9, 30, 22, tzinfo=UTC), id="text"),
        pytest.param(Cell(1, 1, Kind.TEXT, "2026-10-01T10:00:00Z"), datetime(2026, 10, 1, 10, tzinfo=UTC), id="UTC"),
    ],
)
def test_a_date_is_a_moment_in_the_zone_of_the_sheet(cell, moment):
    assert cell.moment("", ZoneInfo("Europe/Berlin")) == moment


@pytest.mark.parametrize("value", ["01/02/2026", "2026-13-01", "soon", Decimal(46347), True, None])
def test_a_date_that_can_be_read_in_two_ways_or_none_is_refused(value):
    with pytest.raises(Problem, match="A1") as caught:
        Cell(1, 1, Kind.TEXT, value).moment("", UTC)

    assert caught.value.reason is Reason.BAD_VALUE
