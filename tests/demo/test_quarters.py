from datetime import date, timedelta

import pytest

from okrsync.demo.quarters import Quarter


@pytest.mark.parametrize(
    ("day", "name", "start", "end"),
    [
        pytest.param(date(2026, 1, 1), "2026-Q1", date(2026, 1, 1), date(2026, 3, 31), id="first day of a year"),
        pytest.param(date(2028, 2, 29), "2028-Q1", date(2028, 1, 1), date(2028, 3, 31), id="leap day"),
        pytest.param(date(2026, 6, 30), "2026-Q2", date(2026, 4, 1), date(2026, 6, 30), id="last day of a quarter"),
        pytest.param(date(2026, 7, 1), "2026-Q3", date(2026, 7, 1), date(2026, 9, 30), id="first day of a quarter"),
        pytest.param(date(2026, 12, 31), "2026-Q4", date(2026, 10, 1), date(2026, 12, 31), id="last day of a year"),
    ],
)
def test_the_quarter_of_a_day(day, name, start, end):
    quarter = Quarter.of(day)

    assert (quarter.name, quarter.start, quarter.end) == (name, start, end)


def test_every_day_of_a_year_lies_in_its_quarter():
    days = [date(2028, 1, 1) + timedelta(days=number) for number in range(366)]

    assert all(Quarter.of(day).start <= day <= Quarter.of(day).end for day in days)


def test_a_quarter_is_over_on_its_last_day_and_begins_with_its_first():
    quarter = Quarter.of(date(2026, 11, 21))

    assert quarter.share_over(quarter.end) == 1
    assert quarter.share_over(quarter.start - timedelta(days=1)) == 0
    assert quarter.month_ends() == (date(2026, 10, 31), date(2026, 11, 30), date(2026, 12, 31))
