"""What the register said of a firm at each period, by hand."""

import random
from datetime import date

import ibis
import pytest

from features import perimeter
from features.grid import calendar
from features.register import dated, known_facts, past_offices, with_facts
from features.sources.source import ALWAYS_KNOWN
from features.themes import profile
from tests.tables import column, months, table

TEXTS = dict.fromkeys(
    ("legal_category", "head_office_nic", "state", "naf", "departement", "siret", "head_office"), "string"
)
GRID = months("1", "2022-01-01", 6)
TODAY = """
    siren | legal_category | naf    | head_office | departement | created_on
    1     | 5710           | 62.01Z | 100022      | 75          | 2001-01-01
"""
# The firm moved from Brest to Paris on 10 February 2022: known on 10 March, it counts from April on.
MOVED = """
    siren | started_on | ended_on   | known_at   | legal_category | head_office_nic | state | naf
    1     | 2001-01-01 | 2022-02-09 | 2001-02-01 | 5499           | 00011           | A     | 58.29C
    1     | 2022-02-10 |            | 2022-03-10 | 5710           | 00022           | A     | 62.01Z
"""
OFFICES = """
    siren | siret  | departement | known_at
    1     | 100011 | 29          | 2001-02-01
    1     | 100022 | 75          | 2022-02-15
    1     | 100033 |             | 2001-02-01
"""
NO_SITES = "siren | siret | started_on | ended_on | known_at | naf"


def facts(history=MOVED, offices=OFFICES, sites=NO_SITES, grid=GRID, today=TODAY):
    return computed(*(table(text, **TEXTS) for text in (today, history, offices, sites)), grid=grid)


def computed(today, history, offices, sites, grid=GRID):
    """The facts at each period, worked out once."""
    return ibis.memtable(with_facts(grid, known_facts(grid, today, history, offices, sites)).to_pyarrow())


def test_a_firm_that_moved_from_brest_to_paris_is_in_bretagne_before_and_in_paris_after():
    rows = facts()
    assert column(rows, "departement") == ["29", "29", "29", "75", "75", "75"]
    values = profile.known_values(rows.mutate(headcount=ibis.literal(20.0)), table(TODAY, **TEXTS))
    region = column(values.mutate(v=profile.region.compute(values)), "v")
    assert region == ["53", "53", "53", "11", "11", "11"]


def test_the_legal_category_and_the_activity_are_those_of_the_time():
    rows = facts()
    assert column(rows, "legal_category") == ["5499"] * 3 + ["5710"] * 3
    assert column(rows, "naf") == ["58.29C"] * 3 + ["62.01Z"] * 3
    assert column(rows, "naf_division") == ["58"] * 3 + ["62"] * 3


def test_nothing_is_said_to_be_todays_where_a_history_tells():
    rows = facts()
    for flag in ("is_todays_category", "is_todays_activity", "is_todays_place"):
        assert column(rows, flag) == [False] * 6


def test_without_any_history_the_values_of_today_stand_and_are_said_to_be_todays():
    rows = facts(history=MOVED.strip().splitlines()[0])
    assert column(rows, "departement") == ["75"] * 6
    assert column(rows, "legal_category") == ["5710"] * 6
    assert column(rows, "naf") == ["62.01Z"] * 6
    assert column(rows, "is_active") == [True] * 6
    for flag in ("is_todays_category", "is_todays_activity", "is_todays_place"):
        assert column(rows, flag) == [True] * 6


def test_before_the_first_record_that_is_known_the_values_of_today_stand():
    later = "\n".join(MOVED.strip().splitlines()[::2])
    rows = facts(history=later)
    assert column(rows, "is_todays_category") == [True, True, True, False, False, False]


def test_in_a_gap_the_last_state_that_is_known_stands():
    rows = facts("""
        siren | started_on | ended_on   | known_at   | legal_category | head_office_nic | state | naf
        1     | 2001-01-01 | 2021-06-30 | 2001-02-01 | 5499           | 00011           | A     |
        1     | 2022-03-01 |            | 2022-04-01 | 5710           | 00022           | A     |
    """)
    assert column(rows, "legal_category") == ["5499"] * 3 + ["5710"] * 3
    assert column(rows, "departement") == ["29"] * 3 + ["75"] * 3


def test_what_a_record_leaves_blank_is_told_by_the_one_before():
    rows = facts("""
        siren | started_on | ended_on   | known_at   | legal_category | head_office_nic | state | naf
        1     | 2001-01-01 | 2022-01-31 | 2001-02-01 | 5499           | 00011           | A     | 58.29C
        1     | 2022-02-01 |            | 2022-03-01 |                |                 | A     |
    """)
    assert column(rows, "legal_category") == ["5499"] * 6
    assert column(rows, "departement") == ["29"] * 6
    assert column(rows, "naf") == ["58.29C"] * 6


