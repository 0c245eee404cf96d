from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.judge.roll_up import RollUp, StandsOn, key_result_part, roll_up, shown_status
from okrsync.vocabulary import DataState, Status

ACHIEVED, ON, RISK, OFF, MISSED = Status.ACHIEVED, Status.ON_TRACK, Status.AT_RISK, Status.OFF_TRACK, Status.MISSED
UNKNOWN, NOT_STARTED = Status.UNKNOWN, Status.NOT_STARTED
WORST_FIRST = [MISSED, OFF, RISK, ON, ACHIEVED]

key_results = st.tuples(
    st.one_of(st.none(), st.decimals(min_value=-2, max_value=3, places=3)),
    st.sampled_from(Status),
    st.sampled_from([DataState.FRESH, DataState.LATE, DataState.STALE]),
    st.decimals(min_value="0.1", max_value=5, places=1),
)


def part(progress, status=ON, state=DataState.FRESH, weight="1"):
    return key_result_part(None if progress is None else Decimal(progress), status, state, Decimal(weight))


@pytest.mark.parametrize(
    ("parts", "progress"),
    [
        pytest.param([part("0.2"), part("0.6")], "0.4", id="equal weights"),
        pytest.param([part("0.2", weight="3"), part("0.6")], "0.3", id="by weight"),
        pytest.param([part("1.8"), part("0")], "0.5", id="what is past the target lifts no other"),
        pytest.param([part("-1"), part("1")], "0.5", id="a step back drags no other"),
        pytest.param([part("0.2"), part("0.9", state=DataState.STALE)], "0.2", id="a stale number has no say"),
        pytest.param([part("0.2"), part(None)], "0.2", id="no number, no say"),
        pytest.param([part("0.2"), part("0.6", state=DataState.LATE)], "0.4", id="a late number is a number"),
    ],
)
def test_progress_is_the_weighted_mean_of_what_can_be_trusted(parts, progress):
    assert roll_up(parts).progress == Decimal(progress)


def test_it_says_on_how_much_it_stands():
    found = roll_up([part("0.5"), part("0.7"), part("0.9"), part("0.9", state=DataState.STALE), part(None, UNKNOWN)])

    assert found.stands_on == StandsOn(3, 5)


def test_without_any_number_there_is_no_progress():
    assert roll_up([part("0.9", ON, DataState.STALE)]) == RollUp(None, UNKNOWN, StandsOn(0, 1))
    assert roll_up([]) == RollUp(None, UNKNOWN, StandsOn(0, 0))


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        pytest.param([ON, OFF, RISK, ACHIEVED], OFF, id="the weakest"),
        pytest.param([ACHIEVED, ON], ON, id="achieved is stronger than on track"),
        pytest.param([OFF, MISSED], MISSED, id="missed is weaker than off track"),
        pytest.param([ACHIEVED, ACHIEVED], ACHIEVED, id="all achieved"),
        pytest.param([ACHIEVED, UNKNOWN], ON, id="not achieved while one is unknown"),
        pytest.param([ACHIEVED, NOT_STARTED], ON, id="not achieved while one has not started"),
        pytest.param([RISK, UNKNOWN], RISK, id="unknown stands apart"),
        pytest.param([UNKNOWN, UNKNOWN], UNKNOWN, id="all unknown"),
        pytest.param([NOT_STARTED, NOT_STARTED], NOT_STARTED, id="none has started"),
        pytest.param([NOT_STARTED, UNKNOWN], UNKNOWN, id="unknown or not started"),
    ],
)
def test_the_status_is_that_of_the_weakest(statuses, status):
    assert roll_up([part("0.5", each) for each in statuses]).status is status


def test_an_objective_rolls_up_its_own_key_results_and_the_objectives_below():
    below = roll_up([part("0.2", RISK), part("0.4"), part("0.9", ON, DataState.STALE)])

    above = roll_up([part("0.9"), below.part(weight=Decimal(2))])

    assert above == RollUp(Decimal("0.5"), RISK, StandsOn(3, 4))


@pytest.mark.parametrize("state", [DataState.STALE, DataState.QUARANTINED, DataState.PAUSED])
@pytest.mark.parametrize(
    ("status", "shown"),
    [(ON, UNKNOWN), (ACHIEVED, UNKNOWN), (RISK, RISK), (OFF, OFF), (MISSED, MISSED), (NOT_STARTED, NOT_STARTED)],
)
def test_a_number_that_cannot_be_trusted_never_shows_green_and_hides_no_trouble(status, shown, state):
    assert shown_status(status, state) is shown


@pytest.mark.parametrize("status", Status)
def test_a_number_that_can_be_trusted_shows_its_status(status):
    assert shown_status(status, DataState.FRESH) is status
    assert shown_status(status, DataState.LATE) is status


@given(st.lists(key_results, min_size=1), st.randoms())
def test_the_order_of_the_parts_does_not_matter(told, random):
    parts = [key_result_part(*each) for each in told]
    shuffled = random.sample(parts, len(parts))
    one, other = roll_up(parts), roll_up(shuffled)

    assert (one.status, one.stands_on) == (other.status, other.stands_on)
    assert (one.progress is None) == (other.progress is None) == (one.stands_on.n == 0)
    assert one.progress is None or (0 <= one.progress <= 1 and abs(one.progress - other.progress) < Decimal("1e-20"))


@given(st.lists(key_results, min_size=1), st.data())
def test_a_source_that_fails_never_makes_a_status_better(told, data):
    failing = data.draw(st.integers(min_value=0, max_value=len(told) - 1))
    after = [(*each[:2], DataState.STALE, each[3]) if i == failing else each for i, each in enumerate(told)]
    before, now = (roll_up([key_result_part(*each) for each in parts]).status for parts in (told, after))

    assert now is before or now is UNKNOWN or WORST_FIRST.index(now) < WORST_FIRST.index(before)
