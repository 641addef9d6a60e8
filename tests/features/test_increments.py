"""Month after month: a period's rows are what was known then, whatever is delivered later."""

import shutil
from datetime import date
from itertools import pairwise

import pandas as pd
import pytest

from features import engine, store
from features.build import build
from features.folder import FeatureTable
from features.ingest import Reading, ingest
from features.manifests import Manifest, ReceivedFile, write_manifest
from features.past import Plan
from features.periods import period_range
from features.scope import Scope
from features.sources import SOURCES
from simulation.simulation import simulate

BATCHES = ("2401_simulated", "2402_simulated", "2403_simulated")
FIRST, LAST = date(2024, 2, 1), date(2024, 4, 1)
PERIODS = tuple(period_range(FIRST, LAST))
LATE, GONE = "sigfaible_debits.csv", "sigfaible_delais.csv"


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """Three deliveries. The second one's debts come late, and half of its procedures are withdrawn.

    The third one corrects headcounts, and leaves out firms and a file.
    """
    raw = tmp_path_factory.mktemp("raw")
    first = simulate(raw, 150, date(2024, 1, 1), seed=3)
    for batch in BATCHES[1:]:
        shutil.copytree(first, raw / batch)
    half(raw / BATCHES[1] / "sigfaible_pcoll.csv", slice(None, None, 2))
    late = raw / BATCHES[1] / LATE
    half(late, slice(0, 200))
    came = pd.Timestamp("2024-03-20T08:00+01:00").to_pydatetime()
    told = ReceivedFile(LATE, "debts", late.stat().st_size, store.digest(late), came, None, None, 1, 1, 0)
    write_manifest(raw / BATCHES[1], Manifest((told,)))
    half(raw / BATCHES[2] / "sigfaible_effectif_siren.csv", slice(0, 60))
    half(raw / BATCHES[2] / "filter_simulated.csv", slice(0, 80))
    (raw / BATCHES[2] / GONE).unlink()
    return raw


def half(path, lines):
    """Keep the header of a file, and some of its lines."""
    header, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([header, *rest[lines]]))


def delivered(raw, folder, count):
    """Stage the first deliveries; the period that the last of them makes."""
    for batch in BATCHES[:count]:
        if not (folder / "raw" / batch).exists():
            shutil.copytree(raw / batch, folder / "raw" / batch)
    con = engine.connect("duckdb", folder / "scratch", 1)
    folders = {name: folder / name for name in ("staged", "rejects", "scratch")}
    ingest([con], folder / "raw", SOURCES, Reading(1.0, 25, {}), **folders, progress=lambda _: None)
    return PERIODS[count - 1]


def built(folder, start, end, plan=None):
    scope = Scope(start, end, 18, 10, ("7210", "4110", "7389"), ("84", "65", "66"), 1_000_000)
    con = engine.connect("duckdb", folder / "scratch", 1)
    shutil.rmtree(folder / "scratch")
    (folder / "scratch").mkdir()
    done = build(con, folder / "staged", folder / "features", folder / "scratch", scope, 25, lambda _: None, plan)
    return done, FeatureTable((folder / "features").resolve())


def contents(table, period):
    return {path.name: path.read_bytes() for path in table.part(period).iterdir()}


@pytest.fixture(scope="module")
def house(raw, tmp_path_factory):
    """A data folder that each delivery gave its period; and the table after each."""
    folder, tables = tmp_path_factory.mktemp("house"), []
    for count in range(1, len(BATCHES) + 1):
        period = delivered(raw, folder, count)
        done, table = built(folder, FIRST, period)
        assert (done.plan.to_build, done.plan.kept) == ((period,), PERIODS[: count - 1])
        tables.append({period: contents(table, period) for period in table.periods})
    return folder, table, tables


@pytest.mark.slow
def test_an_increment_gives_the_bytes_of_a_build_of_each_period_at_its_time(raw, house, tmp_path):
    _, table, _ = house
    # The first period was built in just this way.
    for count in range(2, len(BATCHES) + 1):
        folder = tmp_path / str(count)
        period = delivered(raw, folder, count)
        _, alone = built(folder, period, period)
        assert contents(alone, period) == contents(table, period)


@pytest.mark.slow
def test_later_deliveries_corrections_and_late_files_leave_the_rows_of_past_periods(house):
    _, table, tables = house
    for before, after in pairwise(tables):
        assert {period: after[period] for period in before} == before
    made = {period: table.made_of(period) for period in PERIODS}
    assert [one.batch for one in made.values()] == list(BATCHES)
    # Debts are delivered whole each time; notices add up.
    of_debts, of_notices = (
        [sorted(f.batch for f in one.files if f.source == source) for one in made.values()]
        for source in ("debts", "bodacc")
    )
    assert of_debts == [[batch] for batch in BATCHES]
    assert of_notices == [list(BATCHES[:count]) for count in (1, 2, 3)]


@pytest.mark.slow
def test_a_rebuild_makes_of_the_past_what_is_staged_now(house, tmp_path):
    folder, table, _ = house
    again = shutil.copytree(folder, tmp_path / "again", symlinks=True)
    done, rewritten = built(again, FIRST, FIRST, Plan((FIRST,), again=(FIRST,), kept=PERIODS[1:]))
    assert done.plan.again == (FIRST,)
    assert contents(rewritten, FIRST) != contents(table, FIRST)
    assert rewritten.made_of(FIRST).batch == BATCHES[-1]
    assert contents(rewritten, LAST) == contents(table, LAST)


@pytest.mark.slow
def test_the_feature_table_holds_no_label_and_labels_are_known_up_to_the_newest_delivery(house):
    _, table, _ = house
    assert "label" not in rows_of(table, FIRST)
    assert set(pd.read_parquet(table.labels)["period"]) == set(PERIODS)
    assert table.record.observed_until == date(2024, 3, 1)


@pytest.mark.slow
def test_a_firm_that_a_delivery_no_longer_lists_keeps_its_facts_where_it_was_in_scope(house):
    _, table, _ = house
    gone = set(rows_of(table, FIRST)["siren"]) - set(rows_of(table, LAST)["siren"])
    assert len(gone) > 10
    assert gone <= set(pd.read_parquet(table.firms)["siren"])


def rows_of(table, period):
    return pd.read_parquet(table.part(period), partitioning=None)