def test_of_overlapping_records_the_one_that_starts_last_stands_then_the_one_that_lasts():
    rows = facts("""
        siren | started_on | ended_on   | known_at   | legal_category | head_office_nic | state | naf
        1     | 2001-01-01 |            | 2001-02-01 | 5499           | 00011           | A     |
        1     | 2010-01-01 | 2021-12-31 | 2010-02-01 | 9220           | 00011           | A     |
        1     | 2010-01-01 |            | 2010-02-01 | 5599           | 00011           | A     |
        1     | 2022-02-01 |            | 2022-03-01 | 5710           | 00022           | A     |
        1     | 2022-02-01 |            | 2022-03-01 | 5720           | 00022           | A     |
    """)
    assert column(rows, "legal_category") == ["5599", "5599", "5720", "5720", "5720", "5720"]


def test_a_record_without_a_start_but_with_an_end_is_the_oldest_one_without_either_tells_nothing():
    rows = facts("""
        siren | started_on | ended_on   | known_at   | legal_category | head_office_nic | state | naf
        1     |            | 2022-01-31 | 1900-01-01 | 5499           | 00011           | A     |
        1     |            |            | 1900-01-01 | 9220           | 00033           | A     |
        1     | 2022-02-01 |            | 2022-03-01 | 5710           | 00022           | A     |
    """)
    assert column(rows, "legal_category") == ["5499", "5499", "5710", "5710", "5710", "5710"]
    assert column(rows, "departement") == ["29", "29", "75", "75", "75", "75"]


def test_a_record_that_ends_before_it_starts_or_starts_in_the_future_tells_nothing():
    rows = facts("""
        siren | started_on | ended_on   | known_at   | legal_category | head_office_nic | state | naf
        1     | 2001-01-01 |            | 2001-02-01 | 5499           | 00011           | A     |
        1     | 2021-12-01 | 2001-01-01 | 2022-01-01 | 9220           | 00033           | C     |
        1     | 2099-01-01 |            | 2099-02-01 | 9230           | 00033           | C     |
    """)
    assert column(rows, "legal_category") == ["5499"] * 6
    assert column(rows, "is_active") == [True] * 6


def test_the_records_that_can_be_placed_in_time():
    rows = dated(table(MOVED, **TEXTS)).order_by("started_on")
    assert column(rows.mutate(period=rows.started_on), "started_on") == [date(2001, 1, 1), date(2022, 2, 10)]
    undated = table("siren | started_on | ended_on\n1 | | 2022-01-31\n2 | | ")
    assert dated(undated).to_pyarrow().to_pylist() == [
        {"siren": "1", "started_on": ALWAYS_KNOWN, "ended_on": date(2022, 1, 31)}
    ]


def test_a_firm_that_stopped_and_began_again_is_not_active_in_between():
    rows = facts("""
        siren | started_on | ended_on   | known_at   | legal_category | head_office_nic | state | naf
        1     | 2001-01-01 | 2021-12-31 | 2001-02-01 | 5499           | 00011           | A     |
        1     | 2022-01-01 | 2022-03-31 | 2022-02-01 | 5499           | 00011           | C     |
        1     | 2022-04-01 |            | 2022-05-01 | 5499           | 00011           | A     |
    """)
    assert column(rows, "is_active") == [True, False, False, False, True, True]


def test_a_head_office_that_moved_abroad_has_no_departement_from_then_on():
    rows = facts(MOVED.replace("00022", "00033"))
    assert column(rows, "departement") == ["29", "29", "29", None, None, None]
    assert column(rows, "is_todays_place") == [False] * 6


def test_a_head_office_that_the_register_does_not_list_tells_nothing():
    rows = facts(MOVED.replace("00022", "00099"))
    assert column(rows, "departement") == ["29"] * 6
    rows = facts(MOVED.replace("00011", "00099"))
    assert column(rows, "departement") == ["75"] * 6
    assert column(rows, "is_todays_place") == [True, True, True, False, False, False]


def test_a_head_office_counts_from_the_day_on_which_both_files_tell_of_it():
    rows = facts(offices=OFFICES.replace("2022-02-15", "2022-04-15"))
    assert column(rows, "departement") == ["29", "29", "29", "29", "75", "75"]
    found = past_offices(table(MOVED, **TEXTS), table(OFFICES, **TEXTS)).order_by("started_on")
    assert found.to_pyarrow().column("known_at").to_pylist() == [date(2001, 2, 1), date(2022, 3, 10)]


