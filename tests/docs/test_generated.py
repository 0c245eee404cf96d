"""The reference is what the program says, and the picture is what the demo shows."""

from pathlib import Path

import pytest

from docs import picture
from docs.generate import FOLDER, pages
from docs.generate.runbook import RUNBOOK
from okrsync.errors import ExitCode, Reason

MADE = pages()


@pytest.mark.parametrize("path", MADE)
def test_a_reference_page_is_what_the_program_says(path):
    assert (FOLDER / path).read_text(encoding="utf-8") == MADE[path], "run `python -m docs.generate`"


def test_nothing_is_left_of_pages_that_are_made_no_more():
    assert {page.relative_to(FOLDER).as_posix() for page in FOLDER.rglob("*.md")} == set(MADE)


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_has_a_paragraph_that_says_what_to_do(reason):
    _, found, after = MADE["exit-codes-and-reasons.md"].partition(f"\n### {reason}\n")
    section = after.partition("\n### ")[0]

    assert found
    assert RUNBOOK[reason].do in section
    assert "**What to do.**" in section


def test_each_exit_code_is_explained_under_its_number():
    page = MADE["exit-codes-and-reasons.md"].partition("## Reasons")[0]
    rows = [line.split("|")[1:3] for line in page.splitlines() if line.startswith("| ") and "`" in line]

    assert [(number.strip(), name.strip("` ")) for number, name in rows] == [
        (str(int(code)), code.name) for code in ExitCode
    ]


def test_the_picture_is_what_the_demo_shows():
    assert Path(picture.FILE).read_text(encoding="utf-8") == picture.picture(), "run `python -m docs.picture`"


def test_the_picture_fetches_nothing():
    drawn = Path(picture.FILE).read_text(encoding="utf-8")

    assert "url(http" not in drawn
    assert "@font-face" not in drawn
