"""What the acts of a judgement do to a firm: the decisions found so far in a text, and what of it found no place."""

from dataclasses import dataclass, field
from typing import Final

from features.insolvency import ACTIONS, AMENDMENT, END, LIQUIDATION, OPENING, PLAN, REDRESSEMENT, SAUVEGARDE
from features.sources.bodacc_words import Token

Decision = tuple[str, str]
ANY: Final = "any"
CESSION: Final = "cession"
CLOSED: Final = tuple((action, END) for action in ACTIONS)
WITH_PLANS: Final = (REDRESSEMENT, SAUVEGARDE)
# What each act does to a procedure, and to a plan.
ON_PROCEDURES: Final = {
    "open": OPENING,
    "place": OPENING,
    "pronounce": OPENING,
    "extend": OPENING,
    "reopen": OPENING,
    "end": END,
    "close": END,
}
ON_PLANS: Final = {
    "pronounce": PLAN,
    "adopt": PLAN,
    "amend": AMENDMENT,
    "dissolve": END,
    "achieve": END,
    "end": END,
    "close": END,
}
# An act without its object may decide anything, or nothing that matters to the firm's state.
NEEDS_AN_OBJECT: Final = ("open", "extend", "reopen", "end", "dissolve")


@dataclass
class Effects:
    """What a text decides, in its order.

    loose: procedures, plans and acts that found no place; one is enough to leave the text undecided.
    closes_all: it closes whatever is open, save what it opens itself. closes_unnamed: "la cloture", without a word on
    what. wants_an_opening: it converts a procedure, and does not say there into which. plan: the last plan named.
    """

    decided: list[Decision] = field(default_factory=list)
    loose: int = 0
    closes_all: bool = False
    closes_unnamed: bool = False
    wants_an_opening: bool = False
    plan: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is decided so far."""
        return not (self.decided or self.closes_all or self.closes_unnamed)

    def apply(self, act: str, name: Token) -> None:
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
        """A plan that is not named is one of two: both end with it, and neither begins with it."""
        stage = ON_PLANS.get(act)
        if stage is None:
            self.loose += 1
        elif of == CESSION:
            # The sale of the business leaves the debtor in its procedure.
            pass
        elif of != ANY:
            self.decided.append((of, stage))
        elif stage == END:
            self.decided += [(action, END) for action in WITH_PLANS]
        else:
            self.loose += 1

    def without_object(self, act: str) -> None:
        """An act of which the object is not said, or is no procedure and no plan."""
        if act == "dissolve" and self.plan:
            self.apply(act, Token("plan", self.plan))
        elif act == "close":
            self.closes_unnamed = True
        elif act in NEEDS_AN_OBJECT:
            self.loose += 1

    def convert(self, former: list[str], becomes: list[str]) -> None:
        """What was open ends with what it becomes; where that is not said, all that is lighter ends."""
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

    def close(self, named: list[Token], is_in_plan: bool) -> None:
        """A closing for lack of assets or of debts ends whatever is open, else what it names.

        is_in_plan: a plan is named after it: the procedure may be closed because its plan runs.
        """
        plans = [name for name in named if name.kind == "plan"]
        procedures = [name.value for name in named if name.kind == "procedure"]
        self.loose += is_in_plan and not plans
        if plans and not procedures:
            self.apply("close", plans[0])
        elif plans or len(set(procedures)) > 1:
            self.loose += 1
        elif any(name.kind == "reason" for name in named) or LIQUIDATION in procedures:
            self.decided += CLOSED
        elif ANY in procedures:
            self.closes_all = True
        else:
            self.decided += [(name, END) for name in procedures]
