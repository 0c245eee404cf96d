"""Which texts are secret, and how they are kept out of everything that is written or shown.

Secrets are learnt once, when a connection's settings are read; from then on `redact` takes them out of any
text, in every form in which a library may show them: as they are, quoted for a URL, in base64 (also as a
part of `user:password`), and escaped for JSON or by `repr`.
"""

from __future__ import annotations

import base64
import json
import logging
import re
import threading
import traceback
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit, urlunsplit

SHORTEST_SECRET = 4
"""Characters. A shorter secret would take harmless words apart and is not hidden."""

_HIDDEN = "********"
_SECRET_NAMES = re.compile(
    r"key|token|secret|passw|pwd|auth|sig(nature)?$|credential|session|assertion|jwt|^code$|^sid$", re.IGNORECASE
)
_RECORD_FIELDS = frozenset(vars(logging.makeLogRecord({})))


class _Known:
    """The secrets that were learnt, as one pattern; None while there are none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forms: set[str] = set()
        self.pattern: re.Pattern[str] | None = None

    def add(self, secret: str) -> None:
        if len(secret) < SHORTEST_SECRET:
            return
        with self._lock:
            forms = self._forms.union(_forms(secret))
            if forms == self._forms:
                return
            self._forms = forms
            self.pattern = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))))

    def clear(self) -> None:
        with self._lock:
            self._forms, self.pattern = set(), None


_known = _Known()


def learn(secret: str) -> None:
    """Hide `secret` from now on, in this process. Knows no bounds of threads; too short secrets are ignored."""
    _known.add(secret)


def forget_all() -> None:
    """Forget every secret that was learnt, as a new process would."""
    _known.clear()


def redact(text: str) -> str:
    """Return `text` with every learnt secret in it hidden, the longest first."""
    pattern = _known.pattern
    return pattern.sub(_HIDDEN, text) if pattern else text


def holds(text: str, secret: str) -> bool:
    """Return whether `text` holds `secret` in any of the forms that `redact` would hide."""
    return len(secret) >= SHORTEST_SECRET and any(form in text for form in _forms(secret))


def redacted(value: Any) -> Any:
    """Return `value`, a JSON-like structure, with every learnt secret in its texts and keys hidden."""
    if _known.pattern is None:
        return value
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {redacted(name): redacted(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(redacted, value)) if type(value) in (list, tuple) else [redacted(v) for v in value]
    return value


def shown_url(url: str) -> str:
    """Return `url` as it may be shown: no user and password, no fragment, secret-looking query values hidden."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "(an address that cannot be read)"
    query = "&".join(map(_shown_parameter, parts.query.split("&"))) if parts.query else ""
    return redact(urlunsplit((parts.scheme, host, parts.path, query, "")))


def _shown_parameter(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    return f"{name}={_HIDDEN}" if equals and _SECRET_NAMES.search(name) else parameter


def _forms(secret: str) -> Iterator[str]:
    plain = (
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        repr(secret.encode())[2:-1],
    )
    for form in (*plain, *_base64_forms(secret.encode())):
        if len(form) >= SHORTEST_SECRET:
            yield form


def _base64_forms(secret: bytes) -> Iterator[str]:
    """Yield what base64 makes of `secret`, alone and at each of the three places it can have within more bytes."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(secret).decode().rstrip("=")
        for before in range(3):
            usable = (before + len(secret)) // 3 * 4
            inner = encode(bytes(before) + secret).decode()[(0, 2, 3)[before] : usable]
            if len(inner) >= 2 * SHORTEST_SECRET:
                yield inner


class RedactingFilter(logging.Filter):
    """Hides learnt secrets in a record: message, arguments, traceback and whatever was added to it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite `record` where it holds a secret, and let it pass."""
        if _known.pattern is None:
            return True
        _redact_record(record)
        for name in vars(record).keys() - _RECORD_FIELDS:
            setattr(record, name, redacted(getattr(record, name)))
        return True


def _redact_record(record: logging.LogRecord) -> None:
    try:
        message = record.getMessage()
    except (TypeError, ValueError):
        message = f"{record.msg} {record.args!r}"
    if (clean := redact(message)) != message:
        record.msg, record.args = clean, ()
    if record.exc_info and record.exc_info[1] is not None:
        trace = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
        if (clean := redact(trace)) != trace:
            record.exc_text, record.exc_info = clean, None
    if record.exc_text:
        record.exc_text = redact(record.exc_text)
    if record.stack_info:
        record.stack_info = redact(record.stack_info)


def install() -> None:
    """Have every log record of this process redacted, whichever logger or handler it goes through.

    Records are cleaned where they are made, so that libraries with handlers of their own are covered;
    fields added by `extra=` are cleaned by the filter on the root logger's handlers.
    """
    factory = logging.getLogRecordFactory()
    if not getattr(factory, "redacts", False):

        def redacting(*args: Any, **kwargs: Any) -> logging.LogRecord:
            record = factory(*args, **kwargs)
            if _known.pattern is not None:
                _redact_record(record)
            return record

        redacting.redacts = True  # type: ignore[attr-defined]
        logging.setLogRecordFactory(redacting)
    for handler in logging.getLogger().handlers:
        if not any(isinstance(known, RedactingFilter) for known in handler.filters):
            handler.addFilter(RedactingFilter())
