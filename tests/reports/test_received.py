"""What a reading found, in sentences; figures from older data say from when they are."""

from pathlib import Path

import pytest

from features.received import Failure, Received, UnreadFile
from features.sources import SOURCES
from reports import received
from reports.language import Language, translations
from reports.received_page import as_markdown, size

FR, EN = Language("fr"), Language("en")


def test_every_reason_for_which_a_cell_can_not_be_read_has_its_french():
    readers = [column.read for source in SOURCES for column in source.columns.values()]
    readers += [source.melt.value.read for source in SOURCES if source.melt]
    assert {reader.expects for reader in readers} <= set(translations("fr"))


def test_a_failure_of_another_program_is_told_as_it_is():
    failure = Failure("Column {0} is no {1}", {})
    assert received.failure_sentence(failure, FR) == "Column {0} is no {1}"


def test_the_artifact_of_a_run_names_what_was_not_read_and_what_is_old_without_any_markup():
    unread = UnreadFile("2401", "<script>.csv", "sigfaible_debits.csv", "contribution debts")
    told = Received(batch="2401", unread=(unread,), stale={"debts": 1})
    assert as_markdown(told, Path("index.fr.html"), FR).splitlines() == [
        "0 fichiers lus. Le rapport : `index.fr.html`",
        "",
        "- **à surveiller** 2401/&lt;script&gt;.csv – Non lu : aucune source n'a de fichier de ce nom. D'après ses "
        "colonnes, il contient : débits de cotisations. Le renommer en sigfaible_debits.csv.",
        "- **à surveiller** débits de cotisations (URSSAF) – Absente de la dernière livraison : ses données sont plus "
        "anciennes de 1 mois.",
    ]


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 octets"), (999, "999 octets"), (1500, "1,5 ko"), (23_400_000_000, "23,4 Go")]
)
def test_a_size_is_in_the_largest_unit_of_which_it_holds_one(count, words):
    assert size(count, FR).replace("\xa0", " ") == words
