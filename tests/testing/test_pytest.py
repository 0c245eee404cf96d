"""The kit as inherited tests, in a pytest run of its own."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

PLUGIN = "okrsync.testing.plugin"
ROOT = Path(__file__).parents[2]
TESTS = '''
from dataclasses import replace
from okrsync.testing import ConnectorContract
from tests.testing.deals import EXAMPLE, Deals

class Mistaken(Deals):
    """Mistaken."""

    def params(self, ask):
        return {**super().params(ask), "token": self.config.token.get_secret_value()}

class TestMistaken(ConnectorContract):
    example = replace(EXAMPLE, connector=Mistaken, pages=None, without={
        "three_pages_are_counted": "the API has no paging", "the_same_cursor_twice_stops": "the API has no paging",
    })
'''


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    (folder / "test_mistaken.py").write_text(TESTS)
    installed = any(point.value == PLUGIN for point in entry_points(group="pytest11"))
    options = [*([] if installed else ["-p", PLUGIN]), "-p", "no:cacheprovider", "-v", f"--rootdir={folder}"]
    command = [sys.executable, "-m", "pytest", *options, str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout


def test_there_is_a_test_per_check_named_after_what_it_makes_sure_of(said):
    assert "TestMistaken::test_retry_after_is_heeded PASSED" in said
    assert "TestMistaken::test_no_secret_in_an_address FAILED" in said
    assert "TestMistaken::test_a_source_that_is_gone_is_a_problem" not in said
    assert "1 failed, 30 passed, 2 skipped" in said


def test_a_failure_shows_what_to_mend_and_nothing_of_the_kit(said):
    assert "a secret stands in the address of GET /v1/deals" in said
    assert "send it as a header" in said
    assert "contract_tests.py" not in said.partition("FAILURES")[2].partition("short test summary")[0]


def test_what_is_switched_off_is_listed_with_its_reason(said):
    assert "okrsync: checks switched off" in said
    assert "TestMistaken: three pages are counted: the API has no paging" in said


def test_the_plugin_costs_other_test_runs_nothing():
    asked = "import sys, okrsync.testing.plugin; print(sorted({'pydantic', 'requests'} & set(sys.modules)))"

    assert subprocess.check_output([sys.executable, "-c", asked], cwd=ROOT, text=True).strip() == "[]"
