"""The schema gets to its newest revision once, whoever starts first, and refuses what it does not know."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from okrsync.errors import SchemaMismatch
from okrsync.store import migrating, schema
from okrsync.store.base import Base
from okrsync.store.database import Database
from okrsync.store.derived import VIEWS


def test_an_empty_database_is_brought_to_the_head(empty_database):
    assert schema.revision(empty_database) is None

    assert schema.upgrade(empty_database) == (None, schema.HEAD)

    assert schema.revision(empty_database) == schema.HEAD
    schema.require_current(empty_database)


def test_a_second_upgrade_changes_nothing(database):
    assert schema.upgrade(database) == (schema.HEAD, schema.HEAD)


def test_of_several_that_start_together_one_upgrades_and_all_end_at_the_head(empty_database_url):
    databases = [Database.open(empty_database_url, Path()) for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        befores = [before for before, _ in pool.map(schema.upgrade, databases)]

    assert sorted(befores, key=str) == [schema.HEAD] * 3 + [None]
    for database in databases:
        database.close()


def test_asking_for_the_revision_makes_no_sqlite_file(tmp_path):
    database = Database.open("sqlite:///okrsync.db", tmp_path)

    with pytest.raises(SchemaMismatch, match="okrsync db upgrade"):
        schema.require_current(database)

    assert list(tmp_path.iterdir()) == []


def test_a_schema_that_is_behind_names_the_command(database, monkeypatch):
    found = schema.HEAD
    monkeypatch.setattr(schema, "REVISIONS", (*schema.REVISIONS, "next"))
    monkeypatch.setattr(schema, "HEAD", "next")

    with pytest.raises(SchemaMismatch, match=rf"is at {found}, needed is next\. run `okrsync db upgrade`"):
        schema.require_current(database)


@pytest.mark.parametrize("attempt", [schema.require_current, schema.upgrade])
def test_a_schema_from_the_future_is_left_alone(database, attempt):
    with database.writing() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(SchemaMismatch, match=r"9999.*newer okrsync.*upgrade okrsync"):
        attempt(database)

    assert schema.revision(database) == "9999"


def test_the_known_revisions_are_those_of_the_migrations(database):
    with database.reading() as conn:
        scripts = ScriptDirectory.from_config(migrating.config(conn))

    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == schema.REVISIONS


def test_the_migrations_make_exactly_the_tables_of_the_models(database):
    with database.writing() as conn:
        command.check(migrating.config(conn))


def test_the_check_sees_a_column_that_no_migration_makes(database):
    with database.writing() as conn:
        conn.execute(text("ALTER TABLE evaluation DROP COLUMN gap"))

        with pytest.raises(Exception, match="gap"):
            command.check(migrating.config(conn))


def test_an_upgrade_that_fails_leaves_nothing_behind(empty_database, monkeypatch):
    monkeypatch.setattr(schema, "_revision", lambda conn: None)
    monkeypatch.setattr(VIEWS[1].__class__, "statement", lambda self, dialect: "CREATE VIEW")

    with pytest.raises(Exception, match=r"syntax|incomplete"):
        schema.upgrade(empty_database)

    with empty_database.reading() as conn:
        assert inspect(conn).get_table_names() == []


def test_an_upgrade_makes_views_and_guards_anew(database):
    with database.writing() as conn:
        conn.execute(text("DELETE FROM alembic_version"))
        for name in ("key_result_status", "check_in_history"):
            conn.execute(text(f"DROP VIEW {name}"))
        for table in reversed(Base.metadata.sorted_tables):
            conn.execute(text(f'DROP TABLE "{table.name}"'))

    schema.upgrade(database)

    with database.reading() as conn:
        assert set(inspect(conn).get_view_names()) == {view.name for view in VIEWS}


def test_every_column_is_explained():
    tables = Base.metadata.sorted_tables
    silent = [f"{c.table}.{c.name}" for table in tables for c in table.c if not c.comment and c.name != "id"]

    assert silent == []


def test_on_postgresql_the_explanations_are_in_the_database(postgresql_url):
    database = Database.open(postgresql_url, Path())

    with database.reading() as conn:
        columns = inspect(conn).get_columns("key_result_status") + inspect(conn).get_columns("check_in")
    database.close()

    assert [column["name"] for column in columns if not column["comment"]] == ["id"]
