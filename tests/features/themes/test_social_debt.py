from datetime import date

import ibis
import pytest

from features.catalog import Feature
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


def test_the_employers_share_follows_the_events_of_each_debt_whatever_their_order_in_the_file():
    _, employer = cents(
        debts("""
        1 | x | a | 202311 | 1 | 2 | 2024-02-10 | 0 | 40  | 2024-02-25
        1 | x | b | 202312 | 1 | 1 | 2024-01-12 | 0 | 7   | 2024-01-25
        1 | x | a | 202311 | 1 | 1 | 2024-01-10 | 0 | 100 | 2024-01-25
    """)
    )
    assert employer == [0, 10700, 4700, 4700]


def test_the_same_event_twice_counts_once():
    line = "\n1 | x | a | 202311 | 1 | 1 | 2024-01-10 | 100 | 0 | 2024-01-25"
    assert cents(debts(line + line)) == cents(debts(line))


def test_a_debt_older_than_the_calendar_is_there_from_its_first_month():
    employee, _ = cents(debts("1 | x | a | 201511 | 1 | 1 | 2015-01-10 | 100 | 0 | 2015-01-25"))
    assert employee == [10000] * 4


def test_a_debt_that_grows_and_falls_is_at_each_period_what_the_newest_known_event_says():
    employee, employer = cents(
        debts("""
        1 | x | a | 202311 | 1 | 1 | 2023-12-10 | 100 | 5.55 | 2023-12-25
        1 | x | a | 202311 | 1 | 2 | 2024-01-10 | 250 | 5.56 | 2024-01-25
        1 | x | a | 202311 | 1 | 3 | 2024-02-10 | 40  | 0    | 2024-02-25
        1 | x | a | 202311 | 1 | 4 | 2024-03-10 | 0   | 0.01 | 2024-03-25
    """)
    )
    assert employee == [10000, 25000, 4000, 0]
    assert employer == [555, 556, 0, 1]


def test_the_events_of_one_debt_leave_those_of_other_firms_sites_months_and_gaps_alone():
    # Each line differs from the first in one part of what identifies a debt.
    grid = GRID.union(months("2", "2024-01-01", 4))
    events = debts("""
        1 | x | a | 202311 | 1 | 1 | 2024-01-10 | 1     | 0 | 2024-01-25
        2 | x | a | 202311 | 1 | 2 | 2024-01-11 | 10    | 0 | 2024-01-25
        1 | x | b | 202311 | 1 | 2 | 2024-01-11 | 100   | 0 | 2024-01-25
        1 | x | a | 202312 | 1 | 2 | 2024-01-11 | 1000  | 0 | 2024-01-25
        1 | x | a | 202311 | 2 | 2 | 2024-01-11 | 10000 | 0 | 2024-01-25
    """)
    result = social_debt.outstanding_debt(grid, events)
    assert column(result, "employee_cents", "1") == [0, 1110100, 1110100, 1110100]
    assert column(result, "employee_cents", "2") == [0, 1000, 1000, 1000]


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
    assert column(known, "paid") == [0, 100, 0, 0]
    assert column(known, "months") == [0, 1, 0, 0]


def test_a_line_delivered_twice_counts_once():
    line = "\n1 | a | 2023-10-01 | 3 | 300 | 250 | 2024-02-01"
    known = social_debt.known_contributions(GRID, contributions(line + line))
    assert [column(known, name) for name in ("due", "paid", "months")] == [
        [0, 300, 0, 0],
        [0, 250, 0, 0],
        [0, 3, 0, 0],
    ]


@pytest.mark.parametrize(
    ("line", "inside"),
    [
        ("2023-10-01 | 3", "2023-11-01"),
        ("2023-07-01 | 12", "2023-07-01"),
        ("2023-07-01 | 12", "2024-01-01"),
        ("2023-07-01 | 12", "2024-06-01"),
    ],
)
def test_a_month_inside_a_quarter_or_a_year_that_is_known_already_is_no_further_month(line, inside):
    known = social_debt.known_contributions(
        GRID,
        contributions(f"""
        1 | a | {line} | 300 | 250 | 2024-02-01
        1 | b | {inside} | 1 | 70 | 0 | 2024-03-01
    """),
    )
    assert column(known, "months") == [0, int(line.split()[-1]), 0, 0]
    assert column(known, "due") == [0, 300, 70, 0]


def test_the_month_after_a_year_and_the_month_of_another_firm_are_further_months():
    known = social_debt.known_contributions(
        GRID.union(months("2", "2024-01-01", 4)),
        contributions("""
        1 | a | 2023-07-01 | 12 | 300 | 250 | 2024-02-01
        1 | b | 2024-07-01 | 1  | 70  | 0   | 2024-03-01
        2 | c | 2023-07-01 | 1  | 9   | 0   | 2024-03-01
    """),
    )
    assert column(known, "months", "1") == [0, 12, 1, 0]
    assert column(known, "months", "2") == [0, 0, 1, 0]


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


def plans(rows):
    read = table("siren | siret | plan | created_on | due_on | amount | known_at\n" + rows, siret="string")
    return read.mutate(account=ibis.literal("x"))


