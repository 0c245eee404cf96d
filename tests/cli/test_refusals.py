"""What commands refuse, how they say it, and the exit code that schedulers and monitors rely on."""

from __future__ import annotations

import pytest

from okrsync.errors import ExitCode


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["stauts"], "did you mean 'status'?", id="a command"),
        pytest.param(["explain", "deels"], "did you mean 'deals'?", id="explain"),
        pytest.param(["sync", "--only", "deels"], "did you mean 'deals'?", id="sync"),
        pytest.param(["sync", "--dry-run", "--only", "deels"], "did you mean 'deals'?", id="dry run"),
        pytest.param(["backfill", "deels"], "did you mean 'deals'?", id="backfill"),
        pytest.param(["preview", "deels"], "did you mean 'deals'?", id="preview"),
        pytest.param(["check", "nubmers"], "did you mean 'numbers'?", id="check"),
        pytest.param(["discover", "nubmers"], "did you mean 'numbers'?", id="discover"),
        pytest.param(["connector", "show", "spredsheet"], "did you mean 'spreadsheet'?", id="connector"),
        pytest.param(["status", "--team", "compani"], "did you mean 'company'?", id="team"),
        pytest.param(["status", "--preset", "viwa"], "did you mean 'viva'?", id="preset"),
        pytest.param(["status", "--fromat", "json"], "--format", id="option"),
        pytest.param(["status", "--format", "xml"], "json", id="format"),
        pytest.param(["completion", "tcsh"], "zsh", id="shell"),
        pytest.param(["lint", "--project", "nowhere"], "nowhere", id="folder"),
    ],
)
def test_a_wrong_word_is_a_usage_error_that_names_the_right_one(okrsync, synced, arguments, said):
    before = synced.tables()

    ended = okrsync(*arguments, within=synced)

    assert ended.code == ExitCode.USAGE
    assert said in ended.err
    assert ended.out == ""
    assert synced.tables() == before


def test_lint_names_every_place_that_is_wrong(okrsync, shop):
    file = shop.folder / "okrsync.yaml"
    file.write_text(file.read_text().replace("row: leads", "rwo: leads").replace("column: value, row: churn", ""))

    ended = okrsync("lint", within=shop)

    assert ended.code == ExitCode.USAGE
    places = [line for line in ended.err.splitlines() if line.startswith("okrsync.yaml:")]
    assert len(places) >= 2
    assert "nothing was changed" in ended.err


@pytest.mark.parametrize(
    ("values", "fail_on", "code"),
    [
        ({"deals": "n/a", "leads": 8, "churn": 2}, "any", ExitCode.SOME_FAILED),
        ({"deals": "n/a", "leads": 8, "churn": 2}, "all", ExitCode.OK),
        ({"deals": "n/a", "leads": "n/a", "churn": "n/a"}, "any", ExitCode.ALL_FAILED),
        ({"deals": "n/a", "leads": "n/a", "churn": "n/a"}, "all", ExitCode.ALL_FAILED),
        ({"deals": "n/a", "leads": "n/a", "churn": "n/a"}, "never", ExitCode.OK),
    ],
)
def test_the_exit_code_says_how_many_failed_and_which_of_it_counts(okrsync, applied, values, fail_on, code):
    applied.numbers(**values)

    assert okrsync("sync", "--fail-on", fail_on, within=applied).code == code


def test_a_failed_key_result_is_named_with_reason_way_out_and_what_it_keeps(okrsync, synced):
    synced.numbers(deals="n/a", leads=8, churn=2)

    ended = okrsync("sync", within=synced)
    board = okrsync("status", within=synced)
    dry = okrsync("sync", "--dry-run", within=synced)

    assert (ended.code, board.code, dry.code) == (ExitCode.SOME_FAILED,) * 3
    for text in (ended.out, board.out):
        assert "stale (bad_value): numbers: numbers.csv" in text
        assert "keeps its last good value: deals" in text
        assert "→ " in text
    assert "bad_value" in dry.out


def test_a_check_that_fails_says_so(okrsync, shop):
    (shop.folder / "numbers.csv").unlink()

    ended = okrsync("check", within=shop)

    assert ended.code == ExitCode.ALL_FAILED
    assert "✗ numbers" in ended.out
    assert "numbers.csv" in ended.out


def test_a_variable_of_ours_that_is_misspelt_stops_every_command(okrsync, shop, monkeypatch):
    monkeypatch.setenv("OKRSYNC_RUN_DEADLIN", "10")

    ended = okrsync("lint", within=shop)

    assert ended.code == ExitCode.USAGE
    assert "OKRSYNC_RUN_DEADLINE" in ended.err


def test_a_missing_variable_in_the_address_of_the_database_is_named(okrsync, shop, monkeypatch):
    file = shop.folder / "okrsync.yaml"
    file.write_text(file.read_text() + 'database: "${WHERE_IT_IS}"\n')
    monkeypatch.chdir(shop.folder)

    ended = okrsync("sync")

    assert ended.code == ExitCode.USAGE
    assert "WHERE_IT_IS" in ended.err


@pytest.mark.parametrize("command", ["plan", "apply", "sync", "status", "db current", "preview deals", "backfill"])
def test_a_database_that_cannot_be_reached_is_exit_code_5(okrsync, shop, command):
    shop.database_url = "postgresql+psycopg://okrs:pa55word@127.0.0.1:1/okrs"

    ended = okrsync(*command.split(), within=shop)

    assert ended.code == ExitCode.DATABASE
    assert "cannot be reached" in ended.err
    assert "→ " in ended.err
    assert "pa55word" not in ended.err + ended.out


@pytest.mark.parametrize("command", ["plan", "apply", "sync", "status", "db upgrade", "db current", "preview deals"])
def test_a_database_of_a_newer_okrsync_is_exit_code_5(okrsync, applied, command):
    with applied.opened() as workspace, workspace.database.writing() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    ended = okrsync(*command.split(), within=applied)

    assert ended.code == ExitCode.DATABASE
    assert "9999" in ended.err
    assert "upgrade okrsync" in ended.err


def test_a_sync_before_the_first_apply_says_what_to_do(okrsync, tmp_path):
    okrsync("init", "okrs", within=tmp_path)

    ended = okrsync("sync", within=tmp_path / "okrs")

    assert ended.code == ExitCode.DATABASE
    assert "run `okrsync apply`" in ended.err


def test_a_fault_of_ours_is_called_one(okrsync, synced, monkeypatch):
    def broken(*_args, **_options):
        raise LookupError("nobody thought of this")

    monkeypatch.setattr("okrsync.views.board.board", broken)

    ended = okrsync("status", within=synced)

    assert ended.code == ExitCode.BUG
    assert "This is a bug in okrsync: LookupError in broken" in ended.err
    assert "OKRSYNC_LOG_LEVEL=DEBUG" in ended.err


@pytest.mark.parametrize("arguments", [["serve"], ["sync", "--prefect"]])
def test_prefect_is_not_started_for_goals_that_were_never_applied(okrsync, shop, tmp_path, monkeypatch, arguments):
    monkeypatch.setenv("OKRSYNC_DATABASE_URL", f"sqlite:///{tmp_path / 'new.db'}")

    ended = okrsync(*arguments, within=shop.folder)

    assert ended.code == ExitCode.DATABASE
    assert "run `okrsync apply`" in ended.err
    assert "Traceback" not in ended.err
    assert not (shop.folder / ".okrsync" / "prefect").exists()


def test_a_command_like_no_other_is_refused_without_a_guess(okrsync, shop):
    assert okrsync("qqq", within=shop).err.rstrip().endswith("there is no command 'qqq'")
