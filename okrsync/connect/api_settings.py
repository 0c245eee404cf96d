"""What every connection to an API takes besides its own settings."""

from __future__ import annotations

from pydantic import Field

from okrsync.connect.contract import Config
from okrsync.connect.files import ProjectFile


class ApiConfig(Config):
    """One connection to an API."""

    allow_private: bool = Field(False, description="Whether the host may be in a private network.")
    ca_file: ProjectFile | None = Field(None, description="Certificates of your own authority (PEM).")
    per_second: float | None = Field(None, gt=0, description="Requests per second at most, if not the usual.")
    at_once: int | None = Field(None, ge=1, le=32, description="Requests under way at the same time, if not the usual.")
