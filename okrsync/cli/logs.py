"""What is logged to standard error, and how: lines for people, or an object per line for a log collector."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from okrsync import redaction
from okrsync.settings import Settings

_PLAIN_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_QUIET = (logging.WARNING, logging.ERROR)


def begin(settings: Settings) -> None:
    """Log as `settings` say, with every secret hidden; called once per command, before anything can be logged."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if settings.log_format == "json" else TextLines())
    root = logging.getLogger()
    for known in [known for known in root.handlers if isinstance(known.formatter, JsonLines | TextLines)]:
        root.removeHandler(known)
    handler.setLevel(settings.log_level)  # libraries log as they like; what is shown is for the settings to say
    root.addHandler(handler)
    root.setLevel(settings.log_level)
    if settings.log_format == "text" and root.level in _QUIET and sys.stderr.isatty():
        handler.addFilter(_not_shown_by_the_command)
    redaction.install()


def _not_shown_by_the_command(record: logging.LogRecord) -> bool:
    """Leave out what a sync logs of itself: a person at the terminal is shown its report."""
    return not record.name.startswith("okrsync.sync")


class TextLines(logging.Formatter):
    """A line per record: time (UTC), level, logger, message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text."""
        return f"{_moment(record):%Y-%m-%d %H:%M:%S} {record.levelname} {record.name}: {_message(self, record)}"


class JsonLines(logging.Formatter):
    """A JSON object per record: `ts` (UTC), `level`, `event`, `logger`, `message`, and whatever the record adds."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        added = {name: value for name, value in vars(record).items() if name not in _PLAIN_FIELDS}
        line = {
            "ts": _moment(record).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "event": added.pop("event", "message"),
            "logger": record.name,
            "message": _message(self, record),
            **added,
        }
        return json.dumps(line, ensure_ascii=False, default=str)


def _moment(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _message(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    """Return the message, with the traceback if the record has one."""
    text = record.getMessage()
    if record.exc_info and not record.exc_text:
        record.exc_text = formatter.formatException(record.exc_info)
    return f"{text}\n{record.exc_text}" if record.exc_text else text
