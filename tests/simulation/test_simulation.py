"""The simulated economy: what its files are, and how near the real ones its rates come."""

import hashlib
import re
from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from features.errors import InputError
from features.ingest import Reading, ingest
from features.sources import SOURCES
from features.sources.files import find_files
from simulation.changes import changed_activity, former_forms, moves
from simulation.dues import dues
from simulation.legal_notices import FAMILIES, deposits
from simulation.simulation import simulate
from simulation.world import world

END = date(2024, 1, 1)
# Of the economy that is written in parts: 400 firms, 150 at a time.
PART = 150
WRONG = "A12B45C78"


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw")
    simulate(folder, 400, END, seed=3, part=PART)
    return folder


@pytest.fixture(scope="module")
def reports(raw, tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    (data / "scratch").mkdir()
    return ingest(
        [ibis.duckdb.connect() for _ in range(2)],
        raw,
        SOURCES,
        Reading(max_rejected_share=0.05, delivery_day=25, lags={}),
        staged=data / "staged",
        rejects=data / "rejects",
        scratch=data / "scratch",
        progress=lambda _: None,
    ).files


@pytest.fixture(scope="module")
def economy():
    return world(6000, END, seed=1)


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.resolve().iterdir()}


def test_equal_arguments_give_equal_bytes_and_another_seed_other_ones(raw, tmp_path):
    again = simulate(tmp_path / "again", 400, END, seed=3, part=PART)
    other = simulate(tmp_path / "other", 400, END, seed=4)
    first = digests(raw / "2401_simulated")
    assert digests(again) == first
    assert not set(digests(other).values()) & set(first.values())


def test_an_economy_in_parts_begins_with_its_first_firms_and_numbers_nothing_twice(raw, tmp_path):
    alone = simulate(tmp_path / "alone", PART, END, seed=3)
    for path in alone.iterdir():
        whole = raw / "2401_simulated" / path.name
        begun, read = path.read_bytes(), whole.read_bytes()
        assert read.startswith(begun), path.name
        assert len(read) > 2 * len(begun), path.name
    for name, key in (
        ("StockUniteLegale_utf8.csv", "siren"),
        ("annonces-commerciales.csv", "id"),
        ("sigfaible_delais.csv", "Numero_structure"),
        ("demande_ap.csv", "ID_DA"),
    ):
        table = pd.read_csv(raw / "2401_simulated" / name, sep=None, engine="python", dtype=str, encoding="latin-1")
        # Some lines are written twice, and some numbers are wrong, as partners' are.
        keys = table.drop_duplicates()[key].dropna()
        keys = keys[keys != WRONG]
        assert len(keys) > 20
        assert keys.is_unique, name


def test_the_firms_of_all_parts_share_the_troubles_of_their_divisions():
    first = world(PART, END, seed=3)
    second = world(PART, END, 3, PART, first.lives.divisions)
    assert np.array_equal(first.lives.divisions, second.lives.divisions)
    assert not np.array_equal(first.lives.distress, second.lives.distress)
    assert not {*first.firms.siren.to_pylist()} & {*second.firms.siren.to_pylist()}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_every_source_is_written_and_read(source, raw, reports):
    assert find_files(raw / "2401_simulated", source)
    (report,) = [report for report in reports if report.source == source.name]
    assert report.kept > 0
    assert report.wrong_keys == 0
    assert report.unlisted == {}


def test_the_last_line_of_each_file_is_whole(raw):
    for path in (raw / "2401_simulated").resolve().glob("*.csv"):
        lines = path.read_bytes().decode("latin-1").splitlines()
        assert path.read_bytes().endswith(b"\n"), path.name
        if '"' not in lines[-1] + lines[0]:
            separator = ";" if lines[0].count(";") > lines[0].count(",") else ","
            assert lines[-1].count(separator) == lines[0].count(separator), path.name


def test_dirt_is_there_and_below_one_percent(reports):
    assert sum(report.rejected for report in reports) > 50
    assert all(report.rejected <= 0.01 * report.lines for report in reports)


def test_nothing_is_dated_after_the_delivery(reports):
    # Plans, requests and headcounts are dated by their beginning.
    assert all(report.last is None or report.last <= END for report in reports)


def test_the_last_year_is_one_like_the_others(economy):
    """Else monitoring would refuse a list for what changed in the simulator alone."""
    days = np.concatenate([moves(economy).moved_on, changed_activity(economy), former_forms(economy)[0]])
    years = (economy.calendar.last_day - days[~np.isnat(days)]).astype(int) // 365
    counts = np.bincount(years, minlength=7)[:7]
    assert 0.8 < counts[0] / counts[1:].mean() < 1.25


def test_four_to_six_percent_of_the_firms_of_ten_employees_fail_within_18_months(economy):
    failed = economy.calendar.index(economy.lives.failed_on)
    rates = []
    for month in range(30, economy.calendar.months - 18):
        at_risk = (economy.headcount[:, month] >= 10) & (failed > month)
        rates.append(float((failed[at_risk] <= month + 18).mean()))
    assert 0.04 <= np.mean(rates) <= 0.06


def test_ten_to_fifteen_percent_of_the_firms_have_some_debt(economy):
    debt = dues(economy).debt
    shares = [(debt[economy.headcount[:, month] > 0, month] > 0.5).mean() for month in range(30, 140, 5)]
    assert 0.10 <= np.mean(shares) <= 0.15


