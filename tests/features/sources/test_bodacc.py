import csv
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import ibis
import pytest
from ibis import Schema

from features.procedures import procedures, states
from features.sources.bodacc import BODACC, former_notice, sirens, sirens_of_persons
from features.sources.bodacc_natures import CATCH_ALL, NATURES, RETRACTIONS
from features.sources.files import LINE_SCHEMA, open_text, read_lines
from features.sources.french import LETTERS, french_day, plain, prose
from features.sources.mending import Mended
from features.sources.reading import parse
from tests.tables import prepared

SAMPLES = Path(__file__).parent / "samples"
GOLDEN, DAMAGED = SAMPLES / "annonces-commerciales.csv", SAMPLES / "annonces-commerciales_damaged.csv"
LABELS = {
    "id": "Identifiant",
    "dateparution": "Date de parution",
    "typeavis": "Type d'avis",
    "familleavis": "Famille d'avis",
    "registre": "Registre",
    "listepersonnes": "Liste des personnes",
    "jugement": "Jugement",
    "parutionavisprecedent": "Parution avis précédent",
}


@cache
def parser(file, is_mended):
    """What reads the lines of all files like this one."""
    file = replace(file, mended=Mended() if is_mended else None)
    return prepared(lambda lines: parse(lines, file, BODACC), Schema(LINE_SCHEMA).to_pyarrow().empty_table())


@cache
def parsed(path):
    con = ibis.duckdb.connect()
    file = open_text(con, path, path.parent)
    lines = read_lines(con, file).to_pyarrow()
    alike = replace(file, path=Path(), text=Path(), mended=None)
    return ibis.memtable(parser(alike, file.mended is not None)(lines))


def tidied(records):
    tidy = BODACC.tidy(records.filter(~records.is_rejected).drop("problems", "is_rejected"))
    return tidy.mutate(known_at=BODACC.known_at.known_at(tidy, 25))


@cache
def tidier():
    return prepared(tidied, parsed(GOLDEN).to_pyarrow())


@cache
def staged(path):
    return ibis.memtable(tidier()(parsed(path).to_pyarrow()))


def rows(path, *columns, **where):
    table = staged(path)
    for name, value in where.items():
        table = table.filter(table[name] == value)
    found = table.order_by("line", "siren", "action").select(*columns).to_pyarrow().to_pylist()
    return [tuple(str(row[name]) if row[name] is not None else None for name in columns) for row in found]


def cells(read, *texts):
    """What each text is read as."""
    table = ibis.memtable({"place": range(len(texts)), "text": texts}, schema={"place": "int64", "text": "string"})
    values = table.mutate(value=read(table.text)).order_by("place").to_pyarrow()["value"].to_pylist()
    return [str(value) if hasattr(value, "year") else value for value in values]


def test_the_golden_sample_is_read_whole():
    assert rows(GOLDEN, "siren", "notice", "published_on", "effective_on", "action", "stage")[:5] == [
        ("000405670", "A2010000112", "2010-01-05", "2009-12-10", "redressement", "opening"),
        ("000405670", "A20110060345", "2011-03-25", "2011-03-01", "redressement", "plan"),
        ("000203455", "A201200051234", "2012-01-08", "2011-12-20", "liquidation", "opening"),
        ("000506782", "A201200051234", "2012-01-08", "2011-12-20", "liquidation", "opening"),
        ("000203455", "A2012003077", "2012-02-12", "2011-12-20", None, "ignored"),
    ]
    assert parsed(GOLDEN).filter(parsed(GOLDEN).problems.notnull()).count().execute() == 0


def test_a_json_export_says_the_same_as_the_csv_export():
    columns = [name for name in staged(GOLDEN).columns if name != "line"]
    assert rows(SAMPLES / "annonces-commerciales.json", *columns) == rows(GOLDEN, *columns)


def test_an_export_with_labels_says_the_same_as_one_with_technical_names(tmp_path):
    text = GOLDEN.read_text(encoding="utf-8-sig").split("\n", 1)
    header = ";".join(LABELS.get(name, name) for name in text[0].split(";"))
    labelled = tmp_path / "annonces-commerciales_labels.csv"
    labelled.write_text(f"{header}\n{text[1]}", encoding="utf-8")
    assert rows(labelled, *staged(GOLDEN).columns) == rows(GOLDEN, *staged(GOLDEN).columns)


