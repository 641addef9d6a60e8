from datetime import date

import ibis

from features.themes import social_debt
from tests.tables import column, months, table

GRID = months("1", "2024-01-01", 4)
DEBTS = """
    siren | account | siret | period_code | gap_number | event_number | treated_on | employee_due | employer_due | known_at
"""


def debts(rows: str):
    return table(DEBTS + rows, period_code="string", siret="string", account="string")


def cents(events):
    result = social_debt.outstanding_debt(GRID, events)
    return column(result, "employee_cents"), column(result, "employer_cents")


def test_a_repaid_debt_is_gone_from_the_next_period_on():
    employee, employer = cents(
        debts("""
        1 | x | a | 202311 | 1 | 1 | 2024-01-10 | 400 | 600.10 | 2024-01-25
        1 | x | a | 202311 | 1 | 2 | 2024-03-10 | 0   | 0      | 2024-03-25
    """)
    )
    assert employee == [0, 40000, 40000, 0]
    assert employer == [0, 60010, 60010, 0]


def test_debts_of_several_periods_and_establishments_add_up():
    employee, _ = cents(
        debts("""
        1 | x | a | 202311 | 1 | 1 | 2024-01-10 | 100 | 0 | 2024-01-25
        1 | x | a | 202312 | 2 | 1 | 2024-02-10 | 50  | 0 | 2024-02-25
        1 | x | b | 202312 | 2 | 1 | 2024-02-10 | 7   | 0 | 2024-02-25
    """)
    )
    assert employee == [0, 10000, 15700, 15700]


def test_a_debt_is_of_an_account_an_establishment_a_period_and_a_gap_number():
    employee, _ = cents(
        debts("""
        1 | x | a | 202311 | 1 | 1 | 2024-01-10 | 100 | 0 | 2024-01-25
        1 | y | a | 202311 | 1 | 1 | 2024-01-10 | 30  | 0 | 2024-01-25
        1 | y | a | 202311 | 1 | 2 | 2024-02-10 | 0   | 0 | 2024-02-25
    """)
    )
    assert employee == [0, 13000, 10000, 10000], "the second account's payment does not end the first account's debt"


def test_an_older_event_that_arrives_late_does_not_bring_a_debt_back():
    employee, _ = cents(
        debts("""
        1 | x | a | 202311 | 1 | 2 | 2024-01-12 | 0   | 0 | 2024-01-25
        1 | x | a | 202311 | 1 | 1 | 2024-01-10 | 100 | 0 | 2024-02-25
    """)
    )
    assert employee == [0, 0, 0, 0]


def test_the_same_event_twice_counts_once():
    line = "\n1 | x | a | 202311 | 1 | 1 | 2024-01-10 | 100 | 0 | 2024-01-25"
    assert cents(debts(line + line)) == cents(debts(line))


def test_a_debt_older_than_the_calendar_is_there_from_its_first_month():
    employee, _ = cents(debts("1 | x | a | 201511 | 1 | 1 | 2015-01-10 | 100 | 0 | 2015-01-25"))
    assert employee == [10000] * 4


CONTRIBUTIONS = """
    siren | account | started_on | months | due | paid | known_at
"""


def contributions(rows: str):
    return table(CONTRIBUTIONS + rows, months="int64", account="string")


def test_a_quarter_is_known_at_once_as_three_months():
    known = social_debt.known_contributions(GRID, contributions("1 | a | 2023-10-01 | 3 | 300 | 250 | 2024-02-01"))
    assert column(known, "due") == [0, 300, 0, 0]
    assert column(known, "paid") == [0, 250, 0, 0]
    assert column(known, "months") == [0, 3, 0, 0]


def test_two_accounts_of_one_month_are_one_month_and_a_correction_adds_none():
    known = social_debt.known_contributions(
        GRID,
        contributions("""
        1 | a | 2023-12-01 | 1 | 100 | 100 | 2024-02-01
        1 | b | 2023-12-01 | 1 | 40  |     | 2024-02-01
        1 | a | 2023-12-01 | 1 | -30 | 0   | 2024-02-01
    """),
    )
    assert column(known, "due") == [0, 110, 0, 0]
    assert column(known, "months") == [0, 1, 0, 0]


def test_a_plan_runs_from_its_delivery_to_its_due_date_and_what_is_left_falls_linearly():
    plans = table(
        """
        siren | account | siret | plan | created_on | due_on     | amount | known_at
        1     | x       | a     | p    | 2023-12-20 | 2024-03-20 | 900    | 2023-12-25
    """,
        siret="string",
    )
    active = social_debt.active_plans(GRID, plans)
    assert column(active, "plans") == [1, 1, 1, 0]
    assert column(active, "plan_left") == [600, 300, 0, 0]


def test_the_contributions_file_has_a_line_per_account_and_period_so_equal_lines_of_two_accounts_add_up():
    line = " | 2023-10-01 | 3 | 300 | 250 | 2024-02-01\n"
    known = social_debt.known_contributions(GRID, contributions(f"1 | a{line}1 | a{line}1 | b{line}"))
    assert column(known, "due") == [0, 600, 0, 0]


def test_the_plans_file_numbers_plans_within_an_account_so_equal_plans_of_two_accounts_are_two():
    plans = table(
        """
        siren | account | siret | plan | created_on | due_on     | amount | known_at
        1     | x       | a     | p    | 2023-12-20 | 2024-03-20 | 900    | 2023-12-25
        1     | x       | a     | p    | 2023-12-20 | 2024-03-20 | 900    | 2023-12-25
        1     | y       | a     | p    | 2023-12-20 | 2024-03-20 | 900    | 2023-12-25
    """,
        siret="string",
    )
    assert column(social_debt.active_plans(GRID, plans), "plans") == [2, 2, 2, 0]


def test_the_ccsf_stage_is_the_newest_known():
    events = table("""
        siren | treated_on | stage  | known_at
        1     | 2023-12-20 | DEBUT  | 2024-01-25
        1     | 2024-02-20 | APPROB | 2024-02-25
    """)
    assert column(social_debt.ccsf_state(GRID, events), "stage") == [None, "DEBUT", "APPROB", "APPROB"]


def test_debt_in_months_is_over_the_mean_monthly_contribution_and_unknown_where_nothing_was_due():
    t = ibis.memtable(
        {
            "siren": ["1", "1"],
            "period": [date(2024, 1, 1), date(2024, 2, 1)],
            "debt": [300.0, 300.0],
            "due_12m": [1200.0, 0.0],
            "months_due_12m": [12, 0],
        }
    )
    assert column(t.mutate(v=social_debt.debt_in_months.compute(t)), "v") == [3, None]
