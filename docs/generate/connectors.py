"""A page per shipped connector, and one that lists them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import timedelta

from docs.generate import markdown
from docs.generate.docstrings import told_of
from docs.generate.examples import example_of
from docs.generate.models import Model, fields_table, parts_of
from okrsync.connect.contract import History
from okrsync.connect.limits import Limits
from okrsync.connect.registry import Kind, Registry
from okrsync.sync.report import counted

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
_SECRETS = """A secret never stands in `okrsync.yaml`: write `${NAME}` there, and put its value into the environment
variable `NAME` or the file [`secrets/NAME`](../settings.md#secrets). `okrsync check CONNECTION` then tries it."""


def pages() -> dict[str, str]:
    """Return the pages by the name of their connector; `index` lists them."""
    kinds = Registry.load().all()
    return {"index": _index(kinds), **{name: _page(kind) for name, kind in kinds.items()}}


def _index(kinds: dict[str, Kind]) -> str:
    rows = [(f"[`{name}`]({name}.md)", kind.title, _GUIDES.get(name, "")) for name, kind in kinds.items()]
    return markdown.page(
        "# Connectors",
        "A connector knows one kind of source. A connection in `okrsync.yaml` is a named, configured use of one. "
        "`okrsync connector list` shows those of your project, `okrsync connector show NAME` the settings and queries "
        "of one. Each page says how to get credentials that can do no more than is needed, what can be asked, with an "
        "example, and what the limits are. Facts that nobody has seen confirmed by the service itself are marked as "
        "unverified. "
        "[A connector of your own](../../how-to/add-a-connector.md) is one file in the project's `connectors/` folder.",
        markdown.table(("connector", "what it is", "guide"), rows),
    )


def _page(kind: Kind) -> str:
    told = told_of(kind)
    return markdown.page(
        f"# The connector `{kind.name}`",
        *told.about,
        f"{_GUIDES[kind.name]} shows it in use." if kind.name in _GUIDES else "",
        f"The past it knows: {_PAST[History(kind.history)]}.",
        f"The API's own documentation: {' and '.join(f'<{one}>' for one in told.addresses)}" if told.addresses else "",
        "## Credentials",
        f"Rights it uses: {', '.join(map(_scope, kind.scopes))}." if kind.scopes else "",
        told.credentials,
        _SECRETS,
        "## An example",
        *(markdown.block("yaml", document) for document in example_of(kind.name)),
        "## Settings of a connection",
        *_fields(kind.Config),
        "## The query of a metric",
        *_fields(kind.Query),
        "## Limits",
        told.limits,
        _kept_to(kind),
        "## What it cannot do",
        f"It cannot {told.cannot}",
    )


def _scope(scope: str) -> str:
    return scope if " " in scope else markdown.code(scope)


def _kept_to(kind: Kind) -> str:
    """Return how often okrsync itself asks, whether whole days count, and for how long numbers may still change."""
    days = "It knows whole days only: a window ends with the last day that is over." if kind.grain == "day" else ""
    changing = f"What it has said may still change for {_span(kind.settle)}." if kind.settle else ""
    return " ".join(filter(None, (f"okrsync asks no more than {_pace(kind.limits)}.", days, changing)))


def _pace(limits: Limits) -> str:
    rates = [f"{number:g} times {unit}" for number, unit in _rates(limits)]
    return " and ".join([*rates, "once at a time" if limits.at_once == 1 else f"{limits.at_once} times at once"])


def _rates(limits: Limits) -> Iterator[tuple[float, str]]:
    if limits.per_second and limits.per_second < 1:
        yield limits.per_second * 60, "a minute"
    elif limits.per_second:
        yield limits.per_second, "a second"
    if limits.per_hour:
        yield limits.per_hour, "an hour"
    if limits.per_day:
        yield limits.per_day, "a day"


def _span(time: timedelta) -> str:
    for unit, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        if time >= length:
            return counted(time // length, unit)
    raise ValueError(f"{time} is too short a time to tell")


def _fields(model: Model) -> list[str]:
    inner = [part for part in parts_of(model) if part is not model]
    names = {part: f"[`{part.__name__.lower()}`](#{part.__name__.lower()})" for part in inner}
    told = [f"### {part.__name__.lower()}\n\n{_doc(part)}\n\n{fields_table(part, names)}" for part in inner]
    return [_doc(model), fields_table(model, names), *told]


def _doc(model: Model) -> str:
    return inspect.cleandoc(model.__doc__ or "")
