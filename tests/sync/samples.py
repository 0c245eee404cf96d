"""Pieces of a project that several tests of a sync write."""

from __future__ import annotations

HEALTHY = "healthy: {connection: numbers, query: {column: value, row: healthy}}\n"
"""A metric on a csv file that stays well."""


def key_results(*names: str) -> str:
    """Return a key result on the metric of its own name for each of `names`, as YAML."""
    return "".join(
        f"- {{id: {name}, title: {name}, metric: {name}, unit: pieces, start: 0, target: 10}}\n" for name in names
    )
