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

    @pytest.mark.parametrize(
        ("reply", "path"),
        [
            pytest.param({"r": [{}]}, "r[0].v", id="an empty object at the index"),
            pytest.param({"r": [{"v": 1}]}, "r[0].w", id="another key at the index"),
            pytest.param([{"v": 1}], "[0].w", id="an index into the reply itself"),
            pytest.param({"a": {"r": [[{"v": 1}]]}}, "a.r[0][0].w", id="two indexes"),
            pytest.param({"r": [5]}, "r[0].v", id="a number where an object is meant"),
            pytest.param({"r": {"v": 1}}, "r[0].v", id="an object where a list is meant"),
            pytest.param({"r": {"v": 1}}, "r[].v", id="an object where rows are meant"),
            pytest.param({"r": [{"v": 1}]}, "r[].w", id="a key that no row has"),
            pytest.param({"r": [{"v": [{"x": 1}]}]}, "r[].v[].y", id="a key that no row within a row has"),
            pytest.param({"r": [{"v": 1, "ok": True}]}, "r[?ok].w", id="a key that no row that is looked at has"),
            pytest.param({"r": {"a": {"v": 1}}}, "r.*.w", id="a key that no value has"),
            pytest.param({"r": [{"v": 1}]}, "r[].w | [0]", id="before a pipe"),
            pytest.param({"r": [{"v": 1}]}, "max(r[].w)", id="in a function"),
            pytest.param({"r": [{"v": 1}]}, "sum(r[].w)", id="in a sum, which would be 0"),
            pytest.param({"count": 1}, "totl || cont", id="two ways, both mistyped"),
            pytest.param({"big key": 1}, '"big kye"', id="in quotation marks"),
        ],
    )
    def test_a_mistyped_key_is_found_wherever_in_the_path_it_stands(self, reply, path):
        with pytest.raises(Problem) as caught:
            number(reply, path)

        assert caught.value.reason is Reason.QUERY
        assert "is not in the reply" in caught.value.message

    @pytest.mark.parametrize(
        ("reply", "path"),
        [
            pytest.param({"r": []}, "r[0].v", id="an empty list"),
            pytest.param({"r": [{"v": 1}]}, "r[1].v", id="a shorter list"),
            pytest.param({"r": None}, "r[0].v", id="null for a list"),
            pytest.param({"r": [None]}, "r[0].v", id="null at the index"),
            pytest.param({"r": [{"v": None}]}, "r[0].v", id="null at the end"),
            pytest.param({"data": None}, "data.total", id="null for an object"),
            pytest.param({"r": []}, "r[].v", id="no rows"),
            pytest.param({"r": [{"v": None}, {}]}, "r[].v", id="rows that hold null"),
            pytest.param({"r": [{"v": 1}]}, "r[?v > `1`].v", id="no row that is meant"),
            pytest.param({"r": []}, "max_by(r, &v).v", id="the largest of none"),
            pytest.param({"count": None}, "total || count", id="one of two ways"),
            pytest.param({"count": None}, "not_null(total, count)", id="the first of two that is there"),
        ],
    )
    def test_a_key_that_is_there_and_holds_nothing_is_no_data(self, reply, path):
        with pytest.raises(Problem) as caught:
            number(reply, path)

        assert caught.value.reason is Reason.NO_DATA

    @pytest.mark.parametrize(
        ("reply", "path"),
        [
            pytest.param({"r": [{"n": 0}]}, "r[0].n", id="a zero"),
            pytest.param({"r": []}, "sum(r[].n)", id="the sum of none"),
            pytest.param({"r": []}, "length(r)", id="the number of none"),
            pytest.param({"r": [{"n": 1}]}, "length(r[?n > `1`])", id="the number of those that are meant"),
            pytest.param({}, "total || `0`", id="a zero that the path itself names"),
        ],
    )
    def test_a_zero_that_was_asked_for_correctly_is_one(self, reply, path):
        assert number(reply, path) == 0

    def test_a_reply_of_null_has_no_keys(self):
        with pytest.raises(Problem) as caught:
            number(None, "total")

        assert caught.value.reason is Reason.QUERY

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
