"""What a source is: its files, its columns, and when its records became known. Data, not code."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal

import ibis
import ibis.expr.types as ir

from features.days import first_delivery, months_after
from features.sources.formats import Reader

ALWAYS_KNOWN = date(1900, 1, 1)
NextDelivery = Literal["next delivery"]
next_delivery: Final[NextDelivery] = "next delivery"


@dataclass(frozen=True)
class Column:
    """One of our columns: its header in the partner's file, how a cell is read, its unit.

    headers: the names that it has in the partners' files; case, accents and surrounding blanks don't matter.
    required: a file without the header is refused, a line without a readable value is rejected.
    """

    headers: str | tuple[str, ...]
    read: Reader
    unit: str = ""
    required: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """Every header that it can have."""
        return (self.headers,) if isinstance(self.headers, str) else self.headers


@dataclass(frozen=True)
class After:
    """A record is known `lag` after the date in `column`: a number of months, or at the next monthly delivery."""

    column: str
    lag: int | NextDelivery

    def known_at(self, records: ir.Table, delivery_day: int) -> ir.DateValue:
        """The day from which each record is known; ALWAYS_KNOWN where it has no date.

        delivery_day: the day of the month on which partners deliver.
        """
        own = records[self.column]
        known = first_delivery(own, delivery_day) if self.lag == next_delivery else months_after(own, int(self.lag))
        return known.fill_null(ibis.literal(ALWAYS_KNOWN))

    def __str__(self) -> str:
        """As the data dictionary prints it."""
        if self.lag == next_delivery:
            return f"next delivery after {self.column}"
        return f"{self.lag} months after {self.column}" if self.lag else f"on {self.column}"


@dataclass(frozen=True)
class Melt:
    """A wide file: each column with a header of `prefix` and a period code becomes one record per line and period."""

    prefix: str
    period: Reader
    value: Column


def _as_read(records: ir.Table) -> ir.Table:
    return records


# Each source is itself alone: what is worked out of one is kept by it.
@dataclass(frozen=True, eq=False)
class Source:
    """One source: what its files are called, what they hold, and when it was known.

    en, fr: what people call it; provider: who delivers it.
    files: shell patterns of the file names in a batch, in any case, gzipped or not. not_files: patterns to leave out.
    tidy: from the columns as read to the columns as staged, `siren` among them.
    flow_key: where set, batches add up and the newest record of each key counts; otherwise a file is a full stock
        that replaces the older one.
    unlisted: the staged column with a word that is not in our vocabulary (else null): counted and shown at ingestion.
    undecided: the staged columns with the kind and the words of a record that may change a firm's state and can't be
        read with certainty (else null): held back, counted and shown at ingestion.
    takes: of a file that several sources share, the lines that are this source's, from the texts of their cells
        (`<column>_text`) and their `fault`; None: all of them.
    """

    name: str
    en: str
    fr: str
    files: tuple[str, ...]
    columns: Mapping[str, Column]
    known_at: After | None
    not_files: tuple[str, ...] = ()
    melt: Melt | None = None
    tidy: Callable[[ir.Table], ir.Table] = _as_read
    flow_key: tuple[str, ...] = ()
    unlisted: str = ""
    undecided: tuple[str, str] | None = None
    provider: str = ""
    takes: Callable[[ir.Table], ir.BooleanValue] | None = None

    @property
    def title(self) -> str:
        """What it is and who delivers it, in English."""
        return f"{self.en} ({self.provider})" if self.provider else self.en

    def with_lag(self, lag: int | None) -> "Source":
        """The same source with another lag in months, unchanged where None."""
        if lag is None or self.known_at is None:
            return self
        return replace(self, known_at=After(self.known_at.column, lag))
