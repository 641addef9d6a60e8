"""Where the figures of a firm come from, as the data team and administrators read it."""

from datetime import date

import pandas as pd
import pytest

from tests.reports.review.conftest import app_on, shown, signed_in

FIRM = "/firms/552100554/lineage?list=2024-02"
LINE = {
    "siren": "552100554", "known_at": date(2024, 1, 25), "batch": "2401", "file": "sigfaible_debits.csv", "line": 7,
    "account": "<b>1</b>", "employer_due": 2776.16,
}  # fmt: skip


@pytest.fixture
def staged(copied):
    """A data folder in which two lines of debts are staged: one is known only later."""
    folder = copied / "staged" / "debts"
    folder.mkdir(parents=True)
    lines = [LINE, {**LINE, "line": 8, "known_at": date(2024, 2, 25)}, {**LINE, "siren": "005520135", "line": 9}]
    pd.DataFrame(lines).to_parquet(folder / "2401-0.parquet")
    return copied


def test_an_administrator_reads_the_lines_the_model_the_lists_and_who_asked(staged, tmp_path):
    admin = signed_in(app_on(staged, tmp_path), "admin")
    admin.get("/firms/552100554?list=2024-02")
    page = shown(admin.get(FIRM))
    assert "2401/sigfaible_debits.csv" in page
    assert "account <b>1</b>, employer_due 2776.16" in page
    assert "&lt;b&gt;1&lt;/b&gt;" in admin.get(FIRM).text
    assert "admin: " in page
    assert 'aria-current="page"' in page
    document = admin.get(FIRM.replace("lineage?", "lineage.json?")).json()
    assert [(line["file"], line["line"]) for line in document["records"] if line["source"] == "debts"] == [
        ("sigfaible_debits.csv", 7)
    ]
    assert [listed["month"] for listed in document["listed"]] == ["2024-02", "2024-01"]
    assert {opened["by"] for opened in document["opened"]} == {"admin"}


@pytest.mark.parametrize("name", ["france", "paris"])
def test_it_is_for_the_data_team_with_every_kind_of_data(agents, name):
    assert agents[name].get(FIRM).status_code == 403
    assert "/lineage" not in agents[name].get("/firms/552100554?list=2024-02").text


def test_a_table_that_is_gone_is_said_in_a_page(copied, tmp_path):
    for part in (copied / "features").glob("period=2024-02-01"):
        part.rename(copied / "gone")
    admin = signed_in(app_on(copied, tmp_path), "admin")
    answer = admin.get(FIRM)
    assert answer.status_code == 404
    assert "n'existe plus" in shown(answer)
