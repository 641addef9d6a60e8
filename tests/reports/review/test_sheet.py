"""The sheet of a firm: one page, in any script, with what is not known and what to ask."""

import io
import unicodedata
from contextlib import closing
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pypdfium2
import pytest
from reportlab.platypus import SimpleDocTemplate

from reports.language import Language
from reports.review.firm import Explanation
from reports.review.key_figures import KeyFigure
from reports.review.sheet import Told, chosen, listed_establishments
from reports.review.sheet import charts as sheet_charts
from reports.review.sheet_parts import BODY, TITLE, drawable, text
from reports.review.unknowns import questions, unknowns
from reports.review.verdicts import Answers
from reports.review.wording import Said
from reports.review.words import Words
from tests.reports.review.conftest import app_on, rewrite, signed_in

FR, EN = Words(Language("fr")), Words(Language("en"))
BY_DEBT = Explanation([Said("social_debt", "", "debt_lag_12m")], None, 0.1, {"accounts_age": 3.0}, ())


def figure(name, standing=""):
    return KeyFigure(name, "social_debt", 1.0, None, standing, "", ())


def told(explained, figures):
    return Told(explained, figures, Answers([], []), None, [], [], [], [], "")


def test_the_figures_that_the_reasons_speak_of_come_first_then_the_worse_ones():
    figures = [figure("turnover"), figure("paydex", "worse"), figure("debt"), figure("headcount", "better")]
    assert [one.name for one in chosen(told(BY_DEBT, figures))] == ["debt", "paydex"]


def test_without_any_of_these_the_first_figures_stand():
    figures = [figure("turnover"), figure("headcount")]
    assert chosen(told(replace(BY_DEBT, reasons=[]), figures)) == figures


def test_what_to_ask_follows_the_reasons_and_what_is_not_known():
    asked = list(questions(BY_DEBT, EN))
    assert asked[0] == "Does it know what it owes to the URSSAF, and has it asked for a payment plan?"
    assert "May we see its last accounts, or an interim balance?" not in asked
    without = replace(BY_DEBT, values={"headcount": None})
    assert {"May we see its last accounts, or an interim balance?", "How many people does it employ today?"} < set(
        questions(without, EN)
    )


def test_what_is_not_known_names_silent_sources_once():
    said = list(unknowns(replace(BY_DEBT, values={"accounts_age": None, "paydex": None}), {}, ("ccsf",), EN))
    assert said[0] == "No accounts of this firm are known."
    assert [sentence.startswith("Sources") for sentence in said] == [False, True, True]


@pytest.mark.parametrize(
    ("written", "drawn"),
    [("ÉTS ŒUVRÉ ŁÓDŹ", "ÉTS ŒUVRÉ ŁÓDŹ"), ("e\u0301", "é"), ("株式会社", "株式会社"), ("🙂", "[U+1F642]"),
     ("12\u202f000\u00a0€", "12\u202f000\u00a0€"), ("חברת", "תרבח")],
)  # fmt: skip
def test_a_sign_that_no_font_draws_is_told_by_its_number(written, drawn):
    assert drawable(written) == drawn


NAMES = (
    *("株式会社 カタカナ ひらがな", "北京华为技术有限公司", "臺灣積體電路製造", "주식회사 한국전자", "บริษัท ไทย"),
    *("شركة النور للتجارة 2000 SARL", "חברת אור בע״מ", "ΩΜΕΓΑ Ньюс Łódź", "ԵՐԵՎԱՆ თბილისი"),
)


def pages_of(content):
    """The text of each page, as a reader copies it from there."""
    with closing(pypdfium2.PdfDocument(content)) as document:
        return [unicodedata.normalize("NFKC", page.get_textpage().get_text_bounded()) for page in document]


@pytest.mark.parametrize("style", [TITLE, BODY], ids=["bold", "plain"])
def test_names_in_any_script_come_out_of_the_file_as_they_were_written(style):
    out = io.BytesIO()
    SimpleDocTemplate(out).build([text(name, style) for name in NAMES])
    said = "".join(pages_of(out.getvalue()))
    for name in NAMES:
        # A line that mixes directions is copied in either order: word by word it is as written.
        assert [word for word in name.split() if word not in said] == []
    assert "[U+" not in said


def test_letters_of_arabic_are_joined_and_read_from_the_right():
    joined = drawable("SARL شركة")
    assert joined.startswith("SARL ")
    assert [unicodedata.name(sign).split()[-2:] for sign in joined[5:]] == [
        *(["FINAL", "FORM"], ["INITIAL", "FORM"], ["FINAL", "FORM"], ["INITIAL", "FORM"]),
    ]


def test_the_sheet_of_a_firm_with_a_chinese_name_holds_it(copied, tmp_path):
    def renamed(table):
        name = pa.array(["北京华为技术有限公司" if s == "552100554" else s for s in table["siren"].to_pylist()])
        return table.set_column(table.column_names.index("name"), "name", name)

    rewrite(copied / "lists" / "2024-02" / "target_list.parquet", renamed)
    rewrite(copied / "features" / "firms.parquet", renamed)
    agent = signed_in(app_on(copied, tmp_path), "paris")
    (page,) = pages_of(agent.get("/firms/552100554/sheet.pdf").content)
    assert "北京华为技术有限公司" in page


def place(number, closed_on=None, address="3 RUE HOCHE", is_head_office=False):
    told = {"siret": f"5521005540001{number}", "postcode": "75011", "commune_name": "PARIS", "address": address}
    return {**told, "closed_on": closed_on, "is_head_office": is_head_office}


def test_open_establishments_are_listed_the_head_office_as_such_and_the_others_counted():
    places = [place(1, is_head_office=True), place(2, closed_on=date(2020, 1, 1)), *(place(n) for n in range(3, 9))]
    said = list(listed_establishments(EN, places))
    assert said[0] == "55210055400011, 3 RUE HOCHE, 75011 PARIS, head office"
    assert (len(said), said[-1]) == (5, "and 3 more")


def test_the_sheet_holds_its_font_and_one_page_with_two_charts(fresh):
    content = signed_in(fresh, "paris").get("/firms/552100554/sheet.pdf", **{"accept-language": "en"}).content
    assert content.count(b"/Type /Page\n") == 1
    assert b"/FontFile2" in content
    for said in (b"Risk over time", b"What is not known", b"What to ask the firm"):
        assert said in content


def test_where_there_is_one_list_only_the_second_chart_is_of_the_headcount():
    past = [{"period": date(2024, n, 1), "probability": 0.1 * n} for n in (1, 2)]
    traces = [{"period": date(2024, n, 1), "debt": 10.0 * n, "headcount": 20.0 - n} for n in (1, 2)]

    def titles(found):
        (_, table) = sheet_charts(EN, replace(told(BY_DEBT, []), past=found, traces=traces))
        return [drawing.contents[0].text for (row,) in [table._cellvalues] for drawing in row]

    assert titles(past) == ["Risk over time", "Social debt"]
    assert titles(past[1:]) == ["Social debt", "Headcount"]
