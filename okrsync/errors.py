"""Everything that can go wrong, as one tree, and the exit code each branch ends with.

```text
OkrsyncError                 1  a bug of ours, if nothing more exact is raised
├── SettingsError            2  the environment or a settings file is wrong; nothing ran
├── GoalsError               2  the project's files are wrong; nothing ran
├── UnknownName              2  a key result, metric, connection or cycle that does not exist
├── SchedulerUnavailable     2  Prefect's server cannot be started or reached; nothing ran
├── DatabaseUnavailable      5  the central database cannot be reached or written
├── SchemaMismatch           5  the database's schema is behind or ahead of this okrsync
├── DeadlinePassed           6  a run took longer than it may
└── Problem                  –  one question has no number; raised by connectors, returned by `collect()`
```

A message says what happened and to which connection or key result; `hint` says what to do.
Neither ever holds a secret, a reply's body or its headers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from okrsync.nearest import did_you_mean


class ExitCode(IntEnum):
    """What a command ends with. Stable: schedulers and monitors rely on it."""

    OK = 0
    BUG = 1
    USAGE = 2
    SOME_FAILED = 3
    ALL_FAILED = 4
    DATABASE = 5
    DEADLINE = 6
    UNDELIVERED = 7


class Actor(StrEnum):
    """Who has to act on a problem."""

    CONNECTION_OWNER = "connection_owner"
    METRIC_OWNER = "metric_owner"
    NOBODY_YET = "nobody_yet"
    OKRSYNC = "okrsync"


class Reason(StrEnum):
    """Why there is no number. The reason decides whether it is asked again, and who has to act."""

    AUTH = "auth"
    CONFIG = "config"
    QUERY = "query"
    UNSUPPORTED = "unsupported"
    NO_DATA = "no_data"
    BAD_VALUE = "bad_value"
    SUSPICIOUS = "suspicious"
    RATE_LIMITED = "rate_limited"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    BAD_RESPONSE = "bad_response"
    INTERNAL = "internal"

    @property
    def actor(self) -> Actor:
        """Who has to act before the question can be answered."""
        return _ACTORS[self]

    @property
    def of_the_connection(self) -> bool:
        """Whether the whole connection is affected, so that asking its other questions is pointless."""
        return self in _OF_THE_CONNECTION


_ACTORS = {
    Reason.AUTH: Actor.CONNECTION_OWNER,
    Reason.CONFIG: Actor.CONNECTION_OWNER,
    Reason.QUERY: Actor.METRIC_OWNER,
    Reason.UNSUPPORTED: Actor.METRIC_OWNER,
    Reason.NO_DATA: Actor.METRIC_OWNER,
    Reason.BAD_VALUE: Actor.METRIC_OWNER,
    Reason.SUSPICIOUS: Actor.METRIC_OWNER,
    Reason.RATE_LIMITED: Actor.NOBODY_YET,
    Reason.UNREACHABLE: Actor.NOBODY_YET,
    Reason.TIMEOUT: Actor.NOBODY_YET,
    Reason.BAD_RESPONSE: Actor.NOBODY_YET,
    Reason.INTERNAL: Actor.OKRSYNC,
}
_OF_THE_CONNECTION = frozenset({Reason.AUTH, Reason.CONFIG, Reason.RATE_LIMITED, Reason.UNREACHABLE, Reason.TIMEOUT})


class OkrsyncError(Exception):
    """The root of every error that okrsync raises on purpose."""

    exit_code = ExitCode.BUG

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}. {self.hint}" if self.hint else self.message


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong in a file, where it stands, and what to do about it.

    `line` and `column` count from 1; 0 means the whole file.
    """

    file: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class _Findings(OkrsyncError):
    """An error that carries all findings at once, so that a person mends them in one go."""

    exit_code = ExitCode.USAGE

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(sorted(findings))
        super().__init__("\n".join(map(str, self.findings)))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.findings,)


class SettingsError(_Findings):
    """The environment or a settings file is wrong."""


class GoalsError(_Findings):
    """The files of the project folder are wrong."""


class UnknownName(OkrsyncError):
    """Something was asked for by a name that does not exist; the hint names the nearest one."""

    exit_code = ExitCode.USAGE

    @classmethod
    def among(cls, what: str, name: str, names: Iterable[str]) -> UnknownName:
        """Return the error for `name`, which is none of `names`."""
        return cls(f"there is no {what} {name!r}", did_you_mean(name, names))


class SchedulerUnavailable(OkrsyncError):
    """Prefect's server cannot be started or reached, so that there is no schedule."""

    exit_code = ExitCode.USAGE


class DatabaseUnavailable(OkrsyncError):
    """The central database cannot be reached, read or written."""

    exit_code = ExitCode.DATABASE


class SchemaMismatch(OkrsyncError):
    """The database's schema is not the one this okrsync works with."""

    exit_code = ExitCode.DATABASE


class DeadlinePassed(OkrsyncError):
    """A run did not end within its deadline."""

    exit_code = ExitCode.DEADLINE


class Problem(OkrsyncError):
    """Why a question has no number, and what to do about it.

    Raised by connectors and everything below them, returned by `collect()`. `retry_at` (aware UTC)
    says when a source that asked for patience may be asked again.
    """

    def __init__(self, reason: Reason, message: str, hint: str = "", retry_at: datetime | None = None) -> None:
        super().__init__(message, hint)
        self.reason = reason
        self.retry_at = retry_at

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.reason, self.message, self.hint, self.retry_at)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Problem) and self.__reduce__()[1] == other.__reduce__()[1]

    def __hash__(self) -> int:
        return hash(self.__reduce__()[1])
