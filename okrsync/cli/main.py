"""The command `okrsync`: its list of commands, and what every one of them has in common.

The list is kept here as text, so that `okrsync --help` imports nothing of what the commands need.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from okrsync.errors import ExitCode, OkrsyncError
from okrsync.nearest import did_you_mean

COMMANDS = {
    "demo": ("okrsync.cli.demo", "See it work: a sample company with real sources, synced and shown."),
    "init": ("okrsync.cli.goals", "Write a commented project folder to start from."),
    "lint": ("okrsync.cli.goals", "Check every file of the project; asks no source."),
    "plan": ("okrsync.cli.goals", "Show what `apply` would change, with the live values."),
    "apply": ("okrsync.cli.goals", "Bring the goals of the files into the database."),
    "check": ("okrsync.cli.sources", "Make a real call to every connection, or to some."),
    "discover": ("okrsync.cli.sources", "List what can be asked of a connection."),
    "preview": ("okrsync.cli.sources", "Ask for one number and show where it comes from; writes nothing."),
    "sync": ("okrsync.cli.sync", "Fetch what is live, record it, and judge every goal."),
    "backfill": ("okrsync.cli.sync", "Ask sources that know the past for the check-ins of the past."),
    "status": ("okrsync.cli.board", "Show the board: value, progress, status, trend and age of every key result."),
    "explain": ("okrsync.cli.board", "Say why a key result has the number and the status it has."),
    "serve": ("okrsync.cli.serve", "Run Prefect's server and the schedule on this machine."),
    "db": ("okrsync.cli.database", "Upgrade the central database, or say where it stands."),
    "connector": ("okrsync.cli.connector", "List the kinds of sources there are, and make one of your own."),
    "schema": ("okrsync.cli.schema", "Print the JSON Schema of a kind of file, for editors."),
    "completion": ("okrsync.cli.completion", "Print the completion script of a shell."),
}


_INTERRUPTED = 130
"""What shells end with for what Ctrl-C has stopped."""


class Commands(click.Group):
    """A group whose commands are imported when they are called; the help needs their names only."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command. A reader that leaves before the end, as `head` does, is no error."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still to be flushed
            return ExitCode.OK
        return result

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the commands in the order in which a person meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            near = did_you_mean(cmd_name, COMMANDS)
            ctx.fail(f"there is no command {cmd_name!r}{f'; {near}' if near else ''}")
        command: click.Command = getattr(import_module(COMMANDS[cmd_name][0]), cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="okrsync")
def okrsync() -> None:
    """Keep the key results of your OKRs live: fetch, record, judge and explain their numbers.

    A project folder holds the goals as YAML files; `--project DIR` names it, the current folder is the default.
    Exit codes: 0 all well, 2 something in the files or the command is wrong, 3 some sources failed, 4 all failed,
    5 the database cannot be used, 6 the run's deadline has passed, 1 a bug of okrsync's.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the process with one of `ExitCode`."""
    _leave(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        result: Any = okrsync.main(args=arguments, prog_name="okrsync", standalone_mode=False)
        return result if isinstance(result, int) else ExitCode.OK
    except click.ClickException as wrong:
        wrong.show()
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return _INTERRUPTED
    except OkrsyncError as error:
        from okrsync.cli.failures import show

        return show(error)
    except Exception as bug:  # noqa: BLE001 - the last place where one can be told apart from an error of a person
        from okrsync.cli.failures import show_bug

        return show_bug(bug)


def _leave(code: int) -> NoReturn:
    """End the process, also where a source hangs that a run gave up on: Python would wait for its threads."""
    asking = sys.modules.get("okrsync.at_once")
    if asking is not None and asking.left_behind():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
