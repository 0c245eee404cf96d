import doctest
import importlib
import pkgutil

import pytest

import okrsync.judge

MODULES = [module.name for module in pkgutil.iter_modules(okrsync.judge.__path__, "okrsync.judge.")]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_the_module_hold(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples_to_run():
    finder = doctest.DocTestFinder(exclude_empty=True)
    examples = [test for name in MODULES for test in finder.find(importlib.import_module(name)) if test.examples]

    assert len(examples) >= 10
