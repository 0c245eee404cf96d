from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from okrsync.errors import Problem, Reason
from okrsync.okrs.formulas import Formula, FormulaError

VALUES = {"a": Decimal(7), "b": Decimal(2), "zero": Decimal(0), "_x9": Decimal("0.1")}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("a + b * 2", "11", id="products first"),
        pytest.param("(a + b) * 2", "18", id="brackets"),
        pytest.param("a - b - 1", "4", id="from the left"),
        pytest.param("a / b / 2", "1.75", id="division from the left"),
        pytest.param("-a + --b", "-5", id="signs"),
        pytest.param("a * -b", "-14", id="sign after an operator"),
        pytest.param("_x9 + 0.2", "0.3", id="exact decimals"),
        pytest.param("percent(b, a - 2)", "40", id="percent"),
        pytest.param("ratio(a, b)", "3.5", id="ratio"),
        pytest.param("difference(b, a)", "-5", id="difference"),
        pytest.param("sum(a, b, 1)", "10", id="sum"),
        pytest.param("avg(a, b)", "4.5", id="avg"),
        pytest.param("min(a, b) + max(a, b)", "9", id="min and max"),
        pytest.param("abs(b-a)", "5", id="abs"),
        pytest.param("percent(zero, a)", "0", id="a zero above is a value"),
    ],
)
def test_a_formula_is_worked_out_in_decimals(text, value):
    assert Formula.parse(text).evaluate(VALUES) == Decimal(value)


def test_a_formula_names_its_metrics_once_each_in_their_order():
    formula = Formula.parse(" percent(b, a + b) ")

    assert formula.names == ("b", "a")
    assert formula.text == str(formula) == "percent(b, a + b)"


@pytest.mark.parametrize(
    ("text", "column", "message", "hint"),
    [
        pytest.param("", 1, "expected a metric, a number or '(', the formula ends", "", id="nothing"),
        pytest.param("a +", 4, "expected a metric, a number or '(', the formula ends", "", id="half"),
        pytest.param("a b", 3, "expected an operator, got 'b'", "", id="two names"),
        pytest.param("(a", 3, "expected ')', the formula ends", "", id="open bracket"),
        pytest.param("a % b", 3, "'%' means nothing in a formula", "", id="unknown sign"),
        pytest.param("a + prcent(a, b)", 5, "there is no function 'prcent'", "did you mean 'percent'?", id="function"),
        pytest.param("ratio(a)", 1, "ratio(…) takes 2 arguments, got 1", "", id="too few"),
        pytest.param("abs(a, b)", 1, "abs(…) takes 1 argument, got 2", "", id="too many"),
        pytest.param(
            "Sqls / a",
            1,
            "'Sqls' is no metric name",
            "a metric that a formula uses is named with a-z, 0-9 and _",
            id="capitals",
        ),
        pytest.param("(" * 60 + "a", 51, "the formula is nested too deeply", "", id="nested too deep"),
        pytest.param("a.b", 2, "'.' means nothing in a formula", "", id="no attributes"),
        pytest.param("a" * 1001, 1, "the formula is longer than 1000 characters", "", id="too long"),
    ],
)
def test_a_formula_that_cannot_be_read_says_where(text, column, message, hint):
    with pytest.raises(FormulaError) as error:
        Formula.parse(text)

    assert (error.value.column, error.value.message, error.value.hint) == (column, message, hint)


@pytest.mark.parametrize(
    ("text", "denominator"),
    [
        pytest.param("percent(a, zero)", "zero", id="percent"),
        pytest.param("ratio(a, b - 2)", "b - 2", id="an expression"),
        pytest.param("1 + a / (zero * b)", "zero * b", id="in brackets"),
    ],
)
def test_a_zero_denominator_is_no_data_and_is_named(text, denominator):
    with pytest.raises(Problem) as problem:
        Formula.parse(text).evaluate(VALUES)

    assert problem.value.reason is Reason.NO_DATA
    assert problem.value.message.endswith(f"has no value: {denominator} is 0")


def test_a_metric_without_a_value_is_no_data():
    with pytest.raises(Problem, match="the metric gone of the formula has no value") as problem:
        Formula.parse("a + gone").evaluate(VALUES)

    assert problem.value.reason is Reason.NO_DATA


def test_a_result_beyond_all_measure_is_a_bad_value():
    huge = {"a": Decimal("1e999999")}

    with pytest.raises(Problem) as problem:
        Formula.parse("a * a").evaluate(huge)

    assert problem.value.reason is Reason.BAD_VALUE


numbers = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**6), max_value=10**6)


@given(numbers, numbers)
def test_percent_is_a_hundred_times_the_ratio(a, b):
    assume(b != 0)
    values = {"a": a, "b": b}

    percent, ratio = (Formula.parse(text).evaluate(values) for text in ("percent(a, b)", "100 * ratio(a, b)"))

    assert abs(percent - ratio) < Decimal("1e-20")


@given(st.text(alphabet="ab12.+-*/(), sumin§", max_size=30))
def test_no_text_breaks_the_parser(text):
    with suppress(FormulaError):
        assert Formula.parse(text).text == text.strip()
