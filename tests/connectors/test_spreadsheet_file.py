"""Where a workbook comes from: a file below the project folder, or an address."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from responses.matchers import header_matcher

from connectors.spreadsheet import Spreadsheet, SpreadsheetConfig, SpreadsheetQuery
from okrsync.connect.collect import collect
from okrsync.connect.connections import open_connection, parse_query
from okrsync.connect.contract import Answer, Ask, Reading
from okrsync.connect.registry import Registry
from okrsync.connect.transport.http import HttpClient
from okrsync.errors import Problem, Reason
from okrsync.okrs.model import Connection
from okrsync.okrs.windows import Window
from tests.workbooks import xlsx

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ASK = Ask("1", SpreadsheetQuery(cell="B1"), Window(None, NOW, ZoneInfo("UTC")), NOW)
URL = "https://files.acme.test/exports/plan.xlsx"
CONTENT = xlsx(("KPI", [["churn", 3]]))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project folder with a workbook in it."""
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "plan.xlsx").write_bytes(CONTENT)
    return folder


def connected(folder: Path, **settings: Any) -> Spreadsheet:
    config = SpreadsheetConfig.model_validate(settings, context={"folder": folder})
    connector = Spreadsheet("plan", config, None)  # type: ignore[arg-type]
    connector.http = HttpClient(
        connection="plan", base_url=connector.base_url(), config=config, auth=connector.auth if config.token else None
    )
    return connector


def ask_one(connector: Spreadsheet) -> Answer:
    return collect(connector, [ASK], NOW)[ASK.key]


def problem_of(connector: Spreadsheet) -> Problem:
    answer = ask_one(connector)
    assert isinstance(answer, Problem), answer
    return answer


def test_a_file_is_found_from_the_project_folder_and_named_from_there(project):
    reading = ask_one(connected(project, path="data/plan.xlsx"))

    assert isinstance(reading, Reading)
    assert reading.value == Decimal(3)
    assert reading.provenance["file"] == "data/plan.xlsx"


def test_a_connection_of_a_project_is_opened_by_its_name(project, source):
    source.get(URL, body=CONTENT, match=[header_matcher({"Authorization": "Bearer s3cret-token"})])
    registry = Registry.load(None)
    query = parse_query(registry.get("spreadsheet"), {"column": "churn", "agg": "count"})
    spec = Connection("plan", "spreadsheet", {"url": URL, "token": "${PLAN_TOKEN}"})

    connector = open_connection(spec, registry, {"PLAN_TOKEN": "s3cret-token"}, project)
    [answer] = collect(connector, [Ask("1", query, ASK.window, NOW)], NOW).values()

    assert isinstance(answer, Problem)
    assert answer.message == "plan: plan.xlsx, sheet KPI: no rows below the headers"


def test_a_connection_to_a_file_that_is_not_there_names_the_nearest(project):
    spec = Connection("plan", "spreadsheet", {"path": "data/plam.xlsx"})

    with pytest.raises(Problem, match=r"did you mean data/plan\.xlsx\?") as caught:
        open_connection(spec, Registry.load(None), {}, project)

    assert caught.value.reason is Reason.CONFIG


def test_a_file_that_goes_away_is_named_as_its_owner_knows_it(project):
    connector = connected(project, path="data/plan.xlsx")
    (project / "data" / "plan.xlsx").rename(project / "data" / "plans.xlsx")

    problem = problem_of(connector)

    assert problem.reason is Reason.CONFIG
    assert "data/plan.xlsx does not exist" in problem.message
    assert str(project) not in str(problem)


def test_a_link_put_there_later_does_not_lead_out_of_the_folder(project, tmp_path):
    connector = connected(project, path="data/plan.xlsx")
    outside = tmp_path / "secret.xlsx"
    outside.write_bytes(CONTENT)
    (project / "data" / "plan.xlsx").unlink()
    (project / "data" / "plan.xlsx").symlink_to(outside)

    problem = problem_of(connector)

    assert problem.reason is Reason.CONFIG
    assert "outside the project folder" in problem.message


