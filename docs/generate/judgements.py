"""The page on how judgements are read: the words, and every example with what is read in it."""

from collections.abc import Iterator
from typing import Final

from docs.generate.tables import table
from features.nomenclatures import read_nomenclature
from features.sources.bodacc_examples import Example, as_markdown, confusion, examples

ABOUT: Final = """\
# How judgements are read

The nature of a notice of the BODACC mostly tells what the court decided. Where it does not ("Autre jugement et
ordonnance", appeals...), its free text is read as *decisions*: an act ("ouvre"), what it bears on ("une liquidation
judiciaire"), and whether it is decided at all: it may be refused, asked for, or told of another judgement. A text of
which one procedure, plan or act finds no place is **undecided** as a whole: it changes no firm's state and is counted
when files are read (see the [operator's guide](../guides/operator.md)).

A jurist can check both the words and the examples below; a reading that is wrong is a fault to report. A wording is
added as an example first (`features/nomenclatures/bodacc_examples.csv`), with what is right; then its words
(`bodacc_words.csv` beside it), until `pytest tests/features/sources/test_bodacc_decisions.py` passes.

## How often the reader is right

On the examples of this page, as `weaksignals bench judgements` prints it. *Undecided* are decisions that a person finds
in a text and the reader leaves open; *missed* and *wrong* must stay 0.
"""
WORDS: Final = """\
## Words

Without accents and articles, alternatives between bars; the notation is that of regular expressions. Words that are not
listed mean nothing; where a decision depends on one, the text is undecided.
"""


def judgements() -> str:
    """How often the reader is right, its vocabulary, and its examples."""
    read = examples()
    confused = as_markdown(confusion(read)) + "\n"
    return "\n".join([ABOUT, confused, WORDS, *_words(), "## Examples\n", *_examples(read)])


def _words() -> Iterator[str]:
    """One table per group of the vocabulary, under the sentence that opens the group in its file."""
    groups: dict[str, list[tuple[str, str, str]]] = {}
    title = ""
    for row in read_nomenclature("bodacc_words"):
        if row["kind"].startswith("#"):
            title = row["kind"].removeprefix("# ")
        else:
            groups.setdefault(title, []).append((row["kind"], row["value"], f"`{row['words']}`"))
    for said, rows in groups.items():
        yield f"{said}\n"
        yield table(("kind", "stands for", "words"), rows)


def _examples(read: list[Example]) -> Iterator[str]:
    for nature in dict.fromkeys(example.nature for example in read):
        yield f"### {nature}\n"
        yield table(
            ("text", "what is right", "read"),
            [
                (
                    one.complement.replace("&", "&amp;") or "(no text)",
                    _said(one.right),
                    "" if one.must_decide else "undecided",
                )
                for one in read
                if one.nature == nature
            ],
        )


def _said(decisions: frozenset[str]) -> str:
    return ", ".join(sorted(decisions))
