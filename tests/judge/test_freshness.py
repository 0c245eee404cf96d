from datetime import timedelta

import pytest

from okrsync.errors import Reason
from okrsync.judge.freshness import data_state
from okrsync.vocabulary import DataState
from tests.judge.goals import on

DAILY = timedelta(days=1)


@pytest.mark.parametrize(
    ("as_of", "now", "settle", "state"),
    [
        pytest.param(10, 10, 0, DataState.FRESH, id="just now"),
        pytest.param(10, 11.5, 0, DataState.FRESH, id="one and a half periods old"),
        pytest.param(10, 11.51, 0, DataState.LATE, id="older"),
        pytest.param(10, 13.5, 2, DataState.FRESH, id="a source that settles for two days has them"),
        pytest.param(10, 13.51, 2, DataState.LATE, id="and no more"),
        pytest.param(11, 10, 0, DataState.FRESH, id="a source whose clock is ahead"),
    ],
)
def test_a_value_is_late_after_one_and_a_half_periods(as_of, now, settle, state):
    found = data_state(as_of=on(as_of), period=DAILY, now=on(now), problem=None, settle=timedelta(days=settle))

    assert found is state


def test_a_number_that_never_came_is_late():
    assert data_state(as_of=None, period=DAILY, now=on(10), problem=None) is DataState.LATE


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("as_of", [pytest.param(None, id="no value"), pytest.param(on(10), id="a young value")])
def test_a_source_that_did_not_answer_makes_its_number_stale_however_young(reason, as_of):
    assert data_state(as_of=as_of, period=DAILY, now=on(10), problem=reason) is DataState.STALE
