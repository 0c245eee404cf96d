import sys
from importlib.metadata import EntryPoint
from textwrap import dedent

import pytest

from okrsync import Problem, Reason
from okrsync.connect import registry as registry_module
from okrsync.connect.registry import Registry
from okrsync.errors import UnknownName

SMALL = """
    from okrsync import Config, Connector, Query, Reading

    class Settings(Config):
        "No settings."

    class Question(Query):
        "No choice."

    class Small(Connector[Settings, Question]):
        "A source of the project's own."

        name = "{name}"
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "connectors").mkdir()
    return tmp_path


def write(project, file, text):
    (project / "connectors" / file).write_text(dedent(text))


def test_the_shipped_connectors_are_named_after_their_modules():
    registry = Registry.load()

    assert {"http", "spreadsheet", "sql"} <= set(registry.names)
    assert set(registry.all()) == set(registry.names)
    assert registry.broken == ()
    assert registry.origin("http") == "shipped with okrsync"


def test_the_shipped_ones_live_in_one_package_wherever_their_folder_is():
    assert Registry.load().get("http").__module__ == "okrsync.connectors.http"
    assert Registry.load().get("http") is Registry.load().get("http")


def test_a_project_has_connectors_of_its_own(project):
    write(project, "small.py", SMALL.format(name="small"))

    registry = Registry.load(project)

    assert registry.get("small").title == "A source of the project's own"
    assert registry.origin("small") == "connectors/small.py"
    assert "small" not in Registry.load().names


def test_a_connector_is_found_by_its_name_also_in_a_file_of_another(project):
    write(project, "ours.py", SMALL.format(name="small"))

    assert Registry.load(project).get("small").name == "small"


def test_two_projects_keep_their_connectors_apart(tmp_path):
    for team in ("a", "b"):
        (tmp_path / team / "connectors").mkdir(parents=True)
        write(tmp_path / team, "small.py", SMALL.format(name="small"))

    first, second = (Registry.load(tmp_path / team).get("small") for team in ("a", "b"))

    assert first is not second


def test_a_project_may_keep_its_own_version_of_a_shipped_one(project):
    write(project, "http.py", SMALL.format(name="http"))

    assert Registry.load(project).origin("http") == "connectors/http.py"


def test_nothing_is_imported_before_it_is_asked_for(project):
    write(project, "loud.py", 'raise RuntimeError("imported")')
    write(project, "small.py", SMALL.format(name="small"))

    registry = Registry.load(project)
    registry.get("small")

    assert "loud" in registry.names
    assert not any(name.endswith("_loud") for name in sys.modules)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        pytest.param("def f(:", "SyntaxError", id="no Python"),
        pytest.param("x = 1\nimport nothing_of_that_name", "line 2 of bad.py", id="a missing package"),
        pytest.param("raise SystemExit(3)", "SystemExit", id="one that ends the program"),
        pytest.param("x = 1", "no Connector", id="nothing in it"),
    ],
)
def test_a_broken_connector_stops_no_other_and_says_what_is_wrong(project, code, said):
    write(project, "bad.py", code)
    write(project, "small.py", SMALL.format(name="small"))

    registry = Registry.load(project)

    assert {"small", "http"} <= set(registry.all())
    (broken,) = registry.broken
    assert broken.origin == "connectors/bad.py"
    assert said in broken.message
    with pytest.raises(Problem, match=said) as caught:
        registry.get("bad")
    assert caught.value.reason is Reason.CONFIG


def test_a_name_that_is_none_brings_the_nearest(project):
    write(project, "bad.py", "1 / 0")

    with pytest.raises(UnknownName) as caught:
        Registry.load(project).get("spredsheet")

    assert "did you mean 'spreadsheet'?" in caught.value.hint
    assert "connectors/bad.py cannot be loaded: ZeroDivisionError" in caught.value.hint


def test_installed_packages_offer_theirs(project, monkeypatch):
    write(project, "small.py", SMALL.format(name="small"))
    monkeypatch.syspath_prepend(str(project / "connectors"))
    points = [
        EntryPoint("small", "small:Small", "okrsync.connectors"),
        EntryPoint("gone", "no_such_package:Gone", "okrsync.connectors"),
        EntryPoint("odd", "small:dict", "okrsync.connectors"),
    ]
    monkeypatch.setattr(registry_module, "entry_points", lambda group: [p for p in points if p.group == group])

    registry = Registry.load()

    assert registry.get("small").name == "small"
    assert [broken.name for broken in registry.broken] == ["gone", "odd"]


def test_the_checkout_of_okrsync_is_a_project_without_connectors_of_its_own():
    checkout = registry_module._shipped_folder().parent

    assert Registry.load(checkout).names == Registry.load().names
