"""What tables tell of each other, on tables small enough to count by hand."""

from datetime import date

import ibis
import pandas as pd
import pytest

from features.checked import DATED_LATER, FAILURES, REPEATED_KEYS, UNKNOWN_FIRMS, YEARLY_SUM
from features.checks import checked
from features.periods import add_months

END = date(2024, 2, 1)
REGISTER = {"siren": ["1", "2", "3", "4"], "created_on": [date(2000, 1, 1)] * 4}


def of(tables, rows=None):
    """The figures by check and source."""
    labels = rows or {"period": [date(2020, 1, 1)], "label": [0]}
    made = {name: ibis.memtable(pd.DataFrame(columns)) for name, columns in tables.items()}
    found = checked(made, frozenset(made), END, ibis.memtable(pd.DataFrame(labels)))
    return {(one.check, one.source): one for one in found}


def debts(sirens, days):
    return {"siren": sirens, "treated_on": pd.to_datetime(days).date}


def test_the_share_of_firms_that_the_register_does_not_know_counts_each_firm_once():
    found = of({"legal_units": REGISTER, "debts": debts(["1", "1", "2", "9"], ["2023-01-01"] * 4)})
    assert found[UNKNOWN_FIRMS, "debts"].value == pytest.approx(1 / 3)


def test_without_a_register_nobody_is_unknown():
    assert (UNKNOWN_FIRMS, "debts") not in of({"debts": debts(["1"], ["2023-01-01"])})


def test_records_dated_after_the_delivery_are_a_share():
    found = of({"debts": debts(["1"] * 4, ["2023-01-01", "2024-02-01", "2024-02-02", "2925-01-01"])})
    assert found[DATED_LATER, "debts"].value == 0.5


def test_lines_that_name_what_another_line_names_are_a_share():
    twice = {"siren": ["1", "2", "2", "3"], "created_on": [date(2000, 1, 1)] * 4}
    assert of({"legal_units": twice})[REPEATED_KEYS, "legal_units"].value == 0.25
    assert of({"legal_units": REGISTER})[REPEATED_KEYS, "legal_units"].value == 0


def headcounts(totals):
    months = [add_months(date(2022, 12, 1), n) for n in range(len(totals))]
    ended = [add_months(month, 1) for month in months]
    return {"siren": ["1"] * len(totals), "month": months, "ended_on": ended, "headcount": totals}


def test_the_last_whole_month_is_compared_with_the_same_of_the_year_before():
    # December 2022 to January 2024: of the last month nobody knows whether it is whole.
    found = of({"firm_headcounts": headcounts([20.0] + [50.0] * 11 + [5.0] + [999.0])})[YEARLY_SUM, "firm_headcounts"]
    assert (found.value, found.month) == (0.25, date(2023, 12, 1))


@pytest.mark.parametrize("totals", [[10.0] * 12, [0.0] * 14])
def test_sums_without_a_year_before_are_not_compared(totals):
    assert (YEARLY_SUM, "firm_headcounts") not in of({"firm_headcounts": headcounts(totals)})


def test_failures_of_the_last_labelled_year_are_a_multiple_of_those_before():
    periods = [add_months(date(2020, 1, 1), n) for n in range(25) for _ in range(10)]
    labels = [1 if n % 10 < (1 if n < 120 else 3) else 0 for n in range(240)] + [None] * 10
    found = of({"legal_units": REGISTER}, {"period": periods, "label": labels})
    assert found[FAILURES, "labels"].value == pytest.approx(3)


def test_failures_are_not_compared_without_two_labelled_years():
    assert (FAILURES, "labels") not in of({"legal_units": REGISTER})


@pytest.mark.parametrize("name", ["firm_headcounts", "contributions", "payment_plans"])
def test_each_source_of_registered_firms_is_compared_with_the_register(name):
    day = [date(2023, 1, 1)] * 2
    own = {"siren": ["1", "9"], "ended_on": day, "created_on": day, "month": day, "started_on": day}
    found = of({"legal_units": REGISTER, name: {**own, "headcount": [1.0, 1.0], "due": [1.0, 1.0]}})
    assert found[UNKNOWN_FIRMS, name].value == 0.5


def test_establishments_are_named_by_their_siret():
    own = {"siret": ["11", "12", "12"], "siren": ["1"] * 3, "created_on": [date(2000, 1, 1)] * 3}
    assert of({"establishments": own})[REPEATED_KEYS, "establishments"].value == pytest.approx(1 / 3)


def test_contributions_add_up_by_what_is_due_and_debts_by_their_events():
    months = [add_months(date(2022, 12, 1), n) for n in range(14)]
    due = {"siren": ["1"] * 14, "started_on": months, "ended_on": months, "due": [4.0, *[1.0] * 11, 6.0, 1.0]}
    assert of({"contributions": due})[YEARLY_SUM, "contributions"].value == 1.5
    days = [*months, months[12], months[12]]
    assert of({"debts": debts(["1"] * 16, days)})[YEARLY_SUM, "debts"].value == 3


def test_a_month_of_nothing_is_compared_with_nothing():
    assert (YEARLY_SUM, "firm_headcounts") not in of({"firm_headcounts": headcounts([5.0] * 12 + [0.0, 5.0])})


def test_shares_without_any_record_are_none():
    nothing = {"siren": pd.Series([], dtype="str"), "treated_on": pd.Series([], dtype="object")}
    tables = {"legal_units": ibis.memtable(pd.DataFrame(REGISTER))}
    tables["debts"] = ibis.memtable(pd.DataFrame(nothing), schema={"siren": "string", "treated_on": "date"})
    rows = ibis.memtable(pd.DataFrame({"period": [date(2020, 1, 1)], "label": [0]}))
    found = {(one.check, one.source): one.value for one in checked(tables, frozenset(tables), END, rows)}
    assert found[UNKNOWN_FIRMS, "debts"] == found[DATED_LATER, "debts"] == 0


def test_only_the_last_two_labelled_years_are_compared():
    periods = [add_months(date(2018, 1, 1), n) for n in range(36) for _ in range(10)]
    labels = [1 if n % 10 < (9 if n < 120 else 1 if n < 240 else 2) else 0 for n in range(360)]
    found = of({"legal_units": REGISTER}, {"period": periods, "label": labels})
    assert found[FAILURES, "labels"].value == pytest.approx(2)
