"""Numbers out of what programs print."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from okrsync import Problem, Reason
from okrsync.connect.collect import collect
from okrsync.connect.connections import check_query, check_settings
from okrsync.okrs.model import Connection
from okrsync.testing import Case, ConnectorContract, LocalExample
from tests.connectors.programs import (
    AIRBYTE,
    EXEC,
    NOW,
    PLAIN,
    REGISTRY,
    SINGER,
    WINDOW,
    ask_one,
    asked,
    opened,
    printing,
    refused,
    runs,
    script,
    value_of,
)

COUNT = {"agg": "count"}


def dated(folder):
    """Write a program that prints what happened in [first argument, second argument)."""
    script(
        folder,
        """
        days = ["2026-09-30", "2026-10-01", "2026-10-31", "2026-11-01"]
        for day in days:
            if "--flaw" in sys.argv or sys.argv[1] <= day < sys.argv[2]:
                print(json.dumps({"day": day, "amount": 2}))
        """,
    )


BETWEEN = {"args": ["{window.start:date}", "{window.end:date}"]}
SUM = {**BETWEEN, "agg": "sum", "of": "amount"}


class TestExec(ConnectorContract):
    example = LocalExample(
        connector=EXEC,
        settings={"command": ["./rows"]},
        prepare=dated,
        broken=lambda folder: (folder / "rows").unlink(),
        query=SUM,
        value=4,
        empty=Case(query={**SUM, "args": ["2030-01-01", "2030-01-02"]}),
        bad_query=Case(query={**SUM, "of": "amuont"}),
        edges=Case(value=4),
        batch=[Case(value=4), Case(value=2, query={**BETWEEN, **COUNT})],
    )


class TestExecAsSingerTap(ConnectorContract):
    example = LocalExample(
        connector=EXEC,
        settings={"command": ["./rows"], "discover": ["--discover"]},
        prepare=lambda folder: printing(folder, *SINGER),
        broken=lambda folder: script(folder, "sys.exit(3)"),
        query={"stream": "issues", "agg": "count"},
        value=2,
        empty=Case(query={"stream": "stars", "agg": "count"}),
        bad_query=Case(query={"stream": "isues", "agg": "count"}),
        batch=[
            Case(value=2, query={"stream": "issues", "agg": "count"}),
            Case(value=5, query={"stream": "issues", "agg": "sum", "of": "hours"}),
            Case(value=1, query={"stream": "users", "agg": "count"}),
        ],
    )


@pytest.mark.parametrize(
    ("printed", "query", "value"),
    [
        pytest.param(PLAIN, {"agg": "sum", "of": "amount"}, "19.5", id="plain rows"),
        pytest.param(PLAIN, {"agg": "sum", "of": "amount", "where": "state == 'won'"}, "9.5", id="some plain rows"),
        pytest.param(PLAIN[:1], {"value": "amount"}, "10", id="the value of the only row"),
        pytest.param([{"n": "0"}], {"value": "n"}, "0", id="a zero that the program says"),
        pytest.param(['{"n": 1e2}', "", "  "], {"value": "n"}, "100", id="empty lines"),
        pytest.param(SINGER, {"stream": "issues", "agg": "max", "of": "hours"}, "3", id="a stream of a Singer tap"),
        pytest.param(AIRBYTE, {"stream": "deals", "agg": "sum", "of": "amount"}, "17", id="a stream of Airbyte"),
        pytest.param(SINGER[3:4] * 3, COUNT, "3", id="the only stream needs no name"),
        pytest.param([{"type": "LOG", "n": 4}, {"type": "STATE", "n": 5}], COUNT, "2", id="rows with a type"),
        pytest.param([{"n": 9007199254740993}], {"value": "n"}, "9007199254740993", id="exact digits"),
    ],
)
def test_what_is_printed_becomes_a_number(tmp_path, printed, query, value):
    printing(tmp_path, *printed)

    assert value_of(ask_one(opened(tmp_path), **query)) == Decimal(value)


@pytest.mark.parametrize(
    ("printed", "query", "reason", "words"),
    [
        pytest.param([], COUNT, Reason.NO_DATA, "no rows", id="nothing"),
        pytest.param([], {"value": "n"}, Reason.NO_DATA, "no rows", id="nothing instead of one row"),
        pytest.param(SINGER, {"stream": "stars", **COUNT}, Reason.NO_DATA, "no rows", id="a stream without records"),
        pytest.param(AIRBYTE, {"stream": "notes", **COUNT}, Reason.NO_DATA, "no rows", id="one of Airbyte without any"),
        pytest.param(SINGER, {"stream": "isues", **COUNT}, Reason.QUERY, "did you mean 'issues'", id="mistyped stream"),
        pytest.param([], {"stream": "issues", **COUNT}, Reason.QUERY, "no stream 'issues'", id="no stream at all"),
        pytest.param(SINGER, COUNT, Reason.QUERY, "3 streams: issues, users, stars", id="which stream?"),
        pytest.param(PLAIN, {"stream": "issues", **COUNT}, Reason.QUERY, "plain rows", id="no streams"),
        pytest.param(PLAIN, {"value": "amount"}, Reason.QUERY, "3 rows, expected 1", id="no first of many"),
        pytest.param(PLAIN[:1], {"value": "amuont"}, Reason.QUERY, "did you mean 'amount'", id="mistyped value"),
        pytest.param(PLAIN, {"agg": "sum", "of": "amuont"}, Reason.QUERY, "did you mean 'amount'", id="mistyped of"),
        pytest.param([{"n": None}], {"value": "n"}, Reason.NO_DATA, "empty", id="null"),
        pytest.param(['{"n": NaN}'], {"value": "n"}, Reason.BAD_VALUE, "finite", id="not a number"),
        pytest.param([*PLAIN, "done."], COUNT, Reason.BAD_RESPONSE, "line 4 of what ./rows", id="a line for people"),
        pytest.param(["{", '"n": 1', "}"], COUNT, Reason.BAD_RESPONSE, "line 1", id="an object over several lines"),
        pytest.param(["[1, 2]"], COUNT, Reason.BAD_RESPONSE, "line 1 of what ./rows printed is no JSON o", id="list"),
        pytest.param(['{"n": 1, "n": 2}'], COUNT, Reason.BAD_RESPONSE, "'n' is there twice", id="a key twice"),
        pytest.param([*SINGER, PLAIN[0]], COUNT, Reason.BAD_RESPONSE, "line 8", id="a plain row among messages"),
        pytest.param(
            [{"type": "BATCH", "stream": "issues", "manifest": ["file:///x"]}, *SINGER],
            {"stream": "issues", **COUNT},
            Reason.UNSUPPORTED,
            "Singer BATCH",
            id="rows in files",
        ),
    ],
)
def test_what_is_no_answer_is_told(tmp_path, printed, query, reason, words):
    printing(tmp_path, *printed)

    problem = refused(ask_one(opened(tmp_path), **query), reason)

    assert words in str(problem)


def test_half_a_line_at_the_end_is_no_answer(tmp_path):
    script(tmp_path, 'sys.stdout.write(\'{"n": 1}\\n{"n": 2\')')

    assert "line 2" in refused(ask_one(opened(tmp_path)), Reason.BAD_RESPONSE).message


def test_a_whole_line_may_lack_its_end(tmp_path):
    script(tmp_path, 'sys.stdout.write(\'{"n": 1}\\n{"n": 2}\')')

    assert value_of(ask_one(opened(tmp_path))) == 2


def airbyte_trace(**trace):
    return {"type": "TRACE", "trace": trace}


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("config_error", Reason.CONFIG),
        ("transient_error", Reason.UNREACHABLE),
        ("system_error", Reason.BAD_RESPONSE),
    ],
)
def test_a_failure_that_airbyte_tells_goes_before_how_the_program_ended(tmp_path, kind, reason):
    failed = airbyte_trace(type="ERROR", error={"message": "the key has expired\nTraceback", "failure_type": kind})
    printing(tmp_path, *AIRBYTE, failed, then="sys.exit('later words')")

    problem = refused(ask_one(opened(tmp_path), stream="deals", agg="count"), reason)

    assert "./rows: it failed: the key has expired" in problem.message


def test_a_stream_that_was_not_finished_is_no_answer_and_the_others_are(tmp_path):
    status = {"stream_descriptor": {"name": "deals"}, "status": "INCOMPLETE"}
    printing(tmp_path, *AIRBYTE, airbyte_trace(type="STREAM_STATUS", stream_status=status))

    refused(ask_one(opened(tmp_path), stream="deals", agg="count"), Reason.BAD_RESPONSE)

    assert value_of(ask_one(opened(tmp_path), stream="owners", agg="count")) == 1


def test_many_questions_of_one_run_cost_one_run(tmp_path):
    printing(tmp_path, *SINGER)
    asks = [
        asked({"stream": "issues", **COUNT}),
        asked({"stream": "issues", "agg": "sum", "of": "hours"}),
        asked({"stream": "isues", **COUNT}),
        asked({"stream": "users", **COUNT}, replace(WINDOW, end=NOW - timedelta(seconds=1))),
    ]

    answers = collect(opened(tmp_path), asks, NOW)

    told = [answer.reason if isinstance(answer, Problem) else answer.value for answer in answers.values()]
    assert told == [2, 5, Reason.QUERY, 1]
    assert runs(tmp_path) == 1


def test_other_arguments_are_another_run(tmp_path):
    printing(tmp_path, *PLAIN)
    asks = [asked({"args": [day], **COUNT}) for day in ("{window.start:date}", "{window.start}", "2026-10-01")]

    collect(opened(tmp_path), asks, NOW)

    assert runs(tmp_path) == 2


def test_arguments_reach_the_program_as_they_are_and_meet_no_shell(tmp_path):
    script(tmp_path, "print(json.dumps({'n': 1, 'args': sys.argv[1:]}))")
    args = ["--since={window.start:date}", "{window.start:s}", "$HOME; touch hacked", "*", "`id`", ""]

    reading = ask_one(opened(tmp_path, command=["./rows", "a b"]), args=args, value="n")

    filled = ["--since=2026-10-01", "1790805600", "$HOME; touch hacked", "*", "`id`", ""]
    assert reading.sample[0]["args"] == ["a b", *filled]
    assert reading.provenance["arguments"] == filled
    assert not (tmp_path / "hacked").exists()


def test_the_past_is_answered_only_where_the_arguments_say_when_to_stop(tmp_path):
    printing(tmp_path, *PLAIN)
    past = replace(WINDOW, end=NOW - timedelta(days=9))

    open_end, closed = (
        asked({"args": [place], **COUNT}, past, past.end) for place in ("{window.start:date}", "{window.end:date}")
    )
    answers = collect(opened(tmp_path), [open_end, closed], NOW)

    refused(answers[open_end.key], Reason.UNSUPPORTED)
    assert value_of(answers[closed.key]) == 3


def test_a_receipt_holds_what_was_said_on_standard_error(tmp_path):
    script(tmp_path, "print('warning: 2 pages skipped', file=sys.stderr)\nprint('{}')")

    reading = ask_one(opened(tmp_path))

    account = {name: reading.provenance[name] for name in ("program", "standard_error", "rows", "matched")}
    assert account == {
        "program": "./rows",
        "standard_error": ["warning: 2 pages skipped"],
        "rows": 1,
        "matched": 1,
    }


def test_check_asks_the_program_who_it_is(tmp_path):
    script(tmp_path, "print('rows 1.2.3') if sys.argv[1:] == ['--version'] else sys.exit('not asked')")

    assert opened(tmp_path, check=["--version"]).check() == "./rows says: rows 1.2.3"


def test_check_without_arguments_says_what_would_run_and_runs_nothing(tmp_path):
    printing(tmp_path)

    assert str(tmp_path / "rows") in opened(tmp_path).check()
    assert runs(tmp_path) == 0


def connection_status(status):
    return {"type": "CONNECTION_STATUS", "connectionStatus": {"status": status, "message": "bad key"}}


def test_check_understands_the_consent_of_an_airbyte_connector(tmp_path):
    printing(tmp_path, AIRBYTE[0], connection_status("SUCCEEDED"))

    assert opened(tmp_path, check=["check"]).check() == "./rows says that it is connected"


def test_check_understands_the_refusal_of_an_airbyte_connector(tmp_path):
    printing(tmp_path, AIRBYTE[0], connection_status("FAILED"))

    with pytest.raises(Problem, match="bad key"):
        opened(tmp_path, check=["check"]).check()


@pytest.mark.parametrize(
    "catalog",
    [
        pytest.param(
            ['{"streams": [', ' {"tap_stream_id": "a-issues", "stream": "issues"},', ' {"stream": "users"}]}'],
            id="Singer",
        ),
        pytest.param(
            [AIRBYTE[0], {"type": "CATALOG", "catalog": {"streams": [{"name": "issues"}, {"name": "users"}]}}],
            id="Airbyte",
        ),
    ],
)
def test_discover_lists_the_streams(tmp_path, catalog):
    printing(tmp_path, *catalog)
    connector = opened(tmp_path, discover=["--discover"])

    assert [choice.value for choice in connector.discover()] == ["issues", "users"]
    assert [choice.value for choice in connector.discover("USE")] == ["users"]


def test_discover_that_lists_nothing_says_so(tmp_path):
    printing(tmp_path, "usage: rows [--help]")

    with pytest.raises(Problem, match="listed no streams"):
        list(opened(tmp_path, discover=["--discover"]).discover())


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({}, "say either `agg`"),
        ({"agg": "count", "value": "n"}, "say either `agg`"),
        ({"value": "n", "where": "x"}, "`where` goes with `agg`"),
        ({"agg": "sum"}, "needs `of`"),
        ({"agg": "count", "args": ["{windw.end}"]}, "did you mean"),
        ({"agg": "count", "args": ["a\0"]}, "null characters"),
        ({"agg": "count", "strem": "x"}, "did you mean 'stream'"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_before_anything_runs(query, words):
    found = check_query(Connection("tap", "exec", {}), query, REGISTRY)

    assert words in " ".join(f"{one.message} {one.hint}" for one in found)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "command is missing"),
        ({"command": []}, "command"),
        ({"command": "tap-github --config x"}, "list"),
        ({"command": [" "]}, "begins with the name of a program"),
        ({"command": ["../rows"]}, "outside the project folder"),
        ({"command": ["/usr/bin/env"]}, "outside the project folder"),
        ({"command": ["rows"], "env": {"A-B": "x"}}, "A-B"),
        ({"command": ["rows"], "timeout": 0}, "timeout"),
    ],
)
def test_settings_that_make_no_sense_are_refused(tmp_path, settings, words):
    found = check_settings(Connection("tap", "exec", settings), REGISTRY, tmp_path)

    assert words in " ".join(f"{one.message} {one.hint}" for one in found)


def test_a_secret_of_its_environment_in_plain_text_is_found(tmp_path):
    settings = {"command": ["./tap"], "env": {"TAP_TOKEN": "s3cret-token", "TAP_USER": "${TAP_USER}"}}

    (misfit,) = check_settings(Connection("taps", "exec", settings), REGISTRY, tmp_path)

    assert misfit.path == ("env", "TAP_TOKEN")
    assert "${TAPS_ENV_TAP_TOKEN}" in misfit.hint
    assert "s3cret-token" not in f"{misfit.message} {misfit.hint}"
