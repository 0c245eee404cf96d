"""What counts as a number, and what is said about what does not."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync import Problem, Reason, number
from okrsync.connect.answers.expressions import compiled
from okrsync.connect.answers.numbers import to_decimal


@pytest.mark.parametrize(
    ("value", "exact"),
    [
        pytest.param(0, "0", id="zero is a value"),
        pytest.param(2**53 + 1, "9007199254740993", id="an integer that a float would change"),
        pytest.param(Decimal("28.10"), "28.10", id="a decimal keeps its places"),
        pytest.param("28.10", "28.10", id="text"),
        pytest.param("-1.5e3", "-1.5E+3", id="an exponent"),
        pytest.param("+.5", "0.5", id="no digit before the point"),
        pytest.param("007", "7", id="leading zeros"),
        pytest.param(0.1, "0.1", id="a float means its shortest decimal"),
    ],
)
def test_numbers(value, exact):
    assert str(to_decimal(value)) == exact


@pytest.mark.parametrize(
    ("value", "reason", "words"),
    [
        pytest.param(None, Reason.NO_DATA, "null", id="null"),
        pytest.param("", Reason.NO_DATA, "empty", id="empty text"),
        pytest.param("  ", Reason.NO_DATA, "empty", id="blank text"),
        pytest.param(True, Reason.BAD_VALUE, "true", id="true is not 1"),
        pytest.param(False, Reason.BAD_VALUE, "false", id="false is not 0"),
        pytest.param(float("nan"), Reason.BAD_VALUE, "not a finite number", id="nan"),
        pytest.param(float("-inf"), Reason.BAD_VALUE, "not a finite number", id="infinity"),
        pytest.param(Decimal("NaN"), Reason.BAD_VALUE, "not a finite number", id="NaN of strict JSON"),
        pytest.param(Decimal("sNaN"), Reason.BAD_VALUE, "not a finite number", id="signalling"),
        pytest.param("nan", Reason.BAD_VALUE, "not a finite number", id="text nan"),
        pytest.param("Infinity", Reason.BAD_VALUE, "not a finite number", id="text infinity"),
        pytest.param("1e400", Reason.BAD_VALUE, "out of range", id="1e400"),
        pytest.param(1e308, Reason.BAD_VALUE, "out of range", id="1e308"),
        pytest.param(10**26, Reason.BAD_VALUE, "out of range", id="more than the database keeps"),
        pytest.param("1,234.5", Reason.BAD_VALUE, "decimal point", id="English thousands"),
        pytest.param("1.234,56", Reason.BAD_VALUE, "decimal point", id="German thousands"),
        pytest.param("1 234", Reason.BAD_VALUE, "decimal point", id="French thousands"),
        pytest.param("12%", Reason.BAD_VALUE, "0.12", id="percent"),
        pytest.param("€ 5", Reason.BAD_VALUE, "currency", id="a currency"),
        pytest.param("1.2M", Reason.BAD_VALUE, "unit", id="millions"),
        pytest.param(" 12 ", Reason.BAD_VALUE, "spaces", id="spaces"),
        pytest.param("1_000", Reason.BAD_VALUE, "1_000", id="underscores"),
        pytest.param("\uff11\uff12", Reason.BAD_VALUE, "not a number", id="digits of another script"),
        pytest.param("#REF!", Reason.BAD_VALUE, "#REF!", id="a formula error"),
        pytest.param({"value": 1}, Reason.BAD_VALUE, "an object (value)", id="an object"),
        pytest.param([1], Reason.BAD_VALUE, "a list of 1", id="a list"),
    ],
)
def test_what_is_no_number_is_refused_in_words(value, reason, words):
    with pytest.raises(Problem) as caught:
        to_decimal(value, "B7")

    assert caught.value.reason is reason
    assert "B7" in caught.value.message
    assert words in str(caught.value)


def test_a_long_text_is_quoted_in_short():
    with pytest.raises(Problem) as caught:
        to_decimal("x" * 10_000)

    assert len(str(caught.value)) < 120


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**25), max_value=10**25))
def test_what_is_written_is_read_back_exactly(value):
    assert to_decimal(str(value)) == value


@given(st.text(max_size=12))
def test_a_text_is_an_exact_number_or_a_problem(text):
    try:
        value = to_decimal(text)
    except Problem:
        return

    assert value.is_finite()
    assert set(text) <= set("0123456789+-.eE")


class TestNumberOfAReply:
    def test_is_found_by_its_path(self):
        assert number({"results": [{"metrics": [1204]}]}, "results[0].metrics[0]") == 1204

    def test_a_list_of_one_is_that_one(self):
        assert number({"rows": [{"n": Decimal("1.5")}]}, "rows[].n") == Decimal("1.5")

    def test_a_misspelt_key_is_the_questions_fault_and_not_no_data(self):
        with pytest.raises(Problem) as caught:
            number({"totals": {"amount": 3}}, "totals.amont")

        assert caught.value.reason is Reason.QUERY
        assert "'totals.amont' is not in the reply" in caught.value.message

    def test_what_is_not_there_is_told_with_what_is(self):
        with pytest.raises(Problem) as caught:
            number({"results": [{"amount": 3, "id": 1}]}, "results[0].amont")

        assert "results[0].amount, results[0].id" in caught.value.message
        assert caught.value.hint == "did you mean 'results[0].amount'?"

    def test_a_null_is_no_data(self):
        with pytest.raises(Problem) as caught:
            number({"total": None}, "total")

        assert caught.value.reason is Reason.NO_DATA

    def test_several_values_are_not_one(self):
        with pytest.raises(Problem, match="2 values, expected 1"):
            number({"rows": [{"n": 1}, {"n": 2}]}, "rows[].n")

    def test_none_of_several_is_no_data(self):
        with pytest.raises(Problem) as caught:
            number({"rows": []}, "rows[].n")

        assert caught.value.reason is Reason.NO_DATA

    @pytest.mark.parametrize("path", ["results[", "nonsense(total)", "abs(name)", ""])
    def test_a_path_that_cannot_be_used_is_the_questions_fault(self, path):
        with pytest.raises(Problem) as caught:
            number({"total": 1, "name": "x"}, path)

        assert caught.value.reason is Reason.QUERY


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("sum(rows[].n)", Decimal("0.6")),
        ("avg(rows[].n)", Decimal("0.3")),
        ("max_by(rows, &n).id", 2),
        ("rows[?n > `0.3`].id | [0]", 2),
        ("to_number(text)", Decimal("0.10")),
        ("to_number(name)", None),
        ("type(rows[0].n)", "number"),
        ("length(rows)", 2),
    ],
)
def test_expressions_compute_with_exact_numbers(expression, found):
    answer = {"rows": [{"id": 1, "n": Decimal("0.2")}, {"id": 2, "n": Decimal("0.4")}], "text": "0.10", "name": "x"}

    assert compiled(expression).search(answer) == found
