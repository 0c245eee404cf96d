"""The pages are followed as a reader would: files written, commands run, output compared.

A page's blocks work on one folder, from top to bottom. `yaml` goes into the file that its first line names, `csv` and
`python` into the file named behind the language, `json` is what a source answers. `sh` is run; a comment "exit code 3"
says what a command ends with. A `text` block after it is what was printed, … standing for anything.
"""

import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.docs.markdown import PAGES, ROOT, Block, blocks, named
from tests.docs.reader import Reader, missing

FOLLOWED = [page for page in PAGES if "docs/reference" not in named(page) and blocks(page)]
FROM_NOTHING = {"README.md", "docs/tutorial.md"}
"""Pages that begin with `okrsync init`; the others begin in a folder that it wrote."""

NOT_RUN = {
    ("docs/how-to/run-it.md", "okrsync serve --project /srv/my-okrs"),
    ("docs/how-to/run-it.md", "okrsync apply"),
    ("docs/how-to/run-it.md", "okrsync backfill"),
}
"""Commands in `console` blocks: one stays running, the others want a PostgreSQL."""


@pytest.mark.parametrize("page", FOLLOWED, ids=named)
def test_what_a_page_shows_is_what_happens(page, reader, tmp_path):
    if named(page) in FROM_NOTHING:
        _begin_with_nothing(tmp_path)

    before = None
    for block in blocks(page):
        reader.follow(block)
        if block.language == "text" and before and before.language == "sh":
            assert missing(block, reader.printed) == [], reader.printed
        before = block


def _begin_with_nothing(folder: Path) -> None:
    shutil.rmtree(folder / "goals")
    for file in folder.iterdir():
        file.unlink()


def test_only_the_commands_that_need_more_than_a_folder_are_not_run():
    not_run = {
        (named(page), command)
        for page in FOLLOWED
        for block in blocks(page)
        if block.language == "console"
        for command in block.commands
        if command.startswith("okrsync ")
    }

    assert not_run == NOT_RUN


def test_every_page_with_commands_has_some_that_are_run():
    run = {named(page) for page in FOLLOWED for block in blocks(page) if block.language == "sh"}

    assert {"README.md", "docs/tutorial.md", "docs/how-to/run-it.md"} < run


def test_the_statements_of_the_database_page_can_be_run(reader, tmp_path):
    for command in ("apply", "sync"):
        reader.follow(Block("sh", "", f"okrsync {command}"))
    statements = [
        block.text
        for page in ("docs/reference/database.md", "docs/how-to/run-it.md")
        for block in blocks(ROOT / page)
        if block.language == "sql"
    ]

    with sqlite3.connect(tmp_path / "okrsync.db") as database:
        rows = [database.execute(statement).fetchall() for statement in statements]
    database.close()

    assert len(statements) == 3
    assert all(rows)


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        pytest.param("answer  9", [], id="blanks do not count"),
        pytest.param("answer …", [], id="anything"),
        pytest.param("answer 8", ["answer 8"], id="another number"),
    ],
)
def test_a_line_that_was_not_printed_is_missed(shown, found):
    assert missing(Block("text", "", shown), "window x\n    answer 9\n") == found


def test_a_command_that_ends_otherwise_than_the_page_says_is_noticed(reader: Reader):
    with pytest.raises(AssertionError, match="no-such-command"):
        reader.follow(Block("sh", "", "okrsync no-such-command"))


def test_yaml_that_lint_would_refuse_is_noticed(reader: Reader):
    with pytest.raises(Exception, match="colum"):
        reader.follow(
            Block("yaml", "", "# okrsync.yaml\nmetrics:\n  x: {connection: numbers, query: {colum: Actual}}\n")
        )
