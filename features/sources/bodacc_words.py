"""The words of a judgement's free text, as tokens: the vocabulary is `nomenclatures/bodacc_words.csv`, made to be read.

Each line of the vocabulary says what some words are (`kind`), what they stand for (`value`), and the words: unaccented,
in lower case, without articles ("du" and "d'un" are "de"), alternatives separated by bars. Words that are not in it are
tokens of kind `word`.
"""

import re
from functools import cache
from typing import Final, NamedTuple

from features.nomenclatures import read_nomenclature

# "une procedure de liquidation judiciaire" and "le projet de plan" are one name.
_BEFORE: Final = {
    "procedure": r"(?:(?:procedures?|operations?|regime)(?: collectives?)?(?: simplifiees?)? (?:de )?)?",
    "plan": r"(?:(?:projets?|propositions?|modalites) de )?",
}
# A full stop ends a sentence, unless it follows an abbreviation, an initial or an article of law.
_STOP: Final = re.compile(r"(?<=[a-z]{4})\.|(?<=[0-9)])\.(?= |$)|\b[lr]j\.(?= )|[;!?]| -+ ")
_PAUSE: Final = re.compile(r"[,:()\[\]\"«»]")
_ELISIONS: Final = {"d'": "de ", "l'": " ", "n'": "ne ", "qu'": "que ", "s'": "se "}
_CONTRACTED: Final = {"du": "de", "des": "de", "au": "a", "aux": "a"}
_LEFT_OUT: Final = frozenset(
    (
        *("le", "la", "les", "un", "une", "cette", "cet", "ladite", "ledit", "dudit", "sa", "son"),
        *("pas", "egalement", "immediatement", "donc", "ainsi"),
    )
)
# What an entry may do without, or forbids: it makes no entry longer.
_OPTIONAL: Final = re.compile(r"\(\?!.*$|\(\?:[^()]*\)[?*]")
_ELIDED: Final = re.compile(r"\b(d|l|n|qu|s)' ?")


class Token(NamedTuple):
    """What some words are, and what they stand for."""

    kind: str
    value: str = ""


WORD, COMMA, BREAK = Token("word"), Token("comma"), Token("break")


@cache
def _vocabulary() -> tuple[re.Pattern[str], tuple[Token, ...]]:
    """One pattern of all the words, each entry a group of it; the longer words of two that fit come first."""
    entries = [
        (row["kind"], row["value"], words)
        for row in read_nomenclature("bodacc_words")
        if not row["kind"].startswith("#")
        for words in _alternatives(row["words"])
    ]
    # A plan or a procedure is named by more words than the pattern shows: "plan de redressement" is no redressement.
    names = ("plan", "procedure")
    entries.sort(key=lambda entry: (entry[0] not in names or entry[1] == "any", -len(_OPTIONAL.sub("", entry[2]))))
    patterns = [
        ("" if (kind, value) == ("procedure", "any") else _BEFORE.get(kind, "")) + words
        for kind, value, words in entries
    ]
    whole = "|".join(f"({_uncaptured(pattern)})(?![a-z0-9])" for pattern in patterns)
    return re.compile(whole), tuple(Token(kind, value) for kind, value, _ in entries)


def _uncaptured(pattern: str) -> str:
    return re.sub(r"\((?!\?)", "(?:", pattern)


def _alternatives(words: str) -> list[str]:
    """The words split at the bars that stand outside of brackets."""
    found, depth = [""], 0
    for letter in words:
        depth += (letter == "(") - (letter == ")")
        if letter == "|" and depth == 0:
            found.append("")
        else:
            found[-1] += letter
    return found


def tokens(plain: str) -> list[Token]:
    """The tokens of a text in plain words (unaccented, lower case), unknown words that follow each other as one."""
    words = _normal(plain)
    pattern, meanings = _vocabulary()
    found: list[Token] = []
    at = 0
    while at < len(words):
        if words[at] == " ":
            at += 1
        elif words[at] in ",.":
            found.append(COMMA if words[at] == "," else BREAK)
            at += 1
        elif match := pattern.match(words, at):
            assert match.lastindex  # noqa: S101 - one group matched
            found.append(meanings[match.lastindex - 1])
            at = match.end()
        else:
            end = words.find(" ", at)
            at = end if end > 0 else len(words)
            if not found or found[-1] != WORD:
                found.append(WORD)
    return found


def _normal(plain: str) -> str:
    """Articles left out, contractions undone, commas and full stops set apart."""
    text = _PAUSE.sub(" , ", _STOP.sub(" ; ", plain)).replace(".", " ").replace(";", ".").replace("-", " ")
    text = _ELIDED.sub(lambda match: _ELISIONS[match[1] + "'"], text)
    words = (_CONTRACTED.get(word, word) for word in text.split())
    return " ".join(word for word in words if word not in _LEFT_OUT)
