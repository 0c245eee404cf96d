"""What the environment may say to okrsync: variables that start with `OKRSYNC_`.

Everything else belongs into the project folder. Tests and examples pass a `Settings` of their own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveFloat, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from okrsync.errors import Finding, SettingsError
from okrsync.nearest import did_you_mean

PREFIX = "OKRSYNC_"
# Read by the command line and by the test suite; named here so that setting them is no typo.
_NOT_OURS = frozenset({"OKRSYNC_PROJECT", "OKRSYNC_TEST_POSTGRESQL_URL"})


class Settings(BaseSettings):
    """The settings that come from the environment, with their defaults."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, hide_input_in_errors=True)

    database_url: SecretStr | None = Field(
        None,
        description="The central database, as an SQLAlchemy URL. Outranks `database:` of okrsync.yaml; "
        "without either it is the SQLite file okrsync.db in the project folder.",
    )
    secrets_dir: Path | None = Field(
        None,
        description="A folder with a file per secret, named after its variable. "
        "Without it, the project's own `secrets/` folder is looked into.",
    )
    run_deadline: PositiveFloat = Field(600, description="Seconds after which a sync ends, whatever its sources do.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "WARNING", description="What is logged to standard error."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="`json` logs one object per line, for a log collector."
    )


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from the environment; raises `SettingsError` with every problem at once.

    A misspelt variable is a problem, not silence: it would leave the default in force.
    """
    known = {PREFIX + name.upper() for name in Settings.model_fields} | _NOT_OURS
    findings = [
        Finding(name, 0, 0, "no such setting", did_you_mean(name, known))
        for name in environ
        if name.startswith(PREFIX) and name not in known
    ]
    settings = None
    try:
        settings = Settings()
    except ValidationError as error:
        findings += [
            Finding(PREFIX + str(problem["loc"][0]).upper(), 0, 0, problem["msg"])
            for problem in error.errors(include_input=False, include_url=False)
        ]
    if findings or settings is None:
        raise SettingsError(findings) from None
    return settings
