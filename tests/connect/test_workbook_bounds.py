"""Files that want to fill the memory, or that are not what they are called."""

from __future__ import annotations

import io
import sys
import time
import zipfile

import pytest

from okrsync.connect.sheets.bounds import MEBIBYTE, Bounds
from okrsync.connect.sheets.opening import open_workbook
from okrsync.errors import Problem, Reason
from tests.workbooks import archive, ods, ods_cell, ods_table, with_part, xlsx

PLAIN = xlsx(("KPI", [["churn", 3]]))
SHEET_XML = "xl/worksheets/sheet1.xml"
SMALL = Bounds(rows=100, cells=1_000)
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
LOCAL_FILE = '<!DOCTYPE x [<!ENTITY c SYSTEM "file:///etc/hostname">]>'


def problem_of(content: bytes, name: str, bounds: Bounds = Bounds()) -> Problem:  # noqa: B008 - frozen
    with pytest.raises(Problem) as caught:
        open_workbook(content, name, bounds=bounds).sheet()
    return caught.value


def xlsx_rows(rows: str) -> bytes:
    """Return a workbook whose one sheet holds `rows` as XML."""
    return with_part(PLAIN, SHEET_XML, "<sheetData>", f"<sheetData>{rows}")


def test_a_file_over_the_limit_is_not_looked_at():
    problem = problem_of(b"a,b\n" * 300_000, "plan.csv", Bounds(bytes=MEBIBYTE))

    assert problem.reason is Reason.BAD_RESPONSE
    assert problem.message == "plan.csv is bigger than 1 MiB"


def test_an_archive_is_measured_before_anything_is_unpacked():
    bomb = archive({"xl/workbook.xml": b"", **{f"xl/{part}.xml": bytes(8 * MEBIBYTE) for part in range(7)}})

    problem = problem_of(bomb, "plan.xlsx")

    assert len(bomb) < MEBIBYTE
    assert problem.reason is Reason.BAD_RESPONSE
    assert "unpacks to 56 MiB, allowed are 50" in problem.message


def test_one_part_that_is_packed_as_no_real_sheet_is():
    bomb = archive({"xl/workbook.xml": b"", "xl/worksheets/sheet1.xml": bytes(20 * MEBIBYTE)})

    assert "packed more than 300 to 1" in problem_of(bomb, "plan.xlsx").message


def test_an_archive_of_many_parts():
    assert "3,001 parts" in problem_of(archive({f"xl/{part}": b"" for part in range(3_001)}), "plan.xlsx").message


@pytest.mark.parametrize("entities", [pytest.param(LAUGHS, id="laughs"), pytest.param(LOCAL_FILE, id="local file")])
@pytest.mark.parametrize("part", [SHEET_XML, "xl/workbook.xml", "xl/styles.xml"])
def test_entities_in_an_xlsx_are_never_followed(entities, part):
    with zipfile.ZipFile(io.BytesIO(PLAIN)) as packed:
        root = next(text for text in packed.read(part).decode().split("<") if text[:1] not in ("", "?"))
    content = with_part(PLAIN, part, f"<{root}", f"{entities}<{root}")

    problem = problem_of(content, "plan.xlsx")

    assert problem.reason is Reason.BAD_RESPONSE


@pytest.mark.parametrize("entities", [pytest.param(LAUGHS, id="laughs"), pytest.param(LOCAL_FILE, id="local file")])
def test_entities_in_an_ods_are_never_followed(entities):
    content = ods(ods_table(ods_cell("&c;")), before=entities.replace("<!DOCTYPE x", "<!DOCTYPE document-content"))

    assert problem_of(content, "plan.ods").reason is Reason.BAD_RESPONSE


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param('<row r="999999999"><c r="A999999999"><v>1</v></c></row>', id="a row far below"),
        pytest.param(
            "".join(f'<row r="{row}"><c r="XFD{row}"><v>1</v></c></row>' for row in range(1, 40)), id="far to the right"
        ),
        pytest.param("".join(f'<row r="{row}"><c><v>1</v></c></row>' for row in range(1, 200)), id="many rows"),
    ],
)
def test_an_xlsx_does_not_become_larger_than_it_is(rows):
    assert "more than 100 rows or 1,000 cells" in problem_of(xlsx_rows(rows), "plan.xlsx", SMALL).message


