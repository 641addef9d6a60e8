"""What a judge decided, read in the free text of a notice (`complementJugement`) whose nature does not tell it.

A text is read as decisions, not as words: what is decided (a verb or its noun), of what (a procedure, a plan), and
whether it is decided at all: it may be refused, asked for, or told of another judgement. Nothing is guessed: where one
procedure or plan of a text finds no place, the whole text is undecided. The words are data made to be read by a jurist:
`nomenclatures/bodacc_words.csv`. The table of examples is in the tests.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
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
    REDRESSEMENT,
    SAUVEGARDE,
)
from features.sources.bodacc_words import BREAK, Token, tokens

Decision = tuple[str, str]
ANY: Final = "any"
CESSION: Final = "cession"
# A judgement that is undone without being told: only the notice that is named can tell it.
NAMED_NOTICE: Final = "named"
WITH_PLANS: Final = (REDRESSEMENT, SAUVEGARDE)
# What each act does to a procedure, and to a plan.
OPENING_ACTS: Final = ("open", "place", "pronounce", "extend", "reopen")
ON_PLANS: Final = {
    "pronounce": PLAN,
    "adopt": PLAN,
    "amend": AMENDMENT,
    "dissolve": END,
    "achieve": END,
    "end": END,
    "close": END,
}
ON_PROCEDURES: Final = {**dict.fromkeys(OPENING_ACTS, OPENING), "end": END, "close": END}
# An act without its object may decide anything, or nothing that matters to the firm's state.
NEEDS_AN_OBJECT: Final = ("open", "extend", "convert", "end", "close", "dissolve")
NAMES: Final = ("procedure", "plan", "reason")
PREPOSITIONS: Final = ("of", "in", "to", "by")
ACTS: Final = ("verb", "participle", "infinitive", "noun")
# With a judgement, they tell of another one than this notice's.
OF_ANOTHER: Final = frozenset({"refuse", "petition", "confirm", "overturn", "reference", "keep"})
# Verbs whose present is written as their past participle, accents aside.
OLD: Final = ("pronounce", "adopt", "amend")
FILLING: Final = ("word", *PREPOSITIONS, "judgement", "past", "comma")


@dataclass(frozen=True)
class Reading:
    """What a text decides of the firm.

    retracts: the action whose opening it undoes, `any`, or `named` where only the notice that it names can tell.
    is_undecided: it may decide something else, or more: nothing of it may be used.
    """

    decisions: tuple[Decision, ...] = ()
    retracts: str | None = None
    is_undecided: bool = False


UNDECIDED: Final = Reading(is_undecided=True)
CLOSED: Final = tuple((action, END) for action in ACTIONS)


@lru_cache(maxsize=200_000)
def read(leading: str, plain: str) -> Reading:
    """What a complement decides.

    leading: the act that the notice's nature puts before the text (`pronounce`, `open`, `close`, `overturn`), or "".
    plain: the complement, unaccented and in lower case.
    """
    return _concluded(_read(leading, tokens(plain)), leading)


def _read(leading: str, words: Sequence[Token]) -> "_Reader":
    first = next((token for token in words if token.kind not in ("word", "of", "to")), BREAK)
    if leading == "overturn" and first.kind in (*NAMES, "noun", "judgement"):
        words = [Token("overturn", "verb"), *words]
    elif leading and first.kind in NAMES:
        words = [Token("verb", leading), *words]
    reader = _Reader()
    for clause in _clauses(words):
        reader.read(clause)
    return reader


def _clauses(words: Sequence[Token]) -> Iterator[list[Token]]:
    """The text cut at its full stops and before each verb that governs what follows."""
    clause: list[Token] = []
    for token in words:
        before = clause[-1].kind if clause else "break"
        # "le plan arrete le 3 mars" is no new decision.
        is_past = token.kind == "verb" and token.value in OLD and before in NAMES
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
    return token.kind in ("verb", "refuse", "confirm", "overturn") or token in (
        Token("keep", "verb"),
        Token("keep", "postpone"),
    )


@dataclass
class _Reader:
    """What the clauses read so far decide, and what of them found no place (`loose`)."""

    decided: list[Decision] = field(default_factory=list)
    retracted: list[str] = field(default_factory=list)
    loose: int = 0
    # What closes whatever is open: it spares what the same text opens.
    closes_all: bool = False
    wants_an_opening: bool = False
    # "La cloture", without a word on what: only a nature that tells of a closing gives it a sense.
    closes_unnamed: bool = False
    seen: set[str] = field(default_factory=set)
    governed: int = 0
    plan: str = ""

    clause: list[Token] = field(default_factory=list)
    scope: str = ""
    last: str = ""
    is_light: bool = False
    # A request is told of, without its answer: by whom it is refused, or that it is only to be heard.
    is_asked: bool = False
    is_open: bool = False
    _is_verb_before: bool = False
    # The last clause told of another judgement.
    is_of_another: bool = False

    def read(self, clause: list[Token]) -> None:
        """Read one clause: a verb and what it governs, or words without one."""
        self.clause, self.scope, self.last = clause, "", ""
        self.is_light = self.is_asked = False
        if clause and clause[0].kind == "participle" and self.is_of_another:
            # "rectifie le jugement du 3 mars, prononcant...": who pronounces?
            self.loose += 1
        kinds = [token.kind for token in clause if token != Token("keep", "noun")]
        self.is_of_another = "judgement" in kinds[1:] and bool(set(kinds) & OF_ANOTHER)
        self.seen |= {token.kind for token in clause} | {token.value for token in clause if token.kind == "keep"}
        at = 0
        while at < len(clause):
            token = clause[at]
            if token.kind == "overturn":
                self._overturn(at)
                return
            if token.kind == "plan" and token.value != CESSION:
                self.plan = token.value
            at = self._step(at, token)
        if any(token.kind == "doubt" for token in clause) and (self.governed or self.decided):
            self.loose += 1

    def _step(self, at: int, token: Token) -> int:
        if token.kind in ("refuse", "not", "petition", "confirm", "reference", "keep", "after"):
            self._enter(token)
        elif token.kind == "comma" and self.scope in ("petition", "reference", "after"):
            self.scope = ""
        elif token.kind == "past" and token.value and self._before(at) in ("and", "comma") and self._next(at) in NAMES:
            # "a refuse la liquidation et ouvert un redressement": a verb without its auxiliary.
            self.loose += 1
        elif token == Token("passive", "refuse"):
            self.seen.add("refuse")
        elif token.kind in ACTS or token.kind in NAMES:
            return self._place(at, token)
        return at + 1

    def _enter(self, token: Token) -> None:
        """From here on the words are refused, asked for, told of another judgement, or leave the firm as it is."""
        if token.kind in ("refuse", "not"):
            self.scope = "refuse"
        elif token.value in ("postpone", "postponed") and not self.scope:
            self.scope = "postpone"
        elif token.kind == "petition" and not self.scope:
            self.scope, self.is_asked = "petition", True
        elif self.scope not in ("refuse", "petition", "reference", "confirm", "postpone") or token.kind == "confirm":
            self.scope = token.kind

    def _before(self, at: int) -> str:
        return self.clause[at - 1].kind if at else "break"

    def _next(self, at: int) -> str:
        return self.clause[at + 1].kind if at + 1 < len(self.clause) else "break"

    def _place(self, at: int, token: Token) -> int:
        """Give an act or a name its place: governed by what precedes it, or decided."""
        before = self._before(at)
        self._is_verb_before = at > 0 and self.clause[at - 1].value == "verb"
        if self.scope == "after" and token.kind == "noun" and token.value in ("dissolve", "convert"):
            self.scope = ""
            return self._decide(at, token)
        if self.scope in ("keep", "postpone") and before in ("comma", "and", "break") and token.kind in ACTS:
            self.scope = ""
        if self.scope:
            self._govern(token, before)
            return at + 1
        if token.kind in NAMES:
            return self._name(at, token)
        if self._is_told(at, token):
            self.scope = "reference"
            self.governed += 1
            self.seen.add("in passing")
            return at + 1
        if token.kind == "noun" and not self._stands(at):
            self.loose += 1
            self.governed += 1
            return at + 1
        return self._decide(at, token)

    def _stands(self, at: int) -> bool:
        """Whether the sentence of which a noun is the subject does not take it back: "la cloture sera examinee"."""
        for token in self.clause[at + 1 :]:
            if token.kind in ("comma", "and", *ACTS):
                return True
            if token.kind in ("auxiliary", "not", "refuse"):
                return False
            if token.kind == "passive":
                return token.value not in ("refuse", "keep", "asked")
        return True

    def _govern(self, token: Token, before: str) -> None:
        """An act or a name under a refusal, a request...: it belongs there if a preposition, or nothing, ties it."""
        is_free = before in ("comma", "and", "break") or (before == "word" and self.scope != "postpone")
        is_permitted = self.scope == "keep" and token.kind == "noun" and before == "keep" and self._is_verb_before
        if token.kind != "reason" and (is_free or is_permitted):
            self.loose += 1
        self.governed += 1
        if self.scope in ("petition", "reference", "after"):
            self.seen.add("in passing")
        self.is_open |= self.scope == "petition" and self.is_asked

    def _is_told(self, at: int, token: Token) -> bool:
        """Whether a noun only tells of what others decided: "les suites de l'ouverture", "pour la cloture"."""
        before = self._before(at)
        if token.kind not in ("noun", "infinitive"):
            return False
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
        to = self._object(at, token)
        found = self.clause[to] if to < len(self.clause) else BREAK
        self.is_light = act == "pronounce" and found.kind == "noun" and (to == at + 2 or self._before(to) != "of")
        if act == "amend" and found.kind == "keep":
            found, to = self._part_of_plan(to)
        if found.kind == "keep" or (found.kind == "noun" and act == "pronounce"):
            return to
        if found.kind not in NAMES or not self._is_object(at, to, token):
            self._without_object(act)
            return at + 1
        self.last = act
        if act == "close":
            return self._close(to)
        self._apply(act, found)
        return to + 1

    def _part_of_plan(self, at: int) -> tuple[Token, int]:
        """The plan of which a part is amended ("la duree du plan"), else the part."""
        to = at
        while to < len(self.clause) and self.clause[to].kind in ("keep", "of", "word"):
            to += 1
        is_plan = to < len(self.clause) and self.clause[to].kind == "plan"
        return (self.clause[to], to) if is_plan else (self.clause[at], at)

    def _object(self, at: int, token: Token) -> int:
        """The place of the first word after an act that may be its object."""
        to = at + 1
        while to < len(self.clause) and self.clause[to].kind in FILLING:
            if self.clause[to].kind == "comma" and (token.kind == "noun" or token.value != "pronounce"):
                return len(self.clause)
            to += 1
        return to

    def _is_object(self, at: int, to: int, token: Token) -> bool:
        """A verb has its object without a preposition (save "mettre fin a"), a noun with "de" or none."""
        before = self._before(to)
        if token.value in ("close", "amend") or (to == at + 1 and token.value != "place"):
            return True
        if token.value == "end":
            return before == "to" if token.kind != "noun" else to == at + 2
        if token.value == "place":
            return before == "in"
        return before in ("of", "in") if token.kind == "noun" else before not in ("of", "in", "by")

    def _without_object(self, act: str) -> None:
        if act == "dissolve" and self.plan:
            self._apply(act, Token("plan", self.plan))
        elif act == "close":
            self.closes_unnamed = True
        elif act in NEEDS_AN_OBJECT:
            self.loose += 1

    def _apply(self, act: str, name: Token) -> None:
        """Decide one act on one procedure or plan."""
        if name.kind == "plan":
            self._apply_to_plan(act, name.value)
        elif name.kind == "reason" or act not in ON_PROCEDURES:
            self.loose += 1
        elif act == "end" and name.value == LIQUIDATION:
            # Nothing outlives the gravest procedure.
            self.decided += CLOSED
        elif name.value != ANY:
            self.decided.append((name.value, ON_PROCEDURES[act]))
        elif act == "end":
            self.closes_all = True
        else:
            self.loose += 1

    def _apply_to_plan(self, act: str, of: str) -> None:
        stage = ON_PLANS.get(act)
        if stage is None:
            self.loose += 1
        elif of == CESSION:
            self.governed += 1
        elif of != ANY:
            self.decided.append((of, stage))
        elif stage == END:
            self.decided += [(action, END) for action in WITH_PLANS]
        else:
            self.loose += 1

    def _close(self, at: int) -> int:
        """A closing for lack of assets or of debts ends whatever is open; else the procedure that it names ends."""
        named: list[Token] = []
        while at < len(self.clause) and self.clause[at].kind in (*NAMES, "word", *PREPOSITIONS):
            named += [self.clause[at]] if self.clause[at].kind in NAMES else []
            at += 1
        plans = [name for name in named if name.kind == "plan"]
        if not plans and any(token.kind == "plan" for token in self.clause[at:]):
            # The procedure may be closed because its plan runs.
            self.loose += 1
        procedures = [name.value for name in named if name.kind == "procedure"]
        if plans and not procedures:
            self._apply("close", plans[0])
        elif plans or len(set(procedures)) > 1:
            self.loose += 1
        elif any(name.kind == "reason" for name in named) or LIQUIDATION in procedures:
            self.decided += CLOSED
        elif ANY in procedures:
            self.closes_all = True
        else:
            self.decided += [(name, END) for name in procedures]
        return at

    def _convert(self, at: int) -> int:
        """Read "du redressement en liquidation", in any order: what was open ends with what it becomes."""
        at += 1
        former, becomes = [], []
        while at < len(self.clause) and self.clause[at].kind in ("procedure", *FILLING):
            if becomes and self.clause[at].kind == "comma":
                break
            if self.clause[at].kind == "procedure":
                (becomes if self._before(at) == "in" else former).append(self.clause[at].value)
            at += 1
        self._converted(former, becomes)
        self.last = "convert"
        return at

    def _converted(self, former: list[str], becomes: list[str]) -> None:
        known = [action for action in former if action != ANY]
        if len(known) > 1 or len(becomes) > 1 or ANY in becomes:
            self.loose += 1
        elif not becomes:
            self.decided += [(action, END) for action in known]
            self.wants_an_opening = True
        elif known != becomes:
            lighter = ACTIONS[ACTIONS.index(becomes[0]) + 1 :]
            if any(action not in lighter for action in known):
                self.loose += 1
            self.decided += [(becomes[0], OPENING), *((action, END) for action in known or lighter)]

    def _name(self, at: int, token: Token) -> int:
        """A procedure or plan that no act governs: the subject of a passive, a coordinate, or told in passing."""
        before = self._before(at)
        passive = self._object(at, token)
        if passive < len(self.clause) and self.clause[passive].kind == "passive":
            return self._passive(at, passive)
        if token.kind == "procedure" and token.value != ANY and before == "and" and self.last == "dissolve":
            self._apply("open", token)
        elif at == 2 and before == "of" and self.clause[0].kind == "judgement":
            self._apply("pronounce", token)
        elif before == "in" and self.last == "convert":
            self.loose += 1
        elif before in PREPOSITIONS or token.kind == "reason" or token.value == ANY:
            self.governed += 1
            self.seen.add("in passing")
        else:
            self.loose += 1
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
            self._apply(act, name)
        return at + 1

    def _overturn(self, at: int) -> None:
        """What is overturned is read as a text of its own: the opening that it decided is undone."""
        if self.scope or self._before(at) in PREPOSITIONS:
            self.loose += 1
            return
        told = [token for token in self.clause[at + 1 :] if token.kind not in ("judgement", "reference", "word")]
        told = [Token("verb", token.value) if token.kind == "past" and token.value else token for token in told]
        kinds = {token.kind for token in told}
        if kinds & {"refuse", "petition", "doubt", "not"}:
            self.loose += 1
        elif kinds & {*NAMES, "noun"}:
            self._undo(told)
        elif "keep" not in kinds:
            self.retracted.append(NAMED_NOTICE)

    def _undo(self, told: list[Token]) -> None:
        while told and told[0].kind in (*PREPOSITIONS, "comma"):
            told = told[1:]
        if [token for token in told if token.kind in ("noun", *NAMES)] == [Token("noun", "open")]:
            self.retracted.append(ANY_ACTION)
            return
        undone = _concluded(_read("open", told), "")
        opened = [action for action, stage in undone.decisions if stage == OPENING]
        if undone.is_undecided or len(opened) != 1:
            self.loose += 1
        else:
            self.retracted.append(opened[0])


def _concluded(reader: _Reader, leading: str) -> Reading:
    """The reading of a whole text, undecided where its decisions can't all be true."""
    decisions = set(_in_turn(reader.decided))
    opened = {action for action, stage in decisions if stage == OPENING}
    if reader.closes_all:
        decisions |= {(action, END) for action in ACTIONS if action not in opened}
    is_half_said = (reader.closes_unnamed and leading != "close") or (reader.wants_an_opening and not opened)
    if reader.loose or is_half_said or _is_contradictory(decisions):
        return UNDECIDED
    if leading == "close" and not any(stage == END for _, stage in decisions):
        return _closing(reader, decisions)
    retracts = set(reader.retracted)
    if leading == "overturn" and not reader.seen & {"overturn", "confirm", "refuse"}:
        retracts |= {NAMED_NOTICE}
    # A liquidation is the gravest: whatever judgement it takes the place of.
    if LIQUIDATION in opened:
        retracts -= {NAMED_NOTICE}
    if len(retracts) > 1 or (not decisions and not retracts and _is_silent(reader, leading)):
        return UNDECIDED
    return Reading(tuple(sorted(decisions)), *retracts)


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


def _closing(reader: _Reader, decisions: set[Decision]) -> Reading:
    """A closing by its nature: its text may repeat the opening, or say nothing; it must not contradict it."""
    contradicts = reader.seen & {"refuse", "petition", "not", "postpone", "postponed", "overturn", "confirm"}
    if contradicts or any(stage != OPENING for _, stage in decisions):
        return UNDECIDED
    return Reading(CLOSED)


def _is_silent(reader: _Reader, leading: str) -> bool:
    """Whether a text that decides nothing may hide a decision: blank, or it only names a procedure in passing."""
    is_told = reader.seen & {"refuse", "keep", "confirm", "not"}
    if reader.is_open and not reader.seen & {"refuse"}:
        return True
    if leading == "open":
        return not reader.seen & {"refuse", "confirm"}
    return not reader.seen or ("in passing" in reader.seen and not is_told)
