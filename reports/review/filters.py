"""The filters of a list: each is declared once, here, with its control, its condition and the right that it needs.

A filter on a figure tells the figure: it needs the same right. The form, the words of what is filtered, the address of
the page and the query all follow from the declaration.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from features.nomenclatures import mapping
from features.periods import add_months
from models.alerts import ALERTS, NO_ALERT
from reports.list_columns import Text
from reports.reasons import THEME_WORDS
from reports.review.access import Kind, Right
from reports.review.columns import Table, column
from reports.review.controls import Boxes, Choice, Control, Number, Search, Tick
from reports.review.data import PublishedList
from reports.review.sql import Sql, every, one_of, parquet, select
from reports.review.wording import PROCEDURE_STATES
from reports.review.words import Words

# How many lists, the newest included, "how often on alert" looks at.
PAST_LISTS: Final = 12
YOUNG_MONTHS: Final = 36
SIREN_DIGITS: Final = 9


@dataclass(frozen=True)
class Scene:
    """What a condition may need beside the value asked.

    published: the list. reviewed: the firms with a verdict on it. followed: those with a follow-up under way.
    """

    published: PublishedList
    reviewed: Sequence[str] = ()
    followed: Sequence[str] = ()


@dataclass(frozen=True)
class Condition:
    """An SQL condition, and the table that it reads beside the list."""

    sql: Sql
    table: Table = Table.LIST


@dataclass(frozen=True, kw_only=True)
class Filter:
    """A filter. condition: of the firms that meet a value. kind: the data whose right it needs; None for none.

    label: what the form says, where it says more than the title. is_in_sight: not among the "more filters".
    """

    name: str
    title: Text
    control: Control
    condition: Callable[[Any, Scene], Condition]
    kind: Kind | None
    label: Text | None = None
    is_in_sight: bool = False


def searched_number(text: str) -> str | None:
    """The digits searched, where nothing else is: a SIREN or its beginning, a SIRET, or digits of a name."""
    digits = re.sub(r"\s", "", text)
    return digits if digits.isdigit() else None


def _search(text: str, _: Scene) -> Condition:
    """Firms whose name holds every word, in any order; of a number, also those whose SIREN begins with it."""
    words = text.split()
    name = f"strip_accents(lower({column('name').expression}))"
    in_name = every([Sql(f"contains({name}, strip_accents(lower(?)))", (word,)) for word in words])
    digits = searched_number(text)
    if digits is None:
        return Condition(in_name, Table.REGISTER)
    # The first nine digits of a SIRET are its firm's.
    by_siren = Sql("starts_with(listed.siren, ?)", (digits[:SIREN_DIGITS],))
    if len(digits) >= SIREN_DIGITS:
        return Condition(by_siren)
    either = Sql(f"({by_siren.text} OR ({in_name.text}))", (*by_siren.values, *in_name.values))
    return Condition(either, Table.REGISTER)


def _where(sql: str, table: Table = Table.LIST) -> Callable[[Any, Scene], Condition]:
    """A condition with the value asked behind its `?`, where it has one."""
    return lambda value, _: Condition(Sql(sql, (value,) if "?" in sql else ()), table)


def _among(name: str) -> Callable[[Any, Scene], Condition]:
    return lambda values, _: Condition(Sql(f"{name} IN (SELECT unnest(?))", (list(values),)))


def _often_on_alert(times: int, scene: Scene) -> Condition:
    """Firms on alert in that many of the last lists, this one included."""
    last = parquet(scene.published.path, *scene.published.earlier[: PAST_LISTS - 1])
    often = select(["siren"], last, Sql("alert <> ?", (NO_ALERT,)), "GROUP BY siren HAVING count(*) >= ?")
    return Condition(Sql(f"listed.siren IN ({often.text})", (*often.values, times)))


def _old_enough(_: Any, scene: Scene) -> Condition:
    youngest = add_months(scene.published.period, -YOUNG_MONTHS)
    return Condition(Sql("register.created_on <= ?", (youngest,)), Table.REGISTER)


def _not_among(sirens: Sequence[str]) -> Condition:
    among = one_of("listed.siren", sirens)
    return Condition(Sql(f"NOT ({among.text})", among.values))


def _nomenclature(file: str, code: str, label: str) -> Choice:
    return Choice(lambda _: mapping(file, code, label), shows_code=True)


def _regions(_: Words) -> dict[str, str]:
    return {name: name for name in sorted(set(mapping("departements", "departement", "region_label").values()))}


# In the order of the form.
FILTERS: tuple[Filter, ...] = (
    Filter(
        name="q",
        title=Text("Name, SIREN or SIRET", "Nom, SIREN ou SIRET"),
        control=Search(),
        condition=_search,
        kind=None,
        is_in_sight=True,
    ),
    Filter(
        name="departement",
        title=Text("Département", "Département"),
        control=Choice(
            lambda _: mapping("departements", "departement", "departement_label"), is_several=True, shows_code=True
        ),
        condition=_among("listed.departement"),
        kind=None,
        is_in_sight=True,
    ),
    Filter(
        name="alert",
        title=Text("Alert", "Alerte"),
        control=Boxes(lambda words: {level: words.level(level) for level in ALERTS}, is_several=True, closed=ALERTS),
        condition=_among("listed.alert"),
        kind=Kind.SCORES,
        is_in_sight=True,
    ),
    Filter(
        name="theme",
        title=Text("Theme of the main reason", "Thème de la raison principale"),
        control=Choice(lambda words: {theme: words.theme(theme) for theme in THEME_WORDS}, closed=tuple(THEME_WORDS)),
        condition=_where("listed.reasons[1].theme = ?"),
        kind=Kind.SCORES,
    ),
    Filter(
        name="min_alerts",
        title=Text("Lists on alert, at least", "Listes en alerte, au moins"),
        label=Text(
            f"On alert in the last {PAST_LISTS} lists, at least",
            f"En alerte dans les {PAST_LISTS} dernières listes, au moins",
        ),
        control=Number(1, PAST_LISTS),
        condition=_often_on_alert,
        kind=Kind.SCORES,
    ),
    Filter(
        name="region",
        title=Text("Region", "Région"),
        control=Choice(_regions, is_several=True),
        condition=_among("listed.region"),
        kind=None,
    ),
    Filter(
        name="section",
        title=Text("Sector (NAF section)", "Secteur (section NAF)"),
        control=_nomenclature("naf_rev2", "section", "section_label"),
        condition=_where("features.naf_section = ?", Table.FEATURES),
        kind=None,
    ),
    Filter(
        name="division",
        title=Text("Activity (NAF division)", "Activité (division NAF)"),
        control=_nomenclature("naf_rev2", "division", "division_label"),
        condition=_where("listed.naf[1:2] = ?"),
        kind=None,
    ),
    Filter(
        name="legal",
        title=Text("Legal form", "Forme juridique"),
        control=_nomenclature("categories_juridiques", "group", "group_label"),
        condition=_where("starts_with(register.legal_category, ?)", Table.REGISTER),
        kind=None,
    ),
    Filter(
        name="min_headcount",
        title=Text("Headcount, at least", "Effectif, au moins"),
        control=Number(),
        condition=_where("listed.headcount >= ?"),
        kind=None,
    ),
    Filter(
        name="min_debt",
        title=Text("Social debt in euros, at least", "Dette sociale en euros, au moins"),
        control=Number(),
        condition=_where("features.debt >= ?", Table.FEATURES),
        kind=Kind.SOCIAL_DEBT,
    ),
    Filter(
        name="state",
        title=Text("State of procedure", "État de procédure"),
        control=Choice(lambda words: {state: words.state(state) for state in PROCEDURE_STATES}),
        condition=_where("listed.state = ?"),
        kind=None,
    ),
    Filter(
        name="first_alert",
        title=Text("First alerts only", "Premières alertes seulement"),
        control=Tick(),
        condition=_where("listed.first_alert"),
        kind=Kind.SCORES,
    ),
    Filter(
        name="no_plan",
        title=Text("Without a payment plan", "Sans plan d'apurement"),
        control=Tick(),
        condition=_where("coalesce(features.payment_plans_active, 0) = 0", Table.FEATURES),
        kind=Kind.SOCIAL_DEBT,
    ),
    Filter(
        name="no_young",
        title=Text("Without firms under three years old", "Sans les entreprises de moins de trois ans"),
        control=Tick(),
        condition=_old_enough,
        kind=None,
    ),
    Filter(
        name="unreviewed",
        title=Text("Without a verdict on this list", "Sans avis sur cette liste"),
        control=Tick(),
        condition=lambda _, scene: _not_among(scene.reviewed),
        kind=Kind.SCORES,
    ),
    Filter(
        name="unfollowed",
        title=Text("Without firms already followed", "Sans les entreprises déjà suivies"),
        control=Tick(),
        condition=lambda _, scene: _not_among(scene.followed),
        kind=None,
    ),
)


def allowed(right: Right) -> list[Filter]:
    """The filters that a user may use, in the order of the form."""
    return [one for one in FILTERS if right.may_see(one.kind)]