def test_the_activity_is_that_of_the_head_office_of_the_time():
    sites = """
        siren | siret  | started_on | ended_on   | known_at   | naf
        1     | 100011 | 2001-01-01 | 2022-01-14 | 2001-02-01 | 10.11Z
        1     | 100011 | 2022-01-15 |            | 2022-02-15 | 25.62A
        1     | 100022 | 2015-01-01 |            | 2015-02-01 | 47.11A
        1     | 100033 | 2022-01-01 |            | 2022-01-02 | 99.00Z
    """
    rows = facts(sites=sites)
    assert column(rows, "naf") == ["10.11Z", "10.11Z", "25.62A", "47.11A", "47.11A", "47.11A"]
    assert column(rows, "is_todays_activity") == [False] * 6


def test_without_unit_history_the_activity_is_that_of_todays_head_office_then():
    sites = """
        siren | siret  | started_on | ended_on | known_at   | naf
        1     | 100022 | 2022-01-15 |          | 2022-02-15 | 25.62A
        1     | 100022 | 2010-01-01 |          | 2022-01-20 | 10.11Z
        1     | 100022 | 2010-01-01 |          | 2022-01-10 | 10.12Z
        1     | 100022 | 2022-03-01 |          | 2022-04-01 |
        2     | 200011 | 2010-01-01 |          | 2010-02-01 | 99.00Z
    """
    rows = facts(history=MOVED.strip().splitlines()[0], sites=sites)
    # Of two activities from the same day on, the last in the alphabet. In January nothing of it is known yet.
    assert column(rows, "naf") == ["62.01Z", "10.12Z", "25.62A", "25.62A", "25.62A", "25.62A"]
    assert column(rows, "is_todays_activity") == [True, False, False, False, False, False]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_rows_changes_nothing_nor_does_another_firm(seed):
    lines = MOVED.strip().splitlines()
    other = [line.replace("1     |", "2     |", 1) for line in lines[1:]]
    shuffled = random.Random(seed).sample(lines[1:] + other, 4)  # noqa: S311 - not a secret
    names = ("departement", "legal_category", "naf", "is_active", "is_todays_place")
    rows, whole = facts(history="\n".join([lines[0], *shuffled])), facts()
    assert [column(rows, name) for name in names] == [column(whole, name) for name in names]


@pytest.mark.parametrize("month", range(6))
def test_no_fact_of_a_period_depends_on_what_became_known_after_it(month):
    def known(text):
        rows = table(text, **TEXTS)
        return rows.filter(rows.known_at <= ibis.literal(date(2022, 1 + month, 1)))

    sites = """
        siren | siret  | started_on | ended_on   | known_at   | naf
        1     | 100011 | 2001-01-01 | 2022-01-14 | 2001-02-01 | 10.11Z
        1     | 100011 | 2022-01-15 |            | 2022-02-15 | 25.62A
        1     | 100022 | 2022-02-01 |            | 2022-03-01 | 47.11A
    """
    today = table(TODAY, **TEXTS)
    cut, whole = computed(today, known(MOVED), known(OFFICES), known(sites)), facts(sites=sites)
    for name in ("departement", "legal_category", "naf", "is_active", "is_todays_place", "is_todays_activity"):
        assert column(cut, name)[month] == column(whole, name)[month], name


def test_a_firm_that_comes_into_being_within_the_calendar_has_its_facts_from_its_first_period():
    firms = table("siren | from_on | until_on\n1 | 2022-03-10 |\n")
    grid = calendar(firms, date(2022, 1, 1), date(2022, 6, 1))
    rows = facts(grid=grid)
    assert column(rows, "departement") == ["75", "75", "75"]


SCOPE = {"excluded_activities": ["84"]}


def test_a_firm_is_in_scope_while_its_legal_category_is_not_excluded():
    rows = perimeter.in_scope(facts(), None, excluded_categories=["5499"], **SCOPE)
    assert column(rows, "period") == [date(2022, 4, 1), date(2022, 5, 1), date(2022, 6, 1)]
    rows = perimeter.in_scope(facts(), None, excluded_categories=["5710"], **SCOPE)
    assert column(rows, "period") == [date(2022, 1, 1), date(2022, 2, 1), date(2022, 3, 1)]


def test_a_firm_is_in_scope_while_its_head_office_is_in_france_where_that_is_asked_for():
    abroad = facts(MOVED.replace("00022", "00033"))
    assert perimeter.in_scope(abroad, None, needs_place=True, **SCOPE).count().execute() == 3
    assert perimeter.in_scope(abroad, None, **SCOPE).count().execute() == 6


def test_a_firm_is_out_of_scope_while_the_register_says_that_it_has_ceased():
    stopped = facts(MOVED.replace("00022           | A", "00022           | C"))
    rows = perimeter.in_scope(stopped, None, **SCOPE)
    assert column(rows, "period") == [date(2022, 1, 1), date(2022, 2, 1), date(2022, 3, 1)]
