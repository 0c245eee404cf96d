"""Options that several commands share, so that one word means one thing everywhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

project = click.option(
    "--project",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    envvar="OKRSYNC_PROJECT",
    show_default="the current folder",
    help="The project folder.",
)


def output(*formats: str) -> Callable[[Command], Command]:
    """Add `--format`; the first of `formats` is the default."""
    return click.option(
        "--format", "form", type=click.Choice(formats), default=formats[0], show_default=True, help="How it is printed."
    )


def now() -> datetime:
    """Return the clock of a command: read once, here, and handed on."""
    return datetime.now(UTC)
