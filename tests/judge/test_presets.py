from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.judge.presets import PRESETS
from okrsync.vocabulary import Status

shares = st.decimals(min_value=-1, max_value=2, places=4)
expectations = st.decimals(min_value=0, max_value=1, places=4)
presets = st.sampled_from(list(PRESETS.values()))
RANK = {Status.OFF_TRACK: 0, Status.AT_RISK: 1, Status.ON_TRACK: 2}


def decide(preset, progress, expected, elapsed="0.5"):
    return PRESETS[preset].decide(Decimal(progress), Decimal(expected), Decimal(elapsed))


def case(preset, progress, expected, status, label):
    return pytest.param(preset, progress, expected, status, label, id=f"{preset}: {progress} of {expected}")


@pytest.mark.parametrize(
    ("preset", "progress", "expected", "status", "label"),
    [
        case("okrsync", "0.54", "0.60", Status.ON_TRACK, "On track"),
        case("okrsync", "0.539", "0.60", Status.AT_RISK, "At risk"),
        case("okrsync", "0.42", "0.60", Status.AT_RISK, "At risk"),
        case("okrsync", "0.419", "0.60", Status.OFF_TRACK, "Off track"),
        # Engagedly's rule on 15 April of a goal for April: 50 % is expected.
        case("engagedly", "0.335", "0.50", Status.ON_TRACK, "On track"),
        case("engagedly", "0.334", "0.50", Status.AT_RISK, "Behind"),
        case("engagedly", "0.17", "0.50", Status.AT_RISK, "Behind"),
        case("engagedly", "0.169", "0.50", Status.OFF_TRACK, "At risk"),
        case("upraise", "0.38", "0.40", Status.ON_TRACK, "On track"),
        case("upraise", "0.379", "0.40", Status.AT_RISK, "Lagging"),
        case("upraise", "0.30", "0.40", Status.AT_RISK, "Lagging"),
        case("upraise", "0.299", "0.40", Status.OFF_TRACK, "At risk"),
        # Oboard's own example: the 40th of 100 days.
        case("oboard", "0.50", "0.40", Status.ON_TRACK, "On track"),
        case("oboard", "0.20", "0.40", Status.AT_RISK, "Behind"),
        case("oboard", "0.15", "0.40", Status.OFF_TRACK, "At risk"),
        case("oboard", "0.28", "0.40", Status.ON_TRACK, "On track"),
        case("oboard", "0.16", "0.40", Status.AT_RISK, "Behind"),
        # Mooncamp's own example: half done is on track in the middle of the cycle, and off track at its end.
        case("mooncamp", "0.50", "0.50", Status.ON_TRACK, "On track"),
        case("mooncamp", "0.50", "1", Status.OFF_TRACK, "Off track"),
        case("mooncamp", "0.70", "1", Status.AT_RISK, "Progressing"),
        # ServiceNow's own example: a revenue of 1,000,000 by quarters, cumulated.
        case("servicenow", "0.22", "0.25", Status.AT_RISK, "Yellow"),
        case("servicenow", "0.48", "0.50", Status.ON_TRACK, "Green"),
        case("servicenow", "0.71", "0.75", Status.ON_TRACK, "Green"),
        case("servicenow", "0.968", "1", Status.ON_TRACK, "Green"),
        case("servicenow", "0.70", "1", Status.OFF_TRACK, "Red"),
        # Viva Goals' own example: 33 % is expected.
        case("viva", "0.33", "0.33", Status.ON_TRACK, "On track"),
        case("viva", "0.32", "0.33", Status.AT_RISK, "Behind"),
        case("viva", "0.08", "0.33", Status.AT_RISK, "Behind"),
        case("viva", "0.07", "0.33", Status.OFF_TRACK, "At risk"),
    ],
)
def test_a_worked_example(preset, progress, expected, status, label):
    found = decide(preset, progress, expected).status

    assert found is status
    assert PRESETS[preset].label(found) == label


@pytest.mark.parametrize(
    ("elapsed", "status"),
    [
        pytest.param("0.0999", Status.ON_TRACK, id="just before a tenth of the cycle"),
        pytest.param("0.10", Status.OFF_TRACK, id="when a tenth is over"),
    ],
)
def test_okrsync_gives_no_bad_verdict_in_the_first_tenth_of_the_cycle(elapsed, status):
    assert decide("okrsync", "-0.5", "0.10", elapsed).status is status


