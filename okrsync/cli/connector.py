"""`okrsync connector`: which kinds of sources there are, and a new one made, tried and turned into Python."""

from __future__ import annotations

from pathlib import Path

import click

from okrsync.cli import options
from okrsync.errors import ExitCode


@click.group(cls=options.Group)
def connector() -> None:
    """List the kinds of sources there are, and make one of your own."""


@connector.command("list")
@options.project
@options.output("table", "json", "csv")
def list_connectors(folder: Path, form: str) -> int:
    """List every connector: ours, those in the project's connectors/ folder, and installed ones."""
    from okrsync.connect.registry import Registry
    from okrsync.views.connectors import show_connectors

    show_connectors(Registry.load(folder), form)
    return ExitCode.OK


@connector.command()
@click.argument("name")
@options.project
def show(name: str, folder: Path) -> int:
    """Show what a connector needs to be connected, and what it can be asked."""
    from okrsync.connect.registry import Registry
    from okrsync.views.connectors import show_connector

    show_connector(Registry.load(folder).get(name))
    return ExitCode.OK


@connector.command()
@click.argument("name")
@options.project
def new(name: str, folder: Path) -> int:
    """Write connectors/NAME.yaml to start from: a whole connector, with its example."""
    from okrsync.connect.declared.starting import write_new

    path = write_new(folder, name)
    click.echo(f"wrote {path}")
    click.echo(f"\nNext: fit it to your API, then `okrsync connector test {path}`.")
    return ExitCode.OK


@connector.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def test(file: Path) -> int:
    """Try a connector FILE, YAML or Python, and say what is wrong and how to mend it.

    Nothing is sent: the source is played from the file's example, with every trouble a source can make. A Python file
    gives its example as `example = Example(...)` of okrsync.testing. Ends with 2 where something is wrong.
    """
    from okrsync.testing.trying import tried

    told, well = tried(file)
    click.echo(told)
    return ExitCode.OK if well else ExitCode.USAGE


@connector.command()
@click.argument("name")
@options.project
def eject(name: str, folder: Path) -> int:
    """Print a YAML connector as Python that does the same, for what YAML cannot say.

    Put it into connectors/NAME.py and take the YAML file away; connections and metrics stay as they are.
    """
    from okrsync.connect.declared.compiling import Declared
    from okrsync.connect.registry import Registry
    from okrsync.testing.ejecting import ejected

    kind = Registry.load(folder).get(name)
    if not issubclass(kind, Declared):
        raise click.UsageError(f"{name} is Python already")
    click.echo(ejected(kind), nl=False)
    return ExitCode.OK
