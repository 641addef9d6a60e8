"""A new list is shown once what its pages need was computed; what an unchanged file tells is computed once."""

import asyncio
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from features import store
from features.folder import TARGET_LIST
from reports.review import app as application
from reports.review import data as reading
from reports.review.aggregates import by_group
from reports.review.data import NotPublishedError, Reader
from reports.review.kept import KeptTables, once
from reports.review.pages.territory import EVERYONE
from reports.review.sectors import KEY_FIGURES, sector_quartiles
from reports.review.sql import Sql


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
    computed = sector_quartiles(reader, former.features, "25")
    was = (copied / "features").rename(copied / "was")
    with store.new_folder(copied / "features") as fresh:
        shutil.copytree(was, fresh, copy_function=os.link, dirs_exist_ok=True)
    published = reader.published(None)
    assert published != former
    assert by_group(reader, published, EVERYONE.place) is counted
    assert sector_quartiles(reader, published.features, "25", KEY_FIGURES) is computed


def test_the_same_is_computed_once_and_nobody_waits_for_something_else():
    asked, goes_on = [], threading.Event()

    @once(maxsize=2)
    def doubled(number):
        asked.append(number)
        assert number != 1 or goes_on.wait(10)
        return 2 * number

    with ThreadPoolExecutor(3) as pool:
        slow = [pool.submit(doubled, 1) for _ in range(2)]
        assert pool.submit(doubled, 2).result(5) == 4
        assert not any(one.done() for one in slow)
        goes_on.set()
        assert [one.result() for one in slow] == [2, 2]
    assert sorted(asked) == [1, 2]


def test_nobody_waits_for_a_table_that_is_there_while_another_is_made(copied):
    reader = Reader(copied)
    published = reader.published(None)
    tables = KeptTables(reader)
    there = tables.made(published, lambda: Sql("SELECT 1 AS siren"))
    with ThreadPoolExecutor(1) as pool:
        tables.made(published.alone, lambda: pool.submit(tables.made, published, None).result(5) and Sql("SELECT 2"))
    assert tables.found(published) == there != tables.found(published.alone)


def test_nothing_is_prepared_while_a_run_still_publishes(monkeypatch):
    found, looks = iter(["before", "build", "scores", "list", "list"]), []
    folder = SimpleNamespace(snapshot=lambda: looks.append(next(found)) or looks[-1])
    services = SimpleNamespace(reader=SimpleNamespace(folder=folder, await_preparation=lambda: None))

    def prepared(_):
        raise NotPublishedError

    monkeypatch.setattr(application, "BETWEEN_LOOKS", 0)
    monkeypatch.setattr(application, "_prepare_lists", prepared)
    with pytest.raises(NotPublishedError):
        asyncio.run(application._await_lists(services))
    assert looks == ["before", "build", "scores", "list", "list"]
