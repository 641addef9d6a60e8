from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.periods import period_range
from features.procedures import EVENT
from features.target import labelled, labels, openings, outcomes
from tests.tables import column, months, table

LATE = date(2040, 1, 1)


def events(text):
    return table(f"{' | '.join(EVENT)}\n{text}")


def opening(day, withdrawn=""):
    return events(f"1 | liquidation | opening | {day} | {day} | {withdrawn}")


def test_the_label_is_1_in_the_periods_whose_horizon_holds_the_opening():
    # Opened on 10 May: seen within 3 months from 1 March, 1 April and 1 May; from 1 June on the firm is in liquidation.
    grid = months("1", "2024-01-01", 8)
    assert column(labels(grid, opening("2024-05-10"), LATE, 3), "label") == [0, 0, 1, 1, 1, None, None, None]


def test_the_horizon_excludes_its_first_day_and_includes_its_last():
    grid = months("1", "2024-01-01", 6)
    # Opened on 1 May: that is 3 months after 1 February, and on 1 May the firm is in liquidation already.
    assert column(labels(grid, opening("2024-05-01"), LATE, 3), "label") == [0, 1, 1, 1, None, None]
    # A day later, 1 February is too early, and on 1 May it is still to come.
    assert column(labels(grid, opening("2024-05-02"), LATE, 3), "label") == [0, 0, 1, 1, 1, None]


@pytest.mark.parametrize(("day", "first"), [("2023-07-01", "2022-01-01"), ("2023-07-02", "2022-02-01")])
def test_the_horizon_is_18_months_unless_told_otherwise(day, first):
    rows = labels(months("1", "2021-10-01", 24), opening(day), LATE).execute()
    assert str(rows[rows.label == 1].period.min())[:10] == first
    assert (rows.label == 1).sum() == 18


def test_a_row_whose_horizon_is_not_over_has_no_label_even_where_an_opening_was_seen():
    grid = months("1", "2024-01-01", 6).union(months("2", "2024-01-01", 6))
    found = labels(grid, opening("2024-05-10"), date(2024, 6, 1), 3)
    assert column(found, "label", "1") == [0, 0, 1, None, None, None]
    assert column(found, "label", "2") == [0, 0, 0, None, None, None]


def test_the_horizon_is_over_on_its_last_day_not_the_day_before():
    grid = months("1", "2024-01-01", 2)
    assert column(labels(grid, opening("2030-01-01"), date(2024, 4, 1), 3), "label") == [0, None]
    assert column(labels(grid, opening("2030-01-01"), date(2024, 3, 31), 3), "label") == [None, None]


def test_a_firm_in_a_plan_has_no_label_and_one_back_in_bonis_may_open_again():
    found = labels(
        months("1", "2024-01-01", 12),
        events("""
        1 | redressement | plan    | 2014-03-15 | 2014-03-25 |
        1 | liquidation  | opening | 2024-10-10 | 2024-10-25 |
    """),
        LATE,
        3,
    )
    # The plan is ten years old on 15 March; the opening is ahead from 1 August on, and under way from 1 November on.
    assert column(found, "label") == [None, None, None, 0, 0, 0, 0, 1, 1, 1, None, None]


def test_a_procedure_that_ends_before_the_period_leaves_a_firm_that_may_open_again():
    found = labels(
        months("1", "2024-01-01", 8),
        events("""
        1 | redressement | opening | 2024-01-15 | 2024-01-25 |
        1 | redressement | end     | 2024-03-15 | 2024-03-25 |
        1 | redressement | opening | 2024-06-15 | 2024-06-25 |
    """),
        LATE,
        2,
    )
    assert column(found, "label") == [1, None, None, 0, 1, 1, None, None]


def test_an_opening_is_the_label_of_its_own_firm_only():
    grid = months("1", "2024-01-01", 3).union(months("2", "2024-01-01", 3))
    found = labels(grid, opening("2024-02-10"), LATE, 3)
    assert column(found, "label", "1") == [1, 1, None]
    assert column(found, "label", "2") == [0, 0, 0]
    assert found.columns == ("siren", "period", "label")


def test_labels_use_the_days_of_the_judgements_not_the_days_on_which_they_were_known():
    late = events("1 | liquidation | opening | 2024-05-10 | 2025-09-25 |")
    assert column(labels(months("1", "2024-03-01", 4), late, LATE, 1), "label") == [0, 0, 1, None]


def test_a_withdrawn_opening_is_none():
    found = labels(months("1", "2024-01-01", 6), opening("2024-05-10", "2024-07-01"), LATE, 3)
    assert column(found, "label") == [0] * 6


def test_the_state_of_a_firm_before_its_first_row_counts():
    assert column(labels(months("1", "2024-01-01", 2), opening("2015-05-10"), LATE, 3), "label") == [None, None]


def test_there_is_one_row_a_firm_and_period_however_many_openings_there_are():
    found = labels(
        months("1", "2024-01-01", 6),
        events("""
        1 | liquidation  | opening | 2024-05-10 | 2024-05-25 |
        1 | redressement | opening | 2024-05-10 | 2024-05-25 |
        1 | redressement | opening | 2024-05-20 | 2024-05-25 |
    """),
        LATE,
        3,
    )
    assert column(found, "label") == [0, 0, 1, 1, 1, None]
    assert found.label.type().is_int8()


@settings(max_examples=10, deadline=None)
@given(day=st.dates(date(2024, 1, 2), date(2026, 12, 31)), horizon=st.integers(1, 24))
def test_the_label_is_what_the_calendar_says(day, horizon):
    rows = labels(months("1", "2024-01-01", 40), opening(day.isoformat()), LATE, horizon).execute()
    for row in rows.itertuples():
        start = row.period.date() if hasattr(row.period, "date") else row.period
        month = start.year * 12 + start.month - 1 + horizon
        end = date(month // 12, month % 12 + 1, 1)
        if start >= day:
            assert row.label is None or row.label != row.label
        else:
            assert row.label == (1 if start < day <= end else 0)


def test_openings_are_told_by_their_own_day_and_not_once_withdrawn():
    known = events(
        "1 | redressement | opening | 2024-05-10 | 2024-06-25 |\n1 | redressement | fin | 2024-09-01 | 2024-09-25 |"
    )
    rows = openings(known).execute()
    assert [(row.siren, str(row.opened_on)[:10]) for row in rows.itertuples()] == [("1", "2024-05-10")]
    assert openings(known).columns == ("siren", "opened_on")
    assert openings(opening("2024-05-10", "2024-07-01")).count().execute() == 0


def test_two_procedures_that_open_on_one_day_are_one_opening():
    known = events(
        "1 | redressement | opening | 2024-05-10 | 2024-06-25 |\n1 | liquidation | opening | 2024-05-10 | 2024-06-25 |"
    )
    assert openings(known).count().execute() == 1


def test_a_firm_that_never_had_a_procedure_survived_wherever_its_horizon_is_over():
    events, periods, until = opening("2024-05-10"), period_range(date(2024, 1, 1), date(2024, 8, 1)), date(2024, 9, 1)
    told = outcomes(events, periods, until, 3)
    assert column(told, "label", "1") == [0, 0, 1, 1, 1, None, None, None]
    assert column(told, "siren") == ["1"] * 8
    rows = months("1", "2024-01-01", 8).union(months("2", "2024-01-01", 8)).select("siren", "period")
    found = labelled(rows, told, until, 3)
    assert column(found, "label", "1") == [0, 0, 1, 1, 1, None, None, None]
    assert column(found, "label", "2") == [0, 0, 0, 0, 0, 0, None, None]
    assert found.label.type().is_int8()
