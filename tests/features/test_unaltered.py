"""A file of ours that reads, and is not what was written, is refused before it is used."""

from datetime import date

import pandas as pd
import pytest

from features import store
from features.errors import InputError
from features.folder import BUILD, FIRMS, MADE_OF, FeatureTable
from features.received import FileReport, staged_names, write_reports
from features.records import write_record
from features.sources.debts import DEBTS
from features.table_record import BUILD_UPGRADES, PERIOD_UPGRADES, PeriodRecord
from features.unaltered import refuse_altered_records, refuse_altered_rows
from tests.records import build_record

JANUARY, FEBRUARY = date(2024, 1, 1), date(2024, 2, 1)


def report(batch, staged):
    nothing = {"sha256": "", "lines": 1, "kept": 1, "rejected": 0, "unread_cells": 0, "first": None, "last": None}
    file = {"file": "sigfaible_debits.csv", "staged_sha256": store.digest(staged)}
    return FileReport("debts", batch, firms=1, wrong_keys=0, unlisted={}, **file, **nothing)


def swap(one, other):
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


@pytest.fixture
def staged(tmp_path):
    """Two batches of debts, the second one in two parts."""
    folder = tmp_path / "staged" / "debts"
    folder.mkdir(parents=True)
    reports = []
    for number, name in enumerate(("2401-0", "2402-0", "2402-1")):
        path = folder / f"{name}.parquet"
        pd.DataFrame({"siren": ["552100554"], "amount": [float(number)]}).to_parquet(path)
        reports.append(report(name[:4], path))
    write_reports(folder, reports)
    assert staged_names(reports) == [path.name for path in sorted(folder.glob("*.parquet"))]
    return folder


def test_two_staged_files_that_changed_places_are_refused_with_what_to_do(staged):
    refuse_altered_records(staged.parent, [DEBTS])
    swap(staged / "2401-0.parquet", staged / "2402-0.parquet")
    told = r"2401-0.parquet does not hold .* from 2401/sigfaible_debits.csv. Read .* weaksignals ingest RAW"
    with pytest.raises(InputError, match=told):
        refuse_altered_records(staged.parent, [DEBTS])


@pytest.mark.parametrize("name", ["2401-0.parquet", "2402-1.parquet"])
def test_a_staged_value_that_was_garbled_is_refused_and_so_is_a_file_that_is_gone(staged, name):
    pd.DataFrame({"siren": ["552100554"], "amount": [1e6]}).to_parquet(staged / name)
    with pytest.raises(InputError, match=name):
        refuse_altered_records(staged.parent, [DEBTS])
    (staged / name).unlink()
    with pytest.raises(InputError, match=name):
        refuse_altered_records(staged.parent, [DEBTS])


@pytest.fixture
def table(tmp_path):
    table = FeatureTable(tmp_path / "features")
    for number, period in enumerate((JANUARY, FEBRUARY)):
        part = table.part(period)
        part.mkdir(parents=True)
        pd.DataFrame({"siren": ["552100554"], "debt": [float(number)]}).to_parquet(part / "part-0.parquet")
        made = PeriodRecord(period, store.digests(part), JANUARY, FEBRUARY, "2401", (), "code", "b3c5", "f")
        write_record(part / MADE_OF, made, PERIOD_UPGRADES)
    pd.DataFrame({"siren": ["552100554"]}).to_parquet(table.firms)
    write_record(table.folder / BUILD, build_record(contents=store.digests(table.folder)), BUILD_UPGRADES)
    return table


def test_rows_of_another_period_or_with_a_garbled_value_are_refused_with_what_to_do(table):
    refuse_altered_rows(table, table.periods)
    part = table.part(FEBRUARY) / "part-0.parquet"
    before = part.read_bytes()
    pd.DataFrame({"siren": ["552100554"], "debt": [7.0]}).to_parquet(part)
    with pytest.raises(
        InputError, match=r"not hold what was built for 2024-02. .* --start 2024-02 --end 2024-02 --rebuild"
    ):
        refuse_altered_rows(table, table.periods)
    refuse_altered_rows(table, [JANUARY])
    part.write_bytes(before)
    swap(table.part(JANUARY), table.part(FEBRUARY))
    for period in (JANUARY, FEBRUARY):
        with pytest.raises(InputError, match=f"not hold what was built for {period:%Y-%m}"):
            refuse_altered_rows(table, [period])


def test_what_stands_beside_the_periods_is_looked_at_too(table):
    pd.DataFrame({"siren": ["100000017"]}).to_parquet(table.firms)
    with pytest.raises(
        InputError, match=rf"{FIRMS} of the feature table does not hold what was built. Build the table again"
    ):
        refuse_altered_rows(table, [])


def test_a_table_of_a_version_that_kept_no_digests_is_taken_as_it_is(table):
    for period in table.periods:
        (table.part(period) / MADE_OF).unlink()
    write_record(table.folder / BUILD, build_record(), BUILD_UPGRADES)
    pd.DataFrame({"siren": ["100000017"]}).to_parquet(table.firms)
    refuse_altered_rows(FeatureTable(table.folder), table.periods)
