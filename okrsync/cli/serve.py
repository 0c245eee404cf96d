"""`okrsync serve`."""

from __future__ import annotations

from pathlib import Path

import click

from okrsync.cli import options
from okrsync.cli.flows import flows_module
from okrsync.errors import ExitCode


@click.command(cls=options.Command)
@options.project
@click.option("--host", default="127.0.0.1", show_default=True, help="Where Prefect's server listens.")
@click.option("--port", default=4200, show_default=True, help="The port it listens on.")
def serve(folder: Path, host: str, port: int) -> int:
    """Run Prefect's server and the schedule on this machine, until Ctrl-C or SIGTERM.

    Beside a Prefect API of your own (PREFECT_API_URL) only the schedule runs here.
    """
    flows_module("serve").serve(folder, lambda line: click.echo(line, err=True), host=host, port=port)
    return ExitCode.OK
