"""Who may see what: the one place that decides. Pure: rights in, columns, conditions and refusals out.

A right is territories x kinds of data x role. A firm outside the territory does not exist for the user; a kind of data
without right is absent. Every route declares a `Rule`; the application does not start with a route that has none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

from features.errors import InputError
from features.nomenclatures import mapping
from reports.confidentiality import ACCOUNTS, is_hidden_figure
from reports.review.sql import Sql


class Role(StrEnum):
    """What an account is for."""

    AGENT = "agent"
    TEAM_LEAD = "team_lead"
    DATA_SCIENTIST = "data_scientist"
    ADMINISTRATOR = "administrator"


class Kind(StrEnum):
    """Kinds of data that need a right of their own; the register, headcounts and procedures need none."""

    SCORES = "scores"
    SOCIAL_DEBT = "social_debt"
    SHORT_TIME_WORK = "short_time_work"
    CONFIDENTIAL_ACCOUNTS = "confidential_accounts"
    PAYMENT_DELAYS = "payment_delays"
    # Names and addresses of people who object to publication, in what leaves the tool.
    PROTECTED_IDENTITIES = "protected_identities"


class Visibility(StrEnum):
    """Who may read a note on a follow-up, of those who may see the firm."""

    MINE = "mine"
    ADMINISTRATION = "administration"
    ALL = "all"


COUNTRY: Final = "FR"
THEME_KINDS: Final = {
    "social_debt": Kind.SOCIAL_DEBT,
    "short_time_work": Kind.SHORT_TIME_WORK,
    "payment_behaviour": Kind.PAYMENT_DELAYS,
}


@dataclass(frozen=True)
class Right:
    """departements: None for the whole country."""

    role: Role
    departements: frozenset[str] | None
    kinds: frozenset[Kind]

    def may_see(self, kind: Kind | None) -> bool:
        """Whether the user may see a kind of data; None stands for data open to all."""
        return kind is None or kind in self.kinds

    def may_see_feature(self, theme: str, name: str, is_confidential: bool) -> bool:
        """Whether the user may see a feature of a firm."""
        if is_hidden_figure(theme, name, is_confidential):
            return self.may_see(Kind.CONFIDENTIAL_ACCOUNTS)
        return self.may_see(THEME_KINDS.get(theme))

    def may_see_theme(self, theme: str, is_confidential: bool) -> bool:
        """Whether the user may see the figures of a theme, for a firm whose accounts are confidential or not."""
        return self.may_see_feature(theme, "", is_confidential)

    @property
    def place(self) -> "Right":
        """The territory alone: what is counted of it is the same for all who work there."""
        return Right(Role.AGENT, self.departements, frozenset())

    def territory(self, column: str) -> Sql:
        """The condition that only firms of the territory meet."""
        if self.departements is None:
            return Sql("true")
        return Sql(f"{column} IN (SELECT unnest(?))", (sorted(self.departements),))

    def holds(self, departements: Iterable[str | None]) -> bool:
        """The same of places that were read: whether all are in the territory."""
        return self.departements is None or self.departements.issuperset(departements)


class Signatory(NamedTuple):
    """An account as notes name it; administration: blank where nobody said."""

    name: str
    administration: str


def may_read_note(visibility: str, author: Signatory, reader: Signatory) -> bool:
    """Whether a note is for someone who may see the firm. Accounts without an administration share none."""
    is_shared = visibility == Visibility.ADMINISTRATION and author.administration != ""
    is_colleague = is_shared and author.administration == reader.administration
    return visibility == Visibility.ALL or author.name == reader.name or is_colleague


def visible_reason(reason: Mapping[str, Any] | None, right: Right) -> dict[str, Any] | None:
    """A reason of a published list, or only its theme. Lists already leave out figures of confidential accounts."""
    if reason is None:
        return None
    is_confidential = reason["theme"] == ACCOUNTS and reason["value"] is None
    if reason["feature"] and right.may_see_feature(reason["theme"], reason["feature"], is_confidential):
        return dict(reason)
    return {"theme": reason["theme"], "feature": None, "value": None}


def visible_movement(record: Mapping[str, Any], right: Right) -> dict[str, Any]:
    """A list's record of why a risk moved; of the parts that the user may not see, only the theme."""
    parts = [
        part
        if right.may_see_feature(part["theme"], part["feature"], part["is_hidden"])
        else {"theme": part["theme"], "feature": None}
        for part in record["parts"]
    ]
    return {**record, "parts": parts}


def visible_counterfactual(record: Mapping[str, Any], right: Right) -> dict[str, Any]:
    """A list's record of what would take a firm off it; of the actions that the user may not see, only the theme.

    Then no probability either: compared with the risk of today, it would tell how much the theme weighs.
    """
    actions = [
        action
        if right.may_see_theme(action["theme"], is_confidential=False)
        else {"theme": action["theme"], "name": None, "before": None, "after": None}
        for action in record["actions"]
    ]
    is_whole = all(action["name"] for action in actions)
    return {"actions": actions, "probability": record["probability"] if is_whole else None}


