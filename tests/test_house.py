"""The house rules that a machine can keep."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = sorted(path for room in ("okrsync", "connectors", "flows") for path in (ROOT / room).rglob("*.py"))
WRITTEN_ONCE = ROOT / "okrsync" / "store" / "migrations" / "versions"


def test_imports_run_one_way():
    linted = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize(
    "path", [path for path in OURS if path.parent != WRITTEN_ONCE], ids=lambda path: str(path.relative_to(ROOT))
)
def test_a_module_is_small_enough_to_know(path):
    assert len(path.read_text().splitlines()) <= 320


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        pytest.param(r"verify\s*=\s*False", "TLS is always verified", id="TLS off"),
        pytest.param(r"shell\s*=\s*True", "no shell", id="a shell"),
        pytest.param(
            r"\byaml\.(load|unsafe_load|full_load)\(", "YAML is loaded by okrsync.okrs.documents", id="unsafe YAML"
        ),
        pytest.param(r"datetime\.(now|utcnow)\(\)", "a time without a zone", id="naive clock"),
    ],
)
def test_what_is_never_written(pattern, why):
    found = [str(path.relative_to(ROOT)) for path in OURS if re.search(pattern, path.read_text())]

    assert found == [], why


def test_the_help_is_quick_because_heavy_imports_are_late():
    asked = "import sys; from okrsync.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    asked += (
        "print(sorted({'prefect','sqlalchemy','pydantic','requests','openpyxl','rich','alembic'} & set(sys.modules)))"
    )

    said = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert said.splitlines()[-1] == "[]"
