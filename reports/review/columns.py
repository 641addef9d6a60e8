"""The columns of a list as users read it: each is declared once, here.

A `Column` says where its values are read, what right they need and how they are written. The list's page with its
sortable heads, the files, the firm's page and the explanation of the columns all follow from it: to add a column, add
a `Column` to COLUMNS. Those that the batch's files have too take their name, words and format from
`reports.list_columns`.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from typing import Any, Final

from features.sources.register import MASKED
from models.scoring.records import SHORTER_RISKS
from reports.list_columns import LIST_COLUMNS, Format, ListColumn, Text
from reports.review.access import Kind, Right, visible_reason
from reports.review.data import PublishedList
from reports.review.wording import known, listed_reason
from reports.review.words import Words


class Table(StrEnum):
    """Where values are read, under the name that SQL expressions call it by."""

    LIST = "listed"
    REGISTER = "register"
    FEATURES = "features"
    SCORES = "scores"


@dataclass(frozen=True, kw_only=True)
class Column(ListColumn):
    """A column of the list.

    table: where it is read; None for what agents wrote, which the page adds.
    kind: the data whose right it needs; None where everyone may see it.
    reads: the column of the table, if it has another name. sql: an expression, where it is not read as it is.
    say: how a code is put into words. is_identity: left out of files for people who object to publication.
    head: its title on the page; None where the page has no such column.
    is_sortable: on the page; starts_high: its first order is the largest first, where a large value is of concern.
    is_exported: in files.
    """

    table: Table | None
    kind: Kind | None
    reads: str = ""
    sql: str = ""
    say: Callable[[Any, Words, Right], Any] | None = None
    is_identity: bool = False
    head: Text | None = None
    is_sortable: bool = False
    starts_high: bool = False
    is_exported: bool = True

    @property
    def expression(self) -> str:
        """The SQL expression of its values."""
        return self.sql or f"{self.table}.{self.reads or self.name}"

    def is_held(self, published: PublishedList) -> bool:
        """Whether the tables behind a list hold it: an older list may lack it, or have outlived its features."""
        if self.table is Table.FEATURES:
            return published.features is not None
        columns = {
            Table.LIST: published.columns,
            Table.SCORES: published.score_columns,
            Table.REGISTER: published.register_columns,
        }
        held = columns.get(self.table) if self.table else None
        return held is None or (self.reads or self.name) in held

    def typed(self, value: Any, words: Words, right: Right) -> Any:
        """A value as files hold it: codes in words, None for what is not known."""
        value = known(value)
        return value if self.say is None or value is None else self.say(value, words, right)

    def typed_all(self, values: Iterable[Any], words: Words, right: Right) -> list[Any]:
        """The same of many values: each text once."""
        if self.say is None:
            return [known(value) for value in values]
        typed = partial(self.typed, words=words, right=right)
        once = cache(typed)
        return [once(value) if isinstance(value, str) else typed(value) for value in values]

    def told(self, value: Any, words: Words, right: Right) -> str:
        """A value as the page writes it."""
        value = self.typed(value, words, right)
        if value is None:
            return "–"
        written: dict[Format, Callable[[Any], str]] = {
            Format.COUNT: words.number,
            Format.PERCENT: words.percent,
            Format.EUROS: words.euros,
            Format.DAY: words.day,
            Format.YES_NO: lambda is_so: words.say("yes" if is_so else "no"),
        }
        return written.get(self.format, str)(value)


def _listed(column: str, **declared: Any) -> Column:
    """A column that the batch's files have too."""
    return Column(**{**vars(LIST_COLUMNS[column]), "table": Table.LIST, **declared})


def _main_reason(reason: Any, words: Words, right: Right) -> str | None:
    said = listed_reason(reason, right, words.language)
    return said.sentence if said else None


