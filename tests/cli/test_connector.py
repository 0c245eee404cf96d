"""`okrsync connector` and `okrsync schema`."""

from __future__ import annotations

from okrsync.errors import ExitCode
from tests.connect.declared_samples import FILES, HUBSPOT, HUBSPOT_EXAMPLE


def test_a_new_connector_passes_its_test_and_becomes_python_that_does(okrsync, tmp_path):
    new = okrsync("connector", "new", "orders", within=tmp_path)
    file = tmp_path / "connectors" / "orders.yaml"
    tested = okrsync("connector", "test", str(file), within=tmp_path)
    ejected = okrsync("connector", "eject", "orders", within=tmp_path)
    (tmp_path / "connectors" / "orders2.py").write_text(ejected.out)
    again = okrsync("connector", "test", "connectors/orders2.py", within=tmp_path)

    assert (new.code, tested.code, ejected.code, again.code) == (ExitCode.OK,) * 4
    assert "33 of 33 checks passed" in tested.out
    assert "33 of 33 checks passed" in again.out
    assert okrsync("connector", "new", "orders", within=tmp_path).code == ExitCode.USAGE


def test_what_is_wrong_is_said_with_its_line_and_ends_with_2(okrsync, tmp_path):
    (tmp_path / "deals.yaml").write_text(HUBSPOT.replace("amount}", "amont}") + HUBSPOT_EXAMPLE)

    ended = okrsync("connector", "test", "deals.yaml", within=tmp_path)

    assert ended.code == ExitCode.USAGE
    assert "(deals.yaml:24)" in ended.out
    assert "'properties.amont' is empty in 2 of 2 rows" in ended.out
    assert "canary" not in ended.out


def test_a_file_without_an_example_says_how_to_write_one(okrsync, tmp_path):
    (tmp_path / "deals.yaml").write_text(HUBSPOT)
    (tmp_path / "deals.py").write_text("x = 1\n")

    data, python = (okrsync("connector", "test", f"deals.{kind}", within=tmp_path) for kind in ("yaml", "py"))

    assert (data.code, python.code) == (ExitCode.USAGE, ExitCode.USAGE)
    assert "there is no `example`" in data.err
    assert "example = Example(" in python.err


def test_connectors_as_data_are_listed_and_shown(okrsync, tmp_path):
    (tmp_path / "connectors").mkdir()
    for name, text in FILES.items():
        (tmp_path / "connectors" / f"{name}.yaml").write_text(text)

    listed = okrsync("connector", "list", "--format", "json", within=tmp_path)
    shown = okrsync("connector", "show", "acme_orders", within=tmp_path)

    assert set(FILES) <= {row["connector"] for row in listed.json()}
    assert "Which orders." in shown.out
    assert okrsync("connector", "eject", "http", within=tmp_path).code == ExitCode.USAGE


def test_the_schemas_describe_the_files(okrsync, tmp_path):
    said = {kind: okrsync("schema", kind, within=tmp_path).json() for kind in ("project", "goals", "connector")}

    assert "connections" in said["project"]["properties"]
    assert "objectives" in said["goals"]["properties"]
    assert {"connector", "base_url", "request", "value", "check"} <= set(said["connector"]["required"])
    assert "json" in said["connector"]["$defs"]["RequestPart"]["properties"]
