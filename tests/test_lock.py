"""The lock names versions and hashes, and no place to fetch them from."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_the_lock_names_no_address(name):
    text = (ROOT / name).read_text()

    assert not re.search(r"://|--(extra-)?index|--find-links|@ ", text)
    assert all("--hash=sha256:" in block for block in re.split(r"\n(?=\S)", text) if not block.startswith("#"))


def test_the_tests_run_on_what_is_shipped():
    shipped, tested = (
        dict(re.findall(r"^([\w.\[\]-]+)==([^\s;]+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    )

    assert {name: tested.get(name) for name in shipped} == shipped
