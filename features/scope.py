"""What is built, and where it is computed: plain records that settings hold, without any engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

Engine = Literal["duckdb", "spark"]


@dataclass(frozen=True)
class Scope:
    """The rows to build: periods, and what keeps a firm out of scope."""

    start: date
    end: date
    horizon: int
    min_headcount: int
    excluded_categories: Sequence[str]
    excluded_activities: Sequence[str]
