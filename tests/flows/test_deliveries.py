"""What was read of the deliveries is told on one page: every fault is named, in both languages."""

import html
import json
import re
import subprocess
import sys
import time
from datetime import date

import pytest

from features.errors import InputError
from features.received import read_received, read_reports
from flows import deliveries, stages
from flows.settings import load
from tests.deliveries import ATTACK, DEBT, DEBTS, faulty, former, sound, write


def silent(_step):
    pass


def text_of(page):
    """What a reader sees of a page."""
    text = re.sub(r"<style>.*?</style>|<[^>]*>", " ", page.read_text(), flags=re.DOTALL)
    return " ".join(html.unescape(text).replace("\u202f", " ").replace("\xa0", " ").split())


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """The folder of the report on the faulty deliveries."""
    root = tmp_path_factory.mktemp("house")
    settings = load(data=root / "data", max_rejected_share=0.5)
    for delivered in (former, faulty):
        delivered(root / "raw")
        stages.ingest(settings, root / "raw", silent)
    return settings.folder.received_of("2401")


@pytest.fixture(scope="module")
def told(read):
    """The record of that reading."""
    return read_received(read / "received.json")


def report_of(told, source, batch="2401"):
    return next(report for report in told.files if (report.source, report.batch) == (source, batch))


def test_the_record_tells_what_came_and_what_was_kept(told):
    debts = report_of(told, "debts")
    assert (debts.lines, debts.rejected, debts.kept, debts.unread_cells, debts.firms) == (14, 2, 12, 1, 1)
    assert debts.size > 800
    assert (debts.first, debts.last) == (date(2016, 3, 18), date(2016, 3, 18))
    assert told.earlier["debts"].kept == 20


def test_the_record_tells_each_fault(told):
    register, debts, notices = (report_of(told, name) for name in ("legal_units", "debts", "bodacc"))
    assert (register.redecoded, register.wrong_keys) == (1, 1)
    assert register.cleaned >= 1
    assert report_of(told, "urssaf_procedures").redecoded == 2
    assert report_of(told, "urssaf_procedures").unlisted == {"fermeture_de_rideau": 1}
    assert debts.duplicates == 1
    assert debts.absent == ("Cd_op_ecn",)
    assert [(p.column, p.rejects, p.count) for p in debts.problems] == [
        ("Dt_trt_ecn", True, 1),
        ("Periode", False, 1),
        (None, True, 1),
    ]
    assert (debts.problems[0].examples[0].line, debts.problems[0].examples[0].value) == (13, ATTACK)
    assert {kind.kind for kind in notices.undecided} == {
        "jugement de liquidation judiciaire acceleree",
        "autre jugement et ordonnance",
    }
    assert notices.unlisted == {"avis de depot": 1}
    assert {(file.file, file.nearest, file.holds) for file in told.unread} == {
        ("dettes_janvier.csv", "sigfaible_debits.csv", "contribution debts"),
        ("demande_ap_2402.csv", "demande_ap.csv", ""),
    }
    assert told.stale == {"firm_headcounts": 2}
    assert "payment_delays" in told.missing


@pytest.mark.parametrize(
    ("code", "sentences"),
    [
        (
            "en",
            [
                "Data received – January 2024",
                "firm headcount (URSSAF) – Not in the newest delivery: its data are 2 months older.",
                "By its columns it holds contribution debts: rename it sigfaible_debits.csv.",
                "The nearest expected name is demande_ap.csv.",
                "Lines rejected: 2 of 14 (14.3%).",
                "Cells that could not be read, and are unknown: 1.",
                "Lines that say what another line of the file says: 1.",
                "Optional columns that the file lacks: Cd_op_ecn.",
                "−40% records compared with the delivery of November 2023: 12 now, 20 then.",
                "Lines that are not UTF-8, read as Windows-1252 or UTF-16: 1.",
                "Firms whose SIREN has a wrong check digit: 1 of 3.",
                "not an URSSAF date as (A)AAMMJJ, the year minus 1900",
                "10 fields instead of 9",
                "can't be read with certainty, so that none is used: 2.",
                "jugement de liquidation judiciaire acceleree",
                "Words that are in no vocabulary, and are not guessed: fermeture_de_rideau (1).",
                "Never delivered, so that the figures that need them are unknown: history of legal units (INSEE, SIRENE), ",
            ],
        ),
        (
            "fr",
            [
                "Données reçues – janvier 2024",
                "effectif des entreprises (URSSAF) – Absente de la dernière livraison",
                "il contient : débits de cotisations. Le renommer en sigfaible_debits.csv.",
                "Le nom attendu le plus proche est demande_ap.csv.",
                "Lignes rejetées : 2 sur 14 (14,3 %).",
                "Cellules illisibles, traitées comme inconnues : 1.",
                "Lignes en double dans le fichier : 1.",
                "Colonnes facultatives absentes du fichier : Cd_op_ecn.",
                "−40 % d'enregistrements par rapport à la livraison précédente (novembre 2023) : 12 maintenant, 20 alors.",
                "lues en Windows-1252 ou en UTF-16 : 1.",
                "Entreprises dont la clé du SIREN est fausse : 1 sur 3.",
                "ce n'est pas une date URSSAF de la forme (A)AAMMJJ",
                "10 champs au lieu de 9",
                "aucun n'est utilisé : 2.",
                "Libellés absents de la nomenclature, qui ne sont pas devinés : fermeture_de_rideau (1).",
                "Jamais livrées, si bien que les données qui en dépendent sont inconnues : historique des unités légales",
            ],
        ),
    ],
)
def test_the_page_says_each_fault_in_its_readers_language(read, code, sentences):
    text = text_of(read / f"index.{code}.html")
    assert [sentence for sentence in sentences if sentence not in text] == []


