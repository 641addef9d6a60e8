"""How often the model was right, on the periods that it was tested on, about firms like this one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from models.alerts import HIGH, MODERATE
from models.calibration.reliability import wilson_interval
from models.evaluation.groups import CATEGORIES, FEWEST, UNKNOWN, age_band
from models.evaluation.records import GroupFigures
from reports.review.data import Row

AGE, MISSING_SOURCE, ALL_FIRMS = "age", "missing_source", "all"
# Each firm has exactly one size class: the groups of this dimension add up to all firms.
PARTITION: Final = "size_class"


@dataclass(frozen=True)
class Alike:
    """What became of the firms of a group that were at the same level of alert as this firm.

    dimension, group: of `models.evaluation.slices.by_group`, or `all`. rows: firm-months.
    share: of them, those that a procedure followed, with its 95 % interval; None where too few firms tell it.
    """

    dimension: str
    group: str
    rows: int
    share: float | None = None
    low: float | None = None
    high: float | None = None


def firms_alike(
    groups: Mapping[str, Sequence[GroupFigures]], values: Row, silent: Sequence[str], alert: str, months_per_firm: float
) -> list[Alike]:
    """All firms first, then each group that the firm is in; empty where the model was not evaluated by group.

    values, silent: the firm's figures, and the sources that say nothing of it. months_per_firm: in the tested rows.
    """
    every = groups.get(PARTITION, ())
    found = [_alike(ALL_FIRMS, "", every, alert, months_per_firm)] if every else []
    for dimension, names in _own(values, silent).items():
        records = (record for record in groups.get(dimension, ()) if record.group in names)
        found += [_alike(dimension, record.group, [record], alert, months_per_firm) for record in records]
    return found


def _own(values: Row, silent: Sequence[str]) -> dict[str, Sequence[str]]:
    """The groups of the firm, by dimension."""
    own: dict[str, Sequence[str]] = {name: [str(values.get(name) or UNKNOWN)] for name in CATEGORIES}
    return {**own, AGE: [age_band(values.get("age"))], MISSING_SOURCE: silent}


def _alike(dimension: str, group: str, records: Sequence[GroupFigures], alert: str, months_per_firm: float) -> Alike:
    counts = [_at_level(record, alert) for record in records]
    rows, failures = (sum(column) for column in zip(*counts, strict=True))
    if rows == 0 or sum(record.failures for record in records) / months_per_firm < FEWEST:
        return Alike(dimension, group, rows)
    # The months of one firm resemble each other: together they count as about one independent month.
    low, high = wilson_interval(failures / months_per_firm, rows / months_per_firm)
    return Alike(dimension, group, rows, failures / rows, low, high)


def _at_level(record: GroupFigures, alert: str) -> tuple[int, int]:
    """The firm-months at a level, and those that a procedure followed; a record counts the high among the moderate."""
    everyone = record.rows, record.failures
    moderate, high = ((at.alerts, round(at.alerts * (at.precision or 0.0))) for at in (record.moderate, record.high))
    if alert == HIGH:
        return high
    above, below = (moderate, high) if alert == MODERATE else (everyone, moderate)
    return above[0] - below[0], above[1] - below[1]
