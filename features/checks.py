"""What the tables tell of each other, as figures: worked out at each build, judged by the limits of monitoring."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir
import pandas as pd

from features.checked import DATED_LATER, FAILURES, REPEATED_KEYS, UNKNOWN_FIRMS, YEARLY_SUM, Checked
from features.periods import add_months
from features.sources import SOURCES
from features.sources.source import Source

# Whose firms the register must know.
OF_REGISTERED_FIRMS: Final = ("firm_headcounts", "contributions", "debts", "payment_plans")
# Of each stock, what names a line.
KEYS: Final = {"legal_units": "siren", "establishments": "siret"}
# What adds up over a month: the month, and the quantity.
SUMS: Final[Mapping[str, tuple[str, Callable[[ir.Table], ir.Value]]]] = {
    "firm_headcounts": ("month", lambda t: t.headcount),
    "contributions": ("started_on", lambda t: t.due),
    "debts": ("treated_on", lambda t: t.siren.notnull().cast("float64")),
}
# Months whose outcomes are compared with those of as many before.
YEAR: Final = 12


def checked(tables: Mapping[str, ir.Table], delivered: frozenset[str], end: date, rows: ir.Table) -> Iterator[Checked]:
    """The figures of a build.

    tables: the staged records by source, of national ones those of the table's firms. delivered: the sources that there
    are. end: the first period at which the newest delivery counts: nothing can be dated after it. rows: those of the
    feature table, with period and label.
    """
    sources = [source for source in SOURCES if source.name in delivered]
    for source in sources:
        table = tables[source.name]
        if source.name in OF_REGISTERED_FIRMS and "legal_units" in delivered:
            yield Checked(UNKNOWN_FIRMS, source.name, _unknown_share(table, tables["legal_units"]))
        if source.known_at:
            yield Checked(DATED_LATER, source.name, _later_share(table, source, end))
        if source.name in KEYS:
            yield Checked(REPEATED_KEYS, source.name, _repeated_share(table, KEYS[source.name]))
        if source.name in SUMS:
            yield from _yearly_sum(table, source.name)
    yield from _failures(rows)


def _unknown_share(table: ir.Table, legal_units: ir.Table) -> float:
    """Of the firms that a source tells of, the share that the register does not know."""
    firms = table.select("siren").distinct()
    return _number(firms.siren.notin(legal_units.siren).mean())


def _later_share(table: ir.Table, source: Source, end: date) -> float:
    """Of the dated records of a source, the share that is dated after the delivery."""
    assert source.known_at is not None  # noqa: S101 - the caller has checked it
    return _number((table[source.known_at.column] > ibis.literal(end)).mean())


def _repeated_share(table: ir.Table, key: str) -> float:
    """Of the lines of a stock, the share that names what another line names."""
    return _number(1 - table[key].nunique() / table.count())


def _yearly_sum(table: ir.Table, name: str) -> Iterator[Checked]:
    """The sum of the last whole month as a multiple of that of the same month of the year before, where both are known.

    The newest month may be told in part: the one before it is the last whole one.
    """
    day, quantity = SUMS[name]
    months = table.select(month=table[day].truncate("M").cast("date"), quantity=quantity(table))
    sums = months.filter(months.month.notnull()).group_by("month").aggregate(total=months.quantity.sum()).execute()
    by_month = {pd.Timestamp(month).date(): total for month, total in zip(sums["month"], sums["total"], strict=True)}
    if len(by_month) < YEAR + 1:
        return
    last = sorted(by_month)[-2]
    now, before = by_month[last], by_month.get(add_months(last, -YEAR), 0)
    if now > 0 and before > 0:
        yield Checked(YEARLY_SUM, name, float(now / before), last)


def _failures(rows: ir.Table) -> Iterator[Checked]:
    """How often firms failed in the last labelled year as a multiple of the year before, where some failed in both."""
    labelled = rows.filter(rows.label.notnull())
    shares = labelled.group_by("period").aggregate(share=labelled.label.mean()).order_by("period").execute()["share"]
    now, before = shares.iloc[-YEAR:].mean(), shares.iloc[-2 * YEAR : -YEAR].mean()
    if len(shares) >= 2 * YEAR and before > 0:
        yield Checked(FAILURES, "labels", float(now / before))


def _number(value: ir.Value) -> float:
    found = value.execute()
    return 0.0 if pd.isna(found) else float(found)
