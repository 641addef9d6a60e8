"""The periods of an earlier build that a build of other periods keeps as they are: the past is not rewritten."""

import os
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from features.errors import InputError
from features.folder import PARTS, BuildRecord, FeatureTable
from features.periods import add_months, period_range
from features.scope import Scope


def kept_periods(table: FeatureTable, scope: Scope, dictionary_version: str) -> tuple[date, ...]:
    """The periods of a table that are not in the scope.

    Raises InputError where they can't stand beside those of the scope: built otherwise, or with a gap between.
    """
    kept = tuple(period for period in table.periods if not scope.start <= period <= scope.end)
    if not kept:
        return ()
    others = _differences(table.record, scope, dictionary_version)
    if others:
        raise InputError(
            f"The periods that are built already ({span(kept)}) can't be kept beside {span((scope.start, scope.end))}: "
            f"they were built with {' and '.join(others)}. To remove them: weaksignals build --rebuild"
        )
    both = sorted({*kept, *period_range(scope.start, scope.end)})
    missing = sorted({*period_range(both[0], both[-1])} - {*both})
    if missing:
        raise InputError(
            f"{span(missing)} would be missing between the periods that are built already and those to build. "
            "Give a --start or an --end that leaves no gap."
        )
    return kept


def span(periods: Sequence[date]) -> str:
    """The first and the last of some periods, in words."""
    return f"{min(periods):%Y-%m} to {max(periods):%Y-%m}" if len(periods) > 1 else f"{periods[0]:%Y-%m}"


def _differences(record: BuildRecord, scope: Scope, dictionary_version: str) -> list[str]:
    found = [
        f"another {name}"
        for name in ("horizon", "min_headcount", "min_turnover", "excluded_categories", "excluded_activities")
        if _plain(getattr(record, name)) != _plain(getattr(scope, name))
    ]
    return found + ["other definitions of features"] * (record.dictionary_version != dictionary_version)


def _plain(value: object) -> object:
    return tuple(value) if isinstance(value, list | tuple) else value


def labels_known_until(record: BuildRecord, kept: Sequence[date], observed_until: date) -> date:
    """The day up to which all labels are known: that of the earlier build where labels that it lacks are kept."""
    ends = [add_months(period, record.horizon) for period in kept]
    return (
        record.observed_until if any(record.observed_until < end <= observed_until for end in ends) else observed_until
    )


def link_parts(table: FeatureTable, kept: Sequence[date], fresh: FeatureTable) -> int:
    """Put the files of those periods into the new version of the table; how many rows they hold."""
    rows = 0
    for period in kept:
        fresh.part(period).mkdir()
        for path in sorted(table.part(period).glob(PARTS)):
            os.link(path, fresh.part(period) / path.name)
            rows += _rows_in(path)
    return rows


def _rows_in(path: Path) -> int:
    with pq.ParquetFile(path) as file:
        return int(file.metadata.num_rows)


def shares_together(shares: Sequence[Mapping[str, float]], rows: Sequence[int]) -> dict[str, float]:
    """Of each fact, its share of the rows of several tables, from its share of the rows of each; none counts as 0."""
    facts = sorted({fact for each in shares for fact in each})
    return {
        fact: sum(each.get(fact, 0) * n for each, n in zip(shares, rows, strict=True)) / sum(rows) for fact in facts
    }
