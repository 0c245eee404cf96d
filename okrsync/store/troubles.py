"""What a database's errors mean to a person: what happened, and what to do.

The drivers' own texts are not passed on: they may quote what was sent.
"""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

Trouble = tuple[str, str]

_SQLITE: dict[str, Trouble] = {
    "SQLITE_BUSY": ("is locked: another process kept writing for {lock} seconds", "try again when it is done"),
    "SQLITE_LOCKED": ("is locked: another process kept writing for {lock} seconds", "try again when it is done"),
    "SQLITE_FULL": ("cannot be written: the disk is full", "free some space; nothing half was written"),
    "SQLITE_READONLY": ("is read-only", "make the file and its folder writable for this user"),
    "SQLITE_CANTOPEN": ("cannot be opened", "check that its folder exists and is writable for this user"),
    "SQLITE_PERM": ("cannot be opened", "make the file and its folder writable for this user"),
    "SQLITE_IOERR": ("cannot be read or written: the disk reports an error", "check the disk, then try again"),
    "SQLITE_CORRUPT": ("is damaged", "bring it back from a backup"),
    "SQLITE_NOTADB": ("is no SQLite database", "check the path, or bring the file back from a backup"),
}
_POSTGRESQL: dict[str, Trouble] = {
    "08": ("closed the connection", "try again; see the server's log"),
    "25006": ("is read-only", "connect to the primary server, with a user that may write"),
    "28": ("refused the user or the password", "check the user and the password in the database's URL"),
    "3D": ("does not exist on its server", "make it with createdb, or check the name in the URL"),
    "40": ("was written by another process at the same moment", "try again"),
    "42501": ("does not allow this user to do that", "grant the user the rights on the schema of okrsync"),
    "53100": ("cannot be written: the server's disk is full", "free some space; nothing half was written"),
    "53": ("has too many connections, or no memory left", "try again later, or raise the server's limits"),
    "55P03": ("is locked: another process kept writing for {lock} seconds", "try again when it is done"),
    "57014": ("took too long over one statement", "try again; see what else the server is doing"),
    "57": ("is shutting down or starting up", "try again in a moment"),
    "58": ("reports a fault of its system", "see the server's log"),
    "XX": ("reports an internal fault", "see the server's log"),
}
_CONNECTING: dict[str, Trouble] = {
    "password authentication failed": _POSTGRESQL["28"],
    "no password supplied": _POSTGRESQL["28"],
    "no pg_hba.conf entry": ("does not let this user in from here", "allow it in the server's pg_hba.conf"),
    "does not exist": _POSTGRESQL["3D"],
    "connection refused": (
        "cannot be reached: the connection was refused",
        "check that the server runs, and host and port",
    ),
    "no such file or directory": (
        "cannot be reached: there is no such socket",
        "check that the server runs, and the path",
    ),
    "timeout expired": ("did not answer within {connect} seconds", "check host, port and network"),
    "translate host name": ("cannot be found: no such host", "check the host name in the database's URL"),
    "failed to resolve": ("cannot be found: no such host", "check the host name in the database's URL"),
    "starting up": _POSTGRESQL["57"],
    "too many clients": _POSTGRESQL["53"],
    "ssl": ("cannot be reached over TLS", "check sslmode and the certificates in the database's URL"),
}


def trouble(error: SQLAlchemyError, lock_seconds: int, connect_seconds: int) -> Trouble | None:
    """Return what happened and what to do, or None for an error that is not the database's but a bug of ours."""
    found = _found(error)
    if found is None:
        return None
    message, hint = found
    return message.format(lock=lock_seconds, connect=connect_seconds), hint


def _found(error: SQLAlchemyError) -> Trouble | None:
    if isinstance(error, PoolTimeout):
        return "has no free connection", "too many threads of this process are waiting for it"
    if not isinstance(error, DBAPIError) or error.orig is None:
        return None
    if isinstance(error.orig, sqlite3.Error):
        return _by_prefix(_SQLITE, getattr(error.orig, "sqlite_errorname", None) or "")
    state = getattr(error.orig, "sqlstate", None)
    if state:
        return _by_prefix(_POSTGRESQL, state)
    return _while_connecting(error)


def _by_prefix(known: dict[str, Trouble], code: str) -> Trouble | None:
    matches = [prefix for prefix in known if code.startswith(prefix)]
    return known[max(matches, key=len)] if matches else None


def _while_connecting(error: DBAPIError) -> Trouble | None:
    """Return what libpq's text says; it is the only thing there is when no connection came about."""
    if not error.connection_invalidated and type(error).__name__ not in ("OperationalError", "InterfaceError"):
        return None
    said = str(error.orig).lower()
    known = (trouble for words, trouble in _CONNECTING.items() if words in said)
    return next(known, ("closed the connection, or never opened it", "try again; see the server's log"))
