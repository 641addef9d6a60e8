"""What is built and by which engine: plain records for the settings, which load no engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

Engine = Literal["duckdb", "spark"]


@dataclass(frozen=True)
class Scope:
    """The rows to build.

    start, end: the first and the last period. horizon: months in which a procedure must open for the label to be 1.
    min_headcount: employees that a firm has had; min_turnover: the same in euros, where no headcount is delivered.
    excluded_categories: legal categories. excluded_activities: NAF divisions (`84`) or codes (`85.10Z`).
    """

    start: date
    end: date
    horizon: int
    min_headcount: int
    excluded_categories: Sequence[str]
    excluded_activities: Sequence[str]
    min_turnover: int
