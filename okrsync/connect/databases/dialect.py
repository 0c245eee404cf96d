"""What okrsync needs of a kind of database, and what it does with one that it knows nothing more of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import URL, Connection, Engine, inspect

CONNECT_SECONDS = 10
GRACE_SECONDS = 5
"""What a server has beyond the limit of a statement to say that it stopped."""
BY_CURSOR: Mapping[str, Any] = {"stream_results": True, "max_row_buffer": 2}
"""However many rows there are, no more are fetched than it takes to see that they are too many."""
_OF_THE_SYSTEM = ("information_schema", "pg_catalog", "mysql", "performance_schema", "sys")


class Dialect:
    """A kind of database. This one knows no more than SQL: what keeps it from writing is the role it is given."""

    asking: ClassVar[Mapping[str, Any]] = {}
    """The execution options of a metric's statement."""

    def __init__(self, url: URL, seconds: float) -> None:
        self.url = url
        self.seconds = seconds

    def engine_arguments(self) -> dict[str, Any]:
        """Return what the engine is made with."""
        return {}

    def watch_over(self, engine: Engine) -> None:
        """Prepare the engine for `connecting`."""

    def connecting(self) -> AbstractContextManager[Any]:
        """Limit how long making a connection may take."""
        return nullcontext()

    def bounded(self, connection: Connection) -> AbstractContextManager[None]:  # noqa: ARG002 - for those that can
        """Make the transaction on `connection` read-only and limit how long its statement may take."""
        return nullcontext()

    def bind(self, moment: datetime) -> Any:
        """Return `moment` as a bind parameter; naive UTC where the database keeps no zones."""
        return moment.astimezone(UTC).replace(tzinfo=None)

    def described(self, connection: Connection) -> str:  # noqa: ARG002 - for those that can tell
        """Return whom and what the connection is connected as and to."""
        return f"connected to {self.shown}"

    def tables(self, connection: Connection) -> Iterator[tuple[str, str]]:
        """Yield every table and view: its name, and its name as a statement writes it."""
        inspector, quote = inspect(connection), connection.dialect.identifier_preparer.quote
        home = inspector.default_schema_name
        for schema in inspector.get_schema_names():
            if schema in _OF_THE_SYSTEM:
                continue
            for name in sorted([*inspector.get_table_names(schema), *inspector.get_view_names(schema)]):
                parts = [name] if schema == home else [schema, name]
                yield ".".join(parts), ".".join(map(quote, parts))

    @property
    def shown(self) -> str:
        """The database as messages name it: without user, password and options."""
        place = f"{self.url.host or ''}{f':{self.url.port}' if self.url.port else ''}"
        return "/".join(filter(None, [place, self.url.database or ""])) or self.url.get_backend_name()


def warning(writes: bool) -> str:
    """Return what `check` adds where the role `writes`."""
    return "; this role can write: give okrsync one that can only read" if writes else ""
