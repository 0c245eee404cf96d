import doctest

import pytest

from okrsync.okrs import cadence, circles, environment, formulas, windows


@pytest.mark.parametrize(
    "module", [cadence, circles, environment, formulas, windows], ids=lambda module: module.__name__
)
def test_the_examples_hold(module):
    result = doctest.testmod(module)

    assert result.attempted
    assert not result.failed
