"""okrsync: live metric values for the key results of your OKRs.

This package's own names are what a connector author imports. They are loaded on first use,
so that `okrsync --help` does not pay for them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from okrsync.connect.auth import Auth as Auth
    from okrsync.connect.auth import Basic as Basic
    from okrsync.connect.auth import Bearer as Bearer
    from okrsync.connect.auth import Header as Header
    from okrsync.connect.contract import Answer as Answer
    from okrsync.connect.contract import Ask as Ask
    from okrsync.connect.contract import Choice as Choice
    from okrsync.connect.contract import Config as Config
    from okrsync.connect.contract import Connector as Connector
    from okrsync.connect.contract import History as History
    from okrsync.connect.contract import Limits as Limits
    from okrsync.connect.contract import Query as Query
    from okrsync.connect.contract import Reading as Reading
    from okrsync.connect.numbers import number as number
    from okrsync.connect.oauth import ClientCredentials as ClientCredentials
    from okrsync.connect.oauth import JwtBearer as JwtBearer
    from okrsync.connect.oauth import RefreshToken as RefreshToken
    from okrsync.connect.oauth import ServiceAccount as ServiceAccount
    from okrsync.connect.rows import Aggregate as Aggregate
    from okrsync.errors import Problem as Problem
    from okrsync.errors import Reason as Reason
    from okrsync.okrs.windows import Grain as Grain
    from okrsync.okrs.windows import Window as Window

_HOMES = {
    "okrsync.connect.auth": ("Auth", "Basic", "Bearer", "Header"),
    "okrsync.connect.contract": (
        "Answer",
        "Ask",
        "Choice",
        "Config",
        "Connector",
        "History",
        "Limits",
        "Query",
        "Reading",
    ),
    "okrsync.connect.numbers": ("number",),
    "okrsync.connect.oauth": ("ClientCredentials", "JwtBearer", "RefreshToken", "ServiceAccount"),
    "okrsync.connect.rows": ("Aggregate",),
    "okrsync.okrs.windows": ("Grain", "Window"),
    "okrsync.errors": ("Problem", "Reason"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'okrsync' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
