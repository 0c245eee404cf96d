"""okrsync: live metric values for the key results of your OKRs.

This package's own names are what a connector author imports. They are loaded on first use,
so that `okrsync --help` does not pay for them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from okrsync.connect.answers.numbers import number as number
    from okrsync.connect.answers.rows import Aggregate as Aggregate
    from okrsync.connect.contract import Answer as Answer
    from okrsync.connect.contract import Ask as Ask
    from okrsync.connect.contract import Choice as Choice
    from okrsync.connect.contract import Config as Config
    from okrsync.connect.contract import Connector as Connector
    from okrsync.connect.contract import History as History
    from okrsync.connect.contract import Query as Query
    from okrsync.connect.contract import Reading as Reading
    from okrsync.connect.credentials.auth import Auth as Auth
    from okrsync.connect.credentials.auth import Basic as Basic
    from okrsync.connect.credentials.auth import Bearer as Bearer
    from okrsync.connect.credentials.auth import Header as Header
    from okrsync.connect.credentials.auth import QueryKey as QueryKey
    from okrsync.connect.credentials.oauth import ClientCredentials as ClientCredentials
    from okrsync.connect.credentials.oauth import JwtBearer as JwtBearer
    from okrsync.connect.credentials.oauth import RefreshToken as RefreshToken
    from okrsync.connect.credentials.oauth import ServiceAccount as ServiceAccount
    from okrsync.connect.limits import Limits as Limits
    from okrsync.errors import Problem as Problem
    from okrsync.errors import Reason as Reason
    from okrsync.okrs.windows import Grain as Grain
    from okrsync.okrs.windows import Window as Window

_HOMES = {
    "okrsync.connect.credentials.auth": ("Auth", "Basic", "Bearer", "Header", "QueryKey"),
    "okrsync.connect.contract": (
        "Answer",
        "Ask",
        "Choice",
        "Config",
        "Connector",
        "History",
        "Query",
        "Reading",
    ),
    "okrsync.connect.answers.numbers": ("number",),
    "okrsync.connect.credentials.oauth": ("ClientCredentials", "JwtBearer", "RefreshToken", "ServiceAccount"),
    "okrsync.connect.answers.rows": ("Aggregate",),
    "okrsync.okrs.windows": ("Grain", "Window"),
    "okrsync.connect.limits": ("Limits",),
    "okrsync.errors": ("Problem", "Reason"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'okrsync' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