def test_a_notice_is_known_on_the_day_of_its_publication():
    assert rows(GOLDEN, "published_on") == rows(GOLDEN, "known_at")


def test_only_the_family_of_collective_procedures_is_kept():
    assert parsed(GOLDEN).count().execute() == 11  # of 12: one is the sale of a business
    assert len({line for (line,) in rows(GOLDEN, "line")}) == 11


def test_a_generic_nature_takes_the_procedure_that_its_complement_names():
    assert rows(GOLDEN, "siren", "action", "stage", notice="A201501008") == [("000102343", "sauvegarde", "opening")]


def test_a_closing_ends_whatever_was_open_and_a_deposit_says_nothing():
    assert [action for (action,) in rows(GOLDEN, "action", stage="end", notice="A20160044501")] == [
        "liquidation",
        "redressement",
        "sauvegarde",
    ]
    assert rows(GOLDEN, "action", "stage", "unlisted_nature", notice="A20160044502") == [(None, "ignored", None)]


def test_a_nature_outside_of_the_vocabulary_is_listed_and_decides_nothing():
    listed = [(nature, stage) for nature, stage in rows(GOLDEN, "unlisted_nature", "stage") if nature]
    assert listed == [("jugement d'un genre nouveau", "ignored")]


def test_corrections_name_the_notice_that_they_remove_and_retractions_the_judgement():
    named = rows(GOLDEN, "notice_type", "corrects", "retracts", "stage")
    assert [row for row in named if row[1] or row[2]] == [
        ("cancellation", "A201200051234", None, "ignored"),
        ("correction", "A201501008", None, "opening"),
        ("initial", None, "liquidation", "ignored"),
    ]


def test_as_known_the_wrong_notice_counts_until_its_correction_is_published():
    found = states(procedures(None, staged(GOLDEN))).order_by("siren", "at").execute()
    as_text = [(siren, str(at)[:10], state) for siren, at, state in found.itertuples(index=False)]
    assert as_text == [
        ("000102343", "2015-05-26", "sauvegarde"),  # replaced in June: it goes on
        ("000203455", "2012-01-08", "liquidation"),
        ("000203455", "2012-02-12", "in_bonis"),  # the notice is cancelled
        ("000304568", "2017-06-23", "liquidation"),
        ("000304568", "2017-10-15", "in_bonis"),  # the judgement is retracted
        ("000405670", "2010-01-05", "redressement"),
        ("000405670", "2011-03-25", "plan_redressement"),
        ("000405670", "2021-03-01", "in_bonis"),  # ten years after the judgement
        ("000506782", "2012-01-08", "liquidation"),
        ("000506782", "2012-02-12", "in_bonis"),
    ]


def test_misread_accents_are_repaired_in_the_damaged_twin():
    assert rows(DAMAGED, "action", "stage", "effective_on", notice="A2010000112") == rows(
        GOLDEN, "action", "stage", "effective_on", notice="A2010000112"
    )
    assert len(rows(DAMAGED, "action", notice="A20160044503")) == 3


def test_an_absurd_date_is_rejected_and_the_publication_stays_as_bound():
    assert rows(DAMAGED, "effective_on", "stage", notice="A20110060345") == [("2011-03-25", "plan")]
    assert rows(DAMAGED, "effective_on", notice="A201200051234") == [("2012-01-08",)] * 2
    problems = parsed(DAMAGED).filter(parsed(DAMAGED).line.isin([3, 4])).order_by("line").execute().problems
    assert [(found[0]["column"], found[0]["rejects"]) for found in problems] == [("jugement", False)] * 2


def test_a_broken_judgement_decides_nothing_and_is_reported():
    assert rows(DAMAGED, "action", "stage", "unlisted_nature", notice="A201501008") == [(None, "ignored", "no nature")]
    problems = parsed(DAMAGED).filter(parsed(DAMAGED).line == 5).execute().problems[0]
    assert "JSON" in problems[0]["reason"]


def test_a_line_without_its_date_or_its_number_is_rejected():
    rejected = parsed(DAMAGED).filter(parsed(DAMAGED).is_rejected).order_by("line").execute()
    assert [found[0]["column"] for found in rejected.problems] == ["dateparution", "id"]


