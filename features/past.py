"""Which periods a build makes and which stay as they were built: the past is not rewritten unless somebody asks for it.

The rows of a period are what was known then. A later delivery makes later periods; what it says of the past, such as a
correction, is in their rows alone.
"""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from features.errors import InputError
from features.folder import MADE_OF, PARTS, FeatureTable
from features.periods import add_months, due_on, period_range
from features.scope import Scope
from features.table_record import BuildRecord, StagedFile

REBUILD = "To make all of them anew from what is staged now: weaksignals build --rebuild"


@dataclass(frozen=True)
class Plan:
    """What a build does, in order of period.

    to_build: the periods that it makes; again: those of them that are built already. kept: those that stay as they were
    built; removed: those that can't stand beside the new ones. late: what came for the last kept period since it was
    built, as batch/file.
    """

    to_build: tuple[date, ...]
    again: tuple[date, ...] = ()
    kept: tuple[date, ...] = ()
    removed: tuple[date, ...] = ()
    late: tuple[str, ...] = ()


def planned(
    table: FeatureTable,
    scope: Scope,
    dictionary_version: str,
    open_ones: Collection[date] = (),
    is_rebuild: bool = False,
    may_remove: bool = False,
) -> Plan:
    """The periods of the scope that are missing, and the open ones; all of the scope where `is_rebuild`.

    open_ones: periods that are built and not yet past, see `open_periods`. may_remove: whether periods that can't stand
    beside those to build are removed.
    Raises InputError where they can't, and may not be removed: built otherwise, or with a gap between.
    """
    wanted = period_range(scope.start, scope.end)
    to_build = tuple(p for p in wanted if is_rebuild or p not in table.periods or p in open_ones)
    others = tuple(period for period in table.periods if period not in to_build)
    again = tuple(period for period in to_build if period in table.periods)
    try:
        _refuse_mixture(table, others, to_build, scope, dictionary_version)
    except InputError:
        if not may_remove:
            raise
        return Plan(to_build, again, removed=others)
    return Plan(to_build, again, kept=others)


def _refuse_mixture(
    table: FeatureTable, kept: Sequence[date], to_build: Sequence[date], scope: Scope, dictionary_version: str
) -> None:
    if not kept:
        return
    found = [] if all(table.made_of(period) for period in kept) else ["labels among the features, by an older version"]
    found += [] if found else _differences(table.record, scope, dictionary_version)
    if found:
        raise InputError(
            f"The periods that are built already ({span(kept)}) can't be kept beside those to build: they were built "
            f"with {' and '.join(found)}. {REBUILD}"
        )
    both = sorted({*kept, *to_build})
    missing = sorted({*period_range(both[0], both[-1])} - {*both})
    if missing:
        raise InputError(
            f"{span(missing)} would be missing between the periods that are built already and those to build. "
            "Give a --start or an --end that leaves no gap."
        )


def open_periods(table: FeatureTable, lists: Collection[date], staged: Iterable[StagedFile], day: int) -> list[date]:
    """The periods that files came for since they were built, and of which no list was published: they are not yet past.

    Only those after the last list; where there is none, the last period. day: of the month on which partners deliver.
    """
    after = [p for p in table.periods if p > max(lists)] if lists else table.periods[-1:]
    staged = tuple(staged)
    return [period for period in after if came_since(table, period, staged, day)]


def came_since(table: FeatureTable, period: date, staged: Iterable[StagedFile], day: int) -> tuple[str, ...]:
    """The files, as batch/file, that were due by a period and that it was not made of."""
    made = table.made_of(period)
    then = {*made.files} if made else set()
    return tuple(sorted({f"{one.batch}/{one.file}" for one in {*staged} - then if due_on(one.batch, day) <= period}))


def span(periods: Sequence[date]) -> str:
    """The first and the last of some periods, in words."""
    return f"{min(periods):%Y-%m} to {max(periods):%Y-%m}" if len(periods) > 1 else f"{periods[0]:%Y-%m}"


def spans(periods: Sequence[date]) -> str:
    """The stretches of some periods, in words."""
    stretches: list[list[date]] = []
    for period in sorted(periods):
        if not stretches or add_months(stretches[-1][-1], 1) != period:
            stretches.append([])
        stretches[-1].append(period)
    return ", ".join(map(span, stretches))


def _differences(record: BuildRecord, scope: Scope, dictionary_version: str) -> list[str]:
    found = [
        f"another {name}"
        for name in ("horizon", "min_headcount", "min_turnover", "excluded_categories", "excluded_activities")
        if _plain(getattr(record, name)) != _plain(getattr(scope, name))
    ]
    return found + ["other definitions of features"] * (record.dictionary_version != dictionary_version)


def _plain(value: object) -> object:
    return tuple(value) if isinstance(value, list | tuple) else value


def link_parts(table: FeatureTable, kept: Sequence[date], fresh: FeatureTable) -> int:
    """Put the files of those periods into the new version of the table; how many rows they hold."""
    rows = 0
    for period in kept:
        fresh.part(period).mkdir()
        os.link(table.part(period) / MADE_OF, fresh.part(period) / MADE_OF)
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