def test_what_a_partner_wrote_is_never_markup(read):
    for code in ("fr", "en"):
        page = (read / f"index.{code}.html").read_text()
        assert "<script" not in page
        assert "&lt;script&gt;" in page
        assert "http:" not in page


def test_a_first_delivery_says_so_and_one_without_fault_has_little_to_tell(tmp_path):
    sound(tmp_path / "raw")
    settings = load(data=tmp_path / "data")
    stages.ingest(settings, tmp_path / "raw", silent)
    text = text_of(settings.folder.received_of("2401") / "index.en.html")
    assert "first delivery" in text
    assert "warning" not in text


def test_a_wrong_content_is_refused_before_anything_is_read_and_the_page_says_so(tmp_path):
    write(sound(tmp_path / "raw"), "sigfaible_cotisdues.csv", DEBTS, DEBT.format(1))
    settings = load(data=tmp_path / "data")
    started = time.process_time()
    with pytest.raises(InputError, match=r"sigfaible_cotisdues\.csv holds contribution debts.*\n.*2401-refused"):
        deliveries.check(settings, tmp_path / "raw")
    assert time.process_time() - started < 2
    folder = settings.folder.received_of("2401", is_refused=True)
    assert "Rien n'a été lu" in text_of(folder / "index.fr.html")
    assert "sigfaible_cotisdues.csv contient : débits de cotisations." in text_of(folder / "index.fr.html")
    assert json.loads((folder / "received.json").read_text())["failures"][0]["values"]["name"] == "sigfaible_debits.csv"


@pytest.mark.parametrize("command", ["ingest", "run"])
def test_a_refusal_comes_before_prefect_and_the_models_are_loaded(tmp_path, command):
    write(sound(tmp_path / "raw"), "sigfaible_cotisdues.csv", DEBTS, DEBT.format(1))
    code = (
        "import sys; from flows.cli import main\n"
        "try: main()\n"
        "finally: print([name for name in ('prefect', 'flows.stages', 'lightgbm', 'pandas') if name in sys.modules])"
    )
    arguments = [sys.executable, "-c", code, command, str(tmp_path / "raw"), "--data", str(tmp_path / "data")]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout.strip()) == (1, "[]")
    assert "sigfaible_cotisdues.csv holds contribution debts" in done.stderr
    assert not (tmp_path / "data" / "staged").exists()


def test_a_source_that_is_refused_while_it_is_read_is_told_with_its_reasons(tmp_path):
    lines = [DEBT.format(n).replace("1160318", "x" * 500) for n in range(20)]
    write(sound(tmp_path / "raw"), "sigfaible_debits.csv", DEBTS, *lines)
    settings = load(data=tmp_path / "data")
    with pytest.raises(InputError, match="debts: 20 of 20 lines"):
        stages.ingest(settings, tmp_path / "raw", silent)
    text = text_of(settings.folder.received_of("2401") / "index.fr.html")
    assert "20 lignes sur 20 sont rejetées dans sigfaible_debits.csv" in text
    assert f"2: {'x' * 80}…" in text


def test_a_report_that_can_not_be_written_whole_leaves_the_last_one(tmp_path, monkeypatch):
    sound(tmp_path / "raw")
    settings = load(data=tmp_path / "data")
    stages.ingest(settings, tmp_path / "raw", silent)
    folder = settings.folder.received_of("2401")
    before = (folder / "index.fr.html").read_text()
    received = read_received(folder / "received.json")
    monkeypatch.setattr("reports.received_page.write_record", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        deliveries.reported(settings, received)
    assert (folder / "index.fr.html").read_text() == before


def test_files_that_no_source_takes_and_older_sources_are_told_before_anything_is_read(tmp_path):
    former(tmp_path / "raw")
    faulty(tmp_path / "raw")
    found = deliveries.check(load(data=tmp_path / "data"), tmp_path / "raw")
    assert [remark.subject for remark in found] == [
        "2401/demande_ap_2402.csv",
        "2401/dettes_janvier.csv",
        "firm headcount (URSSAF)",
    ]


def test_a_damaged_record_of_what_was_read_is_told_with_what_to_do(tmp_path):
    (tmp_path / "debts").mkdir()
    for damage in ("", "[{", '[{"source": 1}]'):
        (tmp_path / "debts" / "ingest.json").write_text(damage)
        with pytest.raises(InputError, match=r"debts: .*ingest\.json.* is damaged\. Move .* away"):
            read_reports(tmp_path, "debts")
