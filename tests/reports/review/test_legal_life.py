"""Legal notices of a firm as a time line, as they were known on the list's day."""

from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest

from features.sources.legal_notices import DEPOSIT, MANAGERS, OTHER, SEAT, WORDS
from reports.review.data import Reader
from reports.review.legal_life import MISSING, TOLD, time_line
from reports.review.past import legal_notices
from tests.economy import made_once
from tests.reports.review.conftest import app_on, shown, signed_in

FIRM = "552100554"
PERIOD = date(2024, 2, 1)


def deposit(closed_on, published_on, is_confidential=False):
    told = {"kind": DEPOSIT, "published_on": published_on, "closed_on": closed_on, "known_at": published_on}
    return {**told, "is_confidential": is_confidential}


def missing(*closed, period=PERIOD):
    notices = [deposit(day, date(day.year + 1, 6, 1)) for day in closed]
    return [(one.closed_on, one.on) for one in time_line(notices, period) if one.kind == MISSING]


def test_accounts_whose_term_has_passed_without_a_deposit_are_missing_between_others_too():
    closed = date(2019, 12, 31), date(2021, 12, 31)
    assert missing(*closed) == [(date(2022, 12, 1), date(2023, 8, 1)), (date(2020, 12, 1), date(2021, 8, 1))]


def test_accounts_are_not_missing_before_the_end_of_their_term():
    assert missing(date(2022, 6, 30)) == [(date(2023, 6, 1), date(2024, 2, 1))]
    assert missing(date(2022, 6, 30), period=date(2024, 1, 1)) == []


def test_a_closing_that_moved_by_some_months_is_not_missing():
    assert missing(date(2021, 12, 31), date(2022, 9, 30), period=date(2023, 9, 1)) == []


def test_where_no_deposit_is_known_none_is_missing():
    assert missing() == []


def test_every_kind_of_notice_has_its_words():
    assert set(WORDS) | {DEPOSIT, OTHER} < set(TOLD)


@pytest.fixture
def noticed(copied):
    """A firm with a notice in two deliveries, which another one corrects, and one that was not known yet."""
    rows = [
        (FIRM, "1", "1", DEPOSIT, date(2022, 7, 1), date(2020, 12, 31), True, date(2022, 7, 1)),
        (FIRM, "1", "1", DEPOSIT, date(2022, 7, 1), date(2020, 12, 31), True, date(2022, 7, 9)),
        (FIRM, "5", "1", DEPOSIT, date(2022, 7, 20), date(2021, 12, 31), True, date(2022, 7, 20)),
        (FIRM, "2", "2", MANAGERS, date(2023, 11, 3), None, None, date(2023, 11, 3)),
        (FIRM, "3", "3", SEAT, date(2024, 2, 20), None, None, date(2024, 2, 20)),
        ("350000008", "4", "4", SEAT, date(2023, 2, 20), None, None, date(2023, 2, 20)),
    ]
    names = ["siren", "notice", "about", "kind", "published_on", "closed_on", "is_confidential", "known_at"]
    folder = copied / "staged" / "legal_notices"
    folder.mkdir(parents=True)
    pd.DataFrame(rows, columns=names).to_parquet(folder / "2401-notices.parquet")
    return copied


def test_the_page_tells_each_notice_once_as_it_was_corrected_and_none_that_was_not_known_yet(noticed, tmp_path):
    page = shown(signed_in(app_on(noticed, tmp_path), "paris").get(f"/firms/{FIRM}/history"))
    line = page.split('id="notices"')[1].split("</ol>")[0]
    told = [
        word for word in ("aucun dépôt", "dépôt des comptes", "changement de dirigeants", "transfert") if word in line
    ]
    assert told == ["aucun dépôt", "dépôt des comptes", "changement de dirigeants"]
    assert line.count("<li") == 3
    assert "connu le 01/07/2022" in line
    assert "confidentiels" in line
    assert line.count("exercice clos : décembre 2021") == 1
    assert "décembre 2020" not in line


@pytest.mark.slow
def test_on_an_economy_as_many_accounts_are_missing_as_the_feature_counts(tmp_path_factory):
    reader, period = Reader(made_once(tmp_path_factory)), date(2024, 1, 1)
    table = reader.folder.snapshot().built
    counted = (
        "SELECT siren, deposits_missing_36m AS missing FROM read_parquet(?) WHERE deposits_missing_36m IS NOT NULL"
    )
    rows = reader.query(f"{counted} ORDER BY missing DESC, siren LIMIT 100", [str(table.files(period))])
    listed = SimpleNamespace(period=period)
    lines = {row["siren"]: time_line(legal_notices(reader, listed, row["siren"]), period) for row in rows}
    found = {siren: sum(event.kind == MISSING for event in line) for siren, line in lines.items()}
    assert found == {row["siren"]: row["missing"] for row in rows}
    assert sum(found.values()) > 10


def test_where_notices_were_never_delivered_the_page_says_so(agents):
    page = shown(agents["paris"].get(f"/firms/{FIRM}/history"))
    assert "Les annonces légales (BODACC) n'ont jamais été livrées" in page
