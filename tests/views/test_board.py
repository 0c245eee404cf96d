"""The board: the same facts in a terminal of any width, as JSON and as CSV, and harmless whatever a title holds."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

import pytest
from rich.cells import cell_len
from rich.console import Console

from okrsync.errors import UnknownName
from okrsync.store.types import to_json
from okrsync.views.board_table import print_board
from okrsync.views.documents import as_csv, board_document, row_document
from okrsync.views.explanation import explained, print_explanation
from okrsync.views.sync_report import print_report
from okrsync.vocabulary import Status
from tests.projects import DAY, NOW, ProjectFolder

LONG = "Share of the enterprise customers in Germany, Austria and Switzerland that renew for another year"
WIDE = "新規顧客の年間経常収益を拡大する"


@pytest.fixture
def company(local_project):
    local_project.numbers(revenue="1234567.891", churn="2.5", renewals=40, broken=3)
    return local_project.write(
        metrics="".join(
            f"{name}: {{connection: numbers, query: {{column: value, row: {name}}}}}\n"
            for name in ("revenue", "churn", "renewals", "broken")
        )
        + 'rate: {formula: "percent(renewals, revenue)"}\n',
        key_results=f"""
        - {{id: revenue, title: {WIDE}, metric: revenue, unit: monthly recurring EUR, start: 0, target: 2000000}}
        - {{id: renewals, title: "{LONG}", metric: renewals, unit: percent, start: 30, target: 35, weight: 2}}
        - {{id: rate, title: Rate, metric: rate, unit: percent, start: 0, target: 1}}
        - {{id: broken, title: Broken, metric: broken, unit: count, type: stay_above, low: 2}}
        """,
        kpis="- {id: churn, title: Churn, metric: churn, unit: percent, healthy: {below: 3}}",
    ).apply()


@pytest.fixture
def board(company):
    company.sync()
    company.numbers(revenue="1234567.891", churn="2.5", renewals=40, broken="#REF!")
    company.sync(NOW + DAY)
    return company.board(NOW + DAY)


def printed(show, width: int, **console) -> str:
    file = io.StringIO()
    show(Console(file=file, width=width, highlight=False, markup=False, emoji=False, **console))
    return file.getvalue()


@pytest.mark.parametrize("width", [60, 80, 100, 129, 130, 140, 200])
def test_no_line_is_wider_than_the_terminal_and_every_figure_is_there(board, width):
    text = printed(lambda out: print_board(board, out), width)

    assert max(cell_len(line.rstrip()) for line in text.splitlines()) <= width
    if width >= 80:
        for figure in ("1,234,568 monthly", "40 %", "62 %", "achieved", "healthy", "unknown", "stale"):
            assert figure in text, figure


def test_what_is_wrong_with_a_number_stands_below_with_the_way_out(board):
    text = printed(lambda out: print_board(board, out), 140)

    assert "stale (bad_value): numbers: numbers.csv" in text
    assert "→ " in text
    assert "keeps its last good value: broken" in text


def test_a_key_result_that_never_had_a_value_is_not_said_to_keep_one(company):
    company.numbers(revenue="#REF!", churn="2.5", renewals=40, broken=3)
    company.sync()

    text = printed(lambda out: print_board(company.board(NOW), out), 140)

    assert "has no value yet: revenue, rate" in text
    assert "keeps its last good value" not in text


def test_what_is_too_long_for_a_narrow_terminal_goes_on_below_its_beginning(board):
    lines = printed(lambda out: print_board(board, out), 60).splitlines()

    below = [line for line in lines if "percent(renewals," in line or line.strip() == "(spreadsheet)"]
    assert len(below) == 2
    assert all(line.startswith("    ") for line in below)


def test_an_explanation_writes_the_question_as_the_files_do_and_moments_to_the_minute(company, board):
    with company.opened() as workspace:
        explanation = explained(workspace, "revenue", NOW + DAY)
    text = printed(lambda out: print_explanation(explanation, out), 140)

    assert "asked of numbers (spreadsheet): {column: value, row: revenue}" in text
    assert "window now: [the beginning, 2026-11-22 12:00) UTC, days of " in text
    assert "00:00" not in text


def test_a_stale_number_is_not_green_anywhere(board):
    row = next(row for row in board.rows if row.key == "broken")
    text = printed(lambda out: print_board(board, out), 140, force_terminal=True, color_system="standard")

    assert row.status is Status.UNKNOWN
    (line,) = [line for line in text.splitlines() if "Broken" in line]
    assert "\x1b[32m" not in line
    assert "\x1b[1;32m" not in line


def test_the_objective_says_on_how_much_it_stands(board):
    text = printed(lambda out: print_board(board, out), 140)

    assert "on 3 of 4" in text


def test_there_is_no_colour_where_there_is_no_terminal(board):
    assert "\x1b" not in printed(lambda out: print_board(board, out), 140)


def test_json_and_csv_have_the_same_rows_to_the_last_digit(board):
    document = json.loads(to_json(board_document(board)), parse_float=Decimal, parse_int=Decimal)
    rows = list(csv.DictReader(io.StringIO(as_csv(row_document(row) for row in board.rows))))

    assert [row["key"] for row in document["key_results"]] == [row["key"] for row in rows]
    for told, line in zip(document["key_results"], rows, strict=True):
        for name in ("value", "progress", "expected", "start_value", "target_value"):
            assert line[name] == ("" if told[name] is None else f"{told[name]:f}"), name
        for name in ("title", "status", "data_state", "unit", "as_of", "source"):
            assert line[name] == told[name], name
    assert {row["key"]: row["kind"] for row in rows} == {
        **dict.fromkeys(["revenue", "renewals", "rate", "broken"], "key_result"),
        "churn": "kpi",
    }


def test_one_team_and_another_preset(company, board):
    assert len(company.board(team="company").rows) == 5
    with pytest.raises(UnknownName) as refused:
        company.board(team="compani")
    assert "did you mean 'company'?" in refused.value.hint

    assert {row.preset for row in company.board(preset="viva").rows} == {"viva"}


class TestAnObjectiveThatOthersSupport:
    """It says what they come to, whatever of the board is shown, and whether or not it has key results of its own."""

    @pytest.fixture
    def aligned(self, local_project):
        local_project.numbers(deals=2, leads=60)
        metrics = "".join(
            f"{name}: {{connection: numbers, query: {{column: value, row: {name}}}}}\n" for name in ("deals", "leads")
        )
        own = "- {id: leads, title: Leads, metric: leads, unit: leads, start: 0, target: 100}"
        local_project.write(metrics=metrics, key_results=own)
        with (local_project.folder / "goals" / "company.yaml").open("a") as company:
            company.write("  - {id: direction, title: Only a direction}\n  - {id: idle, title: Supported by nobody}\n")
        (local_project.folder / "goals" / "sales.yaml").write_text(
            """
            team: {key: sales, title: Sales, parent: company}
            owner: bo@example.com
            objectives:
              - id: win
                title: Win
                supports: company/grow
                key_results: [{id: deals, title: Deals, metric: deals, unit: deals, start: 0, target: 10}]
              - id: stay
                title: Stay
                supports: company/direction
                key_results: [{id: stays, title: Stays, metric: leads, unit: leads, start: 0, target: 100}]
            """
        )
        local_project.apply().sync()
        return local_project

    def test_without_key_results_of_its_own_it_is_on_the_board_all_the_same(self, aligned):
        together = {objective.key: objective.together for objective in aligned.board().objectives}

        assert together["company/direction"].progress == Decimal("0.6")
        assert "Only a direction  60 % on track" in printed(lambda out: print_board(aligned.board(), out), 140)
        assert "company/idle" not in together

    def test_the_board_of_its_team_says_the_same_of_it_as_the_whole_board(self, aligned):
        whole = {one.key: one.together for one in aligned.board().objectives if one.team == "company"}
        of_the_team = aligned.board(team="company")

        assert {one.key: one.together for one in of_the_team.objectives} == whole
        assert whole["company/grow"].progress == Decimal("0.4")
        assert [row.key for row in of_the_team.rows] == ["leads"]

    @pytest.mark.parametrize("width", [80, 140])
    def test_a_team_with_nothing_of_its_own_sees_what_supports_it(self, aligned, width):
        (aligned.folder / "goals" / "board.yaml").write_text(
            "team: {key: board, title: Board}\nowner: cy@example.com\nobjectives: [{id: vision, title: Vision}]\n"
        )
        sales = aligned.folder / "goals" / "sales.yaml"
        sales.write_text(sales.read_text().replace("company/direction", "board/vision"))
        aligned.apply()

        text = printed(lambda out: print_board(aligned.board(team="board"), out), width)

        assert "Vision  60 % on track" in text


class TestHostileTitles:
    """Whatever a title holds is shown as text."""

    TITLE = "=cmd()|'/C calc'!A0 [red]no[/red] \\x1b[31mred\\x07 :smile:"

    @pytest.fixture
    def hostile(self, local_project):
        local_project.numbers(deals=4)
        return local_project.write(
            metrics="deals: {connection: numbers, query: {column: value, row: deals}}",
            key_results=f"""
            - {{id: deals, title: "{self.TITLE}", metric: deals, unit: "[b]x", owner: "@SUM(1)", start: 0, target: 10}}
            """,
        ).apply()

    def test_in_the_terminal_neither_markup_nor_control_characters_do_anything(self, hostile):
        report = hostile.sync()
        with hostile.opened() as workspace:
            explanation = explained(workspace, "deals", NOW)
        shows = [
            lambda out: print_board(hostile.board(), out),
            lambda out: print_report(report, out),
            lambda out: print_explanation(explanation, out),
        ]
        for show in shows:
            text = printed(show, 160, force_terminal=True, color_system=None)
            assert "\x1b" not in text
            assert "\x07" not in text
            assert "[b]x" in text
        assert "[red]no[/red]" in printed(shows[0], 160)
        assert ":smile:" in printed(shows[0], 160)

    def test_in_csv_no_cell_is_a_formula_and_numbers_stay_numbers(self, hostile):
        hostile.sync()
        hostile.numbers(deals=-4)
        hostile.sync(NOW + DAY)
        (row,) = csv.DictReader(io.StringIO(as_csv(row_document(row) for row in hostile.board(NOW + DAY).rows)))

        assert row["title"].startswith("'=cmd()")
        assert row["owner"] == "'@SUM(1)"
        assert row["value"] == "-4"
        assert Decimal(row["progress"]) == Decimal("-0.4")

    def test_in_json_the_title_is_what_it_is(self, hostile):
        document = json.loads(to_json(board_document(hostile.board())))

        assert document["key_results"][0]["title"] == self.TITLE.replace("\\x1b", "\x1b").replace("\\x07", "\x07")


def test_a_board_without_goals_says_what_to_do(local_project):
    local_project.numbers(n=1)
    local_project.write(metrics="n: {connection: numbers, query: {column: value, row: n}}").apply()

    assert "okrsync apply" in printed(lambda out: print_board(local_project.board(), out), 80)


def test_both_databases_show_the_same_board(tmp_path, sqlite_url, postgresql_url):
    boards = []
    for name, url in (("a", sqlite_url), ("b", postgresql_url)):
        project = ProjectFolder(tmp_path / name, url)
        project.numbers(deals="1234.5600", leads="#REF!", calls="0.1")
        project.write(
            metrics="".join(
                f"{metric}: {{connection: numbers, query: {{column: value, row: {metric}}}}}\n"
                for metric in ("deals", "leads", "calls")
            ),
            key_results="".join(
                f"- {{id: {key}, title: {key}, metric: {key}, unit: EUR, start: 0, target: 3000}}\n"
                for key in ("deals", "leads", "calls")
            ),
            kpis="- {id: health, title: Health, metric: calls, unit: points, healthy: {above: 0.1}}",
        ).apply()
        project.sync()
        project.numbers(deals="2000", leads="#REF!", calls="0.3")
        project.sync(NOW + DAY)
        boards.append(json.loads(to_json(board_document(project.board(NOW + DAY)))))

    assert boards[0] == boards[1]
    assert boards[0]["key_results"][0]["value"] == 2000
