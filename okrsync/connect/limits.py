"""How politely a source wants to be asked."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from pydantic import BaseModel


@dataclass(frozen=True)
class Limits:
    """How politely a source wants to be asked. None means no limit of that kind."""

    per_second: float | None = None
    at_once: int = 4
    """Calls of `read_many` that may be under way at the same time; a connector is called from that many threads."""
    per_day: int | None = None
    per_hour: int | None = None
    """Requests within any 60 minutes. Counted in this process alone: earlier runs and other programs are not seen."""

    def overridden_by(self, config: BaseModel) -> Limits:
        """Return these limits with those that a connection's settings name in fields of the same names."""
        own = {field.name: getattr(config, field.name, None) for field in fields(self)}
        return replace(self, **{name: value for name, value in own.items() if value is not None})
