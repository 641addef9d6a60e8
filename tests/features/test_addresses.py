"""Firms at one address, by hand: who was there when, and who failed."""

import ibis

from features.addresses import neighbours, placed
from features.themes import context
from tests.tables import column, months, table

TEXTS = dict.fromkeys(
    ("siret", "street_number", "repetition_index", "postcode", "state", "head_office_nic", "stage"), "string"
)
# Firms 1 to 3 at 5 RUE A; firm 1 moved from 7 RUE B; a masked one, and one without a number.
OFFICES = """
    siret          | street_number | repetition_index | street_type | street_name | postcode | known_at   | is_masked
    00000000100011 | 7             |                  | RUE         | B           | 75001    | 2015-01-01 | no
    00000000100022 | 5             |                  | rue         | a           | 75001    | 2020-03-15 | no
    00000000200011 | 5             |                  | RUE         | A           | 75001    | 2018-01-01 | no
    00000000300011 | 5             |                  | RUE         | A           | 75001    | 2019-01-01 | no
    00000000400011 | 5             |                  | RUE         | A           | 75001    | 2019-01-01 | yes
    00000000500011 |               |                  | RUE         | A           | 75001    | 2019-01-01 | no
"""
HISTORY = """
    siren     | started_on | ended_on   | known_at   | head_office_nic | state
    000000001 | 2014-12-01 | 2020-02-09 | 2015-01-01 | 00011           | A
    000000001 | 2020-02-10 |            | 2020-03-10 | 00022           | A
    000000002 | 2018-01-01 | 2021-04-30 | 2018-02-01 | 00011           | A
    000000002 | 2021-05-01 |            | 2021-06-01 | 00011           | C
    000000003 | 2019-01-01 |            | 2019-02-01 | 00011           | A
    000000004 | 2019-01-01 |            | 2019-02-01 | 00011           | A
"""
OPENED = """
    siren     | stage   | known_at
    000000002 | opening | 2020-06-12
    000000002 | opening | 2020-09-01
    000000003 | plan    | 2020-06-12
    000000001 | opening | 2016-01-01
"""
NOTHING = "siren | stage | known_at"
PLACE = "5  RUE A 75001"


def offices():
    rows = table(OFFICES, **TEXTS)
    return rows.mutate(is_masked=rows.is_masked == "yes")


def told(firms="siren\n000000001"):
    history, opened, nothing = (table(text, **TEXTS) for text in (HISTORY, OPENED, NOTHING))
    return neighbours(table(firms, siren="string"), history, offices(), opened, nothing)


def test_an_address_is_the_street_its_number_and_the_postcode_whatever_the_case():
    rows = placed(offices()).to_pyarrow().to_pylist()
    assert {row["siret"][:9]: row["place"] for row in rows if row["place"] == PLACE} == {
        "000000001": PLACE,
        "000000002": PLACE,
        "000000003": PLACE,
    }
    assert len(rows) == 4  # neither the masked one nor that without a number


def test_firms_come_to_an_address_and_leave_it_when_that_is_known():
    rows = told().filter(lambda t: t.place == PLACE).order_by("since").to_pyarrow().to_pylist()
    assert [(str(row["since"]), row["firms_at_address"], row["failed_at_address"]) for row in rows] == [
        ("2018-02-01", 1, 0),
        ("2019-02-01", 2, 0),
        ("2020-04-01", 3, 0),  # firm 1: the move is known on 10 March, the new office on 15 March
        ("2020-07-01", 3, 1),  # firm 2 failed; its second opening is no other failure
        ("2021-06-01", 2, 1),  # firm 2 ceased
        ("2023-07-01", 2, 0),  # 36 months after the failure
    ]


def test_a_firm_that_failed_before_it_came_is_no_failure_of_the_address():
    rows = told().filter(lambda t: t.place == "7  RUE B 75001").order_by("since").to_pyarrow().to_pylist()
    assert [(str(row["since"]), row["firms_at_address"], row["failed_at_address"]) for row in rows] == [
        ("2015-01-01", 1, 0),
        ("2016-01-01", 1, 1),  # firm 1 failed here, not at its later address
        ("2019-01-01", 1, 0),
        ("2020-04-01", 0, 0),
    ]


def test_only_the_addresses_of_the_tables_firms_are_told_of():
    assert told("siren\n000000004").count().execute() == 0


def test_each_month_of_a_firm_has_the_numbers_of_its_address_then():
    grid = months("1", "2020-05-01", 3, place=PLACE).union(months("2", "2020-05-01", 3, place="NOWHERE"))
    values = context.known_values(grid, told())
    assert column(values, "firms_at_address") == [3, 3, 3, None, None, None]
    assert column(values, "failed_at_address") == [0, 0, 1, None, None, None]
    unknown = grid.mutate(place=ibis.null("string"))
    assert column(context.known_values(unknown, told()), "firms_at_address") == [None] * 6
