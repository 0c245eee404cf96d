"""Time zones as settings name them."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator


def _known(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone; write it like Europe/Berlin") from None


ZoneName = Annotated[str, AfterValidator(_known)]
"""A setting that names a time zone, such as Europe/Berlin."""
