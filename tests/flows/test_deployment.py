"""The file with which a sync is deployed to a work pool; that Prefect takes it is tried by hand, it takes a minute."""

from __future__ import annotations

import ast

import pytest
import yaml

from tests.flows.conftest import ROOT


@pytest.fixture
def deployment():
    (deployment,) = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    return deployment


def test_the_entrypoint_is_the_flow_and_the_parameters_are_its(deployment):
    file, _, name = deployment["entrypoint"].partition(":")

    (flow,) = [
        node
        for node in ast.parse((ROOT / file).read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    assert {argument.arg for argument in flow.args.args} >= set(deployment["parameters"])


def test_no_limit_lets_a_killed_run_hold_up_the_next(deployment):
    assert deployment["concurrency_limit"] is None


def test_the_flow_can_be_loaded_by_its_path():
    nodes = ast.walk(ast.parse((ROOT / "flows/sync.py").read_text()))

    assert [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.level] == []
