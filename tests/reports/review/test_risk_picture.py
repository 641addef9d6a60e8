"""A firm's risk as one picture: how it moved, its interval and its curve by horizon, told by hand, key and table."""

import re
from datetime import date

import pytest

from models.alerts import Thresholds
from reports.language import Language
from reports.review.risk_picture import risk_picture, risks_by_horizon
from reports.review.words import Words
from reports.risk_drawing import NOW, places_of_past
from tests.reports.review.conftest import shown

EN, FR = Words(Language("en")), Words(Language("fr"))
FIRM = {
    "probability": 0.2, "probability_low": 0.17, "probability_high": 0.24,
    "probability_3m": None, "probability_6m": 0.05, "probability_12m": 0.12,
}  # fmt: skip
PAST = [
    {"period": date(2024, 1, 1), "probability": 0.1, "alert": "none"},
    {"period": date(2024, 2, 1), "probability": 0.2, "alert": "moderate"},
]
THRESHOLDS = Thresholds(high=0.4, moderate=0.15)


def read(chart):
    """What the pointer and the keyboard tell, in order."""
    return re.findall(r'<rect class="reading"[^>]*><title>([^<]*)</title>', chart.svg)


def test_the_lists_come_first_then_the_horizons_and_the_interval_stands_beside_the_last():
    chart = risk_picture(FIRM, PAST, 18, THRESHOLDS, EN)
    assert read(chart) == [
        *("01/2024 – 10%", "02/2024 – 20%"),
        *("within 6 months: 5%", "within 12 months: 12%", "within 18 months: 20% (17% to 24%)"),
    ]


def test_the_table_holds_all_that_the_picture_tells():
    assert risk_picture(FIRM, PAST, 18, THRESHOLDS, EN).rows == [
        ("6 months", "5%", "–", "–"),
        ("12 months", "12%", "–", "–"),
        ("18 months", "20%", "17% to 24%", "–"),
        ("February 2024", "20%", "–", "moderate alert"),
        ("January 2024", "10%", "–", "no alert"),
    ]


def test_the_band_spans_the_interval_and_the_curve_ends_within_it():
    drawn = risk_picture(FIRM, PAST, 18, THRESHOLDS, EN).svg
    top, height = map(
        float, re.search(r'class="band" x="372" y="([\d.]+)" width="\d+" height="([\d.]+)"', drawn).groups()
    )
    ends = re.findall(r'<polyline class="line second" points="([^"]+)"', drawn)[0].split()
    assert ends[0].startswith(f"{NOW}")
    assert top < float(ends[-1].split(",")[1]) < top + height


def test_what_is_not_known_is_not_drawn():
    alone = risk_picture({"probability": 0.2}, PAST[1:], 18, None, FR)
    assert [re.sub(r"\s", " ", told) for told in read(alone)] == ["02/2024 – 20 %", "à 18 mois : 20 %"]
    assert "band" not in alone.svg
    assert "threshold" not in alone.svg
    assert places_of_past(1) == [NOW]
    # A reader without right to scores.
    assert risk_picture({}, [], 18, None, EN) is None
    assert risks_by_horizon({}, 18) == {}


@pytest.mark.parametrize(("code", "title"), [("fr", "de liste en liste"), ("en", "list by list")])
def test_the_page_has_one_picture_of_the_risk_in_the_language_of_its_reader(agents, code, title):
    page = shown(agents["paris"].get("/firms/552100554", **{"accept-language": code}))
    assert page.count('<svg class="chart"') == 1
    assert title in page
    assert 'class="band"' in page
