"""The agents' guide as the application shows it, from the same Markdown file as the documentation's page."""

import re
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

from markdown_it import MarkdownIt

# The guide names what the reader has before them: its pictures and its links to other files stay in the documentation.
_LEFT_OUT = re.compile(r"^(!\[.*|\(\[.*\]\(agent\.\w\w\.md\)\))$", re.MULTILINE)


class Guide(NamedTuple):
    """title; contents: (anchor, title) of its parts; text: HTML."""

    title: str
    contents: tuple[tuple[str, str], ...]
    text: str


@cache
def guide(code: str) -> Guide:
    """The guide in a language. Markup in the file is shown as text, never taken for HTML."""
    source = files("reports").joinpath(f"guide/agent.{code}.md").read_text(encoding="utf-8")
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(_LEFT_OUT.sub("", source))
    title = ""
    contents: list[tuple[str, str]] = []
    for heading, inline in pairwise(tokens):
        if heading.type != "heading_open":
            continue
        if heading.tag == "h1":
            title = inline.content
        elif heading.tag == "h2":
            heading.attrSet("id", f"part-{len(contents) + 1}")
            contents.append((f"part-{len(contents) + 1}", inline.content))
    return Guide(title, tuple(contents), markdown.renderer.render(tokens, markdown.options, {}))
