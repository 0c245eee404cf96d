"""The checks as test methods that a connector's own tests inherit."""

from __future__ import annotations

from typing import Any, ClassVar
from unittest import SkipTest

from okrsync.testing.checks.register import Check
from okrsync.testing.example import AnyExample
from okrsync.testing.running import CHECKS, failures_of, switched_off


class Nonconforming(AssertionError):
    """A connector does not do what the contract asks of it."""


class ConnectorContract:
    """A test for each check of the kit; subclass it and say what the connector is to be tried with.

    ```python
    class TestDeals(ConnectorContract):
        example = Example(connector=Deals, …)
    ```
    """

    example: ClassVar[AnyExample]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        example = getattr(cls, "example", None)
        if example is None:
            return
        switched_off(example)
        for name, check in CHECKS.items():
            if not check.fits(example):
                setattr(cls, f"test_{name}", None)


def _test_of(check: Check) -> Any:
    def test(self: ConnectorContract) -> None:
        __tracebackhide__ = True
        if reason := self.example.without.get(check.name):
            raise SkipTest(f"switched off: {reason}")
        if failures := failures_of(check, self.example):
            raise Nonconforming("\n".join(map(str, failures)))

    test.__name__ = f"test_{check.name}"
    test.__qualname__ = f"{ConnectorContract.__name__}.{test.__name__}"
    test.__doc__ = check.says
    return test


for _check in CHECKS.values():
    setattr(ConnectorContract, f"test_{_check.name}", _test_of(_check))
