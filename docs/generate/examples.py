"""An example for each connector: the YAML documents of `docs/examples/connectors/NAME.yaml`, one for each file."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "examples" / "connectors"
_BETWEEN = "\n---\n"


def example_of(name: str) -> list[str]:
    """Return the files of the example, each beginning with its name; raises FileNotFoundError where there is none."""
    return (FOLDER / f"{name}.yaml").read_text(encoding="utf-8").split(_BETWEEN)