@pytest.mark.parametrize("path", ["../secret.xlsx", "/etc/hostname", "data"])
def test_only_files_below_the_folder_are_read(project, tmp_path, path):
    (tmp_path / "secret.xlsx").write_bytes(CONTENT)

    with pytest.raises(ValidationError):
        connected(project, path=path)


def test_a_pipe_in_place_of_the_file_is_not_waited_for(project):
    connector = connected(project, path="data/plan.xlsx")
    (project / "data" / "plan.xlsx").unlink()
    os.mkfifo(project / "data" / "plan.xlsx")

    assert "not a regular file" in problem_of(connector).message


def test_a_file_that_may_not_be_read(project, monkeypatch):
    def refuse(*_: object) -> None:  # not by the file's rights, because root may read everything
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)

    problem = problem_of(connected(project, path="data/plan.xlsx"))

    assert problem.reason is Reason.CONFIG
    assert problem.message.endswith("data/plan.xlsx cannot be read: Permission denied")


def test_a_workbook_is_downloaded_once_for_all_questions(project, source):
    source.get(URL, body=CONTENT, match=[header_matcher({"Authorization": "Bearer s3cret-token"})])
    connector = connected(project, url=URL, token="s3cret-token")
    other = Ask("2", SpreadsheetQuery(cell="A1"), ASK.window, NOW)

    answers = collect(connector, [ASK, other], NOW)

    reading = answers["1"]
    assert isinstance(reading, Reading)
    assert reading.value == Decimal(3)
    assert reading.provenance["file"] == URL
    source.assert_call_count(URL, 1)


def test_an_address_without_a_file_name_is_read_for_what_it_is(project, source):
    address = "https://files.acme.test/export?format=csv"
    source.get(address, body=b"churn,3\n")

    reading = ask_one(connected(project, url=address))

    assert isinstance(reading, Reading)
    assert reading.value == Decimal(3)


def test_a_secret_in_the_address_is_not_shown(project, source):
    address = "https://files.acme.test/plan.xlsx?token=s3cret-in-the-address"
    source.get(address, body=CONTENT)

    reading = ask_one(connected(project, url=address))

    assert isinstance(reading, Reading)
    assert "s3cret-in-the-address" not in str(reading.provenance)


def test_a_login_page_is_no_workbook(project, source):
    source.get(URL, body=b"<!DOCTYPE html><html>Please log in</html>", content_type="text/html")

    assert problem_of(connected(project, url=URL)).reason in (Reason.AUTH, Reason.CONFIG, Reason.BAD_RESPONSE)


def test_refused_credentials_are_for_who_runs_the_connection(project, source):
    source.get(URL, status=401)

    assert problem_of(connected(project, url=URL, token="s3cret-token")).reason is Reason.AUTH


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        pytest.param({}, "one of the two", id="neither"),
        pytest.param({"path": "data/plan.xlsx", "url": URL}, "one of the two", id="both"),
        pytest.param({"path": "data/plan.xlsx", "token": "x"}, "with `url` only", id="a token for a file"),
        pytest.param({"url": "http://files.acme.test/plan.xlsx"}, "https://", id="not encrypted"),
        pytest.param({"url": "https://me:pw@files.acme.test/plan.xlsx"}, "into `token`", id="credentials in it"),
        pytest.param({"url": URL, "timezone": "Berlin"}, "is no time zone", id="unknown zone"),
        pytest.param({"url": URL, "timezone": "../../etc"}, "is no time zone", id="a path for a zone"),
    ],
)
def test_settings_that_make_no_sense_are_refused(project, settings, message):
    with pytest.raises(ValidationError, match=message):
        connected(project, **settings)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/plan.csv", "http://localhost/plan.csv", "http://[::1]/plan.csv"]
)
def test_on_this_machine_an_address_need_not_be_encrypted(project, url):
    assert connected(project, url=url).base_url() == url.removesuffix("/plan.csv")
