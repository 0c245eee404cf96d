from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.judge.figures import percent, plain, points

shares = st.decimals(min_value=-3, max_value=3, places=6)


@pytest.mark.parametrize(
    ("share", "apart_from", "text"),
    [
        pytest.param("0.46", None, "46 %", id="whole"),
        pytest.param("-0.004", None, "0 %", id="no minus nothing"),
        pytest.param("0.9996", "1", "99.96 %", id="nearly all is not all"),
        pytest.param("0.90", "0.9", "90 %", id="on the limit"),
        pytest.param("1E+30", None, "1" + 32 * "0" + " %", id="without exponent"),
    ],
)
def test_a_percentage_is_as_exact_as_it_has_to_be(share, apart_from, text):
    assert percent(Decimal(share), None if apart_from is None else Decimal(apart_from)) == text


@given(shares, shares)
def test_what_is_said_lies_on_the_same_side_of_the_limit_as_what_is_true(share, limit):
    said = Decimal(percent(share, apart_from=limit).removesuffix(" %"))

    assert (said > limit * 100, said < limit * 100) == (share > limit, share < limit)


def test_one_point_is_one_point():
    assert points(Decimal("0.01")) == "1 point"


def test_a_plain_number_keeps_its_digits():
    assert [plain(Decimal(text)) for text in ("100", "1E+2", "0.10", "-0", "12345678901.5")] == [
        "100",
        "100",
        "0.1",
        "0",
        "12345678901.5",
    ]
