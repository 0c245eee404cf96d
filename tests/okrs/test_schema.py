from typing import get_args

import pytest

from okrsync.judge.presets import PRESETS
from okrsync.okrs.schema import GoalsFile, Part, Preset, ProjectFile


@pytest.mark.parametrize("model", Part.__subclasses__(), ids=lambda model: model.__name__)
def test_every_field_is_described(model):
    assert [name for name, field in model.model_fields.items() if not field.description] == []
    assert model.__doc__


@pytest.mark.parametrize("model", [ProjectFile, GoalsFile])
def test_editors_get_a_json_schema(model):
    schema = model.model_json_schema()

    assert schema["additionalProperties"] is False
    assert all("description" in field for field in schema["properties"].values())


def test_numbers_are_numbers_for_editors_too():
    key_result = GoalsFile.model_json_schema()["$defs"]["KeyResultPart"]["properties"]

    assert key_result["target"]["anyOf"][0] == {"type": "number"}
    assert key_result["weight"]["default"] == 1


def test_a_default_is_shown_as_it_would_be_written():
    key_result = GoalsFile.model_json_schema()["$defs"]["KeyResultPart"]["properties"]

    assert key_result["cadence"]["default"] == "daily"


def test_the_presets_that_may_be_written_are_those_there_are():
    assert set(get_args(Preset)) == set(PRESETS)
