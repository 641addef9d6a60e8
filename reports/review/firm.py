"""All that a user may see of one firm, read by its SIREN within the territory."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from features.assemble import CATALOG
from features.build import PROCEDURES
from features.procedures import IN_BONIS
from models.registry import RiskModel
from reports.language import Language
from reports.reasons import FEATURES, by_subject, ranked_reasons
from reports.review.access import ACCOUNTS, PUBLIC_FEATURES, Right
from reports.review.data import DataFolder, PublishedList, Row, UnreadableError, source, source_by_period
from reports.review.listing import read_firms
from reports.review.wording import (
    CONFIDENTIAL,
    Said,
    is_confidential,
    known,
    listed_movement,
    listed_reason,
    listed_remedy,
    said_reasons,
)
from reports.waterfall import Probability, Step, nested_steps

# Many who open a page at once wait for one to compute what all of them need.
_once = Lock()
SHOWN_REASONS: Final = 5
# With the themes without right go those of the kind of firm, so that none of them can be told by subtraction.
OTHER, PROFILE = "other", "profile"
SHOWN_PARTS: Final = 6
# Of fewer firms, a quartile is nearly the figure of one of them.
FEWEST_FIRMS: Final = 11
SMALLEST_OFFSET: Final = 1e-6
HISTORY: Final = 36
Quartiles = dict[str, tuple[float, float, float]]
# What the register, the partners and the accounts say, by theme: shown beside their sector.
KEY_FIGURES: Final = tuple(
    feature.name for feature in CATALOG if feature.base is None and not feature.is_category and feature.theme != PROFILE
)
TRACED: Final = (
    "headcount",
    "short_time_fte",
    "contribution_monthly",
    "debt_employee",
    "debt",
    "paydex",
    "debt_in_months",
)


# The ratios of which it is known whether more is safer or riskier.
RATIOS: Final = tuple(f.name for f in CATALOG if f.theme == ACCOUNTS and f.base is None and f.direction)
# Accounts are yearly: a quarter's step loses none of them, and spares a country's medians of the months between.
RATIO_STEP: Final = 3


@dataclass(frozen=True)
class Explanation:
    """reasons: sentences; steps: the waterfall, None where the model or the contributions are not there.

    base: the mean risk, where it starts; values: the features that the user may see; movement, remedy: a sentence,
    empty where the list tells nothing.
    """

    reasons: list[Said]
    steps: tuple[Step, ...] | None
    base: float
    values: Row
    hidden_themes: tuple[str, ...]
    movement: str = ""
    remedy: str = ""

    @property
    def top(self) -> float:
        """The largest risk on the way."""
        return max((self.base, *(max(step.before, step.after) for step in self.steps or ())))


def read_firm(folder: DataFolder, published: PublishedList, siren: str, right: Right) -> Row | None:
    """A firm of the list, None where it is not in it or not in the territory: the same query tells both."""
    rows = read_firms(folder, published, [siren], right)
    return rows[0] if rows else None


def read_values(folder: DataFolder, published: PublishedList, siren: str) -> Row:
    """The firm's row of the feature table, whole: for this module, never for a page."""
    if published.features is None:
        return {}
    rows = folder.query(f"SELECT * FROM {source(published.features)} WHERE siren = ?", [siren])  # noqa: S608
    return rows[0] if rows else {}


def visible_values(values: Row, right: Right) -> Row:
    """The features whose values the user may see."""
    confidential = is_confidential(values)
    return {
        f.name: values[f.name]
        for f in CATALOG
        if f.name in values and right.may_see_feature(f.theme, f.root, confidential)
    }


def explain(folder: DataFolder, published: PublishedList, firm: Row, right: Right, language: Language) -> Explanation:
    """Why this risk; to a user without right to scores, only the firm's figures."""
    siren = firm["siren"]
    values = read_values(folder, published, siren)
    visible = visible_values(values, right)
    hidden = tuple(dict.fromkeys(f.theme for f in CATALOG if not right.may_see_theme(f.theme, is_confidential(values))))
    if not right.may_see_column("reasons"):
        return Explanation([], None, 0.0, visible, hidden)
    parts = _contributions(folder, published, siren)
    try:
        model = folder.model(published.model_id)
    except UnreadableError:
        model = None
    listed = _listed(folder, published, siren)
    movement = listed_movement(listed.get("movement"), right, language)
    remedy = listed_remedy(listed.get("remedy"), right, language)
    if model is None or not parts or not values:
        told = (listed_reason(reason, right, language) for reason in listed["reasons"])
        brief = list(dict.fromkeys(said for said in told if said))
        return Explanation(brief, None, 0.0, visible, hidden, movement, remedy)
    frame = pd.DataFrame([parts])
    subjects = {str(name): float(value) for name, value in by_subject(frame, model.inputs).iloc[0].items()}
    typical = medians_of(folder, published.features)
    doubtful = [reason["feature"] for reason in listed["reasons"] if reason.get("is_stable") is False]
    reasons = ranked_reasons(values, subjects, typical, language, doubtful)[:SHOWN_REASONS]
    said = said_reasons(reasons, values, typical, right, language)
    base = float(parts["base"])
    probability = published_probability(model, base + sum(subjects.values()), firm["probability"])
    found = nested_steps(base, grouped(subjects, hidden), probability)
    return Explanation(said, found, probability(base), visible, hidden, movement, remedy)


