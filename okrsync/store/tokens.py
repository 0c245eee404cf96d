"""The vault for tokens that their source replaces when they are used.

Spending such a token means to talk to its source, which must not happen within a transaction. So whoever wants to
spend one holds a row for a while instead: taken in one short transaction, given back in another, and free again by
itself when its holder was killed. What a killed holder had just received is lost; the source then either takes the
token before once more, as most do for some time, or wants to be authorised anew.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import Connection, literal_column, select, update

from okrsync.errors import OkrsyncError, Problem, Reason
from okrsync.store.database import Database
from okrsync.store.schema import require_current
from okrsync.store.sealing import Seal
from okrsync.store.statements import table, upsert
from okrsync.store.token_model import RotatingToken
from okrsync.store.types import UTC

logger = logging.getLogger(__name__)

_ROWS = table(RotatingToken)
_PAUSE = 0.2
"""Seconds between two looks at a token that somebody else holds."""
_NOW = {"postgresql": "clock_timestamp()", "sqlite": "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')"}


class StoredTurn:
    """A turn at a token in the database."""

    def __init__(self, database: Database, connection: str, seal: Seal, generation: int, token: str) -> None:
        self._database, self._connection, self._seal = database, connection, seal
        self.generation = generation
        """How often the token had been replaced."""
        self.token = token
        """The newest token."""
        self.unsaved = False
        """Whether the database has yet to take the newest token."""

    def keep(self, token: str) -> None:
        """Put `token` in the place of the one that was spent; what the database does not take stays `unsaved`."""
        self.token = token
        try:
            kept = self._save(self._seal.close(token))
        except OkrsyncError as error:
            self.unsaved = True
            lost = "its new refresh token is not kept yet, and lost if this process is killed"
            logger.error("%s: %s: %s", self._connection, lost, error.message)  # noqa: TRY400 - the message says it all
            return
        self.unsaved, self.generation = False, self.generation + 1
        if not kept:
            logger.warning("%s: another process has kept a newer refresh token meanwhile", self._connection)

    def _save(self, sealed: str) -> bool:
        """Write unless somebody has, whose turn began when this one had taken too long."""
        same = (_ROWS.c.origin == self._seal.fingerprint) & (_ROWS.c.generation == self.generation)
        with self._database.writing() as conn:
            newer = {"sealed": sealed, "generation": self.generation + 1, "updated_at": _clock(conn)}
            return conn.execute(update(_ROWS).where(same).values(newer)).rowcount == 1


class StoredTokens:
    """A `TokenVault` in the central database. The database's clock counts, for that of a machine may be wrong."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._unsaved: dict[str, StoredTurn] = {}

    @contextmanager
    def turn(self, connection: str, configured: str, seconds: float) -> Iterator[StoredTurn]:
        """Wait up to `seconds` for the turn at a token, and have it for as long; see `TokenVault`.

        Raises `Problem` (`timeout`) when others have it for longer, `SchemaMismatch` and `DatabaseUnavailable`.
        """
        require_current(self._database)
        seal, holder = Seal(configured), uuid.uuid4().hex
        generation, sealed = self._waited_for(seal.fingerprint, connection, holder, seconds)
        newest = seal.open(sealed) if sealed else None
        turn = StoredTurn(self._database, connection, seal, generation, newest or configured)
        try:
            self._bring_earlier(seal.fingerprint, turn)
            yield turn
        finally:
            if turn.unsaved:
                self._unsaved[seal.fingerprint] = turn
            self._give_back(holder)

    def close(self) -> None:
        """Try once more to keep what the database did not take."""
        for turn in self._unsaved.values():
            turn.keep(turn.token)

    def _bring_earlier(self, origin: str, turn: StoredTurn) -> None:
        earlier = self._unsaved.pop(origin, None)
        if earlier and earlier.generation == turn.generation:
            turn.keep(earlier.token)

    def _waited_for(self, origin: str, connection: str, holder: str, seconds: float) -> tuple[int, str | None]:
        ends = time.monotonic() + seconds
        while True:
            if (row := self._taken(origin, connection, holder, seconds)) is not None:
                return row
            if time.monotonic() >= ends:
                raise Problem(
                    Reason.TIMEOUT,
                    f"{connection}: others have been renewing its token for {seconds:g} s",
                    "the next run tries again",
                )
            time.sleep(_PAUSE)

    def _taken(self, origin: str, connection: str, holder: str, seconds: float) -> tuple[int, str | None] | None:
        """Take the turn and return generation and sealed token; None while somebody else has it."""
        row = _ROWS.c.origin == origin
        with self._database.writing() as conn:
            now = _clock(conn)
            first = {"origin": origin, "connection": connection, "generation": 0, "updated_at": now}
            conn.execute(upsert(conn, RotatingToken).values(first).on_conflict_do_nothing(index_elements=["origin"]))
            columns = (_ROWS.c.generation, _ROWS.c.sealed, _ROWS.c.held_until)
            generation, sealed, held_until = conn.execute(select(*columns).where(row).with_for_update()).one()
            if held_until is not None and held_until > _clock(conn):
                return None
            until = _clock(conn) + timedelta(seconds=seconds)
            conn.execute(update(_ROWS).where(row).values(connection=connection, holder=holder, held_until=until))
        return generation, sealed

    def _give_back(self, holder: str) -> None:
        try:
            with self._database.writing() as conn:
                conn.execute(update(_ROWS).where(_ROWS.c.holder == holder).values(holder=None, held_until=None))
        except OkrsyncError as error:
            logger.warning("the turn at a token could not be given back, and ends by itself: %s", error.message)


def _clock(conn: Connection) -> datetime:
    now: datetime = conn.execute(select(literal_column(_NOW[conn.dialect.name], UTC))).scalar_one()
    return now