def test_a_cancellation_that_names_no_notice_removes_nothing_and_is_undecided():
    ((corrects, text),) = rows(DAMAGED, "corrects", "undecided_text", notice="A2012003077")
    assert corrects is None
    assert text == "the notice that it removes is not named"


def test_dates_are_iso_or_french_prose_and_absurd_ones_are_unknown():
    days = {
        "2011-12-20": "2011-12-20",
        "20/12/2011": "2011-12-20",
        "10 décembre 2009": "2009-12-10",
        "10 dÃ©cembre 2009": "2009-12-10",
        "1er mars 2011": "2011-03-01",
        "1er AOÛT 2011": "2011-08-01",
        "mardi 3 février 2009": "2009-02-03",
        "10\u00a0décembre\u00a02009": "2009-12-10",
        "6 may 2011": "2011-05-06",
        "6 june 2011": "2011-06-06",
        "6 foo 2011": None,
        "31 février 2011": None,
        "0009-12-20": None,
        "5025-01-01": None,
        "1 janvier 5025": None,
        "sans date": None,
    }
    assert dict(zip(days, cells(french_day, *days), strict=True)) == days


def test_every_accent_misread_as_latin_1_or_windows_1252_is_repaired():
    wrong = {letter.encode().decode("latin-1"): plain for plain, letters in LETTERS.items() for letter in letters}
    wrong |= {
        letter.encode().decode("cp1252", "ignore"): plain for plain, letters in LETTERS.items() for letter in letters
    }
    wrong = {text: plain for text, plain in wrong.items() if len(text) > 1}
    assert len(wrong) > 50
    assert cells(plain, *(f"x{text}x" for text in wrong)) == [f"x{letter}x" for letter in wrong.values()]


def test_texts_are_compared_without_case_accents_or_odd_blanks():
    assert cells(plain, "ARRÃŠT DE LA COUR Dâ€™APPEL", "Arrêt de la  cour d’appel.") == ["arret de la cour d'appel"] * 2
    assert cells(plain, "Ã\u00a0 la clÃ´ture", "Ã  la clÃ´ture", "à la clôture") == ["a la cloture"] * 3


def test_firms_are_read_from_the_register_with_and_without_blanks():
    found = {
        "000 405 670,000405670": ["000405670"],
        '["000 405 670","000405670"]': ["000405670"],
        "000\u00a0405\u00a0670": ["000405670"],
        "000 405 670 000405670": ["000405670"],
        "000405670,000 203 455": ["000203455", "000405670"],
        "non inscrit": None,
    }
    assert [sorted(firms) if firms else None for firms in cells(sirens, *found)] == list(found.values())


def test_firms_are_read_from_the_persons_in_either_register():
    found = {
        '{"personne": {"numeroImmatriculation": {"numeroIdentification": "000 405 670"}}}': ["000405670"],
        '{"personne": {"inscriptionRM": {"numeroIdentificationRM": "000102343"}}}': ["000102343"],
        '{"personne": [{"numeroImmatriculation":{"numeroIdentification":"000203455"}}]}': ["000203455"],
        '{"personne": {"nom": "DURAND", "telephone": "0102030405"}}': [],
    }
    assert cells(sirens_of_persons, *found) == list(found.values())


def test_a_former_notice_is_named_by_issue_and_place():
    named = {
        '{"nomPublication": "BODACC A", "numeroParution": "20120005", "numeroAnnonce": 1234}': "A201200051234",
        '{"nomPublication": "Bodacc A", "numeroParution": 20120005, "numeroAnnonce": "01234"}': "A201200051234",
        '{"numeroParution": "5", "dateParution": "8 janvier 2012", "numeroAnnonce": "1234"}': "A201200051234",
        "A201200051234": "A201200051234",
        '{"numeroParution": "20120005"}': None,
        "l'annonce précédente": None,
    }
    assert dict(zip(named, cells(former_notice, *named), strict=True)) == named


def judged(tmp_path, *judgements, **cells):
    """What each judgement (nature, complement, family) decides: (action, stage, unlisted nature, undecided nature)."""
    with GOLDEN.open(encoding="utf-8-sig", newline="") as text:
        first = next(csv.DictReader(text, delimiter=";")) | cells
    path = tmp_path / "annonces-commerciales.csv"
    with path.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, first, delimiter=";")
        writer.writeheader()
        for place, (nature, complement, family) in enumerate(judgements, 1):
            judgement = {"famille": family, "nature": nature, "date": "2010-01-02", "complementJugement": complement}
            writer.writerow(first | {"numeroannonce": place, "jugement": json.dumps(judgement)})
    found = rows(path, "line", "action", "stage", "unlisted_nature", "undecided_nature")
    return [[row[1:] for row in found if row[0] == str(line)] for line in range(2, len(judgements) + 2)]