def test_some_failures_come_without_any_sign(economy):
    failures = ~np.isnat(economy.lives.failed_on) & ~economy.lives.is_earlier
    assert 0.1 <= economy.lives.is_sudden[failures].mean() <= 0.35


def test_distress_shows_in_the_debts_of_those_who_fail(economy):
    debt, failed = dues(economy).debt, economy.calendar.index(economy.lives.failed_on)
    failing = np.flatnonzero((failed > 40) & (failed < economy.calendar.months))
    before = debt[failing, failed[failing].astype(int) - 3] > 0
    healthy = (debt[np.isinf(failed)][:, 60] > 0).mean()
    assert before.mean() > 2 * healthy


def test_a_number_of_firms_that_has_no_numbers_left_is_refused(tmp_path):
    with pytest.raises(InputError, match="can't be simulated"):
        simulate(tmp_path, 1_000_000, END, seed=0)
    assert list(tmp_path.iterdir()) == []


def lines(raw, name):
    return ibis.read_csv(raw / "2401_simulated" / name, all_varchar=True).to_pandas()


def test_a_few_percent_of_the_firms_moved_or_changed_their_legal_form(raw):
    history = lines(raw, "StockUniteLegaleHistorique_utf8.csv")
    assert history["siren"].nunique() == 400
    for flag, least, most in (
        ("changementNicSiegeUniteLegale", 0.01, 0.08),
        ("changementCategorieJuridiqueUniteLegale", 0.01, 0.08),
        ("changementActivitePrincipaleUniteLegale", 0.03, 0.12),
    ):
        assert least <= (history[flag] == "true").sum() / 400 <= most, flag


def test_the_states_of_a_firm_follow_one_another_without_gap_and_end_with_todays(raw):
    history, units = lines(raw, "StockUniteLegaleHistorique_utf8.csv"), lines(raw, "StockUniteLegale_utf8.csv")
    newest = history.drop_duplicates("siren").set_index("siren").sort_index()
    today = units.set_index("siren").sort_index()
    for name in ("categorieJuridiqueUniteLegale", "nicSiegeUniteLegale", "etatAdministratifUniteLegale"):
        assert (newest[name] == today[name]).all(), name
    assert newest["dateFin"].isna().all()
    before = history.groupby("siren")["dateFin"].shift(-1).dropna()
    day_before = pd.to_datetime(history.loc[before.index, "dateDebut"]) - pd.Timedelta(days=1)
    assert (pd.to_datetime(before) == day_before).all()


def test_each_head_office_of_the_past_is_an_establishment_that_the_register_still_lists(raw):
    history = lines(raw, "StockUniteLegaleHistorique_utf8.csv")
    listed = lines(raw, "StockEtablissement_utf8_geo.csv")
    assert set(history["siren"] + history["nicSiegeUniteLegale"]) <= set(listed["siret"])
    assert (listed["etablissementSiege"] == "true").sum() == 400
    assert listed["complementAdresseEtablissement"].notna().any()
    assert listed["indiceRepetitionEtablissement"].notna().any()


def notices_of(raw, family):
    export = pd.read_csv(raw / "2401_simulated" / "annonces-commerciales.csv", sep=";", dtype=str)
    return export[export["familleavis"] == family]


def test_all_families_of_legal_notices_are_written(raw):
    assert {len(notices_of(raw, family)) > 0 for family in ("collective", *FAMILIES)} == {True}
    # About one deposit of accounts per firm and year that it employs somebody; most firms change managers some day.
    assert 4 <= len(notices_of(raw, "dpc")) / 400 <= 10
    assert 1 <= len(notices_of(raw, "modification")) / 400 <= 4


def test_a_sale_names_its_buyer_and_its_seller(raw):
    for notice in notices_of(raw, "vente").to_dict("records"):
        buyer, seller = (notice[name] for name in ("listepersonnes", "listeprecedentproprietaire"))
        assert re.search(r"\d{3} \d{3} \d{3}", buyer)[0] in notice["registre"]
        assert re.search(r"\d{3} \d{3} \d{3}", seller)[0] in notice["registre"]


def test_what_notices_tell_of_a_firm_agrees_with_the_other_files(raw):
    history = lines(raw, "StockUniteLegaleHistorique_utf8.csv")
    moved = set(history[history["changementNicSiegeUniteLegale"] == "true"]["siren"])
    changes = notices_of(raw, "modification")
    told = changes[changes["modificationsgenerales"].str.contains("le transfert du si", na=False)]
    numbers = set(told["registre"].str.extract(r'"(\d{9})"')[0].dropna())
    assert numbers <= moved
    assert len(numbers) >= 0.9 * len(moved)


def test_firms_that_fail_deposit_their_accounts_later_than_others(economy):
    told = deposits(economy)
    closed_on = np.array([text[:10] for text in told.text.to_pylist()], "datetime64[D]")
    delay = (told.day - closed_on).astype(int)
    fails_within_a_year = (economy.lives.failed_on[told.firm] - told.day).astype("timedelta64[D]").astype(float)
    failing = (fails_within_a_year > 0) & (fails_within_a_year < 365)
    assert 180 <= np.median(delay) <= 240
    assert np.median(delay[failing]) > np.median(delay) + 20
