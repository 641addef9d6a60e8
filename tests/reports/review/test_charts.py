"""Charts tell the value of each month, under the pointer and by keyboard, in both themes."""

import re
from datetime import date
from pathlib import Path

import pytest

import reports
from reports.charts import Series, bar_chart, line_chart

MONTHS = [date(2024, month, 1) for month in (1, 2, 3)]
STYLE = Path(reports.__file__).parent / "review" / "static" / "review.css"


def readings(svg):
    return re.findall(r'<rect class="reading"[^>]*><title>([^<]*)</title>', svg)


def test_each_month_of_a_line_tells_what_it_holds_and_what_is_not_known():
    drawn = line_chart("t", "d", MONTHS, [Series("Risk", (0.1, None, 0.25), "first")], str, told=lambda v: f"{v:.1%}")
    assert readings(drawn) == ["01/2024 – Risk 10.0%", "02/2024 – Risk –", "03/2024 – Risk 25.0%"]


def test_each_month_of_a_stack_tells_all_its_parts():
    stacks = [Series("a & b", (1, 2, 3), "first"), Series("c", (4, None, 6), "second")]
    assert readings(bar_chart("t", "d", MONTHS, stacks, str))[0] == "01/2024 – a &amp; b 1 · c 4"


def test_the_strips_of_the_months_cover_the_chart_side_by_side():
    drawn = line_chart("t", "d", MONTHS, [Series("x", (1, 2, 3), "first")], str)
    strips = [
        tuple(map(float, found)) for found in re.findall(r'"reading" x="([\d.]+)" y="14" width="([\d.]+)"', drawn)
    ]
    ends = [x + width for x, width in strips]
    assert ends[:-1] == pytest.approx([x for x, _ in strips[1:]])
    assert (strips[0][0], ends[-1]) == (64, 628)


def luminance(colour):
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def themes():
    """The named colours of each theme, in full."""
    found = re.findall(r":root \{(.*?)\}", STYLE.read_text(), re.DOTALL)
    named = [dict(re.findall(r"--([\w-]+): (#\w+);", block)) for block in found]
    return [
        {
            name: colour if len(colour) == 7 else "#" + "".join(2 * digit for digit in colour[1:])
            for name, colour in one.items()
        }
        for one in named
    ]


def test_both_themes_name_the_same_colours():
    light, dark = themes()
    assert set(light) == set(dark)


def test_a_colour_is_told_by_its_name_but_for_the_white_paper_of_pictures():
    rules = STYLE.read_text().split("\n* {")[1]
    assert set(re.findall(r".*#[0-9a-fA-F]{3,8}\b.*", rules)) <= {"  background: #fff;"}


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_what_is_drawn_stands_out_from_the_paper_in_both_themes(theme):
    colours = themes()[theme]
    for name in ("first", "second", "median", "worse", "better", "mark", "edge", "focus"):
        assert contrast(colours[name], colours["paper"]) >= 3, name
    for ink, back in (
        ("ink", "paper"),
        ("soft", "ground"),
        ("blue", "ground"),
        ("calm-ink", "paper"),
        ("high-ink", "paper"),
    ):
        assert contrast(colours[ink], colours[back]) >= 4.5, ink
