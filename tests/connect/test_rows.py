from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from okrsync import Aggregate, Problem, Reason
from okrsync.connect.answers.rows import reduce_rows

DEALS = [
    {"stage": "won", "amount": Decimal("10.10"), "closed": "2026-10-02T10:00:00Z", "owner": "ann"},
    {"stage": "lost", "amount": Decimal(99), "closed": "2026-10-05", "owner": "bob"},
    {"stage": "won", "amount": "20.20", "closed": "2026-10-03T10:00:00+02:00", "owner": "ann"},
    {"stage": "won", "amount": 5, "closed": "2026-10-01T00:00:00Z", "owner": "eve"},
]


def reduced(rows, **aggregate):
    return reduce_rows(rows, Aggregate.model_validate(aggregate))


def problem_of(rows, **aggregate):
    with pytest.raises(Problem) as caught:
        reduced(rows, **aggregate)
    return caught.value


@pytest.mark.parametrize(
    ("aggregate", "value"),
    [
        pytest.param({"agg": "count"}, 4, id="rows"),
        pytest.param({"agg": "count", "where": "stage == 'won'"}, 3, id="some rows"),
        pytest.param({"agg": "sum", "of": "amount"}, "134.30", id="exact, numbers and texts alike"),
        pytest.param(
            {"agg": "avg", "of": "amount", "where": "stage != 'lost'"}, "11.76666666666666666666666667", id="mean"
        ),
        pytest.param({"agg": "min", "of": "amount"}, 5, id="smallest"),
        pytest.param({"agg": "max", "of": "amount"}, 99, id="largest"),
        pytest.param({"agg": "median", "of": "amount"}, "15.15", id="between the two in the middle"),
        pytest.param({"agg": "percentile", "of": "amount", "p": 90}, "75.36", id="as a spreadsheet interpolates"),
        pytest.param({"agg": "percentile", "of": "amount", "p": 100}, 99, id="the last"),
        pytest.param({"agg": "distinct", "of": "owner"}, 3, id="each once"),
        pytest.param(
            {"agg": "latest", "of": "amount", "by": "closed", "where": "stage == 'won'"}, "20.20", id="newest"
        ),
        pytest.param({"agg": "first", "of": "amount", "by": "closed"}, 5, id="oldest"),
        pytest.param(
            {"agg": "sum", "of": "to_number(amount)", "where": "amount != `10.1`"}, "124.20", id="exact within JMESPath"
        ),
    ],
)
def test_rows_become_one_number(aggregate, value):
    assert reduced(DEALS, **aggregate).value == Decimal(value)


@given(
    st.lists(
        st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12), min_size=1
    )
)
def test_sums_are_exact(amounts):
    total = reduced([{"n": n} for n in amounts], agg="sum", of="n").value

    assert int(total.scaleb(6)) == sum(int(n.scaleb(6)) for n in amounts)


def test_says_how_many_rows_were_looked_at_and_shows_some():
    found = reduced(({"n": n} for n in range(10)), agg="count", where="n >= `4`")

    assert (found.rows, found.matched) == (10, 6)
    assert found.sample == ({"n": 4}, {"n": 5}, {"n": 6})


@pytest.mark.parametrize("agg", ["count", "sum", "distinct", "avg", "max", "latest"])
def test_no_rows_are_no_data_and_no_zero(agg):
    needs = {"count": {}, "latest": {"of": "n", "by": "day"}}.get(agg, {"of": "n"})

    problem = problem_of([], agg=agg, **needs)

    assert problem.reason is Reason.NO_DATA
    assert "when_empty: zero" in problem.hint


def test_rows_that_are_all_left_out_are_no_data_and_the_condition_is_named():
    problem = problem_of(DEALS, agg="count", where="stage == 'open'")

    assert problem.reason is Reason.NO_DATA
    assert problem.message == "none of 4 rows fits `where: stage == 'open'`"


def test_a_field_that_no_row_has_is_a_typo_and_the_nearest_is_named():
    rows = [{"id": n, "properties": {"amount": 1, "stage": "won"}} for n in range(3)]

    problem = problem_of(rows, agg="sum", of="properties.amont")

    assert problem.reason is Reason.QUERY
    assert problem.message == (
        "'properties.amont' is empty in 3 of 3 rows | a row has: id, properties.amount, properties.stage"
    )
    assert problem.hint == "did you mean 'properties.amount'?"


