"""How a judgement's text is cut into clauses, and what stands where in a clause: around a place, or as an object."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from features.sources.bodacc_words import Token

Clause = Sequence[Token]
NAMES: Final = ("procedure", "plan", "reason")
PREPOSITIONS: Final = ("of", "in", "to", "by")
ACTS: Final = ("verb", "participle", "infinitive", "noun")
FILLING: Final = ("word", *PREPOSITIONS, "judgement", "past", "comma")
KEEPING: Final = (Token("keep", "verb"), Token("keep", "postpone"))
# Verbs whose present is written as their past participle, accents aside.
ALSO_PAST: Final = ("pronounce", "adopt", "amend")
# What takes back the sentence whose subject it follows: "la cloture est refusee".
TAKES_BACK: Final = ("refuse", "keep", "asked")


def clauses(words: Sequence[Token]) -> Iterator[list[Token]]:
    """The text cut at its full stops and before each verb that governs what follows."""
    clause: list[Token] = []
    for token in words:
        before = clause[-1].kind if clause else "break"
        # "le plan arrete le 3 mars" is no new decision.
        is_past = token.kind == "verb" and token.value in ALSO_PAST and before in NAMES
        if token.kind == "break" or (clause and not is_past and _governs(token, before)):
            yield clause
            clause = []
        if token.kind != "break":
            clause.append(Token("past", token.value) if is_past else token)
    yield clause


def _governs(token: Token, before: str) -> bool:
    """Whether a new clause begins: a finite verb, unless a relative or a negation precedes it."""
    if before in ("reference", "not", "of", "to", "after"):
        return False
    if token.kind == "participle" or (token.kind == "overturn" and token.value == "participle"):
        return before in ("comma", "and")
    # "infirme le jugement rejetant le plan" is one clause.
    is_of_judgement = token.kind == "refuse" and before == "judgement"
    return (token.kind in ("verb", "refuse", "confirm", "overturn") and not is_of_judgement) or token in KEEPING


def kind_at(clause: Clause, at: int) -> str:
    """The kind of the word at a place, "break" outside of the clause."""
    return clause[at].kind if 0 <= at < len(clause) else "break"


def begins(clause: Clause, at: int) -> bool:
    """Whether an act or a name follows, with "de" or without it."""
    while kind_at(clause, at) in ("word", "of", "in"):
        at += 1
    return kind_at(clause, at) in ("participle", "noun", *NAMES)


def is_taken_back(clause: Clause, at: int) -> bool:
    """Whether the judgement that decides is itself told of: "le jugement ouvrant la liquidation est infirme"."""
    taken_back = [Token("passive", value) for value in TAKES_BACK]
    return any(token in taken_back or token.kind == "auxiliary" for token in clause[at + 1 :])


def stands(clause: Clause, at: int) -> bool:
    """Whether the sentence of which a noun is the subject does not take it back: "la cloture sera examinee"."""
    for token in clause[at + 1 :]:
        if token.kind in ("comma", "and", *ACTS):
            return True
        if token.kind in ("auxiliary", "refuse") or token.value == "ne":
            return False
        if token.kind == "passive":
            return token.value not in TAKES_BACK
    return True


def part_of_plan(clause: Clause, at: int) -> tuple[Token, int]:
    """The plan of which a part is amended ("la duree du plan"), else the part."""
    to = at
    while to < len(clause) and clause[to].kind in ("keep", "of", "word"):
        to += 1
    is_plan = to < len(clause) and clause[to].kind == "plan"
    return (clause[to], to) if is_plan else (clause[at], at)


def object_of(clause: Clause, at: int) -> int:
    """The place of the first word after an act that may be its object."""
    token, to = clause[at], at + 1
    while to < len(clause) and clause[to].kind in FILLING:
        if clause[to].kind == "comma" and (token.kind == "noun" or token.value != "pronounce"):
            return len(clause)
        to += 1
    return to


def is_object(clause: Clause, at: int, to: int, token: Token) -> bool:
    """A verb has its object without a preposition (save "mettre fin a"), a noun with "de" or none."""
    before = kind_at(clause, to - 1)
    if token.value in ("close", "amend") or (to == at + 1 and token.value != "place"):
        return True
    if token.value == "end":
        return before == "to" if token.kind != "noun" else to == at + 2
    if token.value == "place":
        return before == "in"
    return before in ("of", "in") if token.kind == "noun" else before not in ("of", "in", "by")


def is_followed(overturned: Clause) -> bool:
    """Whether something else may be decided, without a full stop, after what is overturned."""
    # "la resolution du plan et l'ouverture de la liquidation" are one judgement.
    is_several = Token("noun", "dissolve") in overturned
    begins_after = {
        "comma": (*NAMES, "noun", "judgement", "participle"),
        "word": ("judgement", "noun"),
        "judgement": ("noun",),
        "and": ("judgement",) if is_several else ("judgement", "noun", *NAMES),
    }
    return any(after.kind in begins_after.get(before.kind, ()) for before, after in pairwise(overturned))
