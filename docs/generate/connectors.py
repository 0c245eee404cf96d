"""A page per shipped connector, and one that lists them."""

from __future__ import annotations

import inspect
import sys

from docs.generate import markdown
from docs.generate.models import Model, fields_table, parts_of
from okrsync.connect.contract import History
from okrsync.connect.registry import Kind, Registry

_GUIDES = {
    "spreadsheet": "[Connect a spreadsheet](../../how-to/connect-a-spreadsheet.md)",
    "sql": "[Connect a database](../../how-to/connect-a-database.md)",
    "http": "[Connect an HTTP endpoint](../../how-to/connect-an-http-endpoint.md)",
}
_PAST = {
    History.WINDOW: "any window of the past",
    History.VERSIONED: "its state at a past moment",
    History.SNAPSHOT: "by itself only the present; what makes a question reach into the past is said below",
}


def pages() -> dict[str, str]:
    """Return the pages by the name of their connector; `index` lists them."""
    kinds = Registry.load().all()
    return {"index": _index(kinds), **{name: _page(kind) for name, kind in kinds.items()}}


def _index(kinds: dict[str, Kind]) -> str:
    rows = [(f"[`{name}`]({name}.md)", kind.title, _GUIDES.get(name, "")) for name, kind in kinds.items()]
    return markdown.page(
        "# Connectors",
        "A connector knows one kind of source. A connection in `okrsync.yaml` is a named, configured use of one. "
        "`okrsync connector list` shows those of your project, `okrsync connector show NAME` what this page shows. "
        "[A connector of your own](../../how-to/add-a-connector.md) is one file in the project's `connectors/` folder.",
        markdown.table(("connector", "what it is", "guide"), rows),
    )


def _page(kind: Kind) -> str:
    scopes = f"Rights it needs: {', '.join(kind.scopes)}." if kind.scopes else ""
    return markdown.page(
        f"# The connector `{kind.name}`",
        f"{_module_said(kind)} {_GUIDES[kind.name]} shows it in use." if kind.name in _GUIDES else _module_said(kind),
        f"The past it knows: {_PAST[History(kind.history)]}. {scopes}",
        "## Settings of a connection",
        *_fields(kind.Config),
        "## The query of a metric",
        *_fields(kind.Query),
    )


def _module_said(kind: Kind) -> str:
    return " ".join((sys.modules[kind.__module__].__doc__ or "").split())


def _fields(model: Model) -> list[str]:
    inner = [part for part in parts_of(model) if part is not model]
    names = {part: f"[`{part.__name__.lower()}`](#{part.__name__.lower()})" for part in inner}
    told = [f"### {part.__name__.lower()}\n\n{_doc(part)}\n\n{fields_table(part, names)}" for part in inner]
    return [_doc(model), fields_table(model, names), *told]


def _doc(model: Model) -> str:
    return inspect.cleandoc(model.__doc__ or "")
