"""Which kinds of sources there are, and what one of them needs and can be asked."""

from __future__ import annotations

from typing import Any

import click
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from rich.table import Table

from okrsync.connect.registry import Kind, Registry
from okrsync.views.documents import as_csv, print_json
from okrsync.views.terminal import console, plain


def show_connectors(registry: Registry, form: str) -> None:
    """Print every connector with where it comes from, broken ones with what is wrong, as `form`."""
    documents = [
        {"connector": name, "title": kind.title, "origin": registry.origin(name), "broken": ""}
        for name, kind in registry.all().items()
    ]
    documents += [
        {"connector": one.name, "title": "", "origin": one.origin, "broken": one.message} for one in registry.broken
    ]
    if form == "json":
        print_json(documents)
    elif form == "csv":
        click.echo(as_csv(documents), nl=False)
    else:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        for heading in ("Connector", "What it is", "From"):
            table.add_column(heading, overflow="fold")
        for one in documents:
            what = plain(f"broken: {one['broken']}", "red") if one["broken"] else plain(one["title"])
            table.add_row(plain(one["connector"], "bold"), what, plain(one["origin"], "dim"))
        console().print(table)


def show_connector(kind: Kind) -> None:
    """Print what a connector needs to be connected, and what it can be asked."""
    out = console()
    out.print(plain(f"{kind.name}: {kind.title}", "bold"))
    if kind.scopes:
        out.print(plain(f"needs the rights {', '.join(kind.scopes)}"))
    out.print()
    out.print(plain("A connection in okrsync.yaml takes:", "bold"))
    out.print(_fields(kind.Config))
    out.print()
    out.print(plain("The query of a metric takes:", "bold"))
    out.print(_fields(kind.Query))


def _fields(model: type[BaseModel]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, field in model.model_fields.items():
        table.add_row(plain(field.alias or name, "bold"), plain(_need(field), "dim"), plain(_help(field)))
    return table


def _need(field: FieldInfo) -> str:
    if "SecretStr" in str(field.annotation) or field.annotation is SecretStr:
        return "required, secret" if field.is_required() else "secret"
    if field.is_required():
        return "required"
    default: Any = field.get_default(call_default_factory=True)
    return "" if default is None or default == {} else f"default {default}"


def _help(field: FieldInfo) -> str:
    examples = ", ".join(map(str, field.examples or ()))
    return f"{field.description or ''}{f' For example: {examples}' if examples else ''}"
