from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.okrs.cadence import Cadence, CadenceError, Every

BERLIN, NEW_YORK, LORD_HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")


@pytest.mark.parametrize(
    ("written", "text"),
    [
        pytest.param("daily", "daily", id="daily"),
        pytest.param("Daily  at 6:00", "daily", id="its usual time goes without saying"),
        pytest.param("daily at 23:45", "daily at 23:45", id="another time"),
        pytest.param("weekly", "weekly", id="weekly"),
        pytest.param("weekly on Monday at 06:00", "weekly", id="its usual day goes without saying"),
        pytest.param("weekly on friday", "weekly on friday at 06:00", id="another day"),
        pytest.param("monthly on 1", "monthly", id="monthly"),
        pytest.param("monthly on 31 at 18:00", "monthly on 31 at 18:00", id="the last day"),
        pytest.param("hourly", "hourly", id="hourly"),
        pytest.param("60 minutes", "hourly", id="an hour in minutes"),
        pytest.param("1 hour", "hourly", id="an hour"),
        pytest.param("15 minutes", "15 minutes", id="minutes"),
        pytest.param("6 hours", "6 hours", id="hours"),
    ],
)
def test_a_cadence_is_read_and_written(written, text):
    assert str(Cadence.parse(written)) == text
    assert Cadence.parse(text) == Cadence.parse(written)


def test_a_key_result_that_says_nothing_is_expected_daily():
    assert Cadence.daily() == Cadence.parse("daily at 06:00")


@pytest.mark.parametrize(
    ("written", "message"),
    [
        pytest.param("sometimes", "'sometimes' is no cadence; one of hourly, daily,", id="unknown"),
        pytest.param("7 minutes", "an hour has 60 minutes, so use one of 1, 2, 3, 4, 5, 6, 10,", id="uneven minutes"),
        pytest.param("0 minutes", "an hour has 60 minutes", id="no minutes"),
        pytest.param("5 hours", "a day has 24 hours, so use one of 1, 2, 3, 4, 6, 8, 12, 24 hours", id="uneven hours"),
        pytest.param("daily at 25:00", "25:00 is no time of day; 00:00 to 23:59", id="no time"),
        pytest.param("daily on monday", "a daily cadence has no day; weekly on monday", id="daily with a day"),
        pytest.param("weekly on frieday", "'frieday' is no weekday; did you mean friday?", id="no weekday"),
        pytest.param("monthly on 32", "'32' is no day of a month; 1 to 31", id="no day"),
    ],
)
def test_a_cadence_that_cannot_be_read_says_what_there_is(written, message):
    with pytest.raises(CadenceError) as error:
        Cadence.parse(written)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("cadence", "now", "newest", "following"),
    [
        pytest.param("daily", "2026-11-21 06:00", "2026-11-21 06:00", "2026-11-22 06:00", id="at the very moment"),
        pytest.param("daily", "2026-11-21 05:59", "2026-11-20 06:00", "2026-11-21 06:00", id="a minute before"),
        pytest.param("hourly", "2026-11-21 10:20", "2026-11-21 10:00", "2026-11-21 11:00", id="hourly"),
        pytest.param("15 minutes", "2026-11-21 00:05", "2026-11-21 00:00", "2026-11-21 00:15", id="minutes"),
        pytest.param("6 hours", "2026-11-21 23:00", "2026-11-21 18:00", "2026-11-22 00:00", id="over midnight"),
        pytest.param("weekly on friday", "2026-11-20 05:00", "2026-11-13 06:00", "2026-11-20 06:00", id="weekly"),
        pytest.param("monthly on 31", "2026-12-01 00:00", "2026-11-30 06:00", "2026-12-31 06:00", id="short month"),
        pytest.param("monthly", "2026-01-01 00:00", "2025-12-01 06:00", "2026-01-01 06:00", id="over new year"),
    ],
)
def test_the_newest_and_the_next_slot(cadence, now, newest, following):
    at = _local(now, BERLIN)

    assert Cadence.parse(cadence).slot(at, BERLIN) == _local(newest, BERLIN)
    assert Cadence.parse(cadence).next_slot(at, BERLIN) == _local(following, BERLIN)
    assert Cadence.parse(cadence).slot(at, BERLIN).tzinfo is UTC


