from datetime import date
from functools import cache
from pathlib import Path

import ibis
import pytest

from features.contract import check_staged
from features.deliveries import wrong_files
from features.sources import SOURCES
from features.sources.bodacc import BODACC
from features.sources.files import open_text, read_lines
from features.sources.legal_notices import LEGAL_NOTICES, changes, description
from features.sources.reading import parse
from features.staging import Since, stage

SAMPLES = Path(__file__).parent / "samples"
GOLDEN = SAMPLES / "annonces-commerciales_families.csv"
DAMAGED = SAMPLES / "annonces-commerciales_families_damaged.csv"


def read(path, source):
    con = ibis.duckdb.connect()
    file = open_text(con, path, path.parent)
    return con.create_table("parsed", parse(read_lines(con, file), file, source))


@cache
def parsed(path):
    return read(path, LEGAL_NOTICES)


def rows(path, *columns, **where):
    records = parsed(path)
    table = LEGAL_NOTICES.tidy(records.filter(~records.is_rejected).drop("problems", "is_rejected"))
    for name, value in where.items():
        table = table.filter(table[name] == value)
    found = table.order_by("line", "siren", "kind").select(*columns).to_pyarrow().to_pylist()
    return [tuple(str(row[name]) if row[name] is not None else None for name in columns) for row in found]


def test_each_notice_of_the_golden_sample_tells_of_its_firms_and_kinds():
    assert rows(GOLDEN, "published_on", "siren", "kind") == [
        ("2019-07-10", "000102343", "deposit"),
        ("2020-08-12", "000102343", "deposit"),
        ("2020-08-12", "000102343", "consolidated_deposit"),
        ("2021-09-01", "000203455", "deposit"),
        ("2021-03-04", "000102343", "managers"),
        ("2021-03-04", "000102343", "seat"),
        ("2021-03-04", "000203455", "activity"),
        ("2021-04-01", "000203455", "capital"),
        ("2021-04-01", "000203455", "capital_reduction"),
        ("2021-04-01", "000203455", "other"),
        ("2021-05-06", "000304568", "cessation"),
        ("2021-05-06", "000304568", "dissolution"),
        ("2021-05-06", "000304568", "managers"),
        ("2021-06-01", "000304568", "merger"),
        ("2021-06-02", "000304568", "lease"),
        ("2021-06-02", "000304568", "other"),
        ("2021-06-03", "000304568", "equity_loss"),
        ("2021-06-04", "000203455", "form"),
        ("2021-07-01", "000203455", "form"),
        ("2021-08-02", None, None),
        ("2022-01-05", "000102343", "purchase"),
        ("2022-01-05", "000203455", "sale"),
        ("2022-02-05", "000304568", "lease"),
        ("2022-06-01", "000304568", "removal"),
        ("2022-07-01", "000102343", "conciliation"),
    ]
    assert parsed(GOLDEN).filter(parsed(GOLDEN).problems.notnull()).count().execute() == 0


def test_a_deposit_tells_the_closing_of_its_accounts_and_whether_they_are_confidential():
    assert rows(GOLDEN, "siren", "closed_on", "is_confidential", kind="deposit") == [
        ("000102343", "2018-12-31", "False"),
        ("000102343", "2019-12-31", "True"),
        ("000203455", "2020-12-31", "True"),
    ]
    assert rows(GOLDEN, "closed_on", "is_confidential", kind="seat") == [(None, None)]


def test_a_correction_is_about_the_notice_that_it_corrects_and_a_cancellation_says_nothing():
    assert rows(GOLDEN, "notice", "about", kind="form") == [
        ("B2021006128", "B2021006128"),
        ("B2021007129", "B2021006128"),
    ]
    assert rows(GOLDEN, "notice", published_on=ibis.date("2021-07-02")) == []


def test_a_description_outside_of_the_vocabulary_is_listed():
    assert [row for row in rows(GOLDEN, "unlisted", "siren") if row[0]] == [("modification d'un genre nouveau", None)]


