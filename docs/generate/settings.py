"""The page of the environment variables."""

from __future__ import annotations

from docs.generate import markdown
from flows.environment import DEFAULTS
from okrsync.settings import PREFIX, Settings

_INTRODUCTION = f"""# Settings in the environment

What depends on the machine, and not on the goals, is said by environment variables. A variable that begins with
`{PREFIX}` and is none of these is refused: a misspelt one would leave the default in force without a word."""

_SECRETS = """## Secrets

A secret never stands in a file of the project. A setting of a connection says `${NAME}`; its value is

1. the environment variable `NAME`, else
2. the file `NAME` in the folder `OKRSYNC_SECRETS_DIR`, else in `secrets/` of the project folder. The line break at the
   end of the file is no part of the secret.

A variable that is set to nothing counts as not set. Values are read anew by each command and each scheduled sync, so a
renewed secret needs no restart if it stands in a file."""

_PREFECT = """## Prefect

okrsync sets these for the Prefect that it runs, unless they are set already. The first two switch Prefect's telemetry
off; where you run Prefect's own commands (`prefect server`, `prefect worker`), set them there yourself."""

_PREFECT_MEANINGS = {
    "DO_NOT_TRACK": "Prefect's command line and client report nothing.",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "Prefect's server reports nothing.",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "Old flow runs and events are removed, after 90 and 7 days.",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "How long a temporary server may take to start.",
}

_PREFECT_PLACE = """`PREFECT_API_URL`, or the active Prefect profile, names the API that syncs run against.
Without one, Prefect's files go to `.okrsync/prefect` in the project folder (`PREFECT_HOME` names another place)."""


def page() -> str:
    """Return the page."""
    own = [
        (f"`{PREFIX}{name.upper()}`", "" if field.default is None else f"`{field.default}`", field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    own.append(("`OKRSYNC_PROJECT`", "the current folder", "The project folder, for commands without `--project`."))
    prefect = [(f"`{name}`", f"`{value}`", _PREFECT_MEANINGS[name]) for name, value in DEFAULTS.items()]
    return markdown.page(
        _INTRODUCTION,
        markdown.table(("variable", "default", "meaning"), own),
        _SECRETS,
        _PREFECT,
        markdown.table(("variable", "okrsync's value", "effect"), prefect),
        _PREFECT_PLACE,
    )
