"""Usual values: medians of all firms and quartiles of each sector, computed once for the same files."""

import glob
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from features.assemble import CATALOG
from features.insolvency import IN_BONIS
from reports.confidentiality import ACCOUNTS, CONFIDENTIAL, PUBLIC_FEATURES
from reports.reasons import FEATURES, SUBJECTS, ReasonSettings, medians
from reports.review.data import PublishedList, Reader
from reports.review.kept import once
from reports.review.sql import named, parquet, select

# Of fewer firms, a quartile is nearly the figure of one of them.
FEWEST_FIRMS: Final = 11
# The reasons of a list that does not say how many it gives.
OLDER_COUNT: Final = 5
Quartiles = dict[str, tuple[float, float, float]]
# They tell what kind of firm it is, and how others fare: nothing of the firm to set beside its sector.
NOT_OF_THE_FIRM: Final = ("profile", "context")
# What the partners, the accounts and the notices say, by theme: shown beside their sector. Of notices, one figure each.
KEY_FIGURES: Final = tuple(
    feature.name
    for feature in CATALOG
    if feature.derived_from is None
    and not feature.is_category
    and feature.theme not in NOT_OF_THE_FIRM
    and not (feature.theme == "legal_life" and feature.name in SUBJECTS)
)


def reason_settings_of(published: PublishedList) -> ReasonSettings:
    """How the reasons of a list were chosen and worded, as published with it.

    An older list does not say: from the feature table, by the same function as the list's.
    """
    if published.reason_settings is not None:
        return published.reason_settings
    return ReasonSettings(_medians(published.features) if published.features else {}, OLDER_COUNT)


@once(maxsize=4)
def _medians(features: Path) -> dict[str, float]:
    # Only lists of 0.1.0 need it: without pandas and pyarrow a worker is 75 MB lighter.
    import pandas as pd
    import pyarrow.parquet as pq

    files = sorted(features.parent.glob(features.name))
    held = set(pq.read_schema(files[0]).names)
    names = [f.name for f in CATALOG if f.direction and f.derived_from is None and f.name in held]
    rows = pd.concat(pd.read_parquet(file, columns=["procedure_state", *names], partitioning=None) for file in files)
    return medians(rows[rows["procedure_state"] == IN_BONIS])


def _held(reader: Reader, features: Path, names: Iterable[str]) -> list[str]:
    """Those of the names that are columns of the table; an older build may lack some."""
    held = set(reader.columns(features))
    return [name for name in names if name in held]


def sector_quartiles(
    reader: Reader, features: Path, division: str, figures: tuple[str, ...] = KEY_FIGURES
) -> Quartiles:
    """The quartiles of each figure in a NAF division; none where so few firms have it that it would reveal one."""
    return _quartiles(reader, _Files.of(features), figures).get(division, {})


@dataclass(frozen=True)
class _Files:
    """Files of the feature table: the same in another version of it, which links those of the periods that it keeps."""

    identity: tuple[tuple[int, ...], ...]
    pattern: Path = field(compare=False)

    @staticmethod
    def of(pattern: Path) -> "_Files":
        # Not by Path: the folder of a pattern is escaped.
        found = [Path(path).stat() for path in sorted(glob.glob(str(pattern)))]  # noqa: PTH207
        return _Files(tuple((one.st_dev, one.st_ino, one.st_size, one.st_mtime_ns) for one in found), pattern)


@once(maxsize=64)
def _quartiles(reader: Reader, files: _Files, figures: tuple[str, ...]) -> dict[str, Quartiles]:
    features = files.pattern
    names = _held(reader, features, (name for name in figures if name not in PUBLIC_FEATURES))
    selected = ["naf_division", *map(_quartiles_of, map(named, names))]
    rows = reader.query(*select(selected, parquet(features), then="GROUP BY naf_division"))
    return {row["naf_division"]: {name: tuple(row[name]) for name in names if row[name] is not None} for row in rows}


def _quartiles_of(name: str) -> str:
    """The quartiles of a figure; of accounts, only public ones count: a median can be the figure of one firm."""
    told = f" FILTER ({CONFIDENTIAL} IS DISTINCT FROM 1)" if FEATURES[name].theme == ACCOUNTS else ""
    quantiles = f"quantile_cont({name}::DOUBLE, [0.25, 0.5, 0.75]){told}"
    return f"CASE WHEN count({name}){told} >= {FEWEST_FIRMS} THEN {quantiles} END AS {name}"
