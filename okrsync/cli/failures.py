"""How an error looks to the person at the terminal, and what the process ends with."""

from __future__ import annotations

import os
import traceback

import click

from okrsync.errors import ExitCode, GoalsError, OkrsyncError, Problem, SettingsError
from okrsync.redaction import redact


def show(error: OkrsyncError) -> ExitCode:
    """Print what happened and the way out; return the exit code."""
    if isinstance(error, GoalsError | SettingsError):
        for finding in error.findings:
            click.echo(redact(str(finding)), err=True)
        count = len(error.findings)
        click.secho(f"{count} finding{'s' if count != 1 else ''}; nothing was changed.", fg="red", err=True)
        return error.exit_code
    click.secho(f"{redact(error.message)}.", fg="red", err=True)
    if error.hint:
        click.echo(f"→ {redact(error.hint)}", err=True)
    return ExitCode.USAGE if isinstance(error, Problem) else error.exit_code


def show_bug(bug: Exception) -> ExitCode:
    """Print that this is our fault, with the place; the whole traceback where the log level is DEBUG."""
    if os.environ.get("OKRSYNC_LOG_LEVEL") == "DEBUG":
        click.echo(redact("".join(traceback.format_exception(bug))), err=True)
    frame = traceback.extract_tb(bug.__traceback__)[-1]
    click.secho(
        f"This is a bug in okrsync: {type(bug).__name__} in {frame.name} ({frame.filename}:{frame.lineno}).",
        fg="red",
        err=True,
    )
    click.echo(redact(f"→ {bug}\n→ OKRSYNC_LOG_LEVEL=DEBUG shows the traceback; please report it with that."), err=True)
    return ExitCode.BUG