def grouped(subjects: Mapping[str, float], hidden: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Contributions by theme and subject; where a theme is hidden, it and the kind of firm are one closed group."""
    closed = {*hidden, PROFILE} if hidden else set()
    groups: dict[str, dict[str, float]] = {}
    for name, contribution in subjects.items():
        theme = FEATURES[name].theme if name in FEATURES else PROFILE
        group = groups.setdefault(OTHER if theme in closed else theme, {})
        key = OTHER if theme in closed else name
        group[key] = group.get(key, 0.0) + contribution
    return {theme: _largest(parts) for theme, parts in groups.items()}


def _largest(parts: dict[str, float]) -> dict[str, float]:
    """The largest parts, and the others as one."""
    ordered = sorted(parts, key=lambda name: -abs(parts[name]))
    kept = {name: parts[name] for name in ordered[:SHOWN_PARTS]}
    rest = [parts[name] for name in ordered[SHOWN_PARTS:]]
    return kept | ({OTHER: sum(rest)} if rest else {})


def published_probability(model: RiskModel, margin: float, published: float) -> Probability:
    """The calibration by which this margin has the probability that was published.

    A list's probabilities may be moved in log-odds for its period's base rate: by as much as this firm's are.
    """

    def calibrated(at: float) -> float:
        return float(model.calibration.probability(np.array([at]))[0])

    offset = float(logit(published) - logit(calibrated(margin)))
    if abs(offset) < SMALLEST_OFFSET or not np.isfinite(offset):
        return calibrated
    return lambda at: float(expit(logit(calibrated(at)) + offset))


def _contributions(folder: DataFolder, published: PublishedList, siren: str) -> Row:
    if published.contributions is None:
        return {}
    rows = folder.query(f"SELECT * FROM {source(published.contributions)} WHERE siren = ?", [siren])  # noqa: S608
    return rows[0] if rows else {}


def _listed(folder: DataFolder, published: PublishedList, siren: str) -> Row:
    names = [name for name in ("reasons", "movement", "remedy") if name in published.columns]
    sql = f"SELECT {', '.join(names)} FROM {source(published.path)} WHERE siren = ?"  # noqa: S608
    return folder.query(sql, [siren])[0]


def medians_of(folder: DataFolder, features: Path | None) -> dict[str, float]:
    """What half of the firms have, of each quantity with a direction: what the published reasons were held against."""
    with _once:
        return {} if features is None else _medians(folder, features)


@lru_cache(maxsize=4)
def _medians(folder: DataFolder, features: Path) -> dict[str, float]:
    names = [f.name for f in CATALOG if f.direction and f.base is None]
    there = {row["column_name"] for row in folder.query(f"DESCRIBE SELECT * FROM {source(features)}")}  # noqa: S608
    selected = ", ".join(f"median({name}::DOUBLE) AS {name}" for name in names if name in there)
    sql = f"SELECT {selected} FROM {source(features)} WHERE procedure_state = '{IN_BONIS}'"  # noqa: S608
    return {name: value for name, value in folder.query(sql)[0].items() if value is not None}


def sector_quartiles(
    folder: DataFolder, features: Path, division: str, figures: tuple[str, ...] = KEY_FIGURES
) -> Quartiles:
    """The quartiles of each figure among the firms of a NAF division; none of too few, which would tell them."""
    with _once:
        return _quartiles(folder, features, figures).get(division, {})


@lru_cache(maxsize=64)
def _quartiles(folder: DataFolder, features: Path, figures: tuple[str, ...]) -> dict[str, Quartiles]:
    there = {row["column_name"] for row in folder.query(f"DESCRIBE SELECT * FROM {source(features)}")}  # noqa: S608
    names = [name for name in figures if name not in PUBLIC_FEATURES and name in there]
    quartiles = "CASE WHEN count({0}) >= {1} THEN quantile_cont({0}::DOUBLE, [0.25, 0.5, 0.75]) END AS {0}"
    selected = ", ".join(quartiles.format(name, FEWEST_FIRMS) for name in names)
    rows = folder.query(f"SELECT naf_division, {selected} FROM {source(features)} GROUP BY naf_division")  # noqa: S608
    return {row["naf_division"]: {name: tuple(row[name]) for name in names if row[name] is not None} for row in rows}


def prepare(folder: DataFolder, published: PublishedList) -> None:
    """Compute what all pages of a list's firms need: medians, and quartiles by sector, of the past too."""
    medians_of(folder, published.features)
    if published.features is not None:
        sector_quartiles(folder, published.features, "")
    for file in _past_files(folder, published)[::RATIO_STEP]:
        sector_quartiles(folder, file, "", RATIOS)


def risk_history(folder: DataFolder, published: PublishedList, siren: str) -> list[Row]:
    """period, probability and alert of the firm in the lists up to this one, oldest first."""
    paths = [published.path, *published.earlier][:HISTORY]
    sql = f"SELECT period, probability, alert FROM {source(*paths)} WHERE siren = ? ORDER BY period"  # noqa: S608
    return folder.query(sql, [siren])


def traces(folder: DataFolder, published: PublishedList, siren: str, right: Right) -> list[Row]:
    """The firm's figures over the last periods as they were known then, oldest first: what the user may see of them."""
    files = _past_files(folder, published)
    visible = [name for name in TRACED if right.may_see_theme(FEATURES[name].theme, is_confidential=False)]
    selected = ", ".join(["period::DATE AS period", "procedure_state", *visible])
    if not files:
        return []
    sql = f"SELECT {selected} FROM {source_by_period(*files)} WHERE siren = ? ORDER BY 1"  # noqa: S608
    return folder.query(sql, [siren])


def ratio_traces(folder: DataFolder, published: PublishedList, siren: str, right: Right) -> list[Row]:
    """RATIOS of the last accounts known each quarter, oldest first, and `sector`: the medians of the firm's division.

    is_hidden: accounts of that quarter are confidential, and the user has no right to them: their ratios are None.
    """
    files = {path.parent.name.removeprefix("period="): path for path in _past_files(folder, published)[::RATIO_STEP]}
    if not files:
        return []
    selected = ", ".join(("period::DATE AS period", "naf_division", CONFIDENTIAL, *RATIOS))
    sql = f"SELECT {selected} FROM {source_by_period(*files.values())} WHERE siren = ? ORDER BY 1"  # noqa: S608
    rows = folder.query(sql, [siren])
    for row in rows:
        row["is_hidden"] = not right.may_see_theme(ACCOUNTS, is_confidential(row))
        row.update({name: None if row["is_hidden"] else known(row[name]) for name in RATIOS})
        quartiles = sector_quartiles(folder, files[f"{row['period']}"], row["naf_division"], RATIOS)
        row["sector"] = {name: median for name, (_, median, _) in quartiles.items()}
    return rows


def _past_files(folder: DataFolder, published: PublishedList) -> list[Path]:
    """The feature tables of the last periods, the list's own first."""
    return [path for period, path in folder.feature_periods() if period <= published.period][: -HISTORY - 1 : -1]


def judgements(folder: DataFolder, published: PublishedList, siren: str) -> list[Row] | None:
    """What was decided in the firm's procedures as it was known on the list's day, newest first.

    A row: effective_on, action, stage, known_at. None where an older build did not keep them.
    """
    path = (folder.data / "features").resolve() / f"{PROCEDURES}.parquet"
    if not path.exists():
        return None
    sql = (
        f"SELECT effective_on, action, stage, known_at FROM {source(path)} WHERE siren = ? AND known_at <= ? "  # noqa: S608
        "AND (withdrawn_at IS NULL OR withdrawn_at > ?) ORDER BY effective_on DESC, action, stage, known_at"
    )
    return folder.query(sql, [siren, published.period, published.period])


def silent_sources(values: Row) -> list[str]:
    """The sources that say nothing of the firm: each figure that needs one is unknown.

    values: the figures that the user may see; of the others nothing is told.
    """
    needed: dict[str, list[str]] = {}
    for feature in CATALOG:
        for name in feature.sources if feature.name in values else ():
            needed.setdefault(name, []).append(feature.name)
    return [name for name, read in needed.items() if all(known(values[feature]) is None for feature in read)]


def establishments(folder: DataFolder, siren: str) -> list[Row]:
    """The firm's establishments in the register, open ones first."""
    files = folder.data / "staged" / "establishments"
    if not files.is_dir():
        return []
    sql = (
        "SELECT siret, is_head_office, naf, commune_name, postcode, created_on, closed_on "  # noqa: S608
        f"FROM {source(files.resolve() / '*.parquet')} WHERE siren = ? "
        "ORDER BY is_head_office DESC, closed_on IS NOT NULL, siret LIMIT 100"
    )
    return folder.query(sql, [siren])
