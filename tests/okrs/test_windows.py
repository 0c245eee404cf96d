from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from okrsync.okrs.windows import Grain, Window, WindowError, WindowRule, cycle_window

BERLIN = ZoneInfo("Europe/Berlin")
CYCLE = cycle_window(date(2026, 10, 1), date(2026, 12, 31), BERLIN)
NOW = datetime(2026, 11, 19, 12, tzinfo=UTC)


def local(text: str | None) -> datetime | None:
    return text and datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("rule", "start", "end"),
    [
        pytest.param("cycle", "2026-10-01", "2027-01-01", id="the whole cycle, its last day included"),
        pytest.param("cycle_to_date", "2026-10-01", "2026-11-19 13:00", id="the cycle so far"),
        pytest.param("month_to_date", "2026-11-01", "2026-11-19 13:00", id="the month so far"),
        pytest.param("quarter_to_date", "2026-10-01", "2026-11-19 13:00", id="the quarter so far"),
        pytest.param("trailing(28 days)", "2026-10-22", "2026-11-19", id="whole days up to yesterday"),
        pytest.param("previous(week)", "2026-11-09", "2026-11-16", id="the week before"),
        pytest.param("previous(month)", "2026-10-01", "2026-11-01", id="the month before"),
        pytest.param("lifetime", None, "2026-11-19 13:00", id="everything"),
        pytest.param("now", None, "2026-11-19 13:00", id="as it stands"),
    ],
)
def test_a_rule_is_a_window_at_a_moment(rule, start, end):
    window = WindowRule.parse(rule).at(NOW, CYCLE, BERLIN)

    assert (window.start, window.end) == (local(start), local(end))
    assert str(WindowRule.parse(rule)) == rule


@pytest.mark.parametrize(
    ("now", "rule", "start"),
    [
        pytest.param(datetime(2026, 1, 3, tzinfo=UTC), "previous(month)", "2025-12-01", id="month over new year"),
        pytest.param(datetime(2026, 8, 31, tzinfo=UTC), "quarter_to_date", "2026-07-01", id="quarter from a 31st"),
        pytest.param(datetime(2026, 10, 31, 23, 30, tzinfo=UTC), "month_to_date", "2026-11-01", id="the zone's month"),
        pytest.param(datetime(2026, 11, 16, 5, tzinfo=UTC), "previous(week)", "2026-11-09", id="on a Monday"),
    ],
)
def test_days_are_counted_in_the_zone(now, rule, start):
    assert WindowRule.parse(rule).at(now, None, BERLIN).start == local(start)


def test_a_source_that_knows_days_only_is_asked_for_whole_days():
    window = WindowRule.parse("cycle_to_date").at(NOW, CYCLE, BERLIN, Grain.DAY)

    assert window.end == local("2026-11-19")
    assert window.dates() == ["2026-10-01", "2026-11-18"]


def test_after_its_end_a_cycle_to_date_is_the_whole_cycle():
    assert WindowRule.parse("cycle_to_date").at(datetime(2027, 2, 1, tzinfo=UTC), CYCLE, BERLIN) == CYCLE


def test_a_rule_that_needs_a_cycle_says_so():
    with pytest.raises(WindowError, match="cycle_to_date needs a cycle, and a KPI has none"):
        WindowRule.parse("cycle_to_date").at(NOW, None, BERLIN)


@pytest.mark.parametrize("text", ["trailing(0 days)", "trailing(28)", "previous(year)", "yesterday", ""])
def test_what_is_no_window_is_refused_with_those_there_are(text):
    with pytest.raises(WindowError, match=r"is no window; one of cycle_to_date, .*trailing\(N days\)"):
        WindowRule.parse(text)


def test_a_window_needs_aware_times():
    with pytest.raises(ValueError, match="aware"):
        Window(None, datetime(2026, 1, 1), BERLIN)  # noqa: DTZ001
