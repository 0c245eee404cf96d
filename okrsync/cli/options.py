"""Options that several commands share, so that one word means one thing everywhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from okrsync.errors import ExitCode

Function = TypeVar("Function", bound=Callable[..., Any])


class Command(click.Command):
    """A command that begins with reading the settings, and logs as they say; its help does neither."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; raises `SettingsError` where a variable of ours says nonsense."""
        from okrsync.cli import logs
        from okrsync.settings import load_settings

        logs.begin(load_settings())
        return super().invoke(ctx)


class Group(click.Group):
    """A group of such commands."""

    command_class = Command


project = click.option(
    "--project",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    envvar="OKRSYNC_PROJECT",
    show_default="the current folder",
    help="The project folder.",
)


def output(*formats: str) -> Callable[[Function], Function]:
    """Add `--format`; the first of `formats` is the default."""
    return click.option(
        "--format", "form", type=click.Choice(formats), default=formats[0], show_default=True, help="How it is printed."
    )


def now() -> datetime:
    """Return the clock of a command: read once, here, and handed on."""
    return datetime.now(UTC)


def exit_code(failed: int, of: int) -> ExitCode:
    """Return what a command ends with of whose `of` parts `failed` have no number."""
    if not failed:
        return ExitCode.OK
    return ExitCode.ALL_FAILED if failed == of else ExitCode.SOME_FAILED
