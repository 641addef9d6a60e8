"""A build of some periods keeps the others as they were built, where they can stand beside them."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from features.errors import InputError
from features.folder import BUILD, BUILD_UPGRADES, FeatureTable
from features.past import kept_periods, labels_known_until, link_parts, shares_together
from features.periods import period_range
from features.records import write_record
from features.scope import Scope
from tests.records import build_record

BUILT = period_range(date(2023, 1, 1), date(2023, 6, 1))
RECORD = build_record(start=BUILT[0], end=BUILT[-1], observed_until=date(2023, 6, 1))
SCOPE = Scope(date(2023, 3, 1), date(2023, 4, 1), RECORD.horizon, RECORD.min_headcount, [], [], RECORD.min_turnover)


@pytest.fixture
def table(tmp_path):
    table = FeatureTable(tmp_path / "former")
    for period in BUILT:
        table.part(period).mkdir(parents=True)
        pd.DataFrame({"siren": ["552100554", "100000017"]}).to_parquet(table.part(period) / "part-0.parquet")
    write_record(table.folder / BUILD, RECORD, BUILD_UPGRADES)
    return table


def test_the_periods_outside_of_those_to_build_are_kept_with_the_same_files(table, tmp_path):
    kept = kept_periods(table, SCOPE, RECORD.dictionary_version)
    assert kept == (BUILT[0], BUILT[1], BUILT[4], BUILT[5])
    fresh = FeatureTable(tmp_path / "fresh")
    fresh.folder.mkdir()
    assert link_parts(table, kept, fresh) == 8
    assert fresh.periods == kept
    for period in kept:
        old, new = (one.part(period) / "part-0.parquet" for one in (table, fresh))
        assert old.samefile(new)


def test_where_nothing_is_outside_nothing_is_kept_however_it_was_built(table):
    scope = replace(SCOPE, start=BUILT[0], end=BUILT[-1], min_headcount=99)
    assert kept_periods(table, scope, "another") == ()


@pytest.mark.parametrize(
    ("changes", "version", "told"),
    [
        ({"min_headcount": 20}, RECORD.dictionary_version, "2023-01 to 2023-06.*with another min_headcount.*--rebuild"),
        ({"excluded_activities": ("84",)}, RECORD.dictionary_version, "another excluded_activities"),
        ({"horizon": 12}, "another", "another horizon and other definitions of features"),
        (
            {"start": date(2023, 9, 1), "end": date(2023, 9, 1)},
            RECORD.dictionary_version,
            "2023-07 to 2023-08 would be missing",
        ),
    ],
)
def test_periods_that_can_not_stand_beside_those_to_build_are_refused_in_a_sentence(table, changes, version, told):
    with pytest.raises(InputError, match=told):
        kept_periods(table, replace(SCOPE, **changes), version)


def test_labels_are_known_no_longer_than_those_of_the_periods_kept():
    # The horizon is of 18 months: the label of 2023-01 matures on 2024-07-01.
    assert labels_known_until(RECORD, [BUILT[0]], date(2024, 6, 1)) == date(2024, 6, 1)
    assert labels_known_until(RECORD, [BUILT[0]], date(2024, 7, 1)) == RECORD.observed_until
    assert labels_known_until(RECORD, [], date(2030, 1, 1)) == date(2030, 1, 1)


def test_shares_count_by_the_rows_that_they_are_of():
    assert shares_together(({"naf": 0.5}, {"naf": 1.0, "state": 0.3}), (100, 300)) == {"naf": 0.875, "state": 0.225}
