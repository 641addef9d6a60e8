import csv
import json
import re
import string
from datetime import date
from functools import cache

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.nomenclatures import read_nomenclature
from features.procedures import procedures, state_at, states
from features.sources.bodacc import UNDECIDED
from features.sources.bodacc_decisions import read
from features.sources.bodacc_examples import as_markdown, confusion, examples
from features.sources.bodacc_words import tokens
from features.sources.french import prose
from features.target import labels
from tests.features.sources.test_bodacc import SAMPLES, cells, rows, staged
from tests.tables import months

ALL_EXAMPLES = cache(examples)


def test_every_example_is_read_as_a_jurist_reads_it_or_left_undecided_where_we_say_so():
    wrong = {
        (example.nature, example.complement): (set(example.right), set(example.found))
        for example in ALL_EXAMPLES()
        if example.found != (example.right if example.must_decide else {UNDECIDED})
    }
    assert wrong == {}


def test_the_reader_never_decides_what_is_wrong_and_misses_nothing_in_silence():
    table = confusion(ALL_EXAMPLES())
    assert sum(decision.read for decision in table) > 650
    assert [(decision.decision, decision.wrong, decision.missed) for decision in table] == [
        (decision.decision, 0, 0) for decision in table
    ]
    assert "Precision 100.0%" in as_markdown(table)


def test_there_are_enough_distinct_wordings_and_none_stands_twice():
    wordings = [(example.nature, example.complement) for example in ALL_EXAMPLES()]
    assert len(set(wordings)) == len(wordings) > 600


REFUSALS = ("rejette la demande d'{}", "deboute l'urssaf de sa demande d'{}", "dit n'y avoir lieu a {}")
NOUNS = (
    "ouverture d'une procedure de liquidation judiciaire",
    "ouverture d'un redressement judiciaire",
    "extension de la liquidation judiciaire",
)


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("noun", NOUNS)
def test_what_is_refused_is_not_decided_and_what_follows_is(refusal, noun):
    refused = refusal.format(noun)
    assert read("", noun).decisions
    assert read("", refused).decisions == ()
    assert not read("", refused).is_undecided
    both = read("", f"{refused} et prononce la resolution du plan de sauvegarde")
    assert both.decisions == (("sauvegarde", "end"),)


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("beginning", ["vu le jugement du 3 mars 2020 ayant refuse l'{}", "convoque en vue de l'{}"])
def test_what_is_only_told_of_opens_nothing(beginning, noun):
    assert read("", beginning.format(noun)).decisions == ()


PLAIN = [plain for plain in cells(prose, *(row["complement"] for row in read_nomenclature("bodacc_examples"))) if plain]
CERTAIN = [plain for plain in PLAIN if len(plain) > 20 and plain[-2] != " " and not read("", plain).is_undecided]


@settings(max_examples=500, deadline=None)
@given(first=st.sampled_from(CERTAIN), second=st.sampled_from(CERTAIN))
def test_two_sentences_decide_what_both_decide_or_nothing_is_certain(first, second):
    both, parts = read("", f"{first}. {second}"), (read("", first), read("", second))
    if not both.is_undecided:
        decided = {decision for part in parts for decision in part.decisions}
        opened = {action for action, stage in both.decisions if stage == "opening"}
        assert set(both.decisions) <= decided
        # What the second sentence opens is not ended by the first.
        assert decided - set(both.decisions) <= {(action, "end") for action in opened}
        assert {part.retracts for part in parts} - {None, "named"} <= {both.retracts}


@pytest.mark.parametrize("joint", [" ", ", ", " et "])
def test_sentences_run_together_are_never_read_as_their_opposite(joint):
    assert read("", f"infirme le jugement{joint}mise en liquidation judiciaire").retracts is None
    assert read("", f"rejette le plan de redressement{joint}liquidation judiciaire").is_undecided
    assert read("", f"designe me x{joint}jugement ouvrant la liquidation judiciaire").is_undecided


def test_words_that_no_one_listed_never_decide():
    assert read("", "quelques mots sans rapport").decisions == ()
    assert read("", "le greffier frobnique la liquidation judiciaire").is_undecided


def test_an_unknown_verb_between_two_decisions_leaves_the_whole_text_undecided():
    assert read("", "prononce la liquidation judiciaire. frobnique le plan de redressement").is_undecided


def test_a_full_stop_ends_a_sentence_but_not_after_an_initial_or_an_article_of_law():
    assert [token.kind for token in tokens("designe me x. dupont, art. l. 621-1")].count("break") == 0
    assert [token.kind for token in tokens("ouvre la sauvegarde.nomme me x")].count("break") == 1


# For each act, what it bears on and what is then decided.
DECIDES = {
    "open": ("une procedure de liquidation judiciaire", "liquidation opening"),
    "place": ("x en liquidation judiciaire", "liquidation opening"),
    "pronounce": ("la liquidation judiciaire", "liquidation opening"),
    "find": ("l'ouverture d'une liquidation judiciaire", "liquidation opening"),
    "convert": ("la sauvegarde en redressement judiciaire", "redressement opening, sauvegarde end"),
    "extend": ("la liquidation judiciaire", "liquidation opening"),
    "reopen": ("la liquidation judiciaire", "liquidation opening"),
    "adopt": ("le plan de sauvegarde", "sauvegarde plan"),
    "amend": ("le plan de sauvegarde", "sauvegarde amendment"),
    "dissolve": ("le plan de sauvegarde", "sauvegarde end"),
    "end": ("a la procedure de sauvegarde", "sauvegarde end"),
    "close": ("la procedure de sauvegarde", "sauvegarde end"),
}
LOOKAROUND = re.compile(r"\(\?[!=](?:[^()]|\([^()]*\))*\)")
WORDS = [row for row in read_nomenclature("bodacc_words") if not row["kind"].startswith("#")]
ACTS = [row for row in WORDS if row["kind"] in ("verb", "participle", "infinitive")]
NO_ACTS = [row for row in WORDS if row["kind"] in ("refuse", "petition", "confirm", "keep", "reference", "overturn")]