def test_a_notice_is_read_by_one_of_the_two_sources_that_share_the_export():
    lines = [set(read(GOLDEN, source).line.to_pyarrow().to_pylist()) for source in (LEGAL_NOTICES, BODACC)]
    assert lines == [set(range(2, 23)), {23}]


def test_what_the_damaged_twin_holds_is_named():
    problems = parsed(DAMAGED).filter(parsed(DAMAGED).problems.notnull()).order_by("line").to_pyarrow().to_pylist()
    named = [(row["line"], sorted(f"{p['column']}: {p['reason']}" for p in row["problems"])) for row in problems]
    date = "depot: not a deposit of accounts with `dateCloture` as YYYY-MM-DD or 1er mars 2011, from 1950 on"
    assert named == [
        (2, [date]),
        (3, ["depot: not a deposit of accounts (a JSON text)", date]),
        (4, ["dateparution: not a date as YYYY-MM-DD or 1er mars 2011, from 1950 on"]),
        (5, [date]),
        (9, ["registre: not a register number that holds a SIREN of 9 digits"]),
    ]
    assert rows(DAMAGED, "unlisted", line=7) == [("family spirituelle",)]


@pytest.mark.parametrize("path", [GOLDEN, DAMAGED], ids=["golden", "damaged"])
def test_a_notice_in_no_vocabulary_is_staged_of_no_firm_and_refuses_no_file(path, tmp_path):
    con, since = parsed(path).get_backend(), Since((), date(1900, 1, 1))
    stage(con, parsed(path), LEGAL_NOTICES, 25, since, ("2401", path.name), tmp_path / "staged.parquet")
    staged = con.read_parquet(tmp_path / "staged.parquet")
    assert staged.filter(staged.siren.isnull()).count().execute() == 1
    check_staged(staged, LEGAL_NOTICES, path.name)


def test_an_impossible_closing_is_unknown_and_the_deposit_counts_all_the_same():
    # Of the 31 February, of the year 5025, and after the publication.
    assert [rows(DAMAGED, "kind", "closed_on", line=line) for line in (2, 5, 8)] == [[("deposit", None)]] * 3


def test_misread_accents_and_a_description_without_json_say_the_same():
    assert rows(DAMAGED, "kind", line=6) == [("managers",), ("seat",)]
    assert rows(DAMAGED, "kind", line=9) == []  # it names no firm


@pytest.mark.parametrize(
    ("told", "kinds"),
    [
        ("Modification de l'administration.", {"managers"}),
        ("Nomination d'un nouveau gérant", {"managers"}),
        ("Changement de locataire-gérant", {"lease"}),
        ("Fonds donné en gérance-mandat", {"lease"}),
        ("Modification survenue sur la diffusion", set()),
        ("Réduction du capital social motivée par des pertes", {"capital", "capital_reduction"}),
        ("Modification survenue sur le capital (augmentation)", {"capital"}),
        ("Cessation totale d'activité", {"cessation"}),
        ("Mise en sommeil", {"cessation"}),
        ("Poursuite de l'activité malgré la perte de la moitié du capital", {"equity_loss"}),
        ("Transformation en société par actions simplifiée", {"form"}),
        ("Modification survenue sur l'activité, l'objet", {"activity"}),
        ("Apport partiel d'actif", {"merger"}),
        ("Transfert de l'établissement principal", {"seat", "other"}),
        ("Modification de la date de clôture", {"other"}),
    ],
)
def test_a_change_is_matched_at_the_boundaries_of_words(told, kinds):
    table = ibis.memtable({"text": [told]})
    assert set(table.select(found=changes(description(table.text))).to_pyarrow()["found"].to_pylist()[0]) == kinds


def test_the_two_sources_are_known_by_their_own_names():
    assert [source.name for source in SOURCES if source.files == BODACC.files] == ["bodacc", "legal_notices"]


def test_what_is_wrong_with_the_export_is_told_once(tmp_path):
    export = tmp_path / "annonces-commerciales.csv"
    export.write_text("id;dateparution\nA1;2024-01-05\n")
    found = {name: {"2401": [export]} for name in ("bodacc", "legal_notices")}
    (error,) = wrong_files(found, SOURCES)
    assert 'no column "familleavis"' in str(error)
