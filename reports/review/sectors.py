"""What is usual: of all firms, and of the firms of a sector; computed once a published table."""

from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Final

from features.assemble import CATALOG
from features.insolvency import IN_BONIS
from reports.reasons import FEATURES
from reports.review.access import ACCOUNTS, PUBLIC_FEATURES
from reports.review.data import DataFolder, source
from reports.review.wording import CONFIDENTIAL

# Many who open a page at once wait for one to compute what all of them need.
_once = Lock()
_once_past = Lock()
# Of fewer firms, a quartile is nearly the figure of one of them.
FEWEST_FIRMS: Final = 11
Quartiles = dict[str, tuple[float, float, float]]
# What the register, the partners and the accounts say, by theme: shown beside their sector.
KEY_FIGURES: Final = tuple(
    feature.name
    for feature in CATALOG
    if feature.derived_from is None and not feature.is_category and feature.theme != "profile"
)


def medians_of(folder: DataFolder, features: Path | None) -> dict[str, float]:
    """What half of the firms have, of each quantity with a direction: what the published reasons were held against."""
    with _once:
        return {} if features is None else _medians(folder, features)


@lru_cache(maxsize=4)
def _medians(folder: DataFolder, features: Path) -> dict[str, float]:
    names = [f.name for f in CATALOG if f.direction and f.derived_from is None]
    there = {row["column_name"] for row in folder.query(f"DESCRIBE SELECT * FROM {source(features)}")}  # noqa: S608
    selected = ", ".join(f"median({name}::DOUBLE) AS {name}" for name in names if name in there)
    sql = f"SELECT {selected} FROM {source(features)} WHERE procedure_state = '{IN_BONIS}'"  # noqa: S608
    return {name: value for name, value in folder.query(sql)[0].items() if value is not None}


def sector_quartiles(
    folder: DataFolder, features: Path, division: str, figures: tuple[str, ...] = KEY_FIGURES
) -> Quartiles:
    """The quartiles of each figure among the firms of a NAF division; none of too few, which would tell them."""
    with _once if figures is KEY_FIGURES else _once_past:
        return _quartiles(folder, features, figures).get(division, {})


@lru_cache(maxsize=64)
def _quartiles(folder: DataFolder, features: Path, figures: tuple[str, ...]) -> dict[str, Quartiles]:
    there = {row["column_name"] for row in folder.query(f"DESCRIBE SELECT * FROM {source(features)}")}  # noqa: S608
    names = [name for name in figures if name not in PUBLIC_FEATURES and name in there]
    selected = ", ".join(_quartiles_of(name) for name in names)
    rows = folder.query(f"SELECT naf_division, {selected} FROM {source(features)} GROUP BY naf_division")  # noqa: S608
    return {row["naf_division"]: {name: tuple(row[name]) for name in names if row[name] is not None} for row in rows}


def _quartiles_of(name: str) -> str:
    """Of a figure of accounts, among public ones: a median may be the very figure of one firm."""
    told = f" FILTER ({CONFIDENTIAL} IS DISTINCT FROM 1)" if FEATURES[name].theme == ACCOUNTS else ""
    quantiles = f"quantile_cont({name}::DOUBLE, [0.25, 0.5, 0.75]){told}"
    return f"CASE WHEN count({name}){told} >= {FEWEST_FIRMS} THEN {quantiles} END AS {name}"
