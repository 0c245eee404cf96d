from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.rhythm import LONGEST, Beat, beats
from okrsync.okrs.cadence import Cadence

NOW = datetime(2026, 11, 21, 12, 34, tzinfo=UTC)
BERLIN, KOLKATA, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata"), ZoneInfo("America/New_York")
ON_THE_HOUR = Beat(timedelta(hours=1), timedelta())


def beat(every: int, offset: int) -> Beat:
    return Beat(timedelta(minutes=every), timedelta(minutes=offset))


@pytest.mark.parametrize(
    ("cadences", "expected"),
    [
        pytest.param([("daily", BERLIN)], (ON_THE_HOUR,), id="hourly, so that what failed is tried again"),
        pytest.param([("daily", BERLIN), ("weekly", NEW_YORK), ("hourly", BERLIN)], (ON_THE_HOUR,), id="one for all"),
        pytest.param([("daily at 06:15", BERLIN)], (beat(60, 15),), id="at the minute the slots are at"),
        pytest.param([("daily", KOLKATA)], (beat(60, 30),), id="a zone half an hour off"),
        pytest.param([("15 minutes", BERLIN)], (beat(15, 0),), id="finer than an hour"),
        pytest.param([("15 minutes", BERLIN), ("daily at 06:45", BERLIN)], (beat(15, 0),), id="the finer covers both"),
        pytest.param([("30 minutes", BERLIN), ("daily at 06:10", BERLIN)], (beat(30, 0), beat(60, 10)), id="two"),
    ],
)
def test_the_fewest_beats_that_hit_every_slot(cadences, expected):
    assert beats([(Cadence.parse(text), zone) for text, zone in cadences], NOW) == expected


cadences = st.sampled_from(
    [
        "1 minute",
        "10 minutes",
        "30 minutes",
        "hourly",
        "6 hours",
        "daily",
        "daily at 23:59",
        "weekly on friday at 17:07",
    ]
)


@given(
    chosen=st.lists(st.tuples(cadences, st.sampled_from([BERLIN, KOLKATA, NEW_YORK])), min_size=1, max_size=6),
    later=st.timedeltas(timedelta(), timedelta(days=300)),
)
def test_every_slot_of_the_year_is_on_a_beat_and_something_runs_every_hour(chosen, later):
    wanted = [(Cadence.parse(text), zone) for text, zone in chosen]

    found = beats(wanted, NOW)

    assert all(beat.interval <= LONGEST for beat in found)
    for cadence, zone in wanted:
        slot = cadence.slot(NOW + later, zone)
        assert any((slot - beat.anchor) % beat.interval == timedelta() for beat in found)
