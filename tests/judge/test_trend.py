from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.judge.interpolation import value_at
from okrsync.judge.trend import trend
from tests.judge.goals import on, points, values


@pytest.mark.parametrize(
    ("known", "per_week"),
    [
        pytest.param([(0, 100), (7, 110)], "10", id="one week"),
        pytest.param([(0, 100), (28, 60)], "-10", id="falling"),
        pytest.param([(0, 50), (14, 50)], "0", id="flat"),
        pytest.param([(0, -10), (14, 10)], "10", id="through zero"),
        pytest.param([(0, 0), (10, 999), (28, 28)], "7", id="what lies between the ends does not count"),
        pytest.param([(0, 900), (20, 100), (48, 128)], "7", id="what is older than four weeks does not count"),
        pytest.param([(0, 0), (40, 40), (60, 60)], "7", id="the value four weeks ago lies between two check-ins"),
        pytest.param([(0, 0), (10, 0), (50, 40)], "7", id="a long gap is a line, not a step"),
    ],
)
def test_a_trend_is_the_change_per_week(known, per_week):
    assert trend(points(*known), on(known[-1][0])) == Decimal(per_week)


@pytest.mark.parametrize(
    ("known", "day"),
    [
        pytest.param([], 10, id="no value"),
        pytest.param([(0, 100)], 10, id="one value"),
        pytest.param([(0, 100), (2.9, 110)], 10, id="values too near to each other"),
        pytest.param([(0, 100), (7, 110)], 36, id="a last value over four weeks old"),
    ],
)
def test_there_is_no_trend_without_enough_to_go_by(known, day):
    assert trend(points(*known), on(day)) is None


@given(
    st.lists(st.integers(min_value=0, max_value=60), min_size=2, unique=True),
    values,
    st.integers(min_value=-50, max_value=50),
)
def test_a_straight_line_has_its_own_slope(days, start, per_day):
    known = points(*[(day, start + per_day * day) for day in sorted(days)])
    found = trend(known, known[-1].as_of)

    assert found is None or abs(found - 7 * per_day) < Decimal("1e-9")
    assert (found is None) == (max(days) - min(days) < 3)


@pytest.mark.parametrize(
    ("day", "value"),
    [
        pytest.param(9, None, id="before the first: none"),
        pytest.param(10, 0, id="at the first"),
        pytest.param(15, 5, id="between"),
        pytest.param(20, 10, id="at the last"),
        pytest.param(21, None, id="after the last: none, for it is not carried on"),
    ],
)
def test_between_known_check_ins_there_is_a_line(day, value):
    assert value_at(points((10, 0), (20, 10)), on(day)) == value


def test_of_two_values_at_one_instant_the_later_counts():
    known = points((10, 0), (10, 4), (20, 99), (20, 14))

    assert [value_at(known, on(day)) for day in (10, 15, 20)] == [4, 9, 14]