@pytest.mark.parametrize(
    "where",
    [
        pytest.param("stge == 'won'", id="would count none"),
        pytest.param("stge != 'won'", id="would count all"),
        pytest.param("stge", id="would let none through"),
    ],
)
def test_a_typo_in_the_condition_is_no_zero_and_no_total(where):
    problem = problem_of(DEALS, agg="count", where=where)

    assert problem.reason is Reason.QUERY
    assert "'stge' of `where` is empty in 4 of 4 rows" in problem.message


def test_a_flag_that_no_row_carries_may_be_asked_for_its_absence():
    assert reduced(DEALS, agg="count", where="!archived").value == 4


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_a_missing_value_is_a_problem_that_counts_such_rows(nothing):
    rows = [{"n": 1}, {"n": nothing}, {"n": 2}, {}]

    problem = problem_of(rows, agg="sum", of="n")

    assert problem.reason is Reason.BAD_VALUE
    assert problem.message.startswith("'n' is empty in 2 of 4 rows")
    assert "`where: n`" in problem.hint


def test_the_hint_for_missing_values_works_and_keeps_zeros():
    rows = [{"n": 0, "ok": True}, {"n": None, "ok": True}, {"n": 2, "ok": True}]
    condition = problem_of(rows, agg="avg", of="n", where="ok").hint.split("`where: ")[1].rstrip("`")

    assert reduced(rows, agg="avg", of="n", where=condition).value == 1


@pytest.mark.parametrize("bad", ["n/a", "1,234.5", "12%", True, {"v": 1}])
def test_what_is_no_number_is_counted_and_the_first_is_shown(bad):
    problem = problem_of([{"n": 1}, {"n": bad}], agg="sum", of="n")

    assert problem.reason is Reason.BAD_VALUE
    assert "cannot be used in 1 of 2 rows" in problem.message


def test_the_newest_row_must_have_the_value_older_ones_need_not():
    rows = [{"day": "2026-10-01", "n": None}, {"day": "2026-10-02", "n": 7}]

    assert reduced(rows, agg="latest", of="n", by="day").value == 7
    assert problem_of(rows, agg="first", of="n", by="day").reason is Reason.BAD_VALUE


def test_two_newest_rows_that_differ_are_no_first_of_many():
    rows = [{"day": "2026-10-01", "n": 1}, {"day": "2026-10-02", "n": 2}, {"day": "2026-10-02", "n": 3}]

    problem = problem_of(rows, agg="latest", of="n", by="day")

    assert problem.reason is Reason.BAD_VALUE
    assert "2 rows are the newest" in problem.message
    assert reduced([*rows[:2], rows[1]], agg="latest", of="n", by="day").value == 2


def test_moments_in_different_zones_are_compared_as_moments():
    rows = [{"at": "2026-10-01T23:30:00-05:00", "n": 1}, {"at": "2026-10-02T01:00:00+02:00", "n": 2}]

    assert reduced(rows, agg="latest", of="n", by="at").value == 1


def test_an_average_out_of_range_is_no_value():
    assert problem_of([{"n": "9e25"}, {"n": "9e25"}], agg="sum", of="n").reason is Reason.BAD_VALUE


@pytest.mark.parametrize(
    ("aggregate", "said"),
    [
        pytest.param({"agg": "sum"}, "needs `of`", id="a sum of what"),
        pytest.param({"agg": "count", "of": "n"}, "takes no `of`", id="a count of what"),
        pytest.param({"agg": "latest", "of": "n"}, "`by`", id="latest by what"),
        pytest.param({"agg": "sum", "of": "n", "by": "day"}, "`by`", id="a sum by something"),
        pytest.param({"agg": "percentile", "of": "n"}, "`p`", id="which percentile"),
        pytest.param({"agg": "percentile", "of": "n", "p": 101}, "100", id="more than all"),
        pytest.param({"agg": "sum", "of": "a."}, "no JMESPath expression", id="half an expression"),
        pytest.param({"agg": "sum", "of": "n", "off": 1}, "Extra", id="unknown key"),
    ],
)
def test_an_aggregate_that_makes_no_sense_is_refused_before_anything_is_asked(aggregate, said):
    with pytest.raises(ValidationError, match=said):
        Aggregate.model_validate(aggregate)
