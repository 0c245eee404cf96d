"""Finds our flows: inside the package once it is installed, beside it in a checkout."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any


def flows_module(name: str) -> Any:
    """Return the module `name` of our flows."""
    installed = f"okrsync.flows.{name}"
    return import_module(installed if find_spec("okrsync.flows") else f"flows.{name}")
