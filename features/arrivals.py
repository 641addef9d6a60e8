"""Whether a file that partners dropped is what it should be, and in which batch it belongs."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import ibis
import ibis.expr.types as ir

from features.errors import InputError
from features.intake import Intake
from features.manifests import Manifest
from features.periods import add_months, batch_month
from features.received import SIMULATED, FileReport
from features.sources.files import bare_name
from features.sources.source import Source

# A period may end after the day on which it is told: contributions are due by the quarter.
AHEAD: Final = timedelta(days=92)
# The newest record may be withdrawn by the next delivery; an older file lacks a month.
WITHDRAWN: Final = timedelta(days=15)
# Some typing errors are in every file.
MAX_SHARE_AHEAD: Final = 0.02
LONGEST_NAME: Final = 180
# Signs that shells, patterns and other systems take for something else.
FORBIDDEN: Final = frozenset('/\\:*?"<>|[]{}$`;&')
VERSION: Final = re.compile(r"_v(\d\d)$")

HOSTILE = (
    "Its name can't be kept: it holds signs that are no part of a file's name, or is too long. Rename it as {name}."
)
REJECTED = "{rejected} of its {lines} lines are rejected, more than {limit} (max_rejected_share), for: {columns}."
TOO_NEW = "{share} of its records are dated after {day}: its dates can't be right."
TOO_OLD = "It goes up to {last}, and the delivery before it ({batch}) up to {former}: it is an older file."
TOO_FEW = "It holds {kept} records, and the delivery before it ({batch}) {former}: fewer than {limit} times as many."
TOO_MANY = "It holds {kept} records, and the delivery before it ({batch}) {former}: more than {limit} times as many."

SIGNED_OFF = "If it is right, put it back and file it with: weaksignals inbox DIR --accept {name}"


@dataclass(frozen=True)
class Covered:
    """The period that a file covers: its dates up to the day on which it came; ahead: the share of later ones."""

    first: date | None = None
    last: date | None = None
    ahead: float = 0.0


@dataclass(frozen=True)
class Former:
    """The delivery of a file before the one at hand: its batch, the last date in it, how many records it gave."""

    batch: str
    last: date | None
    kept: int


def is_hostile(name: str) -> bool:
    """Whether a file's name can't be kept: controls, marks of direction, no UTF-8, signs of patterns, its length."""
    return (
        not name.isprintable()
        or bool(FORBIDDEN & set(name))
        or name != name.strip(" .-")
        or len(name.encode(errors="replace")) > LONGEST_NAME
    )


def harmless(name: str) -> str:
    """The name with nothing but letters of ASCII, digits, dots and dashes."""
    return re.sub(r"[^A-Za-z0-9.-]+", "_", name)[-LONGEST_NAME // 2 :].lstrip(".-") or "file"


def comes_in_parts(source: Source) -> bool:
    """Whether a batch may hold several files of a source: their names are free in part."""
    return any("*" in pattern for pattern in source.files)


def delivery_month(day: date, delivery_day: int, early_days: int) -> date:
    """The month of whose delivery a file is that came on a day: from some days before its day of delivery on."""
    month = day.replace(day=1)
    return month if day.day >= max(1, delivery_day - early_days) else add_months(month, -1)


def covered(records: ir.Table, source: Source, day: date) -> Covered:
    """The period that records cover, of a file that came on a day."""
    if source.known_at is None:
        return Covered()
    own = records[source.known_at.column]
    there = own <= ibis.literal(day)
    later = (own > ibis.literal(day + AHEAD)).cast("float64").mean()
    row = records.aggregate(
        first=own.min(where=there), last=own.max(where=there), ahead=later.fill_null(0.0)
    ).to_pyarrow()
    return Covered(**row.to_pylist()[0])


def former_delivery(
    name: str,
    source: Source,
    month: date,
    manifests: Mapping[str, Manifest],
    reports: Iterable[FileReport],
    due: Mapping[str, date],
) -> Former | None:
    """The last delivery of that file before a month; None where there is none, or nothing like it.

    manifests: by batch. reports: what was staged of the source. due: the day of delivery of each of their batches.
    """
    told = [
        (batch, one) for batch, manifest in manifests.items() for one in manifest.files if one.source == source.name
    ]
    found = [(one.file, Former(batch, one.last, one.kept)) for batch, one in told]
    # A report tells the last date of all, typing errors included.
    found += [(r.file, Former(r.batch, r.last and min(r.last, due[r.batch]), r.kept)) for r in reports]
    earlier = [
        former
        for file, former in found
        if batch_month(former.batch) < month
        and (not comes_in_parts(source) or bare_name(Path(file)) == bare_name(Path(name)))
    ]
    return max(earlier, key=lambda former: former.batch, default=None)


def doubts(
    report: FileReport, period: Covered, former: Former | None, day: date, intake: Intake, max_rejected_share: float
) -> Iterator[InputError]:
    """Why a file that can be read should not be filed without a look at it; what to do comes last."""
    found = tuple(_doubts(report, period, former, day, intake, max_rejected_share))
    yield from found
    if found:
        yield InputError(SIGNED_OFF, name=report.file)


def _doubts(
    report: FileReport, period: Covered, former: Former | None, day: date, intake: Intake, max_rejected_share: float
) -> Iterator[InputError]:
    if report.rejected > max_rejected_share * report.lines:
        columns = dict.fromkeys(problem.column or "…" for problem in report.problems if problem.rejects)
        values = {"rejected": f"{report.rejected:,}", "lines": f"{report.lines:,}", "columns": ", ".join(columns)}
        yield InputError(REJECTED, limit=f"{max_rejected_share:.0%}", **values)
    if period.ahead > MAX_SHARE_AHEAD:
        yield InputError(TOO_NEW, share=f"{period.ahead:.0%}", day=f"{day + AHEAD}")
    if former is None:
        return
    if period.last and former.last and period.last < former.last - WITHDRAWN:
        yield InputError(TOO_OLD, last=f"{period.last}", batch=former.batch, former=f"{former.last}")
    values = {"kept": f"{report.kept:,}", "batch": former.batch, "former": f"{former.kept:,}"}
    if report.kept < intake.least_volume * former.kept:
        yield InputError(TOO_FEW, limit=f"{intake.least_volume:g}", **values)
    if report.kept > intake.most_volume * former.kept:
        yield InputError(TOO_MANY, limit=f"{intake.most_volume:g}", **values)


@dataclass(frozen=True)
class Place:
    """Where a file goes: the batch; beside: the other files of its source that a new version takes over, by path.

    replaces: the batch whose file of the same name it corrects, blank where it corrects none.
    """

    batch: str
    beside: tuple[Path, ...] = ()
    replaces: str = ""


def place_of(name: str, source: Source, month: date, held: Mapping[str, Sequence[Path]], is_simulated: bool) -> Place:
    """Where a file of a month's delivery goes, so that nothing that was received is overwritten.

    held: of each batch, the files of the source that it holds. What was delivered already gets a new version: a batch
    that is read after those of its month, with the source's other files where a delivery is all that counts.
    """
    of_month = sorted(batch for batch in held if batch_month(batch) == month)
    holding = [batch for batch in of_month if held[batch]]
    if not of_month:
        return Place(f"{month:%y%m}" + SIMULATED * is_simulated)
    if not holding:
        return Place(of_month[-1])
    former = holding[-1]
    others = tuple(path for path in held[former] if bare_name(path) != bare_name(Path(name)))
    if comes_in_parts(source) and len(others) == len(held[former]):
        return Place(former)
    batch = of_month[-1] if former < of_month[-1] else _next_version(former, is_simulated)
    return Place(batch, others if comes_in_parts(source) and not source.flow_key else (), former)


def _next_version(batch: str, is_simulated: bool) -> str:
    """A name that is read after that of a batch, and before the next month's."""
    stem = batch.removesuffix(SIMULATED)
    found = VERSION.search(stem)
    number = int(found[1]) if found else 1
    stem = stem[: found.start()] if found and number < 99 else stem
    return f"{stem}_v{number % 99 + 1:02}" + SIMULATED * is_simulated
