import csv
import re
from datetime import date

import pytest
import yaml

from okrsync.demo.starter import write_starter
from okrsync.errors import SettingsError

TODAY = date(2026, 11, 21)


def test_writes_a_commented_project_of_the_running_quarter(tmp_path):
    written = write_starter(tmp_path / "my-okrs", TODAY)

    settings = yaml.safe_load((tmp_path / "my-okrs" / "okrsync.yaml").read_text())
    assert {str(path.relative_to(tmp_path / "my-okrs")) for path in written} == {
        ".gitignore",
        "goals/company.yaml",
        "numbers.csv",
        "okrsync.yaml",
    }
    assert settings["cycle"] == {
        "name": "2026-Q4",
        "start": date(2026, 10, 1),
        "end": date(2026, 12, 31),
        "timezone": "UTC",
    }


def test_every_metric_of_it_finds_its_number(tmp_path):
    write_starter(tmp_path, TODAY)
    settings = yaml.safe_load((tmp_path / "okrsync.yaml").read_text())
    rows = list(csv.DictReader((tmp_path / "numbers.csv").read_text().splitlines()))

    labels = {row["Metric"] for row in rows if float(row["Actual"])}
    assert {each["query"]["row"] for each in settings["metrics"].values()} == labels
    assert {each["query"]["column"] for each in settings["metrics"].values()} == {"Actual"}


def test_what_is_commented_out_is_right_once_it_is_not(tmp_path):
    write_starter(tmp_path, TODAY)
    text = (tmp_path / "okrsync.yaml").read_text()

    opened = yaml.safe_load(re.sub(r"^  # ( *[a-z_]+:( .*)?)$", r"  \1", text, flags=re.MULTILINE))

    assert set(opened["connections"]) == {"numbers", "warehouse", "crm"}
    assert {"signups", "mqls", "signups_per_mql"} <= set(opened["metrics"])


def test_a_folder_that_is_a_project_already_is_refused_and_left_alone(tmp_path):
    (tmp_path / "okrsync.yaml").write_text("mine")

    with pytest.raises(SettingsError, match="is there already"):
        write_starter(tmp_path, TODAY)

    assert [path.name for path in tmp_path.iterdir()] == ["okrsync.yaml"]


def test_files_that_are_there_already_are_kept(tmp_path):
    (tmp_path / ".gitignore").write_text("mine")

    written = write_starter(tmp_path, TODAY)

    assert (tmp_path / ".gitignore").read_text() == "mine"
    assert tmp_path / ".gitignore" not in written
    assert tmp_path / "okrsync.yaml" in written
