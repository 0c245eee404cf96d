from dataclasses import replace
from decimal import Decimal

import pytest

from okrsync.okrs.changes import Change, ChangeKind, FieldChange, changes, unchanged
from tests.okrs.folders import project


@pytest.fixture
def stored(tmp_path):
    return project(tmp_path)


def with_key_result(project, key, **fields):
    old = project.key_results["mql-to-sql"]
    return replace(project, key_results={key: replace(old, key=key, **fields)})


def test_the_same_files_change_nothing(stored):
    assert changes(stored, stored) == ()
    assert unchanged(stored, ()) == 8


def test_into_an_empty_database_everything_is_added(stored):
    empty = replace(stored, cycles={}, teams={}, objectives={}, key_results={}, kpis={}, metrics={})

    found = changes(stored, empty)

    assert {change.kind for change in found} == {ChangeKind.ADDED}
    assert [(change.thing, change.key) for change in found] == [
        ("cycle", "2026-Q4"),
        ("team", "marketing"),
        ("metric", "mqls"),
        ("metric", "sqls"),
        ("metric", "mql_to_sql"),
        ("metric", "churn"),
        ("objective", "marketing/lead-quality"),
        ("key result", "mql-to-sql"),
    ]
    assert unchanged(stored, found) == 0


def test_a_changed_field_is_told_with_both_its_values(stored):
    wanted = with_key_result(stored, "mql-to-sql", target_value=Decimal(30))

    found = changes(wanted, stored)

    target = FieldChange("target_value", Decimal(28), Decimal(30))
    assert found == (Change(ChangeKind.CHANGED, "key result", "mql-to-sql", (target,)),)
    assert unchanged(wanted, found) == 7


def test_an_equal_number_written_otherwise_is_no_change(stored):
    assert changes(with_key_result(stored, "mql-to-sql", target_value=Decimal("28.000")), stored) == ()


def test_a_new_name_keeps_the_history_and_may_change_fields_too(stored):
    wanted = with_key_result(stored, "conversion", was="mql-to-sql", title="Conversion")

    assert changes(wanted, stored) == (
        Change(
            ChangeKind.RENAMED,
            "key result",
            "conversion",
            (FieldChange("title", "MQL-to-SQL conversion", "Conversion"),),
            was="mql-to-sql",
        ),
    )


def test_a_name_that_was_changed_earlier_is_no_news(stored):
    renamed = with_key_result(stored, "conversion")

    assert changes(with_key_result(stored, "conversion", was="mql-to-sql"), renamed) == ()


def test_a_former_name_that_nobody_knows_is_an_addition(stored):
    wanted = with_key_result(stored, "conversion", was="long-gone")

    kinds = {change.key: change.kind for change in changes(wanted, stored)}

    assert kinds == {"conversion": ChangeKind.ADDED, "mql-to-sql": ChangeKind.ARCHIVED}


def test_what_the_files_no_longer_name_is_archived(stored):
    wanted = replace(stored, key_results={})

    found = changes(wanted, stored)

    assert found == (Change(ChangeKind.ARCHIVED, "key result", "mql-to-sql"),)
    assert unchanged(wanted, found) == 7
