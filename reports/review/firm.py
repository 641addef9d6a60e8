"""All that a user may see of one firm, read by its SIREN within the territory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from scipy.special import logit

from features.assemble import CATALOG
from features.known_days import known_day, told_month
from models.calibration.shapes import with_offset
from models.registry.model import RiskModel
from reports.confidentiality import has_confidential_accounts
from reports.effects import Effect, Probability, effects, merged
from reports.language import Language
from reports.reasons import FEATURES, of_firm_by_subject, reasons_of
from reports.review.access import Kind, Right
from reports.review.columns import COLUMNS, MAIN_REASON, Table
from reports.review.data import PublishedList, Reader, Row, UnreadableError
from reports.review.firm_rows import CONTRIBUTIONS, read_whole
from reports.review.key_figures import Newest
from reports.review.listing import read_firms
from reports.review.sectors import reason_settings_of
from reports.review.wording import (
    Said,
    known,
    listed_counterfactual,
    listed_movement,
    listed_reason,
    said_reasons,
)

# Themes that the user may not see are shown as one with the kind of firm, so that subtraction reveals none of them.
OTHER, PROFILE = "other", "profile"
SHOWN_PARTS: Final = 6
SMALLEST_OFFSET: Final = 1e-6
# What lists up to version 0.2.0 call it.
FORMER_COUNTERFACTUAL: Final = "remedy"


@dataclass(frozen=True)
class Explanation:
    """reasons: sentences; effects: of themes, None where the model or the contributions are not there.

    mean_risk: to which the effects are added; values: the features that the user may see; newest: the newest record of
    the firm of each source of theirs. movement, counterfactual: a sentence, empty where the list tells nothing.
    """

    reasons: list[Said]
    effects: tuple[Effect, ...] | None
    mean_risk: float
    values: Row
    hidden_themes: tuple[str, ...]
    movement: str = ""
    counterfactual: str = ""
    newest: Mapping[str, Newest] = field(default_factory=dict)

    @property
    def risk(self) -> float:
        """The mean risk and all effects."""
        return self.mean_risk + sum(effect.change for effect in self.effects or ())

    @property
    def largest(self) -> float:
        """The size of the largest effect."""
        return max((abs(effect.change) for effect in self.effects or ()), default=0.0)


def read_firm(reader: Reader, published: PublishedList, siren: str, right: Right) -> Row | None:
    """A firm of the list, None where it is not in it or not in the territory: the same query tells both.

    Without its main reason, which takes as long to read as all other columns: `explain` tells the reasons.
    """
    rows = read_firms(reader, published, [siren], right, frozenset(one.name for one in COLUMNS) - {MAIN_REASON})
    return rows[0] if rows else None


def with_main_reason(reader: Reader, published: PublishedList, firm: Row, right: Right) -> Row:
    """A firm with its main reason too, as lists tell it."""
    (row,) = read_firms(reader, published, [firm["siren"]], right, {"siren", MAIN_REASON})
    return {**firm, **row}


def visible_values(values: Row, right: Right) -> Row:
    """The features whose values the user may see."""
    is_confidential = has_confidential_accounts(values)
    return {
        f.name: values[f.name]
        for f in CATALOG
        if f.name in values and right.may_see_feature(f.theme, f.root, is_confidential)
    }


def newest_of(values: Row, visible: Row) -> dict[str, Newest]:
    """The newest record of the firm of each source of the visible features.

    values: the firm's row of the feature table; a table of 0.2.0 tells of none.
    """
    sources = {source for feature in CATALOG if feature.name in visible for source in feature.sources}
    days = {source: known(values.get(known_day(source))) for source in sources}
    return {of: Newest(day, known(values.get(told_month(of)))) for of, day in days.items() if day is not None}


def explain(reader: Reader, published: PublishedList, firm: Row, right: Right, language: Language) -> Explanation:
    """Why this risk; to a user without right to scores, only the firm's figures."""
    held = read_whole(reader, published, firm["siren"], [Table.LIST, Table.FEATURES, CONTRIBUTIONS])
    values, parts, listed = held[Table.FEATURES] or {}, held[CONTRIBUTIONS], held[Table.LIST]
    visible = visible_values(values, right)
    newest = newest_of(values, visible)
    is_confidential = has_confidential_accounts(values)
    hidden = tuple(dict.fromkeys(f.theme for f in CATALOG if not right.may_see_theme(f.theme, is_confidential)))
    if not right.may_see(Kind.SCORES):
        return Explanation([], None, 0.0, visible, hidden, newest=newest)
    try:
        model = reader.model(published.model_id)
    except UnreadableError:
        model = None
    movement = listed_movement(listed.get("movement"), right, language)
    counterfactual = listed.get("counterfactual", listed.get(FORMER_COUNTERFACTUAL))
    counterfactual = listed_counterfactual(counterfactual, right, language)
    if model is None or not parts or not values:
        told = (listed_reason(reason, right, language) for reason in listed["reasons"])
        brief = list(dict.fromkeys(said for said in told if said))
        return Explanation(brief, None, 0.0, visible, hidden, movement, counterfactual, newest)
    subjects = of_firm_by_subject(parts, model.inputs)
    doubtful = [reason["feature"] for reason in listed["reasons"] if reason.get("is_stable") is False]
    shows_confidential = right.may_see(Kind.CONFIDENTIAL_ACCOUNTS)
    reasons = reasons_of(values, subjects, reason_settings_of(published), language, doubtful, shows_confidential)
    said = said_reasons(reasons, has_confidential_accounts(values), right, language)
    base = float(parts["base"])
    probability = published_probability(model, base + sum(subjects.values()), firm["probability"])
    found = effects(base, _grouped(subjects, hidden), probability)
    found = tuple(replace(effect, parts=_largest(effect.parts)) for effect in found)
    mean_risk = float(probability(np.array([base]))[0])
    return Explanation(said, found, mean_risk, visible, hidden, movement, counterfactual, newest)


