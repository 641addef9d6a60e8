"""The examples of the documentation run, and print what the pages say that they print."""

import contextlib
import io
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "reference" not in path.parts)
# A block of Python, and the block of text that says what it prints, where one follows at once.
BLOCK = re.compile(r'^```python\n(.*?)^```\n(?:\n```text title="prints"\n(.*?)^```\n)?', re.DOTALL | re.MULTILINE)
# A block that stands for a file's content names it in its first line.
FILE = re.compile(r"# ([\w/]+)\.py\n")


def blocks(page):
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def printed(code, names, place):
    file = FILE.match(code)
    names["__name__"] = file[1].replace("/", ".") if file else "__main__"
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, place, "exec"), names)  # noqa: S102 - our own pages
    return out.getvalue()


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=lambda page: page.stem)
def test_the_examples_of_a_page_print_what_it_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    for number, (code, expected) in enumerate(blocks(page), 1):
        assert printed(code, names, f"{page.name}, example {number}") == expected, f"{page.name}, example {number}"


def test_every_text_that_is_printed_has_its_code():
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert text.count('title="prints"') == sum(bool(expected) for _, expected in blocks(page)), page.name


def test_every_concept_and_every_how_to_has_an_example_that_runs():
    shown = [page for folder in ("concepts", "how-to") for page in (DOCS / folder).glob("*.md")]
    assert [page.name for page in shown if not blocks(page)] == []
