"""What is read of the data folder, and which version of it."""

import json
from datetime import date

import pytest

from features import store
from features.errors import InputError
from features.folder import BUILD, DataFolder
from features.records import write_record
from features.table_record import BUILD_UPGRADES
from tests.records import build_record

JANUARY, FEBRUARY = date(2024, 1, 1), date(2024, 2, 1)


def build(folder, *periods, **changes):
    with store.new_folder(folder.features) as fresh:
        for period in periods:
            (fresh / f"period={period}").mkdir()
        write_record(fresh / BUILD, build_record(**changes), BUILD_UPGRADES)


def publish(folder, period, text):
    with store.new_folder(folder.list_of(period)) as fresh:
        store.write_text(fresh / "target_list.parquet", text)


def test_nothing_is_there_before_anything_was_made(tmp_path):
    snapshot = DataFolder(tmp_path).snapshot()
    assert (snapshot.table, snapshot.lists, snapshot.scores, snapshot.champion_id) == (None, {}, {}, None)
    with pytest.raises(InputError, match="Run first: weaksignals build"):
        _ = snapshot.built
    with pytest.raises(InputError, match="weaksignals score --period 2024-01"):
        snapshot.scores_of(JANUARY)
    with pytest.raises(InputError, match="No list of 2024-01 is published"):
        snapshot.list_of(JANUARY)


def test_a_snapshot_keeps_to_the_build_that_it_was_taken_of(tmp_path):
    folder = DataFolder(tmp_path)
    build(folder, JANUARY, batch="2401")
    before = folder.snapshot().built
    assert (before.record.batch, before.periods) == ("2401", (JANUARY,))
    build(folder, JANUARY, FEBRUARY, batch="2402")
    after = folder.snapshot().built
    assert (after.record.batch, after.periods) == ("2402", (JANUARY, FEBRUARY))
    assert (before.record.batch, before.periods) == ("2401", (JANUARY,))
    assert before.part(JANUARY) != after.part(JANUARY)


def test_lists_come_oldest_first_and_a_stray_folder_is_none(tmp_path):
    folder = DataFolder(tmp_path)
    for period in (FEBRUARY, JANUARY):
        publish(folder, period, f"{period}")
    (folder.lists / "notes").mkdir()
    snapshot = folder.snapshot()
    assert list(snapshot.lists) == [JANUARY, FEBRUARY]
    assert snapshot.list_of(JANUARY).read_text() == "2024-01-01"
    assert list(snapshot.lists_before(FEBRUARY)) == [JANUARY]


def test_a_list_that_is_published_again_leaves_the_snapshot_on_its_version(tmp_path):
    folder = DataFolder(tmp_path)
    publish(folder, JANUARY, "first")
    path = folder.snapshot().list_of(JANUARY)
    publish(folder, JANUARY, "second")
    assert folder.snapshot().list_of(JANUARY) != path
    assert folder.snapshot().list_of(JANUARY).read_text() == "second"


def test_a_period_that_was_not_built_is_named(tmp_path):
    folder = DataFolder(tmp_path)
    build(folder, JANUARY)
    table = folder.snapshot().built
    assert [path.parent for path in table.parts([JANUARY])] == [table.part(JANUARY)]
    with pytest.raises(InputError, match="2024-02 is not in the feature table"):
        table.parts([JANUARY, FEBRUARY])


def test_a_build_of_an_older_version_had_the_register_of_today(tmp_path):
    folder = DataFolder(tmp_path)
    for absent, facts in (
        ([], {"departement": 1.0, "legal_category": 1.0}),
        (["establishments", "establishment_history"], {"legal_category": 1.0, "naf": 1.0}),
    ):
        build(folder, JANUARY)
        path = folder.features.resolve() / BUILD
        content = {**json.loads(path.read_text()), "version": 1, "absent_sources": absent}
        del content["todays_shares"]
        path.write_text(json.dumps(content))
        assert folder.snapshot().built.record.todays_shares == facts
