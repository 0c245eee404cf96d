import os

import pytest
from pydantic import BaseModel, ValidationError

from okrsync.connect.files import ProjectFile


class Settings(BaseModel):
    path: ProjectFile


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "plan.csv").write_text("1")
    (tmp_path / "outside.csv").write_text("1")
    return folder


def found(project, path):
    return Settings.model_validate({"path": path}, context={"folder": project}).path


@pytest.mark.parametrize("path", ["data/plan.csv", "./data/../data/plan.csv"])
def test_a_file_is_found_from_the_project_folder(project, path):
    assert found(project, path) == project.resolve() / "data" / "plan.csv"


def test_an_absolute_path_and_a_link_may_stay_within(project):
    (project / "link.csv").symlink_to(project / "data" / "plan.csv")

    assert found(project, str(project / "data" / "plan.csv")) == found(project, "link.csv")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        pytest.param("../outside.csv", "outside the project folder", id="up and out"),
        pytest.param("/etc/passwd", "outside the project folder", id="somewhere else"),
        pytest.param("way-out.csv", "outside the project folder", id="a link that leads out"),
        pytest.param("linked/outside.csv", "outside the project folder", id="a linked folder that leads out"),
        pytest.param("data/plan.cvs", "did you mean data/plan.csv", id="a typo"),
        pytest.param("data", "not a regular file", id="a folder"),
        pytest.param("pipe", "not a regular file", id="a pipe, which would never end"),
        pytest.param("a\0b", "null", id="no path at all"),
    ],
)
def test_nothing_else_is_read(project, path, said):
    (project / "way-out.csv").symlink_to(project.parent / "outside.csv")
    (project / "linked").symlink_to(project.parent)
    os.mkfifo(project / "pipe")

    with pytest.raises(ValidationError, match=said):
        found(project, path)


def test_without_a_project_there_are_no_files():
    with pytest.raises(ValidationError, match="project folder"):
        Settings.model_validate({"path": "plan.csv"})
