from datetime import date

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import luhn

from features.sources import formats


def read(reader, *cells):
    t = ibis.memtable({"cell": list(cells)}, schema={"cell": "string"})
    return t.select(value=reader(t.cell)).to_pyarrow().column("value").to_pylist()


def test_a_value_stands_only_where_its_condition_does():
    assert read(lambda cell: formats.only_if(cell.upper(), cell != "b"), "a", "b", None) == ["A", None, None]


def test_identifiers_keep_or_regain_their_leading_zeros():
    assert read(formats.siren, "005520135", "5520135", "552 100 554") == ["005520135", "005520135", "552100554"]
    assert read(formats.siret, "552013500012") == ["00552013500012"]
    assert read(formats.nic, "12") == ["00012"]


def test_a_provisional_siret_keeps_the_siren_that_it_starts_with():
    assert read(formats.siret, "100000004p0001", "5520135P0001", "A00000004P0001", "ABC") == [
        *("100000004P0001", "005520135P0001"),
        *(None, None),
    ]


def test_an_account_is_the_same_with_and_without_its_leading_zeros():
    assert read(formats.account, "00117", "117", "0", None) == ["117", "117", "0", None]


@pytest.mark.parametrize("cell", ["5521005541", "55210055A", "12", "-"])
def test_what_is_not_a_siren_is_unknown(cell):
    assert read(formats.siren, cell) == [None]


def test_numbers_come_with_commas_points_and_any_blank_as_thousands_separator():
    assert read(formats.number, "1 234,5", "1\u00a0234.5", "1\u202f234", "-3", "1e3") == [
        1234.5,
        1234.5,
        1234,
        -3,
        1000,
    ]


@pytest.mark.parametrize("cell", ["nan", "inf", "1.2.3", "12 €", "--3", "abc"])
def test_what_is_not_a_number_is_unknown(cell):
    assert read(formats.number, cell) == [None]


def test_amounts_in_cents_become_euros():
    assert read(formats.cents, "195907", "-50") == [1959.07, -0.5]


def test_a_number_beyond_every_quantity_is_unknown():
    assert read(formats.number, "1e99", "-1e99", "9" * 16, "1e16", "1.5E+11", "0" * 20 + "7") == [
        None, None, None, None, 1.5e11, 7,
    ]  # fmt: skip
    assert read(formats.count, "1e99") == read(formats.cents, "1e99") == read(formats.percentage, "1e99") == [None]


def test_percentages_become_shares_held_within_0_and_1():
    assert read(formats.percentage, "12,5", "150", "-3") == [0.125, 1, 0]


def test_dates_come_as_iso_french_or_a_month():
    cells = ["2020-12-30", "2020-12-30T10:11:12", "31/12/2019", "31/12/19", "12/2020"]
    assert read(formats.day, *cells) == [
        date(2020, 12, 30), date(2020, 12, 30), date(2019, 12, 31), date(2019, 12, 31), date(2020, 12, 1),
    ]  # fmt: skip


@pytest.mark.parametrize("cell", ["31/02/2019", "2020-13-01", "invalid_date", "0009-12-10", "5025-01-01", "20201230"])
def test_impossible_dates_are_unknown(cell):
    assert read(formats.day, cell) == [None]


def test_urssaf_dates_count_years_from_1900():
    assert read(formats.urssaf_date, "1160318", "990612", "1169999") == [date(2016, 3, 18), date(1999, 6, 12), None]


def test_insolvency_dates_have_english_months_in_any_case():
    assert read(formats.english_date, "26MAY2014", "4oct2017", "26MAI2014") == [
        date(2014, 5, 26), date(2017, 10, 4), None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        (formats.urssaf_date, ["9990101", "3000101"]),
        (formats.english_date, ["01JAN0001", "31DEC9999"]),
        (formats.urssaf_period, ["000010", "999911", "179962"]),
        (formats.urssaf_period_end, ["000010", "999962", "220010"]),
    ],
)
def test_a_date_of_another_age_is_unknown(kind, cells):
    assert read(kind, *cells) == [None] * len(cells)


@pytest.mark.parametrize(
    ("code", "start", "end"),
    [
        ("201631", date(2016, 7, 1), date(2016, 8, 1)),
        ("1031", date(2010, 7, 1), date(2010, 8, 1)),
        ("9912", date(1999, 2, 1), date(1999, 3, 1)),
        ("201620", date(2016, 4, 1), date(2016, 7, 1)),
        ("201662", date(2016, 1, 1), date(2017, 1, 1)),
        ("0262", date(2002, 1, 1), date(2003, 1, 1)),
        ("199904", None, None),
        ("201653", None, None),
    ],
)
def test_urssaf_periods_are_a_month_a_quarter_or_a_year(code, start, end):
    assert read(formats.urssaf_period, code) == [start]
    assert read(formats.urssaf_period_end, code) == [end]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 10**9 - 1).map("{:09d}".format), min_size=1, max_size=20))
def test_luhn_keys_are_judged_as_by_stdnum(numbers):
    t = ibis.memtable({"n": numbers})
    judged = t.select(ok=formats.luhn_is_valid(t.n, 9)).to_pyarrow().column("ok").to_pylist()
    assert judged == [luhn.is_valid(number) for number in numbers]
