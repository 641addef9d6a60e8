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
    "procedure": r"(?:(?:procedures?|operations?|regime)(?: collectives?| secondaires?)?(?: simplifiees?)? (?:de )?)?",
    "plan": r"(?:(?:projets?|propositions?|modalites) de )?",
}
# A full stop ends a sentence, unless it follows an abbreviation, an initial or an article of law.
_STOP: Final = re.compile(r"(?<=[a-z]{4})\.|(?<=[0-9)])\.(?= |$)|(?<=\b[lr]j)\.(?= )|[;!?]| -+ ")
_PAUSE: Final = re.compile(r"[,:()\[\]\"«»]")
_ELISIONS: Final = {"d'": "de ", "l'": " ", "n'": "ne ", "qu'": "que ", "s'": "se "}
_CONTRACTED: Final = {"du": "de", "des": "de", "au": "a", "aux": "a"}
_LEFT_OUT: Final = frozenset(
    (
        *("le", "la", "les", "un", "une", "cette", "cet", "ladite", "ledit", "dudit", "sa", "son", "nouvelle"),
        *("pas", "egalement", "immediatement", "donc"),
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
SIGNS: Final = {",": COMMA, ".": BREAK}
NEVER: Final = re.compile("(?!)")


@cache
def _vocabulary() -> dict[str, tuple[re.Pattern[str], tuple[Token, ...]]]:
    """First two letters -> one pattern of the words that begin so, each entry a group of it, and what each stands for.

    Of two entries that fit, the longer comes first.
    """
    entries = [
        (row["kind"], row["value"], words)
        for row in read_nomenclature("bodacc_words")
        if not row["kind"].startswith("#")
        for words in _alternatives(row["words"])
    ]
    # A plan or a procedure is named by more words than its entry shows: "plan de redressement" is no redressement.
    names = ("plan", "procedure")
    entries.sort(key=lambda entry: (entry[0] not in names or entry[1] == "any", -len(_OPTIONAL.sub("", entry[2]))))
    by_letters: dict[str, list[tuple[str, Token]]] = {}
    for kind, value, words in entries:
        whole = ("" if (kind, value) == ("procedure", "any") else _BEFORE.get(kind, "")) + words
        for letters in _beginnings(whole):
            by_letters.setdefault(letters, []).append((whole, Token(kind, value)))
    return {
        letters: (
            re.compile("|".join(f"({pattern})(?![a-z0-9])" for pattern, _ in found)),
            tuple(token for _, token in found),
        )
        for letters, found in by_letters.items()
    }


def _beginnings(pattern: str) -> set[str]:
    """The first two letters of all that a pattern fits, a blank after a word of one letter."""
    if not pattern.startswith("("):
        return {pattern[:2]} if pattern[1:2].isalpha() else {pattern[0] + " "}
    depth, end = 1, 0
    while depth:
        end += 1
        depth += (pattern[end] == "(") - (pattern[end] == ")")
    rest = pattern[end + 1 :].lstrip("?*")
    is_optional = len(rest) < len(pattern) - end - 1
    found = {letters for words in _alternatives(pattern[3:end]) for letters in _beginnings(words + rest)}
    return found | _beginnings(rest) if is_optional else found


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
    words = _normal(plain) + " "
    vocabulary = _vocabulary()
    found: list[Token] = []
    at = 0
    while at < len(words) - 1:
        token, end = SIGNS.get(words[at], WORD), words.index(" ", at)
        pattern, meanings = vocabulary.get(words[at : at + 2], (NEVER, ()))
        if match := pattern.match(words, at):
            assert match.lastindex  # noqa: S101 - each entry is a group
            token, end = meanings[match.lastindex - 1], match.end()
        if token != WORD or found[-1:] != [WORD]:
            found.append(token)
        at = end + 1
    return found


def _normal(plain: str) -> str:
    """Articles left out, contractions undone, commas and full stops set apart."""
    text = _PAUSE.sub(" , ", _STOP.sub(" ; ", plain)).replace(".", " ").replace(";", ".").replace("-", " ")
    text = _ELIDED.sub(lambda match: _ELISIONS[match[1] + "'"], text)
    words = (_CONTRACTED.get(word, word) for word in text.split())
    return " ".join(word for word in words if word not in _LEFT_OUT)
