"""A connector file to start from."""

from __future__ import annotations

from pathlib import Path

from okrsync.connect.declared.loading import parse
from okrsync.errors import Finding, GoalsError

_TEMPLATE = """\
# Fit this to your API, then: okrsync connector test connectors/@NAME@.yaml
connector: @NAME@
title: Orders of our shop
config:
  token: {secret: true, help: Token with the right to read orders.}
base_url: https://api.example.com/v1
auth: {bearer: token}
check: /me
query:
  status: {help: Which orders count., default: paid, example: paid}
request:
  path: /orders
  params: {status: "{query.status}", from: "{window.start}", before: "{window.end}"}
paginate: {cursor: next, into: params.cursor}
rows: orders
value: {agg: sum, of: total}

# What the API answers, so that the connector can be tried without it.
example:
  settings: {token: made-up-token}
  query: {status: paid}
  replies:
    - body: {orders: [{total: 10}, {total: 2.5}]}
  value: 12.5
  check: [{body: {name: okrsync}}]
  empty: {replies: [{body: {orders: []}}]}
  bad_query:
    query: {status: piad}
    replies: [{status: 400, body: {error: no such status}, containing: [piad]}]
  edges: # the days of October 2026, as the API wants them
    value: 1
    replies: [{body: {orders: [{total: 1}]}, containing: ["from=2026-10-01T00:00:00Z", "before=2026-11-01T00:00:00Z"]}]
  pages:
    value: 6
    replies:
      - {body: {orders: [{total: 1}], next: a}}
      - {body: {orders: [{total: 2}], next: b}, containing: [cursor=a]}
      - {body: {orders: [{total: 3}]}, containing: [cursor=b]}
  batch:
    - {value: 1, query: {status: open}, replies: [{body: {orders: [{total: 1}]}, containing: [status=open]}]}
    - {value: 2, query: {status: sent}, replies: [{body: {orders: [{total: 2}]}, containing: [status=sent]}]}
"""


def write_new(folder: Path, name: str) -> Path:
    """Write connectors/NAME.yaml into the project's folder; raises `GoalsError` where that cannot be."""
    path = folder / "connectors" / f"{name}.yaml"
    text = _TEMPLATE.replace("@NAME@", name)
    parse(text, f"connectors/{name}.yaml")
    try:
        path.parent.mkdir(exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise GoalsError([Finding(str(path), 0, 0, "is there already", "choose another name")]) from None
    except OSError as error:
        raise GoalsError([Finding(str(path), 0, 0, f"cannot be written: {error.strerror}")]) from None
    return path
