"""A build makes the periods that are missing; the others stay as they were built, unless somebody asks otherwise."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from features.buckets import bucket_count
from features.errors import InputError
from features.folder import BUILD, MADE_OF, FeatureTable
from features.past import came_since, link_parts, open_periods, planned, shares_together, spans
from features.periods import add_months, period_range
from features.records import write_record
from features.scope import Scope
from features.table_record import BUILD_UPGRADES, PERIOD_UPGRADES, PeriodRecord, StagedFile
from tests.records import build_record

BUILT = tuple(period_range(date(2023, 1, 1), date(2023, 6, 1)))
RECORD = build_record(start=BUILT[0], end=BUILT[-1])
VERSION = RECORD.dictionary_version
SCOPE = Scope(date(2023, 1, 1), date(2023, 8, 1), RECORD.horizon, RECORD.min_headcount, [], [], RECORD.min_turnover)
APRIL, MAY = (StagedFile("debts", batch, "sigfaible_debits.csv", batch) for batch in ("2304", "2305"))
MISSING = (date(2023, 7, 1), date(2023, 8, 1))


@pytest.fixture
def table(tmp_path):
    table = FeatureTable(tmp_path / "former")
    for period in BUILT:
        table.part(period).mkdir(parents=True)
        pd.DataFrame({"siren": ["552100554", "100000017"]}).to_parquet(table.part(period) / "part-0.parquet")
        made = PeriodRecord(period, {}, BUILT[0], BUILT[-1], "2305", (APRIL, MAY), "code", VERSION, "f")
        write_record(table.part(period) / MADE_OF, made, PERIOD_UPGRADES)
    write_record(table.folder / BUILD, RECORD, BUILD_UPGRADES)
    return table


def test_what_is_missing_is_built_and_all_else_is_kept_with_the_same_files(table, tmp_path):
    plan = planned(table, SCOPE, VERSION)
    assert (plan.to_build, plan.kept, plan.again, plan.removed) == (MISSING, BUILT, (), ())
    fresh = FeatureTable(tmp_path / "fresh")
    fresh.folder.mkdir()
    assert link_parts(table, plan.kept, fresh) == 12
    assert fresh.periods == BUILT
    for period in BUILT:
        for name in ("part-0.parquet", MADE_OF):
            assert (table.part(period) / name).samefile(fresh.part(period) / name)


def test_where_nothing_is_missing_nothing_is_built(table):
    assert planned(table, replace(SCOPE, end=BUILT[3]), VERSION).to_build == ()


def test_where_nothing_is_built_all_is_missing_however_it_is_built(tmp_path):
    scope = replace(SCOPE, min_headcount=99)
    assert planned(FeatureTable(tmp_path), scope, "another").to_build == tuple(period_range(scope.start, scope.end))


def test_a_rebuild_builds_anew_what_is_asked_for_and_keeps_the_rest(table):
    plan = planned(table, replace(SCOPE, start=BUILT[-1], end=BUILT[-1]), VERSION, is_rebuild=True)
    assert (plan.to_build, plan.again, plan.kept) == (BUILT[-1:], BUILT[-1:], BUILT[:-1])


def test_a_rebuild_of_all_removes_what_can_not_stand_beside_it(table):
    scope = replace(SCOPE, start=BUILT[2], min_headcount=20)
    plan = planned(table, scope, VERSION, is_rebuild=True, may_remove=True)
    assert (plan.again, plan.removed, plan.kept) == (BUILT[2:], BUILT[:2], ())


@pytest.mark.parametrize(
    ("changes", "version", "told"),
    [
        ({"min_headcount": 20}, VERSION, "2023-01 to 2023-06.*with another min_headcount.*--rebuild"),
        ({"excluded_activities": ("84",)}, VERSION, "another excluded_activities"),
        ({"horizon": 12}, "another", "another horizon and other definitions of features"),
        ({"start": date(2023, 9, 1), "end": date(2023, 9, 1)}, VERSION, "2023-07 to 2023-08 would be missing"),
    ],
)
def test_periods_that_can_not_stand_beside_those_to_build_are_refused_in_a_sentence(table, changes, version, told):
    with pytest.raises(InputError, match=told):
        planned(table, replace(SCOPE, **changes), version)


def test_a_table_of_an_older_version_is_refused_with_what_to_do(table):
    (table.part(BUILT[2]) / MADE_OF).unlink()
    with pytest.raises(
        InputError, match=r"labels among the features, by an older version.*weaksignals build --rebuild"
    ):
        planned(table, SCOPE, VERSION)


def test_what_a_period_was_made_of_is_asked_for_again_where_it_is_damaged(table):
    (table.part(BUILT[2]) / MADE_OF).write_text("{")
    with pytest.raises(InputError, match="weaksignals build --start 2023-03 --end 2023-03 --rebuild"):
        planned(table, SCOPE, VERSION)
    alone = replace(SCOPE, start=BUILT[2], end=BUILT[2])
    assert planned(table, alone, VERSION, is_rebuild=True).again == (BUILT[2],)


def test_a_period_is_told_with_the_files_that_it_was_made_of(table):
    assert table.record.files == ()
    assert table.record_at(BUILT[0]).files == (APRIL, MAY)
    assert table.record_at(BUILT[0]).older_sources(date(2023, 7, 1)) == {}


def test_a_period_is_open_while_no_list_tells_of_it_and_files_come_that_were_due_by_then(table):
    late = StagedFile("debts", "2305_v02", "sigfaible_debits.csv", "other")
    june = StagedFile("debts", "2306", "sigfaible_debits.csv", "2306")
    assert open_periods(table, [], [APRIL, MAY, late, june], 25) == [date(2023, 6, 1)]
    assert came_since(table, BUILT[-1], [APRIL, MAY, late, june], 25) == ("2305_v02/sigfaible_debits.csv",)
    # The delivery of June makes July.
    assert open_periods(table, [], [APRIL, MAY, june], 25) == []
    assert open_periods(table, [BUILT[-1]], [APRIL, MAY, late], 25) == []
    # A month whose list was refused is not yet past either.
    assert open_periods(table, [BUILT[-3]], [APRIL, MAY, late], 25) == [BUILT[-1]]
    assert planned(table, SCOPE, VERSION, open_ones=[BUILT[-1]]).to_build == (BUILT[-1], *MISSING)


def test_stretches_of_periods_are_told_by_their_ends():
    assert spans((BUILT[0], BUILT[1], BUILT[3])) == "2023-01 to 2023-02, 2023-04"


def test_shares_count_by_the_rows_that_they_are_of():
    assert shares_together(({"naf": 0.5}, {"naf": 1.0, "state": 0.3}), (100, 300)) == {"naf": 0.875, "state": 0.225}


def test_one_period_takes_fewer_buckets_of_firms_than_ten_years_do():
    one, all_of = replace(SCOPE, start=SCOPE.end), replace(SCOPE, start=add_months(SCOPE.end, -119))
    assert [bucket_count(firms, all_of) for firms in (1, 20_000, 350_000)] == [1, 1, 18]
    assert bucket_count(350_000, one) == 4
