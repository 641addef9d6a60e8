"""Workbooks and CSV cells: what both kinds of list write with."""

import io
import re
import zipfile
from datetime import date, datetime

import numpy as np

from reports.list_columns import LIST_COLUMNS, Format
from reports.spreadsheet import About, workbook

COLUMNS = [LIST_COLUMNS[name] for name in ("siren", "probability", "first_alert", "alert_since", "headcount")]
ABOUT = About("about", [["A risk, not a verdict."], ["Model", "m1"]], (34, 100))


def parts(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return {name: book.read(name).decode() for name in book.namelist()}


def made(rows, **more) -> bytes:
    return workbook("list", COLUMNS, [column.name for column in COLUMNS], rows, ABOUT, **more)


def test_text_that_looks_like_a_formula_stays_text_when_someone_edits_its_cell():
    sheet = parts(made([("=1+1", None, None, None, None), ("SARL", None, None, None, None)]))
    text = sheet["xl/worksheets/sheet1.xml"]
    assert "<f>" not in text
    (quoted, plain) = (re.search(f'<c r="A{line}"( s="([0-9]+)")?', text)[2] for line in (2, 3))
    assert plain is None
    styles = re.findall("<xf [^>]*>", sheet["xl/styles.xml"].split("<cellXfs")[1])
    assert 'quotePrefix="1"' in styles[int(quoted)]
    assert "=1+1" in sheet["xl/sharedStrings.xml"]


def test_cells_are_typed_and_what_is_not_known_is_blank():
    day = date(2024, 2, 1)
    sheet = parts(made([("552100554", 0.25, np.bool_(True), day, np.float64("nan")), ("1", None, False, None, 12)]))
    text = sheet["xl/worksheets/sheet1.xml"]
    assert "<v>0.25</v>" in text
    assert 't="b"><v>1</v>' in text
    assert "<v>45323</v>" in text
    assert 'r="E2"' not in text
    assert "<v>12</v>" in text
    assert "yyyy-mm-dd" in sheet["xl/styles.xml"]


def test_a_workbook_has_a_frozen_header_filters_and_a_sheet_about_it():
    sheet = parts(made([("552100554", 0.25, True, None, 1.0)], notice="SIMULATED"))
    assert 'state="frozen"' in sheet["xl/worksheets/sheet1.xml"]
    assert "<autoFilter" in sheet["xl/worksheets/sheet1.xml"]
    assert "SIMULATED" in sheet["xl/worksheets/sheet1.xml"]
    assert "A risk, not a verdict." in sheet["xl/sharedStrings.xml"]


def test_equal_rows_made_on_a_given_day_give_equal_bytes():
    day = datetime(2000, 1, 1)  # noqa: DTZ001
    assert made([("1", 0.5, True, None, 1)], made_on=day) == made([("1", 0.5, True, None, 1)], made_on=day)


def test_the_same_figure_is_written_the_same_way_wherever_it_stands():
    assert {name for name, column in LIST_COLUMNS.items() if column.format is Format.PERCENT} == {
        "probability",
        "probability_3m",
        "probability_6m",
        "probability_12m",
        "probability_low",
        "probability_high",
    }
