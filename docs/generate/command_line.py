"""The page of all commands, from what `--help` says."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from docs.generate import markdown
from okrsync.cli.main import COMMANDS, okrsync

_INTRODUCTION = """# The command line

Every command that works on a project takes `--project DIR`; without it, that is `OKRSYNC_PROJECT`, else the current
folder. What a command prints for you to read goes to standard output, how it is getting on to standard error.
Colours and progress bars appear on a terminal only; `NO_COLOR=1` leaves the colours out. Where the output is data,
`--format json` or `csv` prints it for programs. What commands end with is on the page
[exit codes and reasons](exit-codes-and-reasons.md)."""


def page() -> str:
    """Return the page."""
    overview = markdown.table(
        ("command", "what it does"), [(f"[`{name}`](#okrsync-{name})", told) for name, (_, told) in COMMANDS.items()]
    )
    return markdown.page(_INTRODUCTION, overview, *_sections())


def _sections() -> Iterator[str]:
    root = click.Context(okrsync, info_name="okrsync")
    for name in okrsync.list_commands(root):
        command = okrsync.get_command(root, name)
        assert command is not None  # noqa: S101 - it has just been listed
        yield from _of(command, click.Context(command, info_name=name, parent=root), "##")


def _of(command: click.Command, context: click.Context, heading: str) -> Iterator[str]:
    yield f"{heading} {context.command_path}"
    yield markdown.page(*inspect.cleandoc(command.help or "").split("\n\n"))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None  # noqa: S101 - it has just been listed
            yield from _of(inner, click.Context(inner, info_name=name, parent=context), heading + "#")
        return
    yield markdown.block("text", command.get_usage(context).removeprefix("Usage: "))
    if options := list(_options(command, context)):
        yield markdown.table(("option", "meaning"), options)


def _options(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    for parameter in command.params:
        if record := parameter.get_help_record(context):
            yield markdown.code(record[0]), record[1]
