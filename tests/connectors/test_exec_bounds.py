"""Programs that fail, do not end, flood, or try to outlive okrsync."""

import json
import os
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from okrsync import Problem, Reason
from okrsync.connect.collect import collect
from tests.connectors.programs import NOW, PLAIN, ask_one, asked, opened, printing, refused, script, value_of

pytestmark = pytest.mark.usefixtures("forget_secrets")

SOON = 8
"""Seconds, on a machine that has other things to do as well."""


@pytest.fixture
def soon():
    """What a test does has to be over soon."""
    started = time.monotonic()
    yield
    assert time.monotonic() - started < SOON


def alive(pid):
    """Whether a process still runs; one that only waits to be taken note of does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def ended(*pids):
    """Whether all the processes end in a moment."""
    waited = time.monotonic() + 5
    while any(map(alive, pids)) and time.monotonic() < waited:
        time.sleep(0.01)
    return not any(map(alive, pids))


def noted(folder):
    """Return the processes that a program noted down."""
    return [int(pid) for pid in (folder / "pids").read_text().split()]


WITH_CHILDREN = """
def note(): open("pids", "a").write(f"{os.getpid()} ")
note()
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    note()
    if os.fork() == 0:
        note()
        open("ready", "w").close()
    time.sleep(60)
while not os.path.exists("ready"): time.sleep(0.01)
"""


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize(
    "stubborn",
    [
        pytest.param("", id="that waits"),
        pytest.param("os.close(1); os.close(2)", id="that has closed its output"),
        pytest.param("signal.signal(signal.SIGTERM, signal.SIG_IGN)", id="that does not want to end"),
        pytest.param("while True: print('noise', file=sys.stderr)", id="that floods its standard error"),
        pytest.param("while True: print('{}', flush=True); time.sleep(0.01)", id="that drips"),
    ],
)
def test_a_program_is_stopped_in_time_with_all_that_it_started(tmp_path, stubborn):
    script(tmp_path, f"{WITH_CHILDREN}\n{stubborn}\ntime.sleep(60)")

    problem = refused(ask_one(opened(tmp_path, timeout=1)), Reason.TIMEOUT)

    assert "./rows took longer than 1 s" in problem.message
    assert "`timeout`" in problem.hint
    assert len(noted(tmp_path)) == 3
    assert ended(*noted(tmp_path))


@pytest.mark.usefixtures("soon")
def test_a_program_is_done_when_it_ends_whatever_it_leaves_running(tmp_path):
    script(tmp_path, f"{WITH_CHILDREN}\nprint('{{}}')")

    assert value_of(ask_one(opened(tmp_path))) == 1
    assert ended(*noted(tmp_path))


@pytest.mark.usefixtures("soon")
def test_a_process_that_has_left_its_group_keeps_nobody_waiting(tmp_path):
    script(
        tmp_path,
        """
        if os.fork() == 0:
            os.setsid()
            open("pids", "w").write(str(os.getpid()))
            time.sleep(60)
        while not os.path.exists("pids") or not open("pids").read(): time.sleep(0.01)
        print("{}")
        """,
    )

    try:
        assert value_of(ask_one(opened(tmp_path))) == 1
    finally:
        with suppress(ProcessLookupError):
            os.kill(noted(tmp_path)[0], 9)


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize(
    ("flood", "settings", "words"),
    [
        pytest.param("while True: print('{}')", {"max_rows": 1000}, "more than 1,000 rows", id="rows"),
        pytest.param("while True: print('{}')", {"max_bytes": 100_000}, "more than 0.1 MB", id="bytes"),
        pytest.param("while True: print(' ')", {"max_bytes": 100_000}, "more than 0.1 MB", id="empty lines"),
        pytest.param("while True: sys.stdout.write('x' * 9999)", {}, "a line of more than 10 MB", id="one line"),
        pytest.param("kept = 'x' * (300 * 2**20)", {"memory": 200}, "ran out of memory", id="memory"),
        pytest.param(
            "sys.exit(subprocess.run([sys.executable, '-IS', '-c', \"x = 'x' * (300 * 2**20)\"]).returncode)",
            {"memory": 200},
            "ran out of memory",
            id="memory of what it starts",
        ),
    ],
)
def test_a_flood_is_dammed(tmp_path, flood, settings, words):
    script(tmp_path, flood)

    problem = refused(ask_one(opened(tmp_path, **settings)), Reason.BAD_RESPONSE)

    assert words in problem.message
    assert problem.hint


def test_as_many_rows_as_allowed_are_no_flood(tmp_path):
    printing(tmp_path, *PLAIN)

    size = sum(len(json.dumps(row)) + 1 for row in PLAIN)

    assert value_of(ask_one(opened(tmp_path, max_rows=3, max_bytes=size))) == 3
    refused(ask_one(opened(tmp_path, max_rows=2, max_bytes=size)), Reason.BAD_RESPONSE)
    refused(ask_one(opened(tmp_path, max_rows=3, max_bytes=size - 1)), Reason.BAD_RESPONSE)


@pytest.mark.parametrize(
    ("code", "reason", "words"),
    [
        pytest.param("sys.exit('no such account')", Reason.BAD_RESPONSE, "exit code 1: no such account", id="words"),
        pytest.param("sys.exit(3)", Reason.BAD_RESPONSE, "failed with exit code 3", id="a code alone"),
        pytest.param("os.kill(os.getpid(), 9)", Reason.BAD_RESPONSE, "was ended by SIGKILL", id="a signal"),
        pytest.param("1 / 0", Reason.BAD_RESPONSE, "ZeroDivisionError", id="the last line of a traceback"),
        pytest.param("sys.exit(127)", Reason.CONFIG, "cannot be run", id="what a shell script misses"),
        pytest.param("print('oops'); sys.exit(2)", Reason.BAD_RESPONSE, "exit code 2", id="last words on the output"),
    ],
)
def test_rows_of_a_program_that_fails_are_no_answer(tmp_path, code, reason, words):
    script(tmp_path, f"print('{{}}')\n{code}")

    assert words in refused(ask_one(opened(tmp_path)), reason).message


def test_a_program_that_is_not_there_is_the_fault_of_the_settings(tmp_path):
    (tmp_path / "plain").write_text("no program")
    script(tmp_path, "", "strange")
    (tmp_path / "strange").write_text("#!/no/such/interpreter\n")

    told = {
        name: str(refused(ask_one(opened(tmp_path, command=[name])), Reason.CONFIG))
        for name in ("no-such-program-4711", "./missing", "./plain", "./strange")
    }

    assert "on PATH" in told["no-such-program-4711"]
    assert "no file ./missing" in told["./missing"]
    assert "chmod +x ./plain" in told["./plain"]
    assert "cannot be run" in told["./strange"]


def test_a_missing_program_is_told_once_for_all_questions(tmp_path):
    asks = [asked({"args": [str(number)], "agg": "count"}) for number in range(3)]

    answers = collect(opened(tmp_path), asks, NOW)

    assert {answer.reason for answer in answers.values()} == {Reason.CONFIG}


def test_a_command_that_fails_spoils_no_other(tmp_path):
    script(tmp_path, "sys.exit(1) if 'bad' in sys.argv else print('{}')")
    bad, good = (asked({"args": [word], "agg": "count"}) for word in ("bad", "good"))

    answers = collect(opened(tmp_path), [bad, good], NOW)

    refused(answers[bad.key], Reason.BAD_RESPONSE)
    assert value_of(answers[good.key]) == 1


def test_a_program_finds_its_own_variables_and_none_of_ours(tmp_path, monkeypatch):
    monkeypatch.setenv("OKRSYNC_DATABASE_URL", "postgresql://someone:s3cret@db/okr")
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    script(tmp_path, "print(json.dumps({'n': 1, 'found': dict(os.environ), 'at': os.getcwd()}))")

    row = ask_one(opened(tmp_path, {"KEY": "canary-4711"}, env={"TAP_KEY": "${KEY}"}), value="n").sample[0]

    # Python sets LC_CTYPE for itself.
    assert set(row["found"]) - {"LC_CTYPE"} == {"PATH", "HOME", "LANG", "TAP_KEY"}
    assert row["found"]["TAP_KEY"] == "********"
    assert row["at"] == str(tmp_path.resolve())


def test_its_standard_input_is_empty(tmp_path):
    script(tmp_path, "print(json.dumps({'n': len(sys.stdin.read())}))")

    assert value_of(ask_one(opened(tmp_path), value="n")) == 0


SECRETS = {"KEY": "canary-4711-and-more", "PEM": "-----BEGIN-----\nfirst-line-of-it\nsecond-line-of-it\n-----END-----"}
ENV = {"KEY": "${KEY}", "PEM": "${PEM}"}


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("sys.exit('refused ' + os.environ['KEY'])", id="in its last words"),
        pytest.param("sys.exit('refused ' + os.environ['KEY'] * 9999)", id="again and again, and cut off"),
        pytest.param("sys.exit(os.environ['KEY'] + 'y' * 16370)", id="half of it beyond what is kept"),
        pytest.param("sys.exit('x' * 290 + os.environ['KEY'])", id="across what is shown"),
        pytest.param("sys.exit('refused\\n' + os.environ['PEM'].splitlines()[1])", id="a line of it"),
        pytest.param("print('{}'); print(os.environ['PEM'], file=sys.stderr)", id="in a receipt"),
        pytest.param("print(json.dumps({'key': os.environ['KEY']}))", id="in a row"),
        pytest.param("print(json.dumps({os.environ['KEY']: 1}))", id="as the name of a field"),
        pytest.param("print(os.environ['KEY'])", id="in a line that is no row"),
    ],
)
def test_secrets_of_the_program_are_shown_nowhere(tmp_path, code):
    script(tmp_path, code)
    connector = opened(tmp_path, SECRETS, env=ENV)

    shown = "".join(
        f"{answer!r} {answer} {getattr(answer, 'hint', '')} {getattr(answer, 'provenance', '')}"
        for answer in (ask_one(connector), ask_one(connector, value="kye"), connector.config, vars(connector))
    )

    assert not [part for part in ("canary", "4711", "and-more", "line-of-it") if part in shown]


def test_what_check_shows_holds_no_secret(tmp_path):
    script(tmp_path, "print('logged in with ' + os.environ['KEY'])")

    assert opened(tmp_path, SECRETS, env=ENV, check=["whoami"]).check() == "./rows says: logged in with ********"


def test_a_check_that_fails_is_a_problem(tmp_path):
    script(tmp_path, "sys.exit('bad key')")

    with pytest.raises(Problem, match="bad key"):
        opened(tmp_path, check=["whoami"]).check()


@pytest.mark.usefixtures("soon")
def test_closing_a_connection_ends_what_still_runs(tmp_path):
    script(tmp_path, f"{WITH_CHILDREN}\ntime.sleep(60)")
    connector = opened(tmp_path)
    answers = []
    asking = threading.Thread(target=lambda: answers.append(ask_one(connector)))
    asking.start()
    while not (tmp_path / "ready").exists():
        time.sleep(0.01)

    connector.close()
    asking.join()

    refused(answers[0], Reason.BAD_RESPONSE)
    assert ended(*noted(tmp_path))


def test_a_long_standard_error_does_not_block_the_rows(tmp_path):
    script(tmp_path, "for _ in range(20000): print('n' * 50, file=sys.stderr)\nprint('{}')")

    reading = ask_one(opened(tmp_path))

    assert reading.value == 1
    assert reading.provenance["standard_error"] == ["n" * 50] * 5


def test_many_rows_take_little_time(tmp_path):
    script(tmp_path, "for number in range(50000): print('{\"n\": %d}' % number)")
    started = time.monotonic()

    assert value_of(ask_one(opened(tmp_path), agg="sum", of="n")) == sum(range(50000))
    assert time.monotonic() - started < 20
