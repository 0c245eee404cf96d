"""The conformance kit: proof that a connector behaves, with no source but the one that the kit plays.

```python
from okrsync.testing import Case, ConnectorContract, Example, Exchange


class TestDeals(ConnectorContract):
    example = Example(connector=Deals, settings={…}, query={…}, exchanges=[Exchange({…})], value=15, …)
```

`run(example)` returns the same findings without pytest, `report(example, failures)` tells them to a person. The
names are loaded on first use, because the pytest plugin that lives here is imported by every pytest run.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from okrsync.testing.contract_tests import ConnectorContract as ConnectorContract
    from okrsync.testing.contract_tests import Nonconforming as Nonconforming
    from okrsync.testing.example import AnyExample as AnyExample
    from okrsync.testing.example import Case as Case
    from okrsync.testing.example import Example as Example
    from okrsync.testing.example import Exchange as Exchange
    from okrsync.testing.example import LocalExample as LocalExample
    from okrsync.testing.example import Sent as Sent
    from okrsync.testing.failure import Failure as Failure
    from okrsync.testing.running import CHECKS as CHECKS
    from okrsync.testing.running import checks_for as checks_for
    from okrsync.testing.running import report as report
    from okrsync.testing.running import run as run
    from okrsync.testing.running import switched_off as switched_off

_HOMES = {
    "okrsync.testing.contract_tests": ("ConnectorContract", "Nonconforming"),
    "okrsync.testing.example": ("AnyExample", "Case", "Example", "Exchange", "LocalExample", "Sent"),
    "okrsync.testing.failure": ("Failure",),
    "okrsync.testing.running": ("CHECKS", "checks_for", "report", "run", "switched_off"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'okrsync.testing' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
