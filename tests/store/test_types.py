"""Numbers and times come out of both databases as they went in; what would not is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, insert, select

from okrsync.errors import Problem, Reason
from okrsync.store import types
from okrsync.store.types import Document, Exact, Words, exact, exact_text, from_json, to_json
from tests.store.samples import NOON

scratch = Table(
    "scratch",
    MetaData(),
    Column("number", Exact),
    Column("moment", types.UTC),
    Column("words", Words),
    Column("document", Document),
)
on_each = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
numbers = st.decimals("-99999999999999999999999999", "99999999999999999999999999", places=12)
moments = st.datetimes(
    datetime(1970, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    datetime(2099, 12, 31),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, ZoneInfo("America/New_York")]),
)


def round_trip(database, column, values):
    """Store `values` in a table of their own, and return what a later transaction reads."""
    with database.writing() as conn:
        scratch.drop(conn, checkfirst=True)
        scratch.create(conn)
        conn.execute(insert(scratch), [{column: value} for value in values])
    with database.reading() as conn:
        return [row[0] for row in conn.execute(select(scratch.c[column]))]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        pytest.param("28.10", "28.1", id="no trailing zeros"),
        pytest.param("1E+3", "1000", id="no exponent"),
        pytest.param("-0.00", "0", id="one zero"),
        pytest.param("9007199254740993", "9007199254740993", id="more than a double holds"),
        pytest.param("12345678901234567890123456.123456789012", "12345678901234567890123456.123456789012", id="all"),
        pytest.param("0.0000000000005", "0", id="half to even, down"),
        pytest.param("0.0000000000015", "0.000000000002", id="half to even, up"),
    ],
)
def test_a_number_is_kept_in_one_form(value, kept):
    assert exact_text(Decimal(value)) == kept


@pytest.mark.parametrize("value", ["1E+26", "-1E+26", "99999999999999999999999999.9999999999995", "1E+400"])
def test_a_number_out_of_range_is_a_problem_of_its_own(value):
    with pytest.raises(Problem, match="out of range") as raised:
        exact(Decimal(value))

    assert raised.value.reason is Reason.BAD_VALUE


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_not_finite_is_a_problem(value):
    with pytest.raises(Problem, match="not a finite number"):
        exact(Decimal(value))


@pytest.mark.parametrize("value", [0.1, True, "1"])
def test_what_is_no_decimal_is_refused(value):
    with pytest.raises(TypeError):
        exact(value)


def test_a_number_out_of_range_reaches_the_caller_as_it_is(database):
    with pytest.raises(Problem, match="out of range"):
        round_trip(database, "number", [Decimal("1e308")])


def test_a_float_does_not_get_into_a_column(database):
    with pytest.raises(Exception, match="a Decimal is needed, got float"):
        round_trip(database, "number", [0.1])


@on_each
@given(values=st.lists(numbers, min_size=1, max_size=50))
def test_numbers_come_back_exactly(database, values):
    found = round_trip(database, "number", values)

    assert found == values
    assert list(map(str, found)) == [str(exact(value)) for value in values]


@on_each
@given(values=st.lists(moments, min_size=1, max_size=50))
def test_moments_come_back_as_the_same_instants_in_utc(database, values):
    found = round_trip(database, "moment", values)

    assert found == [value.astimezone(UTC) for value in values]
    assert {moment.utcoffset() for moment in found} == {timedelta()}


def test_both_half_past_ones_of_the_night_when_clocks_go_back_are_kept(database):
    new_york = ZoneInfo("America/New_York")
    first = datetime(2026, 11, 1, 1, 30, tzinfo=new_york)
    second = first.replace(fold=1)

    found = round_trip(database, "moment", [first, second])

    assert [moment.hour for moment in found] == [5, 6]


@on_each
@given(values=st.lists(moments, min_size=2, max_size=50))
def test_the_database_orders_moments_by_time(database, values):
    round_trip(database, "moment", values)

    with database.reading() as conn:
        found = list(conn.execute(select(scratch.c.moment).order_by(scratch.c.moment)).scalars())

    assert found == sorted(value.astimezone(UTC) for value in values)


def test_a_time_without_a_zone_is_refused(database):
    with pytest.raises(Exception, match="a time without a zone: 2026-11-01T12:00:00"):
        round_trip(database, "moment", [NOON.replace(tzinfo=None)])


def test_text_that_no_database_can_hold_is_mended(database):
    assert round_trip(database, "words", ["caf\u00e9 \0 \ud800"]) == ["caf\u00e9 ? ?"]


def test_a_document_keeps_its_decimals_as_numbers(database):
    document = {"threshold": Decimal("0.10"), "big": 2**63, "at": [None, True, "x"], "\0": "\0not a number"}

    found = round_trip(database, "document", [document])

    assert found == [{"threshold": Decimal("0.10"), "big": 2**63, "at": [None, True, "x"], "?": "?not a number"}]
    assert isinstance(found[0]["threshold"], Decimal)


def test_a_document_is_plain_json():
    moment = datetime(2026, 11, 1, tzinfo=UTC)

    assert json.loads(to_json({"at": moment, "n": Decimal("1E+2")})) == {"at": "2026-11-01T00:00:00+00:00", "n": 100.0}
    assert from_json(to_json([Decimal("1E+2")])) == [100]


def test_what_is_not_json_is_refused():
    with pytest.raises(TypeError, match="object cannot be stored"):
        to_json({"secret": object()})
