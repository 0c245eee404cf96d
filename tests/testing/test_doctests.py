import doctest

from okrsync.testing import secrets


def test_the_examples_in_docstrings_are_true():
    assert doctest.testmod(secrets).attempted
    assert doctest.testmod(secrets).failed == 0
