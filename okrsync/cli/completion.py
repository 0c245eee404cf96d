"""`okrsync completion`: the script that a shell needs to complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    In bash: eval "$(okrsync completion bash)"
    """
    from okrsync.cli.main import okrsync

    found = get_completion_class(shell)
    assert found is not None  # noqa: S101 - the choices above are those that click knows
    click.echo(found(okrsync, {}, "okrsync", "_OKRSYNC_COMPLETE").source())
