import ibis
import pytest

from features.windows import LOOK_BACK_MONTHS, first_of_each, last_months, last_time, months_earlier, so_far
from tests.tables import column, months, table

TWO_FIRMS = table("""
    siren | period     | debt
    1     | 2024-01-01 | 10
    1     | 2024-02-01 | 0
    1     | 2024-03-01 | 30
    2     | 2024-01-01 | 5
    2     | 2024-02-01 | 0
""")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (TWO_FIRMS.debt.sum().over(so_far()), [10, 10, 40, 5, 5]),
        (TWO_FIRMS.debt.sum().over(last_months(2)), [10, 10, 30, 5, 5]),
        (TWO_FIRMS.debt.sum().over(last_months(1)), [10, 0, 30, 5, 0]),
        (months_earlier(TWO_FIRMS.debt, 1), [None, 10, 0, None, 5]),
        (months_earlier(TWO_FIRMS.debt, 2), [None, None, 10, None, None]),
    ],
)
def test_a_window_holds_the_past_rows_of_one_firm_only(value, expected):
    assert column(TWO_FIRMS.mutate(v=value), "v") == expected


def test_the_last_time_is_this_month_where_it_happens_again():
    rows = TWO_FIRMS.mutate(v=last_time(TWO_FIRMS.debt > 0, TWO_FIRMS.period).cast("string"))
    assert column(rows, "v") == ["2024-01-01", "2024-01-01", "2024-03-01", "2024-01-01", "2024-01-01"]


def test_the_last_time_is_forgotten_once_it_is_as_old_as_a_feature_may_look_back():
    grid = months("1", "2020-01-01", LOOK_BACK_MONTHS + 1)
    first = grid.period == ibis.date(2020, 1, 1)
    seen = column(grid.mutate(v=last_time(first, grid.period).notnull()), "v")
    assert seen == [True] * LOOK_BACK_MONTHS + [False]


def test_each_key_keeps_its_first_row_in_the_given_order():
    rows = table("""
        siren | period     | known_at   | headcount
        1     | 2024-01-01 | 2024-04-01 | 12
        1     | 2024-01-01 | 2024-03-01 | 11
        1     | 2024-02-01 | 2024-05-01 | 13
        2     | 2024-01-01 | 2024-04-01 | 50
    """)
    first = first_of_each(rows, ["siren", "period"], ["known_at"])
    assert first.columns == rows.columns
    assert column(first, "headcount") == [11, 13, 50]
    newest = first_of_each(rows, ["siren"], [ibis.desc("period"), ibis.desc("known_at")])
    assert column(newest, "headcount") == [13, 50]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (lambda t: t.amount.sum().over(so_far()), [1, 3, 7, 15, 10, 30, 70]),
        (lambda t: t.amount.sum().over(last_months(2)), [1, 3, 6, 12, 10, 30, 60]),
        (lambda t: months_earlier(t.amount, 1), [None, 1, 2, 4, None, 10, 20]),
    ],
)
def test_months_follow_one_another_by_their_period_not_by_their_place_in_the_table(found, expected):
    rows = table("""
        siren | period     | amount
        2     | 2024-03-01 | 40
        1     | 2024-04-01 | 8
        1     | 2024-01-01 | 1
        2     | 2024-01-01 | 10
        1     | 2024-03-01 | 4
        2     | 2024-02-01 | 20
        1     | 2024-02-01 | 2
    """)
    assert column(rows.mutate(found=found(rows)), "found") == expected
