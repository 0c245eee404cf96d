"""The examples in docstrings are true."""

from __future__ import annotations

import doctest

import pytest

from okrsync.views import figures, inline, terminal


@pytest.mark.parametrize("module", [figures, inline, terminal], ids=lambda module: module.__name__)
def test_examples(module):
    found = doctest.testmod(module)

    assert found.attempted > 0
    assert found.failed == 0
