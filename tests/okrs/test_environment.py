import pytest

from okrsync.errors import SettingsError
from okrsync.okrs.environment import Secrets, fill, variables


@pytest.mark.parametrize(
    ("written", "environ", "filled"),
    [
        pytest.param("${TOKEN}", {"TOKEN": "abc"}, "abc", id="a whole value"),
        pytest.param(
            "sql://okr:${PASSWORD}@${HOST}/db", {"PASSWORD": "p", "HOST": "h"}, "sql://okr:p@h/db", id="parts"
        ),
        pytest.param("${HOST:-crm.test}", {}, "crm.test", id="the fallback"),
        pytest.param("${HOST:-crm.test}", {"HOST": ""}, "crm.test", id="set to nothing is not set"),
        pytest.param("${HOST:-}", {}, "", id="an empty fallback"),
        pytest.param("${HOST:-crm.test}", {"HOST": "h"}, "h", id="no need of the fallback"),
        pytest.param("${TOKEN}", {"TOKEN": "${TOKEN}"}, "${TOKEN}", id="a value is not looked into"),
        pytest.param("$TOKEN {TOKEN} $", {"TOKEN": "abc"}, "$TOKEN {TOKEN} $", id="no variables"),
    ],
)
def test_variables_are_filled_in(written, environ, filled):
    assert fill({"setting": written}, environ) == ({"setting": filled}, ())


def test_nested_settings_are_filled_in_and_everything_missing_is_named_with_its_place():
    settings = {"auth": {"token": "${A}"}, "hosts": ["${B}", "x-${C}${A}"], "retries": 3, "on": True, "none": None}

    filled, missing = fill(settings, {"A": "1", "C": ""})

    assert filled == {"auth": {"token": "1"}, "hosts": ["${B}", "x-${C}1"], "retries": 3, "on": True, "none": None}
    assert missing == ((("hosts", "0"), "B"), (("hosts", "1"), "C"))


def test_the_variables_of_settings_are_listed_once_each():
    assert variables({"a": "${B}", "c": ["${A:-x}", {"d": "${B}"}], "e": 1}) == ("A", "B")


def test_a_secret_comes_from_the_environment_or_from_the_file_of_its_name(tmp_path):
    (tmp_path / "FROM_FILE").write_text("s3cret\n")
    (tmp_path / "WINDOWS").write_bytes(b"s3cret\r\n")
    (tmp_path / "BOTH").write_text("file")
    (tmp_path / "not a name").write_text("x")

    secrets = Secrets({"FROM_ENV": "env", "BOTH": "env"}, tmp_path)

    assert dict(secrets) == {"FROM_ENV": "env", "BOTH": "env", "FROM_FILE": "s3cret", "WINDOWS": "s3cret"}
    assert len(secrets) == 4
    assert "MISSING" not in secrets


def test_a_variable_set_to_nothing_does_not_hide_the_file(tmp_path):
    (tmp_path / "TOKEN").write_text("s3cret")

    assert Secrets({"TOKEN": ""}, tmp_path)["TOKEN"] == "s3cret"


def test_a_folder_that_is_not_there_holds_no_secrets(tmp_path):
    assert dict(Secrets({"A": "1"}, tmp_path / "gone")) == {"A": "1"}


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "a/b"])
def test_a_name_never_leads_out_of_the_folder(tmp_path, name):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "outside").write_text("x")

    assert name not in Secrets({}, tmp_path / "secrets")


def test_no_value_shows_when_secrets_are_printed(tmp_path):
    (tmp_path / "TOKEN").write_text("s3cret")

    assert repr(Secrets({"A": "hidden"}, tmp_path)) == "Secrets(2 names)"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(b"\xff\xfe", "is not UTF-8 text", id="binary"),
        pytest.param(b"x" * 70_000, "is larger than 65536 bytes: no secret", id="too large"),
    ],
)
def test_a_secret_file_that_cannot_be_read_is_named_without_its_content(tmp_path, content, why):
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "TOKEN").write_bytes(content)

    with pytest.raises(SettingsError) as error:
        Secrets({}, folder)["TOKEN"]

    assert str(error.value) == f"secrets/TOKEN: {why}"
