"""A page for each connector that a person can follow: the way to credentials, an example, limits, and gaps."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from docs.generate.docstrings import Untold, told_of
from docs.generate.examples import FOLDER, example_of
from okrsync import Config, Connector, Query
from okrsync.connect.registry import Registry
from okrsync.sync.lint import lint
from tests.docs.markdown import ROOT, Block, blocks
from tests.docs.reader import Reader

CONNECTORS = Registry.load().all()
SECTIONS = ["Credentials", "An example", "Settings of a connection", "The query of a metric", "Limits"]


def page_of(name: str) -> Path:
    return ROOT / "docs" / "reference" / "connectors" / f"{name}.md"


def example_on(name: str) -> list[Block]:
    return [block for block in blocks(page_of(name)) if block.language == "yaml"]


@pytest.mark.parametrize("name", CONNECTORS)
def test_a_page_says_how_to_get_credentials_what_can_be_asked_and_what_cannot(name):
    page = page_of(name).read_text(encoding="utf-8")
    headings = [line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")]

    assert headings == [*SECTIONS, "What it cannot do"]
    assert "\n1. " in page.partition("## Credentials")[2].partition("## An example")[0]


@pytest.mark.parametrize("name", CONNECTORS)
def test_lint_accepts_the_example_of_a_page(name, reader, tmp_path):
    (tmp_path / "plan.xlsx").touch()

    for block in example_on(name):
        reader.follow(block)

    project = lint(tmp_path)
    shown = yaml.safe_load(example_on(name)[0].text)
    assert {project.connections[one].connector for one in shown["connections"]} == {name}
    assert {one.metric for one in project.key_results.values()} & set(shown["metrics"])


@pytest.mark.parametrize("name", CONNECTORS)
def test_every_metric_of_an_example_is_behind_a_key_result(name):
    shown, goals = (yaml.safe_load(block.text) for block in example_on(name))
    wanted = {one["metric"] for objective in goals["objectives"] for one in objective["key_results"]}
    formulas = " ".join(metric.get("formula", "") for metric in shown["metrics"].values())

    assert [metric for metric in shown["metrics"] if metric not in wanted and metric not in formulas] == []


@pytest.mark.parametrize("name", CONNECTORS)
def test_an_example_holds_no_secret(name):
    kind = CONNECTORS[name]
    secret = {key for key, field in kind.Config.model_fields.items() if "SecretStr" in str(field.annotation)}
    (connection,) = yaml.safe_load(example_on(name)[0].text)["connections"].values()

    given = [connection[key] for key in secret & set(connection)]
    texts = [text for one in given for text in (one.values() if isinstance(one, dict) else [one])]
    assert all(text.startswith("${") for text in texts)


def test_an_example_that_lint_refuses_is_noticed(reader: Reader):
    project, _ = example_of("zendesk")

    with pytest.raises(Exception, match="date_feild"):
        reader.follow(Block("yaml", "", project.replace("date_field", "date_feild")))


def test_there_is_no_example_of_a_connector_that_does_not_exist():
    assert {file.stem for file in FOLDER.iterdir()} == set(CONNECTORS)


def test_a_connector_without_an_example_has_no_page():
    with pytest.raises(FileNotFoundError, match="no-such-connector"):
        example_of("no-such-connector")


class Settings(Config):
    """A source."""

    token: SecretStr


class Asked(Query):
    """A number."""


def connector_that_says(docstring: str) -> type[Connector[Settings, Asked]]:
    module = types.ModuleType("untold_connector", "Numbers.\n\nhttps://example.com/api")
    sys.modules[module.__name__] = module
    body = {"__doc__": docstring, "__module__": module.__name__, "name": "untold"}
    return types.new_class("Untold", (Connector[Settings, Asked],), exec_body=lambda scope: scope.update(body))


@pytest.mark.parametrize(
    ("docstring", "complaint"),
    [
        pytest.param("A source.\n\nLimits: none.", "Credentials:", id="no credentials"),
        pytest.param("A source.\n\nCredentials:\n\n1. Ask.\n\nCannot: sing.", "Limits:", id="no limits"),
        pytest.param("A source.\n\nCredentials:\n\n1. Ask.\n\nLimits: none.", "Cannot:", id="no gaps"),
        pytest.param("A source.\n\nCredentials: ask.\n\nLimits: none.\n\nCannot: sing.", "step by step", id="no steps"),
    ],
)
def test_a_docstring_that_leaves_something_out_makes_no_page(docstring, complaint):
    with pytest.raises(Untold, match=complaint):
        told_of(connector_that_says(docstring))


def test_the_parts_of_a_docstring_are_told_apart():
    told = told_of(connector_that_says("A source.\n\nBig.\n\nCredentials:\n\n1. Ask.\n\nLimits: x.\n\nCannot: y."))

    assert told.about == ("Numbers.", "Big.")
    assert told.addresses == ("https://example.com/api",)
    assert (told.credentials, told.limits, told.cannot) == ("1. Ask.", "x.", "y.")
