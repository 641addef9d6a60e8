"""The filters of a list: each is declared once, here, with its control, its condition and the right that it needs.

A filter on a figure tells the figure: it needs the same right. The form, the words of what is filtered, the address of
the page and the query all follow from the declaration.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from features.nomenclatures import mapping
from models.alerts import ALERTS
from reports.list_columns import Text
from reports.reasons import THEME_WORDS
from reports.review.access import Kind, Right
from reports.review.columns import Table
from reports.review.conditions import (
    DIVISION,
    PAST_LISTS,
    SECTION,
    Condition,
    Scene,
    among,
    newly_on_alert,
    not_among,
    often_on_alert,
    old_enough,
    search,
    where,
)
from reports.review.controls import Boxes, Choice, Control, Many, Number, Search, Tick
from reports.review.wording import PROCEDURE_STATES
from reports.review.words import Words


@dataclass(frozen=True, kw_only=True)
class Filter:
    """A filter. condition: of the firms that meet a value. kind: the data whose right it needs; None for none.

    label: what the form says, where it says more than the title. is_in_sight: not among the "more filters".
    held: the SQL expression of the codes that the form offers, where it offers only those of the user's firms.
    """

    name: str
    title: Text
    control: Control
    condition: Callable[[Any, Scene], Condition]
    kind: Kind | None
    label: Text | None = None
    is_in_sight: bool = False
    held: str = ""


def _labels(file: str, code: str, label: str) -> Callable[[Words], dict[str, str]]:
    return lambda _: mapping(file, code, label)


def _several(
    name: str, title: Text, labels: Callable[[Words], Mapping[str, str]], held: str, is_in_sight: bool = False
) -> Filter:
    """A filter by codes, several at once, that everyone may use; held: the expression of a firm's own code."""
    control = Many(labels, shows_code=True)
    return Filter(
        name=name, title=title, control=control, condition=among(held), kind=None, held=held, is_in_sight=is_in_sight
    )


def _regions(_: Words) -> dict[str, str]:
    return {name: name for name in sorted(set(mapping("departements", "departement", "region_label").values()))}


# In the order of the form.
FILTERS: tuple[Filter, ...] = (
    Filter(
        name="q",
        title=Text("Name, SIREN or SIRET", "Nom, SIREN ou SIRET"),
        control=Search(),
        condition=search,
        kind=None,
        is_in_sight=True,
    ),
    _several(
        "departement",
        Text("Département", "Département"),
        _labels("departements", "departement", "departement_label"),
        "listed.departement",
        is_in_sight=True,
    ),
    Filter(
        name="alert",
        title=Text("Alert", "Alerte"),
        control=Boxes(lambda words: {level: words.level(level) for level in ALERTS}, is_several=True, closed=ALERTS),
        condition=among("listed.alert"),
        kind=Kind.SCORES,
        is_in_sight=True,
    ),
    Filter(
        name="theme",
        title=Text("Theme of the main reason", "Thème de la raison principale"),
        control=Choice(lambda words: {theme: words.theme(theme) for theme in THEME_WORDS}, closed=tuple(THEME_WORDS)),
        condition=where("listed.reasons[1].theme = ?"),
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
        condition=often_on_alert,
        kind=Kind.SCORES,
    ),
    _several("region", Text("Region", "Région"), _regions, "listed.region"),
    _several(
        "section",
        Text("Sector (NAF section)", "Secteur (section NAF)"),
        _labels("naf_rev2", "section", "section_label"),
        SECTION,
    ),
    _several(
        "division",
        Text("Activity (NAF division)", "Activité (division NAF)"),
        _labels("naf_rev2", "division", "division_label"),
        DIVISION,
    ),
    Filter(
        name="legal",
        title=Text("Legal form", "Forme juridique"),
        control=Choice(_labels("categories_juridiques", "group", "group_label"), shows_code=True),
        condition=where("starts_with(register.legal_category, ?)", Table.REGISTER),
        kind=None,
    ),
    Filter(
        name="min_headcount",
        title=Text("Headcount, at least", "Effectif, au moins"),
        control=Number(),
        condition=where("listed.headcount >= ?"),
        kind=None,
    ),
    Filter(
        name="min_debt",
        title=Text("Social debt in euros, at least", "Dette sociale en euros, au moins"),
        control=Number(),
        condition=where("features.debt >= ?", Table.FEATURES),
        kind=Kind.SOCIAL_DEBT,
    ),
    Filter(
        name="state",
        title=Text("State of procedure", "État de procédure"),
        control=Choice(lambda words: {state: words.state(state) for state in PROCEDURE_STATES}),
        condition=where("listed.state = ?"),
        kind=None,
    ),
    Filter(
        name="new_alert",
        title=Text("On alert since this list only", "En alerte depuis cette liste seulement"),
        control=Tick(),
        condition=newly_on_alert,
        kind=Kind.SCORES,
    ),
    Filter(
        name="first_alert",
        title=Text("First alerts only", "Premières alertes seulement"),
        control=Tick(),
        condition=where("listed.first_alert"),
        kind=Kind.SCORES,
    ),
    Filter(
        name="no_plan",
        title=Text("Without a payment plan", "Sans plan d'apurement"),
        control=Tick(),
        condition=where("coalesce(features.payment_plans_active, 0) = 0", Table.FEATURES),
        kind=Kind.SOCIAL_DEBT,
    ),
    Filter(
        name="no_young",
        title=Text("Without firms under three years old", "Sans les entreprises de moins de trois ans"),
        control=Tick(),
        condition=old_enough,
        kind=None,
    ),
    Filter(
        name="unreviewed",
        title=Text("Without a verdict on this list", "Sans avis sur cette liste"),
        control=Tick(),
        condition=lambda _, scene: not_among(scene.reviewed),
        kind=Kind.SCORES,
    ),
    Filter(
        name="unfollowed",
        title=Text("Without firms already followed", "Sans les entreprises déjà suivies"),
        control=Tick(),
        condition=lambda _, scene: not_among(scene.followed),
        kind=None,
    ),
)


def allowed(right: Right) -> list[Filter]:
    """The filters that a user may use, in the order of the form."""
    return [one for one in FILTERS if right.may_see(one.kind)]
