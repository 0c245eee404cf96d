"""What a database driver's error means, and who must act: said without a parameter, an address or a secret."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from okrsync.errors import Problem, Reason
from okrsync.redaction import redact

_LONGEST = 200
_REFUSED = re.compile(
    r"password authentication failed|no password supplied|role .* does not exist|pg_hba\.conf|permission denied for "
    r"database|is not permitted to log in|login failed|access denied for user",
    re.IGNORECASE,
)
_NO_DATABASE = re.compile(
    r"database \S+ does not exist|unknown database|not a (?:valid duckdb )?database|trying to read a database file",
    re.IGNORECASE,
)
_LOCKED = re.compile(r"could not set lock on file", re.IGNORECASE)
_TOO_LONG = re.compile(
    r"^interrupt(?:ed|\b)|statement timeout|maximum statement execution time|max_statement_time", re.IGNORECASE
)
_WRITES = re.compile(r"read[- ]?only|not authorized|prohibited|disabled (?:by|through) configuration", re.IGNORECASE)
_CUT_OFF = re.compile(
    r"server closed the connection|connection is lost|lost connection|consuming input failed", re.IGNORECASE
)
_MYSQL_REFUSED = frozenset({1044, 1045, 1698})
_MYSQL_CUT_OFF = frozenset({1040, 1053, 1203, 1226, 2003, 2006, 2013})
_MYSQL_TOO_LONG = frozenset({1205, 1317, 1969, 3024})
_MYSQL_NOT_GRANTED = frozenset({1142, 1143, 1227, 1370})


def while_connecting(error: SQLAlchemyError, shown: str) -> Problem:
    """Return what kept a connection to the database `shown` from being made."""
    if isinstance(error, PoolTimeout):
        return Problem(Reason.TIMEOUT, f"every connection to {shown} was busy for too long", "raise `at_once`")
    said = _said(error)
    if _REFUSED.search(said) or _number(error) in _MYSQL_REFUSED:
        return Problem(Reason.AUTH, f"{shown} refused the credentials: {said}", "correct user and password in `url`")
    if _NO_DATABASE.search(said):
        return Problem(Reason.CONFIG, f"there is no such database: {said}", "correct `url`")
    if _LOCKED.search(said):
        return Problem(
            Reason.UNREACHABLE,
            f"{shown} is open in another program, which writes to it",
            "have that program close it, or give okrsync a copy",
        )
    return Problem(Reason.UNREACHABLE, f"{shown} cannot be reached: {said}", "see whether it runs and lets you in")


def while_asking(error: SQLAlchemyError, seconds: float) -> Problem:
    """Return what kept a statement from being answered within `seconds`."""
    said, state = _said(error), str(getattr(_driver_error(error), "sqlstate", None) or "")
    if state == "57014" or _number(error) in _MYSQL_TOO_LONG or _TOO_LONG.search(said):
        return Problem(
            Reason.TIMEOUT,
            f"the statement took longer than {seconds:g} s and was stopped",
            "make it cheaper (an index, a summary table), or raise `timeout` of the connection",
        )
    if _is_cut_off(error, said, state):
        return Problem(Reason.UNREACHABLE, f"the database hung up: {said}")
    if state == "25006" or _WRITES.search(said):
        return Problem(Reason.QUERY, f"the statement does more than read: {said}", "a connection only reads")
    if state == "42501" or _number(error) in _MYSQL_NOT_GRANTED:
        return Problem(Reason.QUERY, f"the role may not read this: {said}", "grant it SELECT, or ask something else")
    return Problem(Reason.QUERY, f"the database refused the statement: {said}", "try it in a client of the database")


def is_of_the_connection(problem: Problem) -> bool:
    """Whether a problem met while asking is the whole connection's: a statement that took too long is not."""
    return problem.reason is Reason.UNREACHABLE


def _is_cut_off(error: SQLAlchemyError, said: str, state: str) -> bool:
    invalid = isinstance(error, DBAPIError) and error.connection_invalidated
    busy = isinstance(error, OperationalError) and "is locked" in said
    no_answer = isinstance(error, InterfaceError) or _number(error) in _MYSQL_CUT_OFF
    return invalid or busy or no_answer or state[:2] in ("08", "53", "57") or bool(_CUT_OFF.search(said))


def _said(error: SQLAlchemyError) -> str:
    """Return the first line of what the server said; the rest may quote the statement."""
    text = str(_driver_error(error)) if not _number(error) else str(_driver_error(error).args[-1])
    line = next(iter(text.strip().splitlines()), type(error).__name__)
    return redact(line.removeprefix("connection failed: "))[:_LONGEST]


def _driver_error(error: SQLAlchemyError) -> Any:
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def _number(error: SQLAlchemyError) -> int | None:
    """Return the number by which MySQL's drivers name an error."""
    args: tuple[Any, ...] = getattr(_driver_error(error), "args", ())
    return args[0] if len(args) == 2 and isinstance(args[0], int) else None
