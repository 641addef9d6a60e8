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
    siren | siret  | departement | commune_name | postcode | address    | state_since | known_at
    1     | 1a     | 35          | RENNES       | 35000    | 3 RUE HOCHE |            | 2000-02-01
    2     | 2a     | 35          | RENNES       | 35000    |            |             | 2000-02-01
    3     | 3a     | 35          | RENNES       | 35000    |            |             | 2000-02-01
    4     | 4a     | 2A          | AJACCIO      | 20000    |            |             | 2000-02-01
    5     | 5a     |             |              |          |            |             | 2000-02-01
"""
FACTS = {"naf": "25.62A", "naf_division": "25", "legal_category": "5499", "is_active": True}
HEADCOUNT = """
    siren | month      | headcount | known_at
    1     | 2023-01-01 | 12        | 2023-05-01
    2     | 2023-01-01 | 12        | 2023-05-01
    3     | 2023-01-01 | 9         | 2023-05-01
    4     | 2023-01-01 | 12        | 2023-05-01
    5     | 2023-01-01 | 12        | 2023-05-01
"""


TEXTS = dict.fromkeys(("departement", "postcode", "siret", "legal_category", "head_office_nic"), "string")


def units():
    types = dict.fromkeys(("legal_category", "size_band", "head_office_nic", "name"), "string")
    return table(UNITS, **types)


def reached(headcounts):
    return perimeter.large_enough(table(headcounts), None, min_headcount=10, min_turnover=0)


def firms(**given):
    offices = table(OFFICES, **TEXTS).mutate(is_head_office=True, is_masked=False)
    arguments = {"establishments": offices, "reached": reached(HEADCOUNT), "perimeter_filter": None} | given
    return perimeter.firms(units(), **arguments, excluded_categories=["7210"])


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


def test_a_firm_is_told_with_what_the_register_says_of_it_and_where_its_head_office_is():
    kept = firms().filter(lambda t: t.siren == "1").to_pyarrow().to_pylist()
    assert kept == [
        {
            "siren": "1",
            "name": "kept",
            "diffusion": "O",
            "legal_category": "5499",
            "naf": "25.62A",
            "created_on": date(2000, 1, 1),
            "from_on": date(2000, 2, 1),
            "until_on": None,
            "head_office": "1a",
            "departement": "35",
            "commune_name": "RENNES",
            "postcode": "35000",
            "address": "3 RUE HOCHE",
            "is_masked": False,
        }
    ]


def test_without_establishments_the_register_still_names_the_head_office_but_not_where_it_is():
    kept = firms(establishments=None).filter(lambda t: t.siren == "1").to_pyarrow().to_pylist()[0]
    assert (kept["head_office"], kept["departement"], kept["commune_name"]) == ("100011", None, None)
    assert set(kept) == set(firms().columns)


def test_of_a_unit_delivered_twice_the_newest_state_stands():
    twice = units().filter(lambda t: t.siren == "4")
    newer = twice.mutate(name=ibis.literal("a later name"), state_since=ibis.literal("2023-07-01"))
    older = twice.mutate(name=ibis.literal("a first name"), state_since=ibis.literal("2020-01-01"))
    other = units().filter(lambda t: t.siren == "1")
    rows = perimeter.firms(
        ibis.union(older, newer, twice, other), None, reached(HEADCOUNT), None, excluded_categories=[]
    )
    assert sorted(rows.to_pyarrow().column("name").to_pylist()) == ["a later name", "kept"]


def test_of_two_states_since_the_same_day_the_first_name_in_the_alphabet_stands():
    twice = units().filter(lambda t: t.siren == "4")
    both = twice.mutate(name=ibis.literal("b")).union(twice.mutate(name=ibis.literal("a")))
    rows = perimeter.firms(both, None, reached(HEADCOUNT), None, excluded_categories=[])
    assert rows.to_pyarrow().column("name").to_pylist() == ["a"]


def test_the_newest_head_office_counts_and_other_establishments_never():
    offices = table(
        """
        siren | siret | departement | commune_name | state_since | is_head_office
        1     | 1a    | 35          | RENNES       | 2020-01-01  | true
        1     | 1c    | 29          | BREST        | 2022-01-01  | true
        1     | 1b    | 22          | GUINGAMP     | 2022-01-01  | true
        1     | 1d    | 56          | VANNES       | 2023-01-01  | false
        4     | 4a    | 2A          | AJACCIO      | 2020-01-01  | true
    """,
        departement="string",
    )
    offices = offices.mutate(
        is_head_office=offices.is_head_office == "true",
        state_since=offices.state_since.cast("date"),
        known_at=ibis.date("2000-02-01"),
        postcode=ibis.null("string"),
        address=ibis.null("string"),
        is_masked=ibis.literal(True),
    )
    rows = firms(establishments=offices).order_by("siren").to_pyarrow()
    assert rows.column("head_office").to_pylist() == ["1b", "4a"]
    assert rows.column("commune_name").to_pylist() == ["GUINGAMP", "AJACCIO"]
    assert rows.column("is_masked").to_pylist() == [True, True]


def test_a_firm_that_was_in_scope_in_the_past_is_among_those_to_look_at_whatever_it_is_today():
    history = table(
        """
        siren | started_on | ended_on   | known_at   | legal_category | head_office_nic
        2     | 2000-01-01 | 2010-01-01 | 2000-02-01 | 5499           |
        2     | 2010-01-02 |            | 2010-02-02 | 7210           |
        3     | 2000-01-01 |            | 2000-02-01 | 5499           |
        5     | 2000-01-01 | 2010-01-01 | 2000-02-01 | 5499           | 00017
    """,
        **TEXTS,
    )
    offices = table(OFFICES, **TEXTS).mutate(is_head_office=True)
    former = offices.filter(offices.siren == "4").mutate(
        siren=ibis.literal("5"), siret=ibis.literal("500017"), is_head_office=False
    )
    both = offices.union(former).mutate(is_masked=False)
    rows = firms(establishments=both, unit_history=history).order_by("siren").to_pyarrow()
    assert rows.column("siren").to_pylist() == ["1", "2", "4", "5"]
    # Of the one whose head office is abroad today, no place of today is told.
    assert rows.column("departement").to_pylist() == ["35", "35", "2A", None]
    assert rows.column("head_office").to_pylist() == ["1a", "2a", "4a", "500015"]
    assert rows.column("legal_category").to_pylist() == ["5499", "7210", "5499", "5499"]


def test_exactly_the_least_headcount_is_enough():
    assert sirens(firms(reached=reached("siren | month | headcount | known_at\n3 | 2023-01-01 | 10 | 2023-05-01"))) == [
        "3"
    ]


def test_without_headcounts_and_accounts_the_registers_size_band_decides():
    assert sirens(firms(reached=None)) == ["1", "4"]
    bands = units().filter(lambda t: t.siren == "1")
    for band in ("11", "12", "21", "22", "31", "32", "41", "42", "51", "52", "53"):
        rows = perimeter.firms(bands.mutate(size_band=ibis.literal(band)), None, None, None, excluded_categories=[])
        assert sirens(rows) == ["1"], band


def test_without_headcounts_the_turnover_of_accounts_known_then_decides():
    accounts = table(
        """
        siren | closed_on  | turnover | accounts_type | known_at
        1     | 2021-12-31 | 999999   | C             | 2022-06-10
        1     | 2022-12-31 | 1000000  | S             | 2023-05-20
        2     | 2022-12-31 | 5000000  | K             | 2023-05-20
        3     | 2022-12-31 |          | C             | 2023-05-20
    """
    )
    large = perimeter.large_enough(None, accounts, min_headcount=10, min_turnover=1_000_000)
    assert sirens(large) == ["1"]
    grid = months("1", "2023-04-01", 4, **FACTS)
    rows = perimeter.in_scope(grid, large, excluded_activities=[])
    assert column(rows, "period") == [date(2023, 6, 1), date(2023, 7, 1)]
    headcounts = table("siren | month | headcount | known_at\n3 | 2023-01-01 | 10 | 2023-05-01")
    assert sirens(perimeter.large_enough(headcounts, accounts, min_headcount=10, min_turnover=0)) == ["3"]
    assert perimeter.large_enough(None, None, min_headcount=10, min_turnover=0) is None


def test_a_filter_file_restricts_the_perimeter():
    assert sirens(firms(perimeter_filter=table("siren\n4"))) == ["4"]


def test_a_firm_is_in_scope_once_it_is_known_to_have_reached_the_headcount_and_for_ten_years():
    grid = months("1", "2023-04-01", 3, **FACTS)
    known = reached("""
        siren | month      | headcount | known_at
        1     | 2023-01-01 | 10        | 2023-05-01
    """)
    rows = perimeter.in_scope(grid, known, excluded_activities=[])
    assert column(rows, "period") == [date(2023, 5, 1), date(2023, 6, 1)]
    later = months("1", "2032-12-01", 3, **FACTS)
    rows = perimeter.in_scope(later, known, excluded_activities=[])
    assert column(rows, "period") == [date(2032, 12, 1), date(2033, 1, 1)]


def test_only_a_month_with_enough_employees_brings_its_own_firm_into_scope():
    grid = months("1", "2023-04-01", 2, **FACTS).union(months("2", "2023-04-01", 2, **FACTS))
    grid = grid.mutate(naf=ibis.null("string"), naf_division=ibis.null("string"))
    known = reached("""
        siren | month      | headcount | known_at
        1     | 2022-12-01 | 9         | 2023-02-01
        2     | 2022-12-01 | 10        | 2023-02-01
        2     | 2023-01-01 | 3         | 2023-03-01
    """)
    rows = perimeter.in_scope(grid, known, excluded_activities=["84"])
    assert column(rows, "siren") == ["2", "2"]
    assert rows.columns == ("siren", "period")


def test_a_firm_of_unknown_activity_is_in_scope():
    grid = months("1", "2023-04-01", 2, **FACTS).mutate(naf=ibis.null("string"), naf_division=ibis.null("string"))
    rows = perimeter.in_scope(grid, None, excluded_activities=["84"])
    assert rows.count().execute() == 2
    assert rows.columns == ("siren", "period")


def test_excluded_activities_are_divisions_or_whole_codes():
    excluded = ["84", "64.11Z"]
    for naf, rows in (("84.11Z", 0), ("64.11Z", 0), ("64.20Z", 3)):
        grid = months("1", "2023-04-01", 3, **FACTS | {"naf": naf, "naf_division": naf[:2]})
        kept = perimeter.in_scope(grid, None, excluded_activities=excluded)
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
    assert rows[1] == {
        "siren": "1",
        "month": date(2024, 2, 1),
        "headcount": 40.0,
        "known_at": date(2024, 6, 1),
    }


def test_of_several_headcounts_of_a_month_the_one_known_first_counts_and_of_one_day_the_smallest():
    own = table("""
        siren | month      | headcount | known_at
        1     | 2024-01-01 | 50        | 2024-06-01
        1     | 2024-02-01 | 61        | 2024-06-01
        1     | 2024-02-01 | 60        | 2024-06-01
        2     | 2024-01-01 | 7         | 2024-07-01
    """)
    sites = table("""
        siren | siret | account | month      | headcount | known_at
        1     | a     | x       | 2024-01-01 | 20        | 2024-05-01
        1     | b     | x       | 2024-01-01 | 22        | 2024-05-01
        1     | c     | x       | 2024-01-01 | 5         | 2024-07-01
    """)
    rows = perimeter.headcounts(own, sites).order_by("siren", "month").to_pyarrow().to_pylist()
    assert [row["headcount"] for row in rows] == [42, 60, 7]


def test_the_headcount_known_at_each_period_and_the_month_that_it_tells_of():
    grid = months("1", "2024-01-01", 3, name="x").union(months("2", "2024-01-01", 1, name="y"))
    headcount = table("""
        siren | month      | headcount | known_at
        1     | 2023-11-01 | 50        | 2024-01-20
        1     | 2023-12-01 | 60        | 2024-02-20
    """)
    rows = perimeter.known_headcount(grid, headcount)
    assert column(rows, "headcount", "1") == [None, 50, 60]
    assert column(rows, "headcount_month", "1") == [None, date(2023, 11, 1), date(2023, 12, 1)]
    assert column(rows, "headcount", "2") == [None]
    assert column(rows, "name") == ["x", "x", "x", "y"]


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
