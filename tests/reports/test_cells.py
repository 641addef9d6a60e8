"""CSV: whatever a text holds, no spreadsheet finds a formula in it, at whichever separator it splits."""

import ast
import csv
import io
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reports
from reports.cells import csv_text, safe, spreadsheet_csv
from reports.language import Language

FLOORS = Path(reports.__file__).parents[1]
SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫"


@pytest.mark.parametrize(
    ("cell", "guarded"),
    [
        ("=1+1", "'=1+1"),
        ("＝1+1", "'＝1+1"),
        ("－2+3", "'－2+3"),
        ("＠SUM(A1)", "'＠SUM(A1)"),
        ("vu, -3 salariés", "vu, -3 salariés"),
        ("a;=b", "a;'=b"),
        ("a,-b", "a,'-b"),
        ("a\n@b", "a\n'@b"),
        ("a\r\n=b", "a\r\n'=b"),
        ('a,"=b"', 'a,\'"=b"'),
        ("\tA", "'\tA"),
        ("\nA", "'\nA"),
        ("a - b = c", "a - b = c"),
        ("SOCIETE", "SOCIETE"),
        ("35-Rennes, 22 rue Jean-Moulin", "35-Rennes, 22 rue Jean-Moulin"),
        ("", ""),
        (-5, -5),
        (None, None),
    ],
    ids=repr,
)
def test_no_text_starts_a_formula(cell, guarded):
    assert safe(cell) == guarded


TEXT = st.text(st.sampled_from(SIGNS + ";,\t\r\n\" \u00a0'ab1"), max_size=8)


@given(st.lists(st.lists(TEXT, min_size=2, max_size=2), min_size=1, max_size=3), st.sampled_from(",;"))
def test_however_a_spreadsheet_splits_a_file_no_cell_starts_with_the_sign_of_a_formula(rows, written_with):
    text = csv_text(rows[0], rows[1:], separator=written_with)
    for separator in ",;\t":
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            read = csv.reader(io.StringIO(text, newline=""), delimiter=separator, quoting=quoting)
            cells = [cell for row in read for cell in row]
            assert not [cell for cell in cells if cell[:1] and cell[0] in SIGNS], text


def test_tables_are_written_in_no_other_way():
    found = []
    for floor in ("flows", "reports", "models", "features"):
        for path in (FLOORS / floor).rglob("*.py"):
            names = {getattr(node, "attr", "") for node in ast.walk(ast.parse(path.read_text()))}
            found += [path.name] if names & {"writer", "DictWriter", "to_csv", "to_excel"} else []
    assert found == ["cells.py"]


ROW = (0.125, -3.0, 1e-05, 12, date(2024, 2, 1), "-0,5", "=1", None)


def test_a_french_spreadsheet_reads_numbers_and_days_as_such_and_no_formula():
    head, line = spreadsheet_csv(["é", *"bcdefgh"], [ROW], Language("fr")).decode().splitlines()
    assert head == "\ufeffé;b;c;d;e;f;g;h"
    assert line == "0,125;-3;1e-05;12;01/02/2024;'-0,5;'=1;"


def test_an_english_spreadsheet_reads_the_same_with_its_own_signs():
    _, line = spreadsheet_csv(["a"], [ROW], Language("en")).decode().splitlines()
    assert line == "0.125,-3.0,1e-05,12,2024-02-01,\"'-0,5\",'=1,"
