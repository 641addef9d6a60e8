"""Templates and style sheets, as those who change them read them."""

import math
import re
from pathlib import Path

import pytest
from jinja2 import nodes

import reports
from reports.review.rendering import ENVIRONMENT

REPORTS = Path(reports.__file__).parent
TEMPLATES = sorted((REPORTS / "templates").rglob("*.html"))
STYLES = [REPORTS / "review" / "static" / "review.css", REPORTS / "templates" / "monitoring.css"]


@pytest.mark.parametrize("path", [*TEMPLATES, *STYLES], ids=lambda path: path.name)
def test_no_line_is_longer_than_120_characters(path):
    assert [n for n, line in enumerate(path.read_text().splitlines(), 1) if len(line) > 120] == []


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_a_style_sheet_has_one_declaration_per_line(path):
    for line in path.read_text().splitlines():
        assert line.count(";") <= 1, line
        assert not re.search(r"[;{}].*\S.*[;{}]", line), line


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_value_is_compared_with_itself_to_see_whether_it_is_a_number(path):
    for compared in ENVIRONMENT.parse(path.read_text()).find_all(nodes.Compare):
        assert all(operand.expr != compared.expr for operand in compared.ops)


@pytest.mark.parametrize(
    ("context", "is_known"),
    [({}, False), ({"x": None}, False), ({"x": math.nan}, False), ({"x": 0.0}, True), ({"x": ""}, True)],
    ids=str,
)
def test_a_value_is_known_if_it_is_defined_and_neither_none_nor_nan(context, is_known):
    template = ENVIRONMENT.from_string("{{ x is known }}")
    assert template.render(**context) == str(is_known)
