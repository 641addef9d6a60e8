"""How well judgements are read: texts of notices and traps, each with its right decisions, held against the reader.

The examples are `nomenclatures/bodacc_examples.csv`: `right` is what the text decides ("unknown" where no one could
tell), `read` is "undecided" where the reader must not decide, and blank where it must decide what is right.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import ibis

from features.insolvency import ACTIONS, END
from features.nomenclatures import read_nomenclature
from features.sources.bodacc import RETRACTS, UNDECIDED, decided_in
from features.sources.bodacc_natures import CATCH_ALL
from features.sources.french import prose

NOTHING: Final = "nothing"
UNKNOWN: Final = "unknown"
ALL_END: Final = frozenset(f"{action} {END}" for action in ACTIONS)


@dataclass(frozen=True)
class Example:
    """A notice whose nature is a catch-all: the decisions that are right, and those that the reader found.

    right, found: decisions such as "liquidation opening", `nothing`, `unknown` or `undecided`. must_decide: whether the
    reader is expected to find what is right, rather than to leave it undecided.
    """

    nature: str
    complement: str
    right: frozenset[str]
    found: frozenset[str]
    must_decide: bool


def examples() -> list[Example]:
    """Every example, read from its raw text as ingestion reads it."""
    rows = read_nomenclature("bodacc_examples")
    texts = {name: [row[name] for row in rows] for name in ("nature", "complement")}
    table = ibis.memtable({"place": range(len(rows)), **texts})
    leading = prose(table.nature).cases(*CATCH_ALL.items(), else_=ibis.null("string"))
    found = decided_in(leading, prose(table.complement).fill_null(""))
    con = ibis.duckdb.connect()
    read = con.to_pyarrow(table.mutate(found=found).order_by("place"))["found"].to_pylist()
    con.disconnect()
    return [
        Example(row["nature"], row["complement"], _decisions(row["right"]), _as_said(words), not row["read"])
        for row, words in zip(rows, read, strict=True)
    ]


def _decisions(said: str) -> frozenset[str]:
    parts = [part.strip() for half in said.split(",") for part in half.split("+")]
    return frozenset(word for part in parts for word in (ALL_END if part == "all end" else {part}))


def _as_said(words: list[str]) -> frozenset[str]:
    return frozenset(word.replace(RETRACTS, "undoes") for word in words) or frozenset({NOTHING})


@dataclass(frozen=True)
class Confusion:
    """For one decision: how often it was right and read, right and left undecided, right and missed, read and wrong."""

    decision: str
    read: int
    undecided: int
    missed: int
    wrong: int


def confusion(examples: Iterable[Example]) -> list[Confusion]:
    """The confusion table of the reader, decision by decision."""
    counts: Counter[tuple[str, str]] = Counter()
    for example in examples:
        is_held = example.found == {UNDECIDED}
        for decision in example.right:
            outcome = UNDECIDED if is_held else "read" if decision in example.found else "missed"
            counts[decision, outcome] += 1
        for decision in example.found - example.right - {UNDECIDED}:
            counts[decision, "wrong"] += 1
    outcomes = ("read", UNDECIDED, "missed", "wrong")
    return [Confusion(name, *(counts[name, o] for o in outcomes)) for name in sorted({name for name, _ in counts})]


def as_markdown(table: list[Confusion]) -> str:
    """The confusion table for the documentation, with its precision and recall."""
    lines = ["| decision | read | undecided | missed | wrong |", "|---|---|---|---|---|"]
    lines += [f"| {c.decision} | {c.read} | {c.undecided} | {c.missed} | {c.wrong} |" for c in table]
    known = [c for c in table if c.decision != UNKNOWN]
    read, of = sum(c.read for c in known), sum(c.read + c.undecided + c.missed for c in known)
    wrong = sum(c.wrong for c in table)
    lines.append(f"\nPrecision {read / (read + wrong):.1%}, recall {read / of:.1%}: the rest is undecided.")
    return "\n".join(lines)