def test_plans_add_up_and_each_counts_from_when_it_is_known():
    active = social_debt.active_plans(
        GRID.union(months("2", "2024-01-01", 4)),
        plans("""
        1 | a | p | 2023-12-20 | 2024-03-20 | 900 | 2023-12-25
        1 | a | q | 2023-11-20 | 2024-03-20 | 400 | 2024-01-25
        1 | a | q | 2023-11-20 | 2024-03-20 | 400 | 2024-01-25
        1 | b | p | 2024-02-01 | 2024-06-10 | 40  | 2024-02-01
    """),
    )
    assert column(active, "plans", "1") == [1, 3, 3, 1]
    # Of 900 euros over 3 months, 400 over 4 and 40 over 4: 600, then 300 + 100 + 40, then 30, then 20.
    assert column(active, "plan_left", "1") == [600, 440, 30, 20]
    assert column(active, "plans", "2") == column(active, "plan_left", "2") == [0, 0, 0, 0]


def test_plans_that_differ_by_their_number_only_are_several_plans():
    active = social_debt.active_plans(
        GRID,
        plans("""
        1 | a | p | 2023-12-20 | 2024-03-20 | 900 | 2023-12-25
        1 | a | q | 2023-12-20 | 2024-03-20 | 900 | 2023-12-25
    """),
    )
    assert column(active, "plans") == [2, 2, 2, 0]
    assert column(active, "plan_left") == [1200, 600, 0, 0]


def test_a_plan_that_is_over_before_it_is_known_never_counts():
    active = social_debt.active_plans(GRID, plans("1 | a | p | 2023-10-20 | 2023-12-20 | 900 | 2024-01-25"))
    assert column(active, "plans") == [0, 0, 0, 0]
    assert column(active, "plan_left") == [0, 0, 0, 0]


@pytest.mark.parametrize(("due_on", "left"), [("2024-01-20", 0), ("2024-02-01", 700), ("2024-03-01", 700)])
def test_a_plan_of_less_than_two_months_is_due_whole_until_the_month_in_which_it_ends(due_on, left):
    active = social_debt.active_plans(GRID, plans(f"1 | a | p | 2024-01-01 | {due_on} | 700 | 2024-01-01"))
    assert column(active, "plan_left")[0] == left


def test_the_ccsf_stages_follow_one_another_and_others_are_ignored():
    events = table("""
        siren | treated_on | stage  | known_at
        1     | 2023-12-01 | DEBUT  | 2023-12-25
        1     | 2024-01-02 | REFUS  | 2024-01-25
        1     | 2024-02-03 | APPROB | 2024-02-25
        1     | 2024-03-04 | FIN    | 2024-03-25
        1     | 2024-04-05 | REJ    | 2024-04-25
        1     | 2024-05-06 | AUTRE  | 2024-05-25
        2     | 2024-05-06 | FIN    | 2024-05-25
    """)
    found = social_debt.ccsf_state(months("1", "2024-01-01", 6), events)
    assert column(found, "stage") == ["DEBUT", "REFUS", "APPROB", "FIN", "REJ", "REJ"]
    assert [str(day) for day in column(found, "treated_on")] == [
        "2023-12-01",
        "2024-01-02",
        "2024-02-03",
        "2024-03-04",
        "2024-04-05",
        "2024-04-05",
    ]


def test_of_the_ccsf_events_of_one_day_the_last_in_the_alphabet_counts_from_when_the_first_is_known():
    events = table("""
        siren | treated_on | stage | known_at
        1     | 2023-12-20 | FIN   | 2024-02-25
        1     | 2023-12-20 | REJ   | 2024-01-25
        1     | 2023-12-20 | DEBUT | 2024-03-25
    """)
    assert column(social_debt.ccsf_state(GRID, events), "stage") == [None, "REJ", "REJ", "REJ"]


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


def base(grid):
    """The base table of a firm in debt from February to March 2023, with contributions, a plan and a CCSF request."""
    return social_debt.known_values(
        grid,
        debts("""
        1 | x | a | 202211 | 1 | 1 | 2023-01-10 | 300 | 600.50 | 2023-01-25
        1 | x | a | 202211 | 1 | 2 | 2023-03-10 | 0   | 0      | 2023-03-25
    """),
        contributions("""
        1 | a | 2022-12-01 | 1 | 100 | 60  | 2023-02-01
        1 | a | 2022-09-01 | 3 | 300 | 240 | 2023-03-01
    """),
        plans("1 | a | p | 2023-01-20 | 2023-04-20 | 900 | 2023-01-25"),
        table("siren | treated_on | stage | known_at\n1 | 2023-02-20 | DEBUT | 2023-02-25"),
    )


