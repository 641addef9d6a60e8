"""The names that are searched: kept of the newest list, without accents and capitals."""

import shutil
import time

import pytest

from features import store
from features.folder import TARGET_LIST
from reports.review import app as application
from reports.review.data import Reader
from reports.review.kept import MOST
from reports.review.names import names_of
from reports.review.sql import Sql, select
from tests.reports.review.conftest import TestClient, app_on, shown, signed_in


def published(data, key):
    """A further list, whose features are those of February."""
    with store.new_folder(data / "lists" / key) as fresh:
        shutil.copy(data / "lists" / "2024-02" / TARGET_LIST, fresh)


def tables(reader):
    """The names of the tables in memory."""
    return {row["table_name"] for row in reader.query("SELECT table_name FROM duckdb_tables()")}


def test_the_names_of_the_newest_list_are_kept_and_searched_in_plain_letters(data_template):
    reader = Reader(data_template)
    names = names_of(reader, reader.published(None))
    found = reader.query(*select(["siren"], names, Sql("name = ?", ("boulangerie emile",))))
    assert found == [{"siren": "100000017"}]
    assert names_of(reader, reader.published("2024-01")) is None


def test_one_of_many_readers_keeps_its_names_under_a_name_of_their_own(data_template):
    readers = [Reader(data_template) for _ in range(6)]
    for reader in (*readers, readers[0]):
        names = names_of(reader, reader.published(None))
        assert reader.query(*select(["count(*) AS n"], names)) == [{"n": 7}]


def test_of_lists_that_are_published_one_after_another_the_names_of_the_last_two_are_kept(copied):
    reader = Reader(copied)
    for key in ("2024-03", "2024-04", "2024-05"):
        names_of(reader, reader.published(None))
        published(copied, key)
    first, again = (names_of(reader, reader.published(None)) for _ in range(2))
    assert first == again
    assert len(tables(reader)) == MOST
    for key in ("2024-05", "2024-04"):
        store.remove(copied / "lists" / key)
    assert reader.query(*select(["count(*) AS n"], names_of(reader, reader.published(None)))) == [{"n": 7}]


def test_a_worker_prepares_a_list_as_soon_as_it_is_published(copied, tmp_path, monkeypatch):
    monkeypatch.setattr(application, "BETWEEN_LOOKS", 0.05)
    app = app_on(copied, tmp_path)
    with TestClient(app):
        before = tables(app.state.services.reader)
        published(copied, "2024-03")
        patience = time.monotonic() + 60
        while tables(app.state.services.reader) == before and time.monotonic() < patience:
            time.sleep(0.05)
        assert tables(app.state.services.reader) > before


@pytest.mark.parametrize("key", ["2024-01", "2024-02", "2024-03"])
def test_a_name_is_found_alike_on_every_list_whatever_is_published_meanwhile(copied, tmp_path, key):
    admin = signed_in(app_on(copied, tmp_path), "admin")
    assert "BOULANGERIE ÉMILE" in shown(admin.get("/lists/2024-02?q=Emile+boulang"))
    published(copied, "2024-03")
    page = shown(admin.get(f"/lists/{key}?q=Emile+boulang"))
    assert "BOULANGERIE ÉMILE" in page
    assert "ATELIERS DURAND" not in page