def forms(row):
    return st.from_regex(LOOKAROUND.sub("", row["words"]), fullmatch=True, alphabet=string.ascii_lowercase + " ")


@pytest.mark.parametrize("row", ACTS, ids=lambda row: f"{row['kind']}-{row['value']}")
def test_each_form_of_each_verb_decides_and_does_not_where_it_is_refused(row):
    bears_on, decided = DECIDES[row["value"]]

    @settings(max_examples=20, deadline=None)
    @given(forms(row))
    def each(form):
        after = "dit n'y avoir lieu a " if row["kind"] == "infinitive" else "jugement "
        found = read("", f"{after}{form} {bears_on}")
        assert not found.is_undecided
        said = ", ".join(" ".join(decision) for decision in found.decisions)
        assert said == ("" if row["kind"] == "infinitive" else decided)

    each()


@pytest.mark.parametrize("row", NO_ACTS, ids=lambda row: f"{row['kind']}-{row['words'][:20]}")
def test_what_is_refused_asked_for_or_told_of_another_judgement_opens_nothing_in_any_form(row):
    @settings(max_examples=20, deadline=None)
    @given(forms(row))
    def each(form):
        assert read("", f"le tribunal {form} l'ouverture de la liquidation judiciaire").decisions == ()

    each()


@pytest.mark.parametrize("verb", ["revoque", "suspend", "differe", "frobnique", "jugement frobniquant"])
@pytest.mark.parametrize("noun", NOUNS)
def test_a_verb_that_no_one_listed_never_decides(verb, noun):
    assert read("", f"le tribunal {verb} l'{noun}").is_undecided


def test_every_word_of_the_vocabulary_stands_in_it_as_texts_are_compared():
    assert [row for row in WORDS if re.search(r"\b(au|aux|du|des|le|la|les|un|une|pas)\b|[^ -~]", row["words"])] == []


def test_every_line_of_the_vocabulary_is_read_by_some_words():
    kinds = {row["kind"] for row in read_nomenclature("bodacc_words") if not row["kind"].startswith("#")}
    assert {"procedure", "plan", "verb", "noun", "refuse", "overturn", "keep"} <= kinds
    assert {token.kind for example in ALL_EXAMPLES() for token in tokens(example.complement.lower())} - kinds <= {
        *("word", "comma", "break")
    }


def last_states(name, until):
    """The state of each firm of a case on the first of a month, from its notices alone."""
    notices = staged(SAMPLES / name / "annonces-commerciales.csv")
    firms = sorted({siren for (siren,) in rows(SAMPLES / name / "annonces-commerciales.csv", "siren")})
    grid = ibis.union(*(months(siren, "2022-01-01", 26) for siren in firms)).select("siren", "period")
    found = state_at(grid, states(procedures(None, notices)))
    found = found.filter(found.period == ibis.literal(until)).order_by("siren").to_pyarrow().to_pylist()
    return grid, notices, {row["siren"][-1]: row["state"] for row in found}


def test_the_case_of_the_catch_all_natures():
    *_, found = last_states("bodacc-catch-all-natures", date(2024, 2, 1))
    assert found == {"1": "liquidation", "2": "redressement", "3": "liquidation", "4": "in_bonis"}


def test_the_case_of_the_natures_of_2021():
    grid, notices, found = last_states("bodacc-natures-of-2021", date(2024, 2, 1))
    assert (found["2"], found["8"]) == ("plan_redressement", "plan_redressement")
    assert {found[firm] for firm in "136"} == {"redressement"}
    assert {found[firm] for firm in "457"} == {"liquidation"}
    labelled = labels(grid, procedures(None, notices), date(2024, 2, 1), 18)
    labelled = labelled.filter(labelled.period == ibis.literal(date(2022, 1, 1))).to_pyarrow().to_pylist()
    assert {row["siren"][-1]: row["label"] for row in labelled} == {firm: int(firm not in "28") for firm in "12345678"}


def test_a_closing_closes_an_opening_after_it_opens_anew_and_a_reprise_reopens(tmp_path):
    header = "id;dateparution;familleavis;registre;jugement\n"
    lines = [
        ("2018-01-10", "Jugement d'ouverture", "Liquidation judiciaire"),
        ("2019-01-10", "Jugement de clôture", "Jugement prononçant la liquidation judiciaire"),
        ("2020-01-10", "Autre jugement et ordonnance", "Reprise de la procédure de liquidation judiciaire"),
        ("2021-01-10", "Autre jugement et ordonnance", "Clôture pour insuffisance d'actif"),
        ("2022-01-10", "Autre jugement prononçant", "l'ouverture d'une procédure de redressement judiciaire"),
    ]
    path = tmp_path / "annonces-commerciales.csv"
    with path.open("w", encoding="utf-8", newline="") as text:
        text.write(header)
        writer = csv.writer(text, delimiter=";")
        for place, (day, nature, complement) in enumerate(lines):
            judgement = json.dumps({"nature": nature, "complementJugement": complement, "date": day})
            writer.writerow([f"A20180001{place}", day, "collective", "005520135", judgement])
    changes = states(procedures(None, staged(path))).order_by("at").to_pyarrow().to_pylist()
    assert [(change["at"].year, change["state"]) for change in changes] == [
        (2018, "liquidation"),
        (2019, "in_bonis"),
        (2020, "liquidation"),
        (2021, "in_bonis"),
        (2022, "redressement"),
    ]