def test_the_base_table_has_one_row_per_firm_and_month_with_what_is_known_then():
    found = base(months("1", "2023-01-01", 5, headcount=10.0).union(months("2", "2023-01-01", 2, headcount=20.0)))
    assert column(found, "headcount") == [10] * 5 + [20] * 2
    assert column(found, "debt", "1") == [0, 900.5, 900.5, 0, 0]
    assert column(found, "debt_employee", "1") == [0, 300, 300, 0, 0]
    assert column(found, "in_debt_12m", "1") == [0, 1, 2, 2, 2]
    march = date(2023, 3, 1)
    assert column(found, "last_in_debt", "1") == [None, date(2023, 2, 1), march, march, march]
    assert column(found, "due_12m", "1") == [0, 100, 400, 400, 400]
    assert column(found, "paid_12m", "1") == [0, 60, 300, 300, 300]
    assert column(found, "months_due_12m", "1") == [0, 1, 4, 4, 4]
    assert column(found, "plans", "1") == [0, 1, 1, 1, 0]
    assert column(found, "plan_left", "1") == [0, 600, 300, 0, 0]
    assert column(found, "stage", "1") == [None, None, "DEBUT", "DEBUT", "DEBUT"]
    for name in ("debt", "in_debt_12m", "due_12m", "paid_12m", "months_due_12m", "plans"):
        assert column(found, name, "2") == [0, 0]


def test_sums_look_back_12_months_and_the_last_debt_24():
    found = base(months("1", "2023-01-01", 27, headcount=10.0))
    # Months 13 to 15 are January to March 2024; months 25 to 27 those of 2025.
    assert column(found, "in_debt_12m")[12:15] == [2, 1, 0]
    assert column(found, "due_12m")[12:15] == [400, 300, 0]
    assert column(found, "paid_12m")[12:15] == [300, 240, 0]
    assert column(found, "months_due_12m")[12:15] == [4, 3, 0]
    assert column(found, "last_in_debt")[24:] == [date(2023, 3, 1), date(2023, 3, 1), None]


def test_a_debt_of_a_cent_is_a_debt():
    cent = debts("1 | x | a | 202211 | 1 | 1 | 2023-01-10 | 0 | 0.01 | 2023-01-25")
    nothing = [
        contributions("9 | a | 2022-12-01 | 1 | 1 | 1 | 2023-02-01"),
        plans("9 | a | p | 2023-01-20 | 2023-04-20 | 9 | 2023-01-25"),
    ]
    requests = table("siren | treated_on | stage | known_at\n9 | 2023-02-20 | DEBUT | 2023-02-25")
    found = social_debt.known_values(months("1", "2023-01-01", 2, headcount=10.0), cent, *nothing, requests)
    assert column(found, "debt") == [0, 0.01]
    assert column(found, "in_debt_12m") == [0, 1]
    assert column(found, "last_in_debt") == [None, date(2023, 2, 1)]


# Two rows of the base table: a firm in debt, and one of which nothing is known but its headcount.
KNOWN = """
    siren | period     | debt | debt_employee | headcount | in_debt_12m | last_in_debt_on | due_12m | paid_12m | months_due_12m | plans | plan_left | treated_on | stage
    1     | 2024-01-01 | 300  | 120           | 4         | 2           | 2023-11-01      | 1200    | 900      | 12             | 1     | 50        | 2022-10-05 | FIN
    2     | 2024-01-01 | 0    | 0             | 0         | 0           |                 | 0       | 0        | 0              | 0     | 0         |            |
"""


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("debt", [300, 0]),
        ("debt_employee", [120, 0]),
        ("debt_employee_share", [0.4, None]),
        ("contribution_monthly", [100, None]),
        ("debt_in_months", [3, None]),
        ("debt_employee_in_months", [1.2, None]),
        ("debt_per_employee", [75, None]),
        ("months_in_debt_12m", [2, 0]),
        ("months_since_debt", [2, None]),
        ("paid_share_12m", [0.75, None]),
        ("payment_plans_active", [1, 0]),
        ("payment_plan_left", [50, 0]),
        ("ccsf_stage", ["FIN", "NONE"]),
        ("months_since_ccsf", [15, None]),
    ],
)
def test_a_feature_is_what_its_definition_says_and_unknown_where_it_says_so(name, values):
    t = table(KNOWN).rename(last_in_debt="last_in_debt_on")
    assert column(t.mutate(value=getattr(social_debt, name).compute(t)), "value") == values


def test_derived_columns_are_named_after_the_months_that_they_look_back():
    features = {name: feature for name, feature in vars(social_debt).items() if isinstance(feature, Feature)}
    assert [feature.name for feature in features.values()] == list(features)
    assert {name for name, feature in features.items() if feature.derived_from} == {
        *(f"debt_in_months_lag_{months}m" for months in (1, 2, 3, 6, 12)),
        *(f"debt_in_months_{rule}" for rule in ("mean_12m", "max_12m", "rank_in_division")),
        *(f"debt_in_months_change_{months}m" for months in (3, 6, 12)),
        "debt_lag_12m",
        "debt_change_3m",
        "debt_employee_in_months_max_12m",
        "debt_employee_in_months_change_6m",
        "contribution_monthly_change_12m",
        "paid_share_12m_lag_12m",
    }
    assert social_debt.debt_in_months.fr == "Dette sociale en mois de cotisations"