def right_of(role: str, territories: Sequence[str], kinds: Sequence[str]) -> Right:
    """The right that an account's words stand for.

    territories: département codes, region names, or FR for the country.
    Raises InputError on a word that stands for nothing.
    """
    try:
        return Right(Role(role), departements_of(territories), frozenset(Kind(kind) for kind in kinds))
    except ValueError as error:
        roles, known = ", ".join(Role), ", ".join(Kind)
        raise InputError(f"{error}. Roles: {roles}. Kinds of data: {known}.") from None


def departements_of(territories: Iterable[str]) -> frozenset[str] | None:
    """The départements of territories, None for the country.

    Raises InputError on an unknown territory, or where there is none.
    """
    regions = mapping("departements", "departement", "region_label")
    found: set[str] = set()
    for territory in territories:
        if territory == COUNTRY:
            return None
        inside = {code for code, region in regions.items() if territory in (code, region)}
        if not inside:
            raise InputError(
                f'"{territory}" is no territory. Give a département ("35"), a region ("Bretagne") or {COUNTRY}.'
            )
        found |= inside
    if not found:
        raise InputError(f"An account needs a territory: a département, a region or {COUNTRY}.")
    return frozenset(found)


@dataclass(frozen=True)
class Rule:
    """What a route asks of its visitors, and what the log calls it.

    is_public: without signing in; names_firm: its path holds a SIREN, which must be in the territory;
    is_countrywide: it tells of firms of all territories;
    kind: data without which there is nothing to show; needs_every_kind: it shows data of all kinds;
    is_logged: a consultation, an export or a change;
    is_before_notice: open to who has not accepted the confidentiality notice.
    """

    action: str
    roles: frozenset[Role] = frozenset(Role)
    is_public: bool = False
    names_firm: bool = False
    is_countrywide: bool = False
    kind: Kind | None = None
    needs_every_kind: bool = False
    is_logged: bool = True
    is_before_notice: bool = False

    def admits(self, right: Right) -> bool:
        """Whether a right is enough, before any firm is looked at."""
        is_inside = right.departements is None or not self.is_countrywide
        kinds = frozenset(Kind) if self.needs_every_kind else frozenset()
        return is_inside and right.role in self.roles and right.may_see(self.kind) and kinds <= right.kinds


PUBLIC: Final = Rule("public", is_public=True, is_logged=False)
SIGN_IN: Final = Rule("sign in", is_public=True)
SIGNED_IN: Final = Rule("signed in", is_logged=False)
SIGN_OUT: Final = Rule("sign out", is_before_notice=True)
READ_NOTICE: Final = Rule("notice", is_logged=False, is_before_notice=True)
# The line in the log says which version.
ACCEPT_NOTICE: Final = Rule("accept notice", is_logged=False, is_before_notice=True)
OWN_ACCOUNT: Final = Rule("own account", is_logged=False)
SEE_TOUR: Final = Rule("tour", is_logged=False)
CHANGE_PASSWORD: Final = Rule("change password")
HOME: Final = Rule("home")
LIST: Final = Rule("list")
EXPORT_LIST: Final = Rule("export list")
FIRM: Final = Rule("firm", names_firm=True)
EXPORT_FIRM: Final = Rule("export firm", names_firm=True)
GIVE_VERDICT: Final = Rule("verdict", names_firm=True, kind=Kind.SCORES)
FOLLOW_UP: Final = Rule("follow-up", names_firm=True)
REPORT_WRONG_DATA: Final = Rule("wrong data", names_firm=True)
_DATA_TEAM: Final = frozenset({Role.DATA_SCIENTIST, Role.ADMINISTRATOR})
READ_WRONG_DATA: Final = Rule("reports of wrong data", _DATA_TEAM)
ANSWER_WRONG_DATA: Final = Rule("answer to wrong data", _DATA_TEAM)
_DECIDE: Final = frozenset(Role) - {Role.AGENT}
TERRITORY: Final = Rule("territory", _DECIDE, kind=Kind.SCORES)
EXPORT_TERRITORY: Final = Rule("export territory", _DECIDE, kind=Kind.SCORES)
FOLLOW_UPS: Final = Rule("follow-ups")
EXPORT_FOLLOW_UPS: Final = Rule("export follow-ups")
TEAM: Final = Rule("team", frozenset({Role.TEAM_LEAD, Role.ADMINISTRATOR}))
EXPORT_VERDICTS: Final = Rule("export verdicts", _DATA_TEAM, kind=Kind.SCORES)
READ_LINEAGE: Final = Rule("lineage", _DATA_TEAM, names_firm=True, needs_every_kind=True)
READ_RIGHTS: Final = Rule("rights", frozenset({Role.ADMINISTRATOR}), is_countrywide=True)
REVIEW_RIGHTS: Final = Rule("review of a right", frozenset({Role.ADMINISTRATOR}), is_countrywide=True)
READ_AUDIT: Final = Rule("audit", frozenset({Role.ADMINISTRATOR}), is_countrywide=True)
# Every rule that is declared above.
RULES: Final = tuple(one for one in tuple(globals().values()) if isinstance(one, Rule))
