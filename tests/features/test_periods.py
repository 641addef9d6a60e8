from datetime import date

import ibis
import pytest

from features.days import first_delivery, first_period, month_number, months_since
from features.errors import InputError
from features.periods import add_months, parse_period, period_range
from tests.tables import column


def day(text: str):
    return ibis.literal(date.fromisoformat(text))


def test_an_event_of_28_june_is_delivered_on_25_july_and_counts_from_1_august():
    delivered = first_delivery(day("2024-06-28"), 25)
    assert ibis.duckdb.connect().execute(delivered).date() == date(2024, 7, 25)
    assert ibis.duckdb.connect().execute(first_period(delivered)).date() == date(2024, 8, 1)


@pytest.mark.parametrize(
    ("event", "delivery"), [("2024-06-25", "2024-06-25"), ("2024-12-26", "2025-01-25"), ("2024-02-01", "2024-02-25")]
)
def test_the_next_delivery_is_the_first_25th_on_or_after_the_day(event, delivery):
    assert ibis.duckdb.connect().execute(first_delivery(day(event), 25)).date() == date.fromisoformat(delivery)


def test_what_is_known_on_the_first_of_a_month_counts_that_very_month():
    assert ibis.duckdb.connect().execute(first_period(day("2024-06-01"))).date() == date(2024, 6, 1)
    assert ibis.duckdb.connect().execute(first_period(day("2024-06-02"))).date() == date(2024, 7, 1)


def test_months_since_counts_calendar_months():
    assert ibis.duckdb.connect().execute(months_since(day("2023-11-30"), day("2024-02-01"))) == 3


def test_months_are_numbered_without_a_gap_from_one_year_to_the_next():
    numbers = [month_number(day(text)) for text in ("2023-11-30", "2023-12-01", "2024-01-31")]
    first, second, third = (ibis.duckdb.connect().execute(number) for number in numbers)
    assert (second - first, third - second) == (1, 1)


def test_months_are_added_across_years():
    assert add_months(date(2024, 11, 1), 3) == date(2025, 2, 1)
    assert add_months(date(2024, 1, 1), -13) == date(2022, 12, 1)
    assert period_range(date(2023, 12, 1), date(2024, 2, 1)) == [date(2023, 12, 1), date(2024, 1, 1), date(2024, 2, 1)]


@pytest.mark.parametrize("text", ["2024", "2024-13", "January", "2024-01-01", ""])
def test_a_month_that_is_none_is_refused_with_how_to_write_it(text):
    with pytest.raises(InputError, match="YYYY-MM"):
        parse_period(text)


def test_the_first_of_month_keeps_its_date_type():
    t = ibis.memtable({"siren": ["1"], "period": [date(2024, 5, 17)]}).mutate(p=lambda t: first_period(t.period))
    assert column(t, "p") == [date(2024, 6, 1)]
