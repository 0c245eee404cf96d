"""`okrsync serve`."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click

from okrsync.cli import options
from okrsync.cli.flows import flows_module
from okrsync.errors import DatabaseUnavailable, ExitCode


@click.command(cls=options.Command)
@options.project
@click.option("--host", default="127.0.0.1", show_default=True, help="Where Prefect's server listens.")
@click.option("--port", default=4200, show_default=True, help="The port it listens on.")
def serve(folder: Path, host: str, port: int) -> int:
    """Run Prefect's server and the schedule on this machine, until Ctrl-C or SIGTERM.

    Beside a Prefect API of your own (PREFECT_API_URL) only the schedule runs here.
    """
    from okrsync.sync.workspace import Workspace

    # Goals that were never applied are said before the server starts; a database that is down may come back.
    with suppress(DatabaseUnavailable), Workspace.open(folder):
        pass
    flows_module("serve").serve(folder, lambda line: click.echo(line, err=True), host=host, port=port)
    return ExitCode.OK
