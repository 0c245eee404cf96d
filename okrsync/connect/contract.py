"""The contract between okrsync and a connector.

N questions go in, exactly one answer per distinct question comes out, and one bad question never spoils the
others. A connector knows its source and nothing else: it opens no session, sets no time limit, retries
nothing, logs nothing, writes nothing and never asks what time it is. okrsync does that around it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict

from okrsync.connect.limits import Limits
from okrsync.errors import Problem, Reason
from okrsync.okrs.windows import Grain, Window

if TYPE_CHECKING:
    from okrsync.connect.credentials.auth import Auth
    from okrsync.connect.transport.http import HttpClient


class History(StrEnum):
    """Which past a source can answer for."""

    WINDOW = "window"
    """Any window of the past: its records carry dates."""
    VERSIONED = "versioned"
    """Its state at a past moment."""
    SNAPSHOT = "snapshot"
    """Only the present; the past is refused, never today's number dated back."""


class Config(BaseModel):
    """One connection. Secrets are `SecretStr`, every field has a description."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Query(BaseModel):
    """One question to a source. Every field has a description, and examples where they help."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


C = TypeVar("C", bound=Config)
Q = TypeVar("Q", bound=Query)


@dataclass(frozen=True)
class Ask(Generic[Q]):
    """A question: what (`query`), over which time (`window`), true at which moment (`as_of`, aware UTC).

    `key` is the identity of the question: equal questions of different key results cost one call.
    `zone` and `grain` of the window are already those of the source.
    """

    key: str
    query: Q
    window: Window
    as_of: datetime


def question_key(connector: str, connection: str, query: BaseModel, window: Window) -> str:
    """Return the identity of a question: the hash of connector, connection, query and window."""
    identity = [
        connector,
        connection,
        query.model_dump(mode="json"),
        window.start.isoformat() if window.start else None,
        window.end.isoformat(),
        str(window.zone),
    ]
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Reading:
    """One measured value.

    `as_of` (aware) is when the value held true at the source. `complete` is False while the period still
    runs, or when the source sampled or thresholded. `rows` says how many rows were looked at, where there
    are rows; `sample` holds a few of them for `preview`. `watermark` is the newest timestamp the source
    showed. `provenance` is enough to ask again by hand, and holds no secret.
    """

    value: Decimal
    as_of: datetime
    unit: str | None = None
    complete: bool = True
    rows: int | None = None
    watermark: datetime | None = None
    sample: Sequence[Any] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.value, Decimal) or not self.value.is_finite():
            raise Problem(
                Reason.BAD_VALUE,
                f"not a finite decimal number: {self.value!r}",
                "have the connector take it with `okrsync.number`, which says what is wrong with it",
            )
        if self.as_of.tzinfo is None:
            raise Problem(
                Reason.BAD_VALUE,
                f"the reading's time has no zone: {self.as_of.isoformat()}",
                "have the connector say in which zone it is, or give the question's own `as_of`",
            )


Answer = Reading | Problem


@dataclass(frozen=True)
class Choice:
    """One entry of a pick-list: `value` goes into the query's `field`, `label` is for people."""

    field: str
    value: str
    label: str = ""


class Connector(Generic[C, Q]):
    """One kind of source. Subclass it as `Connector[YourConfig, YourQuery]` and write `read` or `read_many`.

    The two type arguments become `Config` and `Query`; `title` is the first line of the docstring.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    Config: ClassVar[type[BaseModel]]
    Query: ClassVar[type[BaseModel]]
    history: ClassVar[History | str] = History.SNAPSHOT
    grain: ClassVar[Grain | str] = Grain.INSTANT
    settle: ClassVar[timedelta] = timedelta()
    """How long the source still revises what it has said."""
    max_batch: ClassVar[int] = 1
    """Questions per call of `read_many`."""
    limits: ClassVar[Limits] = Limits()
    scopes: ClassVar[tuple[str, ...]] = ()
    """The least rights the credentials need, in the source's own words."""
    auth: ClassVar[Auth | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for base in getattr(cls, "__orig_bases__", ()):
            if get_origin(base) is Connector:
                cls.Config, cls.Query = get_args(base)
        if "title" not in cls.__dict__ and cls.__doc__:
            cls.title = cls.__doc__.strip().splitlines()[0].rstrip(".")

    def __init__(self, connection: str, config: C, http: HttpClient) -> None:
        """Take the connection's name and settings. No I/O happens here.

        `http` is this connection's client: base URL, credentials, limits and time limits are in it already.
        """
        self.connection = connection
        self.config = config
        self.http = http

    @classmethod
    def credentials(cls, config: C) -> Auth | None:  # noqa: ARG003 - for connectors that offer several ways
        """Return how a connection with these settings proves who it is."""
        return cls.auth

    def base_url(self) -> str:
        """Return what relative paths given to `http` are relative to."""
        return str(getattr(self.config, "base_url", ""))

    def zone(self) -> str | None:
        """Return the name of the time zone the source reports in, or None where it takes any."""
        return None

    def history_of(self, query: Q) -> History:  # noqa: ARG002 - for connectors that can tell
        """Return which past the source can answer for this question."""
        return History(self.history)

    def together(self, ask: Ask[Q]) -> Hashable:  # noqa: ARG002 - for connectors that can tell
        """Return what questions must have in common to go into one call of `read_many`; None: nothing."""
        return None

    def check(self) -> str:
        """Make a real, authenticated call and return "connected as …"; raises `Problem`."""
        raise NotImplementedError

    def read(self, ask: Ask[Q]) -> Reading:
        """Answer one question; raises `Problem`."""
        raise NotImplementedError

    def read_many(self, asks: Sequence[Ask[Q]]) -> Iterable[Answer]:
        """Answer up to `max_batch` questions, in their order; raises `Problem` when the call as a whole fails."""
        for ask in asks:
            try:
                yield self.read(ask)
            except Problem as problem:
                yield problem
                if problem.reason.of_the_connection:
                    raise

    def discover(self, like: str = "") -> Iterable[Choice]:  # noqa: ARG002 - for connectors that can list
        """Yield what can be asked for, where the source can list it; `like` narrows it."""
        return ()

    def close(self) -> None:
        """Give back what the connector holds open."""
