"""The promise: a firm's features at a period depend on nothing that became known after it."""

import random
import shutil
from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from features import register
from features.assemble import CATALOG, DATED
from features.build import build
from features.engine import connect
from features.grid import KEY
from features.hashing import HASHES, firm_hash
from features.known_days import columns_of
from features.scope import Scope
from features.sources import SOURCES
from features.target import labels
from features.themes import financial_health
from tests.economy import sealed_records, staged_once

START, END = date(2020, 1, 1), date(2024, 2, 1)
DRAWN = random.Random(20).sample(range(49), 2)  # noqa: S311 - not a secret
PERIODS = [date(2020 + month // 12, month % 12 + 1, 1) for month in DRAWN]


@pytest.fixture(scope="module")
def staged(tmp_path_factory):
    return staged_once(tmp_path_factory)


def built(staged, folder, start, end):
    """The folder of a table built from `start` to `end`."""
    scope = Scope(start, end, 18, 10, ("7210", "4110", "7389"), ("84", "65", "66"), 1_000_000)
    con = connect("duckdb", folder / "scratch", 2)
    build(con, staged, folder / "features", folder / "scratch", scope, 25, lambda _: None)
    return folder / "features"


def rows_of(table, period):
    path = (table / f"period={period}").resolve()
    return pd.read_parquet(path, partitioning=None).set_index("siren").sort_index()


@pytest.fixture(scope="module")
def whole(staged, tmp_path_factory):
    """The table of all periods, from all records."""
    return built(staged, tmp_path_factory.mktemp("whole"), START, END)


def both(staged, folder, period):
    """The rows of a period, built alone from all records, and from those that were known."""
    alone = rows_of(built(staged, folder / "whole", period, period), period)
    return alone, rows_of(built(cut(staged, folder / "cut", period), folder / "known", period, period), period)


def cut(staged, target, period):
    """The staged records that were known at the period."""
    for source in SOURCES:
        folder = target / source.name
        folder.mkdir(parents=True)
        for path in (staged / source.name).resolve().glob("*.parquet"):
            records = ibis.read_parquet(path)
            if source.name == "financial_ratios":
                records = as_filed(records, ibis.read_parquet(staged / "legal_notices" / "*.parquet"))
            records.filter(records.known_at <= ibis.literal(period)).to_parquet(folder / path.name)
        shutil.copy(staged / source.name / "ingest.json", folder)
    sealed_records(target)
    return target


def as_filed(accounts, notices):
    """The accounts, known when the registry's file could hold them: once they were deposited, where a notice tells."""
    deposits = notices.filter(notices.closed_on.notnull() & (notices.kind == "deposit"))
    filed = deposits.group_by("siren", "closed_on").aggregate(filed_at=deposits.known_at.min())
    rows = accounts.left_join(filed, ["siren", "closed_on"])
    return rows.mutate(known_at=rows.filed_at.fill_null(rows.known_at)).select(accounts.columns)


def differing(rows, others):
    """The features that are not equal in two tables of the same firms."""
    found = []
    for feature in CATALOG:
        a, b = rows[feature.name], others[feature.name]
        if feature.is_category:
            same = (a.fillna("") == b.fillna("")).all()
        else:
            same = np.allclose(a.astype(float), b.astype(float), rtol=1e-5, atol=1e-6, equal_nan=True)
        if not same:
            found.append(feature)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("period", PERIODS, ids=str)
def test_no_feature_depends_on_what_became_known_later(period, staged, whole, tmp_path):
    rows = rows_of(whole, period)
    known = rows_of(built(cut(staged, tmp_path / "cut", period), tmp_path / "known", period, period), period)
    assert len(rows) > 50
    assert list(rows.index) == list(known.index)
    assert [feature.name for feature in differing(rows, known)] == []
    assert (rows["procedure_state"] == known["procedure_state"]).all()
    for column in columns_of(DATED):
        assert rows[column].astype(str).equals(known[column].astype(str)), column
        assert not (rows[column].dropna() > period).any(), column


@pytest.mark.slow
def test_planted_look_aheads_are_caught(staged, tmp_path, monkeypatch):
    """Accounts known on the day of closing, and what the register says of a firm years before it said so."""
    honest, honestly_dated = financial_health.known_values, register.dated

    def known_values(grid, financial_ratios):
        return honest(grid, financial_ratios.mutate(known_at=financial_ratios.closed_on))

    def dated(history):
        return honestly_dated(history).mutate(known_at=ibis.literal(START))

    monkeypatch.setattr(financial_health, "known_values", known_values)
    monkeypatch.setattr(register, "dated", dated)
    rows, known = both(staged, tmp_path, date(2022, 4, 1))
    # What the register says decides on the perimeter too, and on the sector that a firm is compared with.
    firms = rows.index.intersection(known.index)
    caught = differing(rows.loc[firms], known.loc[firms])
    assert {feature.theme for feature in caught} >= {"financial_health", "profile"}


@pytest.mark.slow
def test_a_planted_future_label_under_noise_is_caught(staged, tmp_path, monkeypatch):
    honest = financial_health.known_values

    def known_values(grid, financial_ratios, procedures):
        table = honest(grid, financial_ratios).inner_join(labels(grid, procedures, date(2040, 1, 1)), list(KEY))
        noise = firm_hash(table.siren) / HASHES
        return table.mutate(turnover=table.label.fill_null(0) + noise).drop("label")

    monkeypatch.setattr(financial_health, "known_values", known_values)
    period = date(2022, 4, 1)
    assert {feature.root for feature in differing(*both(staged, tmp_path, period))} == {"turnover"}
