"""The day on which the newest record of a source became known, as each period knew it."""

from datetime import date

from features.assemble import CATALOG
from features.known_days import dated_sources, known_days
from tests.tables import column, months, table


def test_the_newest_record_known_at_a_period_is_told_by_its_day_and_no_later_one():
    debts = table("""
        siren     | known_at
        005520135 | 2024-01-25
        005520135 | 2023-12-25
        005520135 | 2024-02-01
        552100554 | 2023-06-25
    """)
    ccsf = table("siren | known_at\n005520135 | 2024-03-15")
    days = known_days(months("005520135", "2024-01-01", 4), {"ccsf": ccsf, "debts": debts}, ("ccsf", "debts"))
    assert column(days, "known_on_debts") == [date(2023, 12, 25), *[date(2024, 2, 1)] * 3]
    assert column(days, "known_on_ccsf") == [None, None, None, date(2024, 3, 15)]


def test_the_month_told_is_the_last_before_the_end_of_the_newest_one_known():
    """A quarter told in April, and a month of before it that is told later."""
    contributions = table("""
        siren     | known_at   | ended_on
        005520135 | 2024-02-01 | 2024-01-01
        005520135 | 2024-05-01 | 2024-04-01
        005520135 | 2024-06-01 | 2023-08-01
    """)
    days = known_days(months("005520135", "2024-01-01", 6), {"contributions": contributions}, ("contributions",))
    told = [None, *[date(2023, 12, 1)] * 3, *[date(2024, 3, 1)] * 2]
    assert column(days, "month_of_contributions") == told
    assert column(days, "known_on_contributions")[-1] == date(2024, 6, 1)


def test_every_source_of_a_feature_is_dated_but_the_register():
    assert set(dated_sources(CATALOG)) == {
        *("ccsf", "contributions", "debts", "financial_ratios", "headcounts", "legal_notices"),
        *("payment_delays", "payment_plans", "procedures", "short_time_granted", "short_time_used"),
    }