UNDECIDED_PROSE = "met fin à la procédure de redressement judiciaire, liquidation judiciaire"


def test_a_catch_all_nature_decides_what_its_complement_says_and_all_of_it(tmp_path):
    (decided,) = judged(
        tmp_path,
        ("Autre jugement prononçant", "la résolution du plan de redressement et la liquidation judiciaire", ""),
    )
    assert decided == [("liquidation", "opening", None, None), ("redressement", "end", None, None)]


def test_a_catch_all_nature_whose_complement_is_not_certain_decides_nothing_and_is_undecided(tmp_path):
    decided = judged(tmp_path, *(("Autre jugement et ordonnance", text, "") for text in ("", UNDECIDED_PROSE)))
    assert decided == [[(None, "ignored", None, "autre jugement et ordonnance")]] * 2


def test_a_refusal_decides_nothing_and_is_neither_unknown_nor_undecided(tmp_path):
    refusal = ("Autre jugement et ordonnance", "Dit n'y avoir lieu à liquidation judiciaire", "Extrait de jugement")
    assert judged(tmp_path, refusal) == [[(None, "ignored", None, None)]]


def test_a_new_nature_whose_words_tell_a_decision_is_held_back_and_others_are_listed(tmp_path):
    natures = ["Jugement prononçant la liquidation judiciaire accélérée", "Jugement d'un genre nouveau"]
    assert judged(tmp_path, *((nature, "", "") for nature in natures)) == [
        [(None, "ignored", None, "jugement prononcant la liquidation judiciaire acceleree")],
        [(None, "ignored", "jugement d'un genre nouveau", None)],
    ]


def test_the_words_of_an_undecided_notice_are_kept_for_people_to_read(tmp_path):
    judged(tmp_path, ("Autre jugement et ordonnance", UNDECIDED_PROSE, ""))
    (text,) = rows(tmp_path / "annonces-commerciales.csv", "undecided_text")[0]
    assert text == "met fin a la procedure de redressement judiciaire, liquidation judiciaire"


def test_a_closing_whose_complement_repeats_the_opening_closes(tmp_path):
    opening = "Jugement prononçant la liquidation judiciaire"
    natures = ["Jugement de clôture pour insuffisance d'actif", "Autre jugement de clôture"]
    for decided in judged(tmp_path, *((nature, opening, "Jugement de clôture") for nature in natures)):
        assert [stage for _, stage, *_ in decided] == ["end"] * 3


def test_a_notice_without_a_nature_is_read_by_its_family(tmp_path):
    (decided,) = judged(tmp_path, ("", "Liquidation judiciaire simplifiée", "Jugement d'ouverture"))
    assert decided == [("liquidation", "opening", None, None)]


def test_an_appeal_undoes_the_judgement_that_it_names_or_is_undecided(tmp_path):
    nature, path = "Autre arrêt de la Cour d'Appel", tmp_path / "annonces-commerciales.csv"
    appeals = [
        (nature, "Infirme le jugement ayant prononcé la liquidation judiciaire", ""),
        (nature, "Infirme le jugement", ""),
    ]
    judged(tmp_path, *appeals)
    assert rows(path, "retracts", "undecided_nature") == [
        ("liquidation", None),
        (None, "autre arret de la cour d'appel"),
    ]


def test_an_appeal_that_names_the_notice_undoes_its_judgement(tmp_path):
    reference = '{"nomPublication": "BODACC A", "numeroParution": "20120005", "numeroAnnonce": 1234}'
    judged(tmp_path, ("Autre arrêt de la Cour d'Appel", "Infirme le jugement", ""), parutionavisprecedent=reference)
    found = rows(tmp_path / "annonces-commerciales.csv", "corrects", "retracts", "undecided_nature")
    assert found == [("A201200051234", "any", None)]