@pytest.mark.parametrize(
    ("progress", "status"),
    [
        pytest.param("0.0701", Status.ON_TRACK, id="less than five points behind"),
        pytest.param("0.07", Status.OFF_TRACK, id="five points behind"),
    ],
)
def test_okrsync_gives_no_bad_verdict_while_the_gap_is_small(progress, status):
    assert decide("okrsync", progress, "0.12", elapsed="0.12").status is status


def test_products_have_no_such_guards():
    assert decide("mooncamp", "0.005", "0.01", elapsed="0.01").status is Status.OFF_TRACK


@pytest.mark.parametrize(
    ("preset", "progress", "expected", "because"),
    [
        pytest.param("okrsync", "0.57", "0.57", "100 % of the pace, at least 90 %", id="pace"),
        pytest.param("okrsync", "0.46", "0.57", "81 % of the pace, under 90 %", id="pace under a limit"),
        pytest.param("okrsync", "0.2", "0.5", "40 % of the pace, under 70 %", id="pace under both limits"),
        pytest.param("okrsync", "0.5377", "0.6", "89.6 % of the pace, under 90 %", id="pace just under a limit"),
        pytest.param("engagedly", "0.46", "0.57", "11 points behind, at most 16.5", id="gap"),
        pytest.param("engagedly", "0.3349", "0.5", "17 points behind, over 16.5", id="gap just over a limit"),
        pytest.param("engagedly", "0.335", "0.5", "16.5 points behind, at most 16.5", id="gap on a limit"),
        pytest.param("engagedly", "0.1", "0.5", "40 points behind, over 33", id="gap over both limits"),
        pytest.param("viva", "0.58", "0.57", "1 point ahead", id="ahead"),
        pytest.param("viva", "0.57", "0.57", "as far as expected", id="neither ahead nor behind"),
        pytest.param("viva", "0.5", "0.57", "7 points behind", id="a limit of nothing is not named"),
        pytest.param("oboard", "0", "0", "nothing is expected yet", id="nothing expected"),
        pytest.param("oboard", "-0.1", "0", "below the start value", id="a step back when nothing is expected"),
    ],
)
def test_says_which_limit_spoke(preset, progress, expected, because):
    assert decide(preset, progress, expected).because == because


def test_says_which_guard_spoke():
    assert decide("okrsync", "0", "0.08", "0.08").because == (
        "0 % of the pace, under 70 %, but under 10 % of the cycle is over"
    )
    assert decide("okrsync", "0.08", "0.12", "0.12").because == (
        "67 % of the pace, under 70 %, but less than 5 points behind"
    )


@pytest.mark.parametrize("thirds", [1, 2])
def test_a_limit_met_exactly_is_met_whatever_division_rounds(thirds):
    expected = Decimal(10 * thirds) / Decimal(27)
    progress = Decimal(thirds) / Decimal(3)

    assert decide("mooncamp", progress, expected).status is Status.ON_TRACK


@given(presets, shares, shares, expectations, expectations)
def test_more_progress_never_makes_a_status_worse(preset, one, other, expected, elapsed):
    less, more = sorted([one, other])

    assert RANK[preset.decide(less, expected, elapsed).status] <= RANK[preset.decide(more, expected, elapsed).status]


@given(presets, shares, expectations, expectations, expectations)
def test_more_expected_never_makes_a_status_better(preset, progress, one, other, elapsed):
    less, more = sorted([one, other])
    if progress < 0 and preset.rule.on_track:
        return  # Below the start value a pace means nothing: any of it is off track.

    assert RANK[preset.decide(progress, more, elapsed).status] <= RANK[preset.decide(progress, less, elapsed).status]


@given(presets, expectations, expectations)
def test_as_much_as_expected_is_on_track(preset, expected, elapsed):
    assert preset.decide(expected, expected, elapsed).status is Status.ON_TRACK


def test_presets_are_found_by_their_own_names():
    assert {name: preset.name for name, preset in PRESETS.items()} == {name: name for name in PRESETS}
    assert set(PRESETS) == {"okrsync", "engagedly", "upraise", "oboard", "mooncamp", "servicenow", "viva"}


def test_a_status_without_a_word_of_the_product_has_okrsyncs_own():
    assert PRESETS["viva"].label(Status.NOT_STARTED) == "Not started"