def _grouped(subjects: Mapping[str, float], hidden: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Contributions by theme and subject; hidden themes and the kind of firm are one group, without parts.

    They are one before their effects are worked out: effects of others would else tell of each of them.
    """
    closed = {*hidden, PROFILE} if hidden else set()
    groups: dict[str, dict[str, float]] = {}
    for name, contribution in subjects.items():
        theme = FEATURES[name].theme if name in FEATURES else PROFILE
        group = groups.setdefault(OTHER if theme in closed else theme, {})
        key = OTHER if theme in closed else name
        group[key] = group.get(key, 0.0) + contribution
    return groups


def _largest(parts: Sequence[Effect]) -> tuple[Effect, ...]:
    """The largest parts, and the others as one."""
    rest = parts[SHOWN_PARTS:]
    return (*parts[:SHOWN_PARTS], *([merged(rest, OTHER)] if rest else []))


def published_probability(model: RiskModel, margin: float, published: float) -> Probability:
    """The calibration by which this margin has the probability that was published.

    A list's probabilities may be moved in log-odds for its period's base rate: by as much as this firm's are.
    """

    calibrated = model.calibration.probability
    offset = float(logit(published) - logit(calibrated(np.array([margin]))[0]))
    if abs(offset) < SMALLEST_OFFSET or not np.isfinite(offset):
        return calibrated
    return lambda margins: with_offset(calibrated(margins), offset)


def silent_sources(values: Row) -> list[str]:
    """The sources that say nothing of the firm: each figure that needs one is unknown.

    values: the figures that the user may see; of the others nothing is told.
    """
    needed: dict[str, list[str]] = {}
    for feature in CATALOG:
        for name in feature.sources if feature.name in values else ():
            needed.setdefault(name, []).append(feature.name)
    return [name for name, read in needed.items() if all(known(values[feature]) is None for feature in read)]