def test_two_families_of_judgements_never_count(tmp_path):
    nature = "Jugement d'ouverture de liquidation judiciaire"
    families = ["Avis de dépôt", "Loi de 1967", "Avis de dÃ©pÃ´t"]
    decided = judged(tmp_path, *((nature, "", family) for family in families))
    assert decided == [[(None, "ignored", None, None)]] * 3


def test_a_correction_that_cant_be_read_leaves_the_former_notice_standing(tmp_path):
    reference = '{"nomPublication": "BODACC A", "numeroParution": "20120005", "numeroAnnonce": 1234}'
    judged(tmp_path, ("Nature nouvelle", "", ""), typeavis="rectificatif", parutionavisprecedent=reference)
    assert rows(tmp_path / "annonces-commerciales.csv", "corrects", "notice_type") == [(None, "correction")]


def test_a_retraction_that_names_neither_judgement_nor_notice_removes_nothing_and_is_undecided(tmp_path):
    family = "Rétractation sur tierce opposition"
    natures = ["Autre rétractation sur tierce opposition", "Rétractation de jugement d'ouverture sur tierce opposition"]
    unnamed, named = judged(tmp_path, *((nature, "", family) for nature in natures))
    assert unnamed == [(None, "ignored", None, "autre retractation sur tierce opposition")]
    assert named == [(None, "ignored", None, None)]
    assert rows(tmp_path / "annonces-commerciales.csv", "retracts") == [(None,), ("any",)]


def test_html_entities_are_read_as_the_letters_that_they_stand_for():
    texts = ("cl&ocirc;ture de l&#039;actif", "clÃ´ture de l&rsquo;actif", "cl&#244;ture de l&#x27;actif")
    assert cells(prose, *texts) == ["cloture de l'actif"] * 3
    assert cells(prose, "l&amp;#039;actif", "Dupont &amp; fils") == ["l'actif", "dupont & fils"]


def vocabulary():
    """Every nature that we ship, and what it must be read as."""
    return {**dict.fromkeys(CATCH_ALL, ()), **dict.fromkeys(RETRACTIONS, ()), **NATURES}


# What the partner's own vocabulary holds, apart from how we read it.
DELIVERED = (SAMPLES / "bodacc_natures.txt").read_text(encoding="utf-8").split("\n")


def test_every_nature_of_the_bodacc_is_mapped_or_deliberately_ignored():
    delivered = {nature for nature in DELIVERED if nature}
    assert len(delivered) == 86
    assert delivered - set(vocabulary()) == set()
    # The families of judgements, which stand for a nature that is left out.
    assert set(vocabulary()) - delivered == {
        "arret de la cour d'appel",
        "extrait de jugement",
        "jugement d'ouverture",
        "jugement de cloture",
        "jugement prononcant",
        "retractation sur tierce opposition",
    }


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("ouverture", "liquidation"), "liquidation opening"),
        (("extension", "redressement"), "redressement opening"),
        (("conversion en liquidation",), "liquidation opening"),
        (("conversion en redressement",), "redressement opening"),
        (("resolution du plan", "et la liquidation"), "liquidation opening"),
        (("resolution du plan", "et le redressement"), "redressement opening"),
        (("mettant fin", "sauvegarde"), "sauvegarde end"),
        (("cloture pour",), "liquidation end"),
        (("jugement modifiant le plan de sauvegarde",), "sauvegarde amendment"),
        (("jugement arretant le plan de sauvegarde",), "sauvegarde plan"),
        (("jugement arretant le plan de redressement",), "redressement plan"),
        (("jugement d'ouverture", "sortie de crise"), "redressement opening"),
        (("plan de traitement de sortie de crise", "et la liquidation"), "liquidation opening"),
        (("mettant fin", "sortie de crise", "ouvrant", "liquidation"), "liquidation opening"),
    ],
)
def test_a_nature_decides_what_its_words_say(words, expected):
    found = [d for nature, d in NATURES.items() if all(word in nature for word in words) and "liste" not in nature]
    assert found
    assert all(tuple(expected.split()) in decisions for decisions in found)


@pytest.mark.parametrize("word", ["depot", "liste", "interdiction", "faillite", "designation", "plan de cession"])
def test_natures_that_say_nothing_of_the_state_decide_nothing(word):
    silent = [d for nature, d in NATURES.items() if word in nature and "et la liquidation" not in nature]
    assert silent
    assert not any(silent)