# In the order of the files and of the page.
COLUMNS: tuple[Column, ...] = (
    # Read as the national one, whose order it has; `listing.read_firms` counts it within the territory.
    _listed(
        "rank",
        title=Text("Rank in your territory", "Rang dans votre territoire"),
        meaning=Text(
            "Place among the firms of your territory, the firm most at risk first; none for a firm in a procedure.",
            "Place parmi les entreprises de votre territoire, l'entreprise la plus à risque en premier ; "
            "aucune pour une entreprise en procédure.",
        ),
        kind=Kind.SCORES,
        head=Text("Rank", "Rang"),
        is_sortable=True,
    ),
    _listed(
        "rank",
        name="national_rank",
        reads="rank",
        title=Text("National rank", "Rang national"),
        kind=Kind.SCORES,
    ),
    _listed("siren", kind=None),
    _listed(
        "name",
        table=Table.REGISTER,
        kind=None,
        # An older list holds firms that the register no longer does.
        sql="coalesce(register.name, listed.name)",
        is_identity=True,
        head=Text("Firm", "Entreprise"),
        is_sortable=True,
    ),
    Column(
        name="is_protected",
        title=Text("Objects to publication", "S'oppose à la publication"),
        meaning=Text(
            "Whether the person objects to the publication of their name and address.",
            "Si la personne s'oppose à la publication de son nom et de son adresse.",
        ),
        table=Table.REGISTER,
        kind=None,
        reads="diffusion",
        sql="coalesce(register.diffusion, '') <> 'O'",
        is_exported=False,
    ),
    _listed("activity", kind=None),
    _listed("naf", kind=None),
    Column(
        name="legal_form",
        title=Text("Legal form", "Forme juridique"),
        meaning=Text("Legal category of INSEE.", "Catégorie juridique de l'INSEE."),
        width=30,
        table=Table.REGISTER,
        kind=None,
        reads="legal_category",
        say=lambda code, words, _: words.legal_form(code),
    ),
    Column(
        name="created_on",
        title=Text("Created on", "Créée le"),
        meaning=Text("Day on which the firm was created.", "Jour de la création de l'entreprise."),
        format=Format.DAY,
        table=Table.REGISTER,
        kind=None,
        is_exported=False,
    ),
    Column(
        name="address",
        title=Text("Address", "Adresse"),
        meaning=Text(
            "Number, street and complement of the head office; left out for people who object to publication.",
            "Numéro, voie et complément du siège ; omis pour les personnes qui s'opposent à leur publication.",
        ),
        width=36,
        table=Table.REGISTER,
        kind=None,
        sql=f"CASE WHEN register.is_masked THEN '{MASKED}' ELSE register.address END",
        say=lambda address, words, _: words.address(address),
        is_identity=True,
    ),
    Column(
        name="postcode",
        title=Text("Postcode", "Code postal"),
        meaning=Text(
            "Postcode of the head office; left out for people who object to publication.",
            "Code postal du siège ; omis pour les personnes qui s'opposent à sa publication.",
        ),
        table=Table.REGISTER,
        kind=None,
        is_identity=True,
    ),
    Column(
        name="commune",
        title=Text("Commune", "Commune"),
        meaning=Text(
            "Commune of the head office; left out for people who object to publication.",
            "Commune du siège ; omise pour les personnes qui s'opposent à sa publication.",
        ),
        width=24,
        table=Table.REGISTER,
        kind=None,
        reads="commune_name",
        is_identity=True,
    ),
    _listed("departement", kind=None, head=Text("Place", "Lieu"), is_sortable=True),
    _listed("region", kind=None),
    _listed("headcount", kind=None, head=Text("Headcount", "Effectif"), is_sortable=True, starts_high=True),
    Column(
        name="headcount_growth",
        title=Text("Headcount over 12 months", "Effectif sur 12 mois"),
        meaning=Text("Change of the headcount over 12 months.", "Évolution de l'effectif sur 12 mois."),
        format=Format.PERCENT,
        table=Table.FEATURES,
        kind=None,
        reads="headcount_growth_12m",
        is_sortable=True,
    ),
    _listed(
        "alert",
        kind=Kind.SCORES,
        say=lambda level, words, _: words.level(level),
        head=Text("Alert", "Alerte"),
    ),
    _listed("first_alert", kind=Kind.SCORES, is_exported=False),
    _listed("alert_since", name="since", reads="alert_since", kind=Kind.SCORES),
    _listed("probability", kind=Kind.SCORES, head=Text("Risk", "Risque"), is_sortable=True, starts_high=True),
    *(_listed(name, kind=Kind.SCORES) for name in SHORTER_RISKS),
    _listed("probability_low", table=Table.SCORES, kind=Kind.SCORES),
    _listed("probability_high", table=Table.SCORES, kind=Kind.SCORES),
    Column(
        name="main_reason",
        title=Text("Main reason", "Raison principale"),
        meaning=Text(
            "What raises the risk most, among what can be put into words.",
            "Ce qui augmente le plus le risque, parmi ce qui peut être formulé.",
        ),
        width=60,
        table=Table.LIST,
        reads="reasons",
        sql="listed.reasons[1]",
        kind=Kind.SCORES,
        say=_main_reason,
        head=Text("Main reason", "Raison principale"),
    ),
    Column(
        name="debt",
        title=Text("Social debt", "Dette sociale"),
        meaning=Text(
            "Contributions due to URSSAF and not paid, in euros.",
            "Cotisations dues à l'URSSAF et impayées, en euros.",
        ),
        format=Format.EUROS,
        table=Table.FEATURES,
        kind=Kind.SOCIAL_DEBT,
        head=Text("Social debt", "Dette sociale"),
        is_sortable=True,
        starts_high=True,
    ),
    Column(
        name="has_payment_plan",
        title=Text("Payment plan", "Plan d'apurement"),
        meaning=Text(
            "Whether a payment plan with URSSAF is under way.", "Si un plan d'apurement avec l'URSSAF est en cours."
        ),
        format=Format.YES_NO,
        table=Table.FEATURES,
        sql="features.payment_plans_active > 0",
        kind=Kind.SOCIAL_DEBT,
    ),
    _listed(
        "state",
        kind=None,
        say=lambda state, words, _: words.state(state),
        head=Text("Procedure", "Procédure"),
    ),
    Column(
        name="follow_up",
        title=Text("Follow-up", "Suivi"),
        meaning=Text("Where the follow-up of the firm stands.", "Où en est le suivi de l'entreprise."),
        table=None,
        kind=None,
        say=lambda state, words, _: words.follow_state(state) or None,
        head=Text("Follow-up", "Suivi"),
    ),
)
# Whether a firm is named in files hangs on it.
PROTECTED: Final = "is_protected"
MAIN_REASON: Final = "main_reason"
# Which firm it is.
IDENTITY: Final = frozenset({"siren", "name", PROTECTED, "commune", "departement"})


def column(name: str) -> Column:
    """A column by its name; KeyError where there is none."""
    return {one.name: one for one in COLUMNS}[name]


def visible(right: Right, published: PublishedList) -> list[Column]:
    """The columns of a list that a user may see, in order."""
    return [one for one in COLUMNS if right.may_see(one.kind) and one.is_held(published)]


def on_page(right: Right, published: PublishedList) -> list[Column]:
    """Those that have a column on the list's page."""
    return [one for one in visible(right, published) if one.head]


def in_files(right: Right, published: PublishedList) -> list[Column]:
    """Those that are in files."""
    return [one for one in visible(right, published) if one.is_exported]


def sortable() -> dict[str, Column]:
    """The columns that a list may be ordered by."""
    return {one.name: one for one in COLUMNS if one.is_sortable}


def tables_of(columns: Collection[Column]) -> frozenset[Table]:
    """The tables that columns are read from."""
    return frozenset(one.table for one in columns if one.table)


def without_hidden_figures(row: dict[str, Any], right: Right) -> dict[str, Any]:
    """A row whose main reason, a record, holds only what the user may see."""
    return {**row, "main_reason": visible_reason(row["main_reason"], right)} if "main_reason" in row else row
