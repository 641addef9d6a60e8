from datetime import date

from features.grid import accumulated, arrivals, calendar, lookup, newest_known
from tests.tables import column, months, table

GRID = months("1", "2024-01-01", 4)


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
    assert column(rows, "started", "2") == [date(2024, 3, 1)] * 2


def test_a_record_arrives_at_the_first_period_on_or_after_the_day_it_is_known():
    records = table("""
        siren | known_at
        1     | 2019-05-03
        1     | 2024-02-01
        1     | 2024-02-02
        2     | 2024-02-02
    """)
    assert column(arrivals(GRID, records), "period") == [date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)]


def test_the_newest_record_counts_even_where_an_older_one_arrives_later():
    records = table("""
        siren | month      | headcount | known_at
        1     | 2023-11-01 | 30        | 2024-02-01
        1     | 2023-10-01 | 20        | 2024-03-01
    """)
    newest = newest_known(GRID, records, "month")
    assert column(newest, "month") == [None, date(2023, 11, 1), date(2023, 11, 1), date(2023, 11, 1)]
    assert column(lookup(newest, records, "month", ["headcount"]), "headcount") == [None, 30, 30, 30]


def test_changes_add_up_from_the_period_they_count_from():
    changes = table("""
        siren | period     | amount
        1     | 2024-02-01 | 100
        1     | 2024-02-01 | 20
        1     | 2024-04-01 | -120
    """)
    assert column(accumulated(GRID, changes, ["amount"]), "amount") == [0, 120, 120, 0]
