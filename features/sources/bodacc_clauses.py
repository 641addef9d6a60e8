"""How a clause of a judgement is read: what it governs is decided, refused, asked for, or told of another judgement."""

from dataclasses import dataclass, field
from typing import Final

from features.sources.bodacc_effects import ANY, CESSION, Effects
from features.sources.bodacc_syntax import (
    ACTS,
    FILLING,
    NAMES,
    PREPOSITIONS,
    begins,
    is_followed,
    is_object,
    is_taken_back,
    kind_at,
    object_of,
    part_of_plan,
    stands,
)
from features.sources.bodacc_words import BREAK, Token

NAMED_IN_PASSING: Final = (Token("keep", "noun"), Token("keep", "amicable"))
# With a judgement, they tell of another one than this notice's.
OF_ANOTHER: Final = frozenset({"refuse", "petition", "confirm", "overturn", "reference", "keep"})


@dataclass
class ClauseReader:
    """Reads the clauses of one text in turn.

    scope: what governs the words at hand: nothing, or a refusal, a request, another judgement...
    last: the act decided last in the clause. is_light: a verb precedes that has no sense of its own ("prononce la
    cloture").
    seen: the kinds of words met, and "in passing" where a procedure was only told of.
    overturned: for each judgement that is undone, the words that tell it, none where it is not told.
    """

    effects: Effects = field(default_factory=Effects)
    overturned: list[list[Token]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    governed: int = 0
    clause: list[Token] = field(default_factory=list)
    scope: str = ""
    last: str = ""
    is_light: bool = False
    # A request is told of without its answer, and the clause does not say that it is only to be heard.
    is_asked: bool = False
    is_open: bool = False
    # The last clause told of another judgement.
    is_of_another: bool = False

    def read(self, clause: list[Token]) -> None:
        """Read one clause: a verb and what it governs, or words without one."""
        self.clause, self.scope, self.last = clause, "", ""
        self.is_light = self.is_asked = False
        if clause and clause[0].kind == "participle" and self.is_of_another:
            # "rectifie le jugement du 3 mars, prononcant...": who pronounces?
            self.effects.loose += 1
        kinds = [token.kind for token in clause if token not in NAMED_IN_PASSING]
        self.is_of_another = "judgement" in kinds[1:] and bool(set(kinds) & OF_ANOTHER)
        self.seen |= {token.kind for token in clause} | {token.value for token in clause if token.kind == "keep"}
        at = 0
        while at < len(clause):
            token = clause[at]
            if token.kind == "overturn":
                self._overturn(at)
                break
            if token.kind == "plan" and token.value != CESSION:
                self.effects.plan = token.value
            at = self._step(at, token)
        is_empty = self.effects.is_empty and not self.governed and not self.overturned
        if any(token.kind == "doubt" for token in clause) and not is_empty:
            self.effects.loose += 1

    def _step(self, at: int, token: Token) -> int:
        before, after = kind_at(self.clause, at - 1), kind_at(self.clause, at + 1)
        if token.kind in ("refuse", "not", "petition", "confirm", "reference", "keep", "after"):
            self._enter(token)
        elif token.kind == "past" and token.value and before in ("and", "comma") and after in NAMES:
            # "a refuse la liquidation et ouvert un redressement": a verb without its auxiliary.
            self.effects.loose += 1
        elif token.kind == "judgement" and before in ("and", "comma", "word") and begins(self.clause, at + 1):
            # Another judgement begins without a full stop: what governs it can't be told.
            self.effects.loose += 1
        elif token == Token("passive", "refuse"):
            self.seen.add("refuse")
        elif token.kind in ACTS or token.kind in NAMES:
            return self._place(at, token)
        return at + 1

    def _enter(self, token: Token) -> None:
        """From here on the words are refused, asked for, told of another judgement, or leave the firm as it is."""
        if token.kind == "petition" and not self.scope:
            self.scope, self.is_asked = "petition", True
        elif self.scope not in ("refuse", "petition", "reference", "confirm") or token.kind == "confirm":
            self.scope = token.kind

    def _place(self, at: int, token: Token) -> int:
        """Give an act or a name its place: governed by what precedes it, or decided."""
        before = kind_at(self.clause, at - 1)
        if self.scope == "after" and token.kind == "noun" and token.value in ("dissolve", "convert"):
            self.scope = ""
            return self._decide(at, token)
        if self.scope == "keep" and before in ("comma", "and"):
            self.scope = ""
        if self.scope:
            self._govern(at, token)
            return at + 1
        if token.kind in NAMES:
            return self._name(at, token)
        if self._is_told(at, token):
            self.scope = "reference"
            self.governed += 1
            self.seen.add("in passing")
            return at + 1
        # "le tribunal suspend la cloture", a verb that no one listed; "modifie l'ouverture".
        is_of_verb = before == "word" or (before in ACTS and not self.is_light)
        if (token.kind == "noun" and (is_of_verb or not stands(self.clause, at))) or (
            before == "judgement" and is_taken_back(self.clause, at)
        ):
            self.effects.loose += 1
            self.governed += 1
            return at + 1
        return self._decide(at, token)

    def _govern(self, at: int, token: Token) -> None:
        """An act or a name under a refusal, a request...: it belongs there if a preposition, or nothing, ties it."""
        before = kind_at(self.clause, at - 1)
        is_free = (
            before in ("comma", "and", "break", *NAMES)
            or before == "word"
            # "prononce a la demande des creanciers la liquidation", "autorise la modification du plan"
            or self.clause[at - 1] in (Token("keep", "noun"), Token("keep", "verb"))
            # "met fin a la mission et au redressement"
            or (self.scope == "keep" and kind_at(self.clause, at - 2) == "and")
        )
        if token.kind != "reason" and is_free:
            self.effects.loose += 1
        self.governed += 1
        if self.scope in ("petition", "reference", "after"):
            self.seen.add("in passing")
        self.is_open |= self.scope == "petition" and self.is_asked

    def _is_told(self, at: int, token: Token) -> bool:
        """Whether it only tells of what others decided: "les suites de l'ouverture", "pour la cloture"."""
        before, earlier = kind_at(self.clause, at - 1), kind_at(self.clause, at - 2)
        if before == "judgement" and (earlier in ACTS or (earlier in PREPOSITIONS and at > 2)):
            # "dit que le jugement ouvrant...", "la tierce opposition au jugement ouvrant la liquidation"
            return True
        if token.value == "achieve":
            return not self.is_light
        if before == "of":
            return not (at == 2 and self.clause[0].kind == "judgement") and not self.is_light
        return before in ("by", "to", "in")

    def _decide(self, at: int, token: Token) -> int:
        """Read an act with its object; the place after both."""
        act = token.value
        if act == "find":
            self.is_light = True
            return at + 1
        if act == "convert":
            return self._convert(at)
        to = object_of(self.clause, at)
        found = self.clause[to] if to < len(self.clause) else BREAK
        before = kind_at(self.clause, to - 1)
        self.is_light = act == "pronounce" and found.kind == "noun" and (to == at + 2 or before != "of")
        if act == "amend" and found.kind == "keep":
            found, to = part_of_plan(self.clause, to)
        if found.kind == "keep" or (found.kind == "noun" and act == "pronounce"):
            return to
        if found.kind in NAMES and self._is_subject(to):
            # "ordonne la publication, le plan est resolu"
            return at + 1
        if found.kind not in NAMES or not is_object(self.clause, at, to, token):
            self.effects.without_object(act)
            return at + 1
        self.last = act
        if act == "close":
            return self._close(to)
        self.effects.apply(act, found)
        return to + 1

    def _is_subject(self, at: int) -> bool:
        return kind_at(self.clause, object_of(self.clause, at)) == "passive"

    def _close(self, at: int) -> int:
        named = []
        while kind_at(self.clause, at) in (*NAMES, "word", *PREPOSITIONS):
            named += [self.clause[at]] if kind_at(self.clause, at) in NAMES else []
            at += 1
        self.effects.close(named, any(token.kind == "plan" for token in self.clause[at:]))
        return at

    def _convert(self, at: int) -> int:
        """Read "du redressement en liquidation", in any order: what was open ends with what it becomes."""
        at += 1
        former: list[str] = []
        becomes: list[str] = []
        while at < len(self.clause) and self.clause[at].kind in ("procedure", *FILLING):
            if self.clause[at].kind == "comma" and becomes:
                break
            if self.clause[at].kind == "procedure":
                (becomes if kind_at(self.clause, at - 1) == "in" else former).append(self.clause[at].value)
            at += 1
        self.effects.convert(former, becomes)
        self.last = "convert"
        return at

    def _name(self, at: int, token: Token) -> int:
        """A procedure or plan that no act governs: the subject of a passive, a coordinate, or told in passing."""
        before = kind_at(self.clause, at - 1)
        passive = object_of(self.clause, at)
        if passive < len(self.clause) and self.clause[passive].kind == "passive":
            return self._passive(at, passive)
        if before == "and" and self.last == "dissolve":
            self.effects.apply("open", token)
        elif at == 2 and before == "of" and self.clause[0].kind == "judgement":
            self.effects.apply("pronounce", token)
        elif before == "in" and self.last == "convert":
            self.effects.loose += 1
        elif before in PREPOSITIONS or token.kind == "reason" or token.value == ANY:
            self.governed += 1
            self.seen.add("in passing")
        else:
            self.effects.loose += 1
        return at + 1

    def _passive(self, subject: int, at: int) -> int:
        act, name = self.clause[at].value, self.clause[subject]
        if act in ("refuse", "keep"):
            self.governed += 1
            self.seen.add(act)
        elif act == "convert":
            self.clause[at] = name
            return self._convert(at - 1)
        elif act == "close":
            self.clause[at] = name
            return self._close(at)
        else:
            self.effects.apply(act, name)
        return at + 1

    def _overturn(self, at: int) -> None:
        """What is overturned is read as a text of its own: the opening that it decided is undone."""
        if self.scope or kind_at(self.clause, at - 1) in PREPOSITIONS:
            self.effects.loose += 1
            return
        rest = self.clause[at + 1 :]
        told = [token for token in rest if token.kind not in ("judgement", "reference", "word")]
        told = [Token("verb", token.value) if token.kind == "past" and token.value else token for token in told]
        kinds = {token.kind for token in told}
        if is_followed(rest):
            self.effects.loose += 1
        elif kinds & {*NAMES, "noun"}:
            self.overturned.append(told)
        elif "keep" not in kinds:
            self.overturned.append([])
