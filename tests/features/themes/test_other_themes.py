from datetime import date

import ibis
import pandas as pd
import pytest

from features.sources.financial_ratios import RATIOS
from features.themes import financial_health, payment_behaviour, profile, workforce
from tests.tables import column, months, table

GRID = months("1", "2024-01-01", 4)


def accounts(*rows):
    columns = ["siren", "closed_on", "known_at", "accounts_type", "confidentiality", "ebitda_margin"]
    frame = pd.DataFrame([dict(zip(columns, row, strict=True)) for row in rows])
    for name in RATIOS:
        frame[name] = frame.get(name, float("nan"))
    t = ibis.memtable(frame).cast({"closed_on": "date", "known_at": "date"})
    return t.mutate(**{name: t[name].cast("float64").nullif(float("nan")) for name in RATIOS})


def test_accounts_count_from_seven_months_after_closing_not_from_closing():
    values = financial_health.known_values(
        GRID,
        accounts(
            ("1", date(2022, 6, 30), date(2023, 1, 30), "C", "Public", 12.0),
            ("1", date(2023, 7, 31), date(2024, 2, 29), "C", "Public", 5.0),
        ),
    )
    assert column(values, "ebitda_margin") == [12, 12, 5, 5]
    assert column(values, "ebitda_margin_before") == [None, None, 12, 12]
    assert column(values.mutate(v=financial_health.accounts_age.compute(values)), "v") == [19, 20, 8, 9]


def test_complete_accounts_stand_before_simplified_ones_and_a_groups_never_do():
    values = financial_health.known_values(
        GRID,
        accounts(
            ("1", date(2022, 12, 31), date(2023, 7, 31), "S", "Public", 1.0),
            ("1", date(2022, 12, 31), date(2023, 7, 31), "C", "Confidentiel", 2.0),
            ("1", date(2023, 3, 31), date(2023, 10, 31), "K", "Public", 3.0),
        ),
    )
    assert column(values, "ebitda_margin") == [2] * 4
    assert column(values, "is_confidential") == [True] * 4


def test_accounts_of_another_length_of_time_before_are_not_the_year_before():
    values = financial_health.known_values(
        GRID,
        accounts(
            ("1", date(2020, 12, 31), date(2021, 7, 31), "C", "Public", 9.0),
            ("1", date(2022, 12, 31), date(2023, 7, 31), "C", "Public", 2.0),
        ),
    )
    assert column(values, "ebitda_margin_before") == [None] * 4


def test_public_accounts_do_not_tell_the_confidential_ones_of_the_year_before():
    for was, now, before in (
        ("Confidentiel", "Public", None),
        ("Public", "Public", 9),
        ("Confidentiel", "Confidentiel", 9),
        ("Public", "Confidentiel", 9),
    ):
        values = financial_health.known_values(
            GRID,
            accounts(
                ("1", date(2021, 12, 31), date(2022, 7, 31), "C", was, 9.0),
                ("1", date(2022, 12, 31), date(2023, 7, 31), "C", now, 2.0),
            ),
        )
        assert column(values, "ebitda_margin_before") == [before] * 4


def test_of_several_payment_delays_in_a_month_the_last_counts_and_it_goes_stale():
    grid = months("1", "2024-01-01", 14)
    delays = table("""
        siren | measured_on | paydex | suppliers | outstanding | late_30_days_share | late_90_days_share | known_at
        1     | 2024-01-05  | 3      | 4         | 100         | 0.1                | 0                  | 2024-02-05
        1     | 2024-01-25  | 12     | 4         | 100         | 0.2                | 0                  | 2024-02-25
    """)
    values = payment_behaviour.known_values(grid, delays)
    assert column(values, "paydex") == [None, None, *[12] * 11, None]
    assert column(values.mutate(v=payment_behaviour.paydex_age.compute(values)), "v")[-1] == 13


@pytest.mark.parametrize(("measured_on", "paydex"), [("2023-01-01", 12), ("2022-12-31", None)])
def test_at_the_first_period_too_a_measure_counts_up_to_twelve_months(measured_on, paydex):
    delays = table(f"""
        siren | measured_on   | paydex | suppliers | outstanding | late_30_days_share | late_90_days_share | known_at
        1     | {measured_on} | 12     | 4         | 100         | 0.1                | 0                  | 2023-02-01
    """)
    values = payment_behaviour.known_values(GRID, delays)
    assert column(values, "paydex")[0] == paydex
    assert column(values, "age")[0] == (12 if paydex else 13)


def test_the_file_of_payment_delays_has_a_line_per_firm_and_date_so_of_two_the_one_known_first_counts():
    delays = table("""
        siren | measured_on | paydex | suppliers | outstanding | late_30_days_share | late_90_days_share | known_at
        1     | 2024-01-05  | 3      | 4         | 100         | 0.1                | 0                  | 2024-02-01
        1     | 2024-01-05  | 30     | 4         | 100         | 0.1                | 0                  | 2024-03-01
    """)
    assert column(payment_behaviour.known_values(GRID, delays), "paydex") == [None, 3, 3, 3]


def test_headcount_growth_is_relative_and_unknown_from_nobody():
    grid = months("1", "2023-01-01", 13).mutate(headcount_month=ibis.date(2022, 9, 1))
    before = grid.period.year() == 2023
    values = workforce.known_values(grid.mutate(headcount=before.ifelse(20.0, 15.0)), headcounts=grid)
    assert column(values.mutate(v=workforce.headcount_growth_12m.compute(values)), "v") == [None] * 12 + [-0.25]
    values = workforce.known_values(grid.mutate(headcount=before.ifelse(0.0, 15.0)), headcounts=grid)
    assert column(values.mutate(v=workforce.headcount_growth_12m.compute(values)), "v") == [None] * 13


def test_the_profile_tells_size_section_and_region():
    facts = {"headcount": 49.0, "naf_division": "25", "legal_category": "5499", "departement": "2A"}
    grid = months("1", "2024-01-01", 1, **facts)
    firms = table("siren | created_on\n1 | 2014-01-15")
    values = profile.known_values(grid, firms)
    told = {
        f.name: column(values.mutate(v=f.compute(values)), "v")[0]
        for f in (profile.age, profile.size_class, profile.naf_section, profile.legal_category_group, profile.region)
    }
    assert told == {"age": 10, "size_class": "20-49", "naf_section": "C", "legal_category_group": "54", "region": "94"}