def test_a_stated_size_that_is_too_big_costs_nothing():
    content = with_part(PLAIN, SHEET_XML, 'ref="A1:B1"', 'ref="A1:XFD1048576"')

    assert open_workbook(content, "plan.xlsx", bounds=SMALL).sheet().row_count == 1


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(
            ods_table(ods_cell(1)).replace("-row>", '-row table:number-rows-repeated="1048576">', 1), id="rows repeated"
        ),
        pytest.param(ods_table(ods_cell(1, table__number_columns_repeated="16000")), id="columns repeated"),
        pytest.param(ods_table(ods_cell(1, table__number_columns_repeated="999999999999")), id="absurd columns"),
        pytest.param(
            ods_table("", ods_cell(1)).replace("-row>", '-row table:number-rows-repeated="999999999999">', 1),
            id="absurd gap",
        ),
    ],
)
def test_an_ods_does_not_become_larger_than_it_is(table):
    problem = problem_of(ods(table), "plan.ods", SMALL)

    assert problem.reason is Reason.BAD_RESPONSE
    assert "more than" in problem.message


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param(
            "plan.xlsx", b"metric,value\n", "plan.xlsx is not an xlsx workbook, it is delimited text", id="csv"
        ),
        pytest.param("plan.csv", PLAIN, "plan.csv is not delimited text, it is an xlsx workbook", id="xlsx as csv"),
        pytest.param("plan.ods", PLAIN, "plan.ods is not an ods workbook, it is an xlsx workbook", id="xlsx as ods"),
        pytest.param("plan.csv", b"<!DOCTYPE html><html>", "plan.csv is an HTML page (a login page?)", id="login page"),
        pytest.param("plan.xlsx", b"<html>", "plan.xlsx is an HTML page (a login page?)", id="page as xlsx"),
        pytest.param("plan.pdf", b"%PDF-1.7", "plan.pdf is not a format that can be read", id="pdf"),
        pytest.param("plan.csv", b"a,b\0\n", "plan.csv is not a text file", id="binary"),
        pytest.param(
            "plan.xlsx", archive({"word/document.xml": b""}), "plan.xlsx is a zip archive and no workbook", id="word"
        ),
        pytest.param(
            "plan.xls",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99),
            "plan.xls is a workbook of Excel 97-2003",
            id="xls",
        ),
        pytest.param(
            "plan.xlsx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "plan.xlsx is protected by a password",
            id="encrypted xlsx",
        ),
        pytest.param(
            "plan.ods",
            archive(
                {
                    "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
                    "META-INF/manifest.xml": "<manifest:encryption-data/>",
                    "content.xml": b"?",
                }
            ),
            "plan.ods is protected by a password",
            id="encrypted ods",
        ),
    ],
)
def test_a_file_that_is_not_what_it_is_called_is_for_who_runs_the_connection(name, content, message):
    problem = problem_of(content, name)

    assert (problem.reason, problem.message) == (Reason.CONFIG, message)
    assert problem.hint


def test_a_name_without_ending_says_nothing_about_the_format():
    assert open_workbook(PLAIN, "export").sheet_names == ("KPI",)
    assert open_workbook(ods(ods_table(ods_cell(1))), "export").sheet_names == ("KPI",)
    assert open_workbook(b"a,b\n1,2\n", "export").sheet_names == ("export",)


@pytest.mark.parametrize("length", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("name", ["plan.xlsx", "plan.ods"])
def test_a_file_that_is_still_being_written_is_asked_for_again_later(name, length):
    whole = PLAIN if name == "plan.xlsx" else ods(ods_table(ods_cell(1)))
    # A sheet's name may not have been written yet; then the archive does not even look like a workbook.
    start = whole[: max(int(len(whole) * length), 1)]

    problem = problem_of(start, name)

    assert problem.reason in (Reason.BAD_RESPONSE, Reason.CONFIG)
    assert problem.hint


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        pytest.param(SHEET_XML, "<v>3</v>", "<v>three</v>", id="a number that is none"),
        pytest.param(SHEET_XML, "</sheetData>", "", id="XML cut off"),
        pytest.param("xl/workbook.xml", "sheetId", "sheetIdentity", id="a sheet without identity"),
        pytest.param("[Content_Types].xml", "spreadsheetml.sheet.main", "nothing", id="no workbook inside"),
    ],
)
def test_a_workbook_that_contradicts_itself_is_damaged(part, old, new):
    assert problem_of(with_part(PLAIN, part, old, new), "plan.xlsx").reason is Reason.BAD_RESPONSE


def test_an_empty_file_has_no_data():
    assert problem_of(b"", "plan.csv").reason is Reason.NO_DATA


def test_twenty_thousand_rows_open_in_seconds():
    content = xlsx(("KPI", [[f"row {row}", row / 7, row / 9, row / 11, "x"] for row in range(20_000)]))
    began = time.process_time()

    sheet = open_workbook(content, "plan.xlsx").sheet()

    assert sheet.row_count == 20_000
    assert time.process_time() - began < 8


def test_the_package_does_not_import_openpyxl_for_a_csv():
    assert "openpyxl" not in imported_for_a_csv()


def imported_for_a_csv() -> set[str]:
    import subprocess  # noqa: PLC0415

    code = (
        "import sys; from okrsync.connect.sheets.opening import open_workbook;"
        "open_workbook(b'a,b', 'plan.csv'); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())
