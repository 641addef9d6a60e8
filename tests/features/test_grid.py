from datetime import date

import ibis

from features.grid import accumulated, arrivals, arriving, calendar, in_force, lookup, months_from, newest_known
from tests.tables import column, months, table

GRID = months("1", "2024-01-01", 4)
# Two firms whose rows stand in no order.
MIXED = """
    siren | period     | amount
    2     | 2024-03-01 | 40
    1     | 2024-04-01 | 8
    1     | 2024-01-01 | 1
    2     | 2024-01-01 | 10
    1     | 2024-03-01 | 4
    2     | 2024-02-01 | 20
    1     | 2024-02-01 | 2
"""


def test_a_firm_has_a_row_a_month_from_the_register_telling_it_exists_to_its_end():
    firms = table("""
        siren | from_on    | until_on
        1     | 1990-01-01 |
        2     | 2024-02-10 |
        3     | 1990-01-01 | 2024-02-20
    """)
    rows = calendar(firms, date(2024, 1, 1), date(2024, 4, 1))
    assert column(rows, "period", "1") == [date(2024, m, 1) for m in (1, 2, 3, 4)]
    assert column(rows, "period", "2") == [date(2024, m, 1) for m in (3, 4)]
    assert column(rows, "period", "3") == [date(2024, m, 1) for m in (1, 2)]
    assert column(rows, "started", "1") == [date(2024, 1, 1)] * 4
    assert column(rows, "started", "2") == [date(2024, 3, 1)] * 2
    assert rows.columns == ("siren", "period", "started")


def test_a_record_arrives_at_the_first_period_on_or_after_the_day_it_is_known():
    records = table("""
        siren | known_at
        1     | 2019-05-03
        1     | 2024-02-01
        1     | 2024-02-02
        2     | 2024-02-02
    """)
    arrived = arrivals(GRID, records)
    assert column(arrived, "period") == [date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)]
    assert set(arrived.columns) == {"siren", "known_at", "period"}


def test_a_record_may_count_from_another_day_than_the_one_it_is_known():
    records = table("""
        siren | known_at   | over_at
        1     | 2024-01-15 | 2024-03-01
    """)
    assert column(arrivals(GRID, records, "over_at"), "period") == [date(2024, 3, 1)]


def test_the_newest_record_counts_even_where_an_older_one_arrives_later():
    records = table("""
        siren | month      | headcount | known_at
        1     | 2023-11-01 | 30        | 2024-02-01
        1     | 2023-10-01 | 20        | 2024-03-01
    """)
    newest = newest_known(GRID, records, "month")
    assert column(newest, "month") == [None, date(2023, 11, 1), date(2023, 11, 1), date(2023, 11, 1)]
    found = lookup(newest, records, "month", ["headcount"])
    assert column(found, "headcount") == [None, 30, 30, 30]
    assert column(found, "month") == column(newest, "month")


def test_a_record_is_looked_up_for_its_own_firm_and_its_own_date():
    keys = months("1", "2024-01-01", 1).union(months("2", "2024-01-01", 1)).mutate(month=ibis.date(2023, 11, 1))
    records = table("""
        siren | month      | headcount
        1     | 2023-11-01 | 30
        1     | 2023-10-01 | 29
        2     | 2023-11-01 | 50
    """)
    assert column(lookup(keys, records, "month", ["headcount"]), "headcount") == [30, 50]


def test_changes_add_up_from_the_period_they_count_from():
    changes = table("""
        siren | period     | amount
        1     | 2024-02-01 | 100
        1     | 2024-02-01 | 20
        1     | 2024-04-01 | -120
    """)
    assert column(accumulated(GRID, changes, ["amount"]), "amount") == [0, 120, 120, 0]


def test_changes_of_another_firm_add_nothing():
    changes = table("""
        siren | period     | amount
        1     | 2024-02-01 | 100
        2     | 2024-03-01 | 7
    """)
    assert column(accumulated(table(MIXED), changes, ["amount"]), "amount") == [0, 100, 100, 100, 0, 0, 7]


def test_what_arrives_is_counted_once_at_its_period():
    records = table("""
        siren | amount | known_at
        1     | 5      | 2019-05-03
        1     | 60     | 2024-02-15
        1     | 40     | 2024-03-01
        2     | 7      | 2024-01-15
    """)
    grid = GRID.union(months("2", "2024-01-01", 3))
    assert column(arriving(grid, records, ["amount"]), "amount") == [5, 0, 100, 0, 0, 7, 0]


def test_what_holds_from_a_period_on_holds_until_the_next_point_of_the_same_firm():
    grid = ibis.union(GRID, months("2", "2024-01-01", 4))
    points = table("""
        siren | period     | size
        1     | 2024-02-01 | 12
        1     | 2024-04-01 | 30
        2     | 2023-11-01 | 5
        2     | 2023-12-01 | 7
        3     | 2024-01-01 | 99
    """)
    rows = in_force(grid, points)
    assert rows.columns == ("siren", "period", "size")
    assert column(rows, "size", "1") == [None, 12, 12, 30]
    assert column(rows, "size", "2") == [7, 7, 7, 7]
    assert rows.count().execute() == 8


def test_the_later_months_of_a_grid_are_those_of_a_calendar_that_starts_there():
    firms = table("""
        siren | from_on    | until_on
        1     | 2023-05-03 |
        2     | 2024-02-15 | 2024-03-20
    """).mutate(until_on=ibis._.until_on.cast("date"))
    start, end = date(2024, 1, 1), date(2024, 4, 1)
    rows = months_from(calendar(firms, date(2023, 1, 1), end), start).order_by("siren", "period")
    alone = calendar(firms, start, end).order_by("siren", "period")
    assert rows.to_pyarrow().to_pylist() == alone.to_pyarrow().to_pylist()
