"""Where a refresh token is kept that the source replaces whenever it is used.

Such a token may be spent once. Whoever wants to spend it takes a turn at a vault, spends the token that the
turn holds, and keeps what came for it before the turn ends: two workers then never spend the same one.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

logger = logging.getLogger(__name__)


class Turn(Protocol):
    """The right to spend a token, for a short time."""

    @property
    def token(self) -> str:
        """The newest token."""

    def keep(self, token: str) -> None:
        """Put `token` in the place of the one that was spent, at once and for every later turn; never raises."""


class TokenVault(Protocol):
    """The newest of each rotating token, for all threads and processes that use it."""

    def turn(self, connection: str, configured: str, seconds: float) -> AbstractContextManager[Turn]:
        """Wait up to `seconds` for the turn at a token, and have it for as long.

        `configured` is the token as the settings of `connection` have it. It is what the token is known by, so
        that a new one in the settings wins over all that came for the old one. Raises `OkrsyncError` when there
        is no turn to be had; nothing has been spent then.
        """


class TokensInMemory:
    """A vault for one process, which forgets its tokens at the end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: dict[str, str] = {}

    @contextmanager
    def turn(self, connection: str, configured: str, seconds: float) -> Iterator[Turn]:  # noqa: ARG002 - the vault's
        """Wait for every other turn of this vault to end."""
        with self._lock:
            yield _TurnInMemory(connection, configured, self._newest)


class _TurnInMemory:
    def __init__(self, connection: str, configured: str, newest: dict[str, str]) -> None:
        self._connection, self._configured, self._newest = connection, configured, newest

    @property
    def token(self) -> str:
        return self._newest.get(self._configured, self._configured)

    def keep(self, token: str) -> None:
        self._newest[self._configured] = token
        logger.warning(
            "%s: its refresh token was replaced, and the new one is gone when this process ends", self._connection
        )
