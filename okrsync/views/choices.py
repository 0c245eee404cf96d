"""What can be asked of a connection."""

from __future__ import annotations

from collections.abc import Sequence

import click
from rich.table import Table

from okrsync.connect.contract import Choice
from okrsync.views.documents import as_csv, print_json
from okrsync.views.terminal import console, plain


def show_choices(choices: Sequence[Choice], form: str) -> None:
    """Print the pick-list as `form`: table, json or csv."""
    documents = [vars(choice) for choice in choices]
    if form == "json":
        print_json(documents)
    elif form == "csv":
        click.echo(as_csv(documents), nl=False)
    elif not choices:
        console().print("This connection lists nothing that could be asked.")
    else:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        for heading in ("Field of the query", "Value", "What it is"):
            table.add_column(heading, overflow="fold")
        for choice in choices:
            table.add_row(plain(choice.field), plain(choice.value, "bold"), plain(choice.label))
        console().print(table)
