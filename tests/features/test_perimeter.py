from datetime import date

import ibis

from features import perimeter
from tests.tables import column, months, table

UNITS = """
    siren | name  | diffusion | legal_category | naf    | created_on | known_at   | ceased_on  | state_since | size_band | head_office_nic
    1     | kept  | O         | 5499           | 25.62A | 2000-01-01 | 2000-02-01 |            |             | 12        | 00011
    2     | admin | O         | 7210           | 25.62A | 2000-01-01 | 2000-02-01 |            |             | 12        | 00012
    3     | small | O         | 5499           | 25.62A | 2000-01-01 | 2000-02-01 |            |             | 01        | 00013
    4     | gone  | O         | 5499           | 25.62A | 2000-01-01 | 2000-02-01 | 2023-06-15 | 2023-06-15  | 12        | 00014
    5     | away  | O         | 5499           | 25.62A | 2000-01-01 | 2000-02-01 |            |             | 12        | 00015
"""
OFFICES = """
    siren | siret | departement | commune_name | state_since
    1     | 1a    | 35          | RENNES       |
    2     | 2a    | 35          | RENNES       |
    3     | 3a    | 35          | RENNES       |
    4     | 4a    | 2A          | AJACCIO      |
    5     | 5a    |             |              |
"""
HEADCOUNT = """
    siren | month      | headcount | known_at
    1     | 2023-01-01 | 12        | 2023-05-01
    2     | 2023-01-01 | 12        | 2023-05-01
    3     | 2023-01-01 | 9         | 2023-05-01
    4     | 2023-01-01 | 12        | 2023-05-01
    5     | 2023-01-01 | 12        | 2023-05-01
"""


def units():
    types = dict.fromkeys(("legal_category", "size_band", "head_office_nic", "name"), "string")
    return table(UNITS, **types)


def firms(**given):
    offices = table(OFFICES, departement="string").mutate(is_head_office=True)
    arguments = {"establishments": offices, "headcount": table(HEADCOUNT), "perimeter_filter": None} | given
    return perimeter.firms(units(), **arguments, min_headcount=10, excluded_categories=["7210"])


def sirens(rows):
    return sorted(rows.to_pyarrow().column("siren").to_pylist())


def test_firms_in_scope_reach_the_headcount_outside_excluded_categories_with_a_french_head_office():
    assert sirens(firms()) == ["1", "4"]


def test_a_ceased_firm_stays_in_the_table_until_its_end_is_known():
    gone = firms().filter(lambda t: t.siren == "4").to_pyarrow().to_pylist()[0]
    assert gone["until_on"] == date(2023, 7, 15)
    assert gone["departement"] == "2A"


def test_without_establishments_no_head_office_is_required():
    assert sirens(firms(establishments=None)) == ["1", "4", "5"]


def test_without_headcounts_the_registers_size_band_decides():
    assert sirens(firms(headcount=None)) == ["1", "4"]


def test_a_filter_file_restricts_the_perimeter():
    assert sirens(firms(perimeter_filter=table("siren\n4"))) == ["4"]


def test_a_firm_is_in_scope_once_it_is_known_to_have_reached_the_headcount_and_for_ten_years():
    grid = months("1", "2023-04-01", 3, naf="25.62A", naf_division="25")
    reached = table("""
        siren | month      | headcount | known_at
        1     | 2023-01-01 | 10        | 2023-05-01
    """)
    rows = perimeter.in_scope(grid, reached, min_headcount=10, excluded_activities=[])
    assert column(rows, "period") == [date(2023, 5, 1), date(2023, 6, 1)]
    later = months("1", "2032-12-01", 3, naf="25.62A", naf_division="25")
    rows = perimeter.in_scope(later, reached, min_headcount=10, excluded_activities=[])
    assert column(rows, "period") == [date(2032, 12, 1), date(2033, 1, 1)]


def test_excluded_activities_are_divisions_or_whole_codes():
    excluded = ["84", "64.11Z"]
    for naf, rows in (("84.11Z", 0), ("64.11Z", 0), ("64.20Z", 3)):
        grid = months("1", "2023-04-01", 3, naf=naf, naf_division=naf[:2])
        kept = perimeter.in_scope(grid, None, min_headcount=10, excluded_activities=excluded)
        assert kept.count().execute() == rows


def test_the_firms_own_headcount_stands_before_the_sum_of_its_establishments():
    own = table("""
        siren | month      | headcount | known_at
        1     | 2024-01-01 | 50        | 2024-05-01
    """)
    sites = table("""
        siren | siret | account | month      | headcount | known_at
        1     | a     | x       | 2024-01-01 | 20        | 2024-05-01
        1     | b     | y       | 2024-01-01 | 22        | 2024-05-01
        1     | b     | y       | 2024-01-01 | 22        | 2024-05-01
        1     | a     | x       | 2024-02-01 | 19        | 2024-06-01
        1     | b     | y       | 2024-02-01 | 21        | 2024-06-01
    """)
    rows = perimeter.headcounts(own, sites).order_by("month").to_pyarrow().to_pylist()
    assert [row["headcount"] for row in rows] == [50, 40]


def test_the_headcount_file_has_a_line_per_account_so_equal_lines_of_two_accounts_add_up():
    none = table("siren | month | headcount | known_at").cast({"headcount": "float64"})
    sites = table("""
        siren | siret | account | month      | headcount | known_at
        1     | a     | x       | 2024-01-01 | 6         | 2024-05-01
        1     | a     | y       | 2024-01-01 | 6         | 2024-05-01
        2     | b     | z       | 2024-01-01 | 6         | 2024-05-01
        2     | b     | z       | 2024-01-01 | 6         | 2024-05-01
    """)
    rows = perimeter.headcounts(none, sites).order_by("siren").to_pyarrow().to_pylist()
    assert [row["headcount"] for row in rows] == [12, 6]


def test_the_activity_is_the_head_offices_then_not_todays():
    grid = months("1", "2024-01-01", 3)
    today = firms().filter(lambda t: t.siren == "1").mutate(head_office=ibis.literal("1a"))
    history = table("""
        siren | siret | started_on | naf    | known_at
        1     | 1a    | 2010-01-01 | 10.11Z | 2010-02-01
        1     | 1a    | 2024-01-15 | 25.62A | 2024-02-15
        1     | 1b    | 2024-01-01 | 99.00Z | 2024-01-02
    """)
    rows = perimeter.known_activity(grid, today, history)
    assert column(rows, "naf") == ["10.11Z", "10.11Z", "25.62A"]
    assert column(rows, "naf_division") == ["10", "10", "25"]
