"""A new list is shown once what its pages need was computed; what an unchanged file tells is computed once."""

import os
import shutil

from features import store
from features.folder import TARGET_LIST
from reports.review import data as reading
from reports.review.aggregates import by_group
from reports.review.data import Reader
from reports.review.pages.territory import EVERYONE
from reports.review.sectors import KEY_FIGURES, _quartiles, sector_quartiles


def publish(data, key):
    with store.new_folder(data / "lists" / key) as fresh:
        shutil.copy(data / "lists" / "2024-02" / TARGET_LIST, fresh)


def test_a_new_list_is_shown_once_it_was_prepared_and_those_before_always(copied):
    reader = Reader(copied)
    reader.await_preparation()
    publish(copied, "2024-03")
    assert reader.keys() == ["2024-02", "2024-01"]
    assert reader.published(None).key == "2024-02"
    assert reader.published("2024-03").key == "2024-03"
    reader.show(reader.published(None, among=reader.folder.snapshot()))
    assert reader.keys() == ["2024-03", "2024-02", "2024-01"]


def test_a_month_that_is_published_again_is_shown_at_once(copied):
    publish(copied, "2024-03")
    reader = Reader(copied)
    reader.await_preparation()
    publish(copied, "2024-03")
    assert reader.keys()[0] == "2024-03"


def test_a_build_is_shown_once_it_was_prepared_and_until_then_the_one_before(copied):
    folder = copied / "features"
    with store.new_folder(copied / "moved") as fresh:
        shutil.copytree(folder, fresh, dirs_exist_ok=True)
    shutil.rmtree(folder)
    (copied / "moved").rename(folder)
    reader = Reader(copied)
    reader.await_preparation()
    former = reader.published(None)
    with store.new_folder(folder, keeps_former=True) as fresh:
        shutil.copytree(former.table.folder, fresh, copy_function=os.link, dirs_exist_ok=True)
    newer = reader.folder.snapshot()
    assert reader.published(None) == former
    assert reader.columns(former.firms)
    reader.show(reader.published(None, among=newer))
    assert reader.published(None).table.folder == newer.built.folder != former.table.folder
    # The next run deletes the former one: where it is gone, nobody waits for what is newer.
    with store.new_folder(folder) as fresh:
        shutil.copytree(newer.built.folder, fresh, copy_function=os.link, dirs_exist_ok=True)
    assert reader.published(None).table.folder == reader.folder.snapshot().built.folder != newer.built.folder


def test_a_list_that_can_not_be_prepared_is_shown_after_a_while(copied, monkeypatch):
    reader = Reader(copied)
    reader.await_preparation()
    publish(copied, "2024-03")
    assert reader.keys()[0] == "2024-02"
    monkeypatch.setattr(reading, "MOST_PREPARATION", -1.0)
    assert reader.keys()[0] == "2024-03"


def test_who_never_prepares_shows_a_list_at_once(copied):
    reader = Reader(copied)
    publish(copied, "2024-03")
    assert reader.keys()[0] == "2024-03"


def test_what_was_computed_is_kept_where_the_feature_table_is_replaced_and_links_the_same_files(copied):
    reader = Reader(copied)
    former = reader.published(None)
    counted = by_group(reader, former, EVERYONE.place)
    sector_quartiles(reader, former.features, "25")
    computed = _quartiles.cache_info().misses
    was = (copied / "features").rename(copied / "was")
    with store.new_folder(copied / "features") as fresh:
        shutil.copytree(was, fresh, copy_function=os.link, dirs_exist_ok=True)
    published = reader.published(None)
    assert published != former
    assert by_group(reader, published, EVERYONE.place) is counted
    sector_quartiles(reader, published.features, "25", KEY_FIGURES)
    assert _quartiles.cache_info().misses == computed
