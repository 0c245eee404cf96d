"""What libraries log goes where the settings say, and never with a secret."""

from __future__ import annotations

import json
import logging

import pytest

from okrsync import redaction
from okrsync.cli import logs
from okrsync.settings import Settings

SECRET = "s3cret/token"


@pytest.fixture
def library(root_logger):
    """The logger of a library, in a process that has hidden nothing yet."""
    factory = logging.getLogRecordFactory()
    logging.setLogRecordFactory(logging.LogRecord)
    redaction.learn(SECRET)
    yield logging.getLogger("some.library")
    logging.setLogRecordFactory(factory)


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_secret_is_hidden_in_messages_tracebacks_and_fields(library, capsys, form):
    logs.begin(Settings(log_level="DEBUG", log_format=form))

    library.debug("GET /deals?token=%s", SECRET, extra={"header": f"Bearer {SECRET}"})
    try:
        {}[f"no {SECRET}"]
    except KeyError:
        library.exception("it failed")

    said = capsys.readouterr().err
    assert SECRET not in said
    assert "GET /deals?token=********" in said
    assert "KeyError: 'no ********'" in said


def test_a_record_is_one_line_of_json_whatever_it_holds(library, capsys):
    logs.begin(Settings(log_format="json"))

    library.warning("two\nlines", extra={"event": "seen", "rows": 3, "what": {"a", "b"}})

    (line,) = capsys.readouterr().err.splitlines()
    record = json.loads(line)
    assert (record["event"], record["level"], record["logger"]) == ("seen", "WARNING", "some.library")
    assert (record["message"], record["rows"]) == ("two\nlines", 3)
    assert record["ts"].endswith("+00:00")


def test_nothing_below_the_level_is_logged_and_a_second_command_logs_nothing_twice(library, capsys):
    logs.begin(Settings())
    logs.begin(Settings())

    library.info("nobody wants to know")
    library.warning("once")

    assert capsys.readouterr().err.count("\n") == 1
