"""What a judge decided, read in the free text of a notice (`complementJugement`) whose nature does not tell it.

A text is read as decisions, not as words: what is decided (a verb or its noun), of what (a procedure, a plan), and
whether it is decided at all: it may be refused, asked for, or told of another judgement. Nothing is guessed: where one
procedure or plan of a text finds no place, the whole text is undecided. The words are data made to be read by a jurist:
`nomenclatures/bodacc_words.csv`. The examples, judged by hand, are beside them: `bodacc_examples.csv`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from features.insolvency import (
    ACTIONS,
    AMENDMENT,
    ANY_ACTION,
    END,
    LIQUIDATION,
    OPENING,
    PLAN,
)
from features.sources.bodacc_clauses import ClauseReader
from features.sources.bodacc_effects import CLOSED, Decision
from features.sources.bodacc_syntax import NAMES, PREPOSITIONS, clauses
from features.sources.bodacc_words import BREAK, Token, tokens

# A judgement that is undone without being told: only the notice that is named can tell it.
NAMED_NOTICE: Final = "named"


@dataclass(frozen=True)
class Reading:
    """What a text decides of the firm.

    retracts: the action whose opening it undoes, `any`, or `named` where only the notice that it names can tell.
    is_undecided: it may decide something else, or more: nothing of it may be used.
    """

    decisions: tuple[Decision, ...] = ()
    retracts: str | None = None
    is_undecided: bool = False


# "Liquidation judiciaire refusée" is a sentence of its own: no nature precedes it.
TOLD_OF_A_NAME: Final = ("passive", "auxiliary", "refuse")
# What a closing's text says where it is no closing.
AGAINST_A_CLOSING: Final = frozenset(
    ("refuse", "petition", "not", "postpone", "postponed", "overturn", "confirm", "amicable")
)
UNDECIDED: Final = Reading(is_undecided=True)


@lru_cache(maxsize=200_000)
def read(leading: str, plain: str) -> Reading:
    """What a complement decides.

    leading: the act that the notice's nature puts before the text (`pronounce`, `open`, `close`, `overturn`), or "".
    plain: the complement, unaccented and in lower case.
    """
    return _concluded(_read(leading, tokens(plain)), leading)


def _read(leading: str, words: Sequence[Token]) -> ClauseReader:
    told = [token for token in words if token.kind not in ("word", "of", "to")]
    first, second = [*told, BREAK, BREAK][:2]
    if leading == "overturn" and first.kind in (*NAMES, "noun", "judgement"):
        words = [Token("overturn", "verb"), *words]
    elif leading and first.kind in NAMES and second.kind not in TOLD_OF_A_NAME and second.value != "ne":
        words = [Token("verb", leading), *words]
    reader = ClauseReader()
    for clause in clauses(words):
        reader.read(clause)
    return reader


def _undone(told: list[Token]) -> str | None:
    """The action whose opening is undone, `any` or `named` where it is not told; None where it can't be told.

    What is overturned is read as a text of its own.
    """
    while told and told[0].kind in (*PREPOSITIONS, "comma"):
        told = told[1:]
    if not told:
        return NAMED_NOTICE
    if [token for token in told if token.kind in ("noun", *NAMES)] == [Token("noun", "open")]:
        return ANY_ACTION
    undone = _concluded(_read("open", told), "")
    opened = [action for action, stage in undone.decisions if stage == OPENING]
    return opened[0] if len(opened) == 1 and not undone.is_undecided else None


def _concluded(reader: ClauseReader, leading: str) -> Reading:
    """The reading of a whole text, undecided where its decisions can't all be true."""
    effects = reader.effects
    decisions = set(_in_turn(effects.decided))
    opened = {action for action, stage in decisions if stage == OPENING}
    if effects.closes_all:
        decisions |= {(action, END) for action in ACTIONS if action not in opened}
    is_half_said = (effects.closes_unnamed and leading != "close") or (effects.wants_an_opening and not opened)
    if effects.loose or is_half_said or _is_contradictory(decisions):
        return UNDECIDED
    if leading == "close" and not any(stage == END for _, stage in decisions):
        return _closing(reader, decisions)
    undone = {_undone(told) for told in reader.overturned}
    retracts = {action for action in undone if action}
    if leading == "overturn" and not reader.seen & {"overturn", "confirm", "refuse"}:
        retracts |= {NAMED_NOTICE}
    # A liquidation is the gravest: whatever judgement it takes the place of.
    if LIQUIDATION in opened:
        retracts -= {NAMED_NOTICE}
    if None in undone or len(retracts) > 1 or (not decisions and not retracts and _is_silent(reader, leading)):
        return UNDECIDED
    return Reading(tuple(sorted(decisions)), next(iter(retracts), None))


def _in_turn(decided: Sequence[Decision]) -> Iterator[Decision]:
    """Without the ends of what the same text opens anew after them."""
    for place, (action, stage) in enumerate(decided):
        if not (stage == END and (action, OPENING) in decided[place:]):
            yield action, stage


def _is_contradictory(decisions: set[Decision]) -> bool:
    stages = {action: {stage for of, stage in decisions if of == action} for action in ACTIONS}
    opened = [action for action in ACTIONS if OPENING in stages[action]]
    planned = [action for action in ACTIONS if stages[action] & {PLAN, AMENDMENT}]
    return (
        len(opened) > 1
        or len(planned) > 1
        or any(END in found and len(found) > 1 for found in stages.values())
        or bool(planned and opened and planned != opened)
    )


def _closing(reader: ClauseReader, decisions: set[Decision]) -> Reading:
    """A closing by its nature: its text may repeat the opening, or say nothing; it must not contradict it."""
    if reader.seen & AGAINST_A_CLOSING or any(stage != OPENING for _, stage in decisions):
        return UNDECIDED
    return Reading(CLOSED)


def _is_silent(reader: ClauseReader, leading: str) -> bool:
    """Whether a text that decides nothing may hide a decision: blank, or it only names a procedure in passing."""
    is_told = reader.seen & {"refuse", "keep", "confirm", "not"}
    if reader.is_open and not reader.seen & {"refuse"}:
        return True
    if leading == "open":
        return not reader.seen & {"refuse", "confirm"}
    return not reader.seen or ("in passing" in reader.seen and not is_told)