@pytest.mark.parametrize(
    ("cadence", "zone", "day", "slots"),
    [
        pytest.param("daily at 02:30", NEW_YORK, date(2026, 3, 8), ["03:30 EDT"], id="does not exist: moves forward"),
        pytest.param("daily at 01:30", NEW_YORK, date(2026, 11, 1), ["01:30 EDT"], id="comes twice: the first"),
        pytest.param("12 hours", NEW_YORK, date(2026, 11, 1), ["00:00 EDT", "12:00 EST"], id="a day of 25 hours"),
        pytest.param(
            "2 hours",
            NEW_YORK,
            date(2026, 3, 8),
            ["00:00 EST", "03:00 EDT", *(f"{hour:02}:00 EDT" for hour in range(4, 24, 2))],
            id="a day of 23 hours",
        ),
        pytest.param(
            "hourly",
            LORD_HOWE,
            date(2026, 10, 4),
            ["00:00 +1030", "01:00 +1030", "02:30 +11", *(f"{hour:02}:00 +11" for hour in range(3, 24))],
            id="hourly, half an hour forward",
        ),
        pytest.param("daily at 02:15", LORD_HOWE, date(2026, 10, 4), ["02:45 +11"], id="half an hour forward"),
    ],
)
def test_where_clocks_are_put_forward_or_back(cadence, zone, day, slots):
    start, end = (datetime.combine(midnight, time(), zone) for midnight in (day, day + timedelta(days=1)))

    found = Cadence.parse(cadence).slots(start, end, zone)

    assert [slot.astimezone(zone).strftime("%H:%M %Z") for slot in found] == slots


@pytest.mark.parametrize("day", [date(2026, 3, 8), date(2026, 11, 1)], ids=["23 hours", "25 hours"])
def test_hourly_leaves_no_hour_of_real_time_out(day):
    start, end = (datetime.combine(d, time(), NEW_YORK).astimezone(UTC) for d in (day, day + timedelta(days=1)))

    found = list(Cadence.parse("hourly").slots(start, end, NEW_YORK))

    assert found == [start + timedelta(hours=n) for n in range(len(found))]
    assert len(found) == (end - start) / timedelta(hours=1)


def test_a_day_that_a_zone_skipped_has_no_slot_of_its_own():
    apia = ZoneInfo("Pacific/Apia")
    start, end = datetime(2011, 12, 29, tzinfo=apia), datetime(2012, 1, 1, tzinfo=apia)

    found = list(Cadence.daily().slots(start, end, apia))

    assert [slot.astimezone(apia).day for slot in found] == [29, 31]


def test_times_without_a_zone_are_refused():
    with pytest.raises(ValueError, match="aware"):
        Cadence.daily().slot(datetime(2026, 11, 21), BERLIN)  # noqa: DTZ001


cadences = st.one_of(
    st.sampled_from([1, 5, 15, 30, 60, 120, 360, 720]).map(lambda n: Cadence(Every.MINUTES, minutes=n)),
    st.builds(Cadence, st.just(Every.DAY), st.times().map(lambda at: at.replace(second=0, microsecond=0))),
    st.builds(Cadence, st.just(Every.WEEK), st.just(time(2, 30)), st.integers(0, 6)),
    st.builds(Cadence, st.just(Every.MONTH), st.just(time(2, 30)), st.integers(1, 31)),
)
zones = st.sampled_from(
    [BERLIN, NEW_YORK, LORD_HOWE, ZoneInfo("UTC"), ZoneInfo("Asia/Kathmandu"), ZoneInfo("Africa/Cairo")]
)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(cadences)
def test_every_cadence_reads_what_it_writes(cadence):
    assert Cadence.parse(str(cadence)) == cadence


@given(cadences, zones, moments, st.integers(1, 3))
def test_slots_rise_and_each_comes_once_whatever_the_pieces(cadence, zone, start, pieces):
    span = min(cadence.period, timedelta(days=2)) * 3
    edges = [start + span * n for n in range(pieces + 1)]

    together = list(cadence.slots(edges[0], edges[-1], zone))

    assert all(a < b for a, b in pairwise(together))
    assert together == [slot for a, b in pairwise(edges) for slot in cadence.slots(a, b, zone)]
    assert all(edges[0] <= slot < edges[-1] for slot in together)


@given(cadences, zones, moments)
def test_the_newest_slot_is_the_one_before_the_next(cadence, zone, now):
    newest, following = cadence.slot(now, zone), cadence.next_slot(now, zone)

    assert newest <= now < following
    assert list(cadence.slots(newest, following, zone)) == [newest]
    assert cadence.slot(newest, zone) == newest
    assert following - newest <= cadence.period + timedelta(hours=1)


def _local(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
