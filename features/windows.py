"""Windows over the rows of one firm, and the choice of one row per key. The same on DuckDB and Spark.

Rows are one per firm and month without a gap, so that a row is a month.
"""

from collections.abc import Sequence
from typing import Final

import ibis
import ibis.expr.types as ir
from ibis.expr.builders import WindowBuilder

# The furthest back that a feature looks (a 12-month mean, lagged by 12 months). A build starts so many months before
# its first period: no value depends on where a build starts.
LOOK_BACK_MONTHS: Final = 24


def so_far() -> WindowBuilder:
    """A firm's rows up to and including the current one."""
    return ibis.window(group_by="siren", order_by="period", preceding=None, following=0)


def last_months(months: int) -> WindowBuilder:
    """A firm's last `months` rows, the current one included."""
    return ibis.window(group_by="siren", order_by="period", preceding=months - 1, following=0)


def months_earlier(value: ir.Value, months: int) -> ir.Value:
    """The firm's value `months` rows earlier, null before its first row."""
    return value.lag(months).over(ibis.window(group_by="siren", order_by="period"))


def last_time(happened: ir.BooleanValue, period: ir.DateValue) -> ir.DateValue:
    """The newest of a firm's last LOOK_BACK_MONTHS periods in which something happened, null where in none."""
    return happened.ifelse(period, ibis.null("date")).max().over(last_months(LOOK_BACK_MONTHS))


def first_of_each(table: ir.Table, key: Sequence[str], order: Sequence[str | ir.Value]) -> ir.Table:
    """One row per key: the first in the given order. Name enough columns in `order` to leave no tie."""
    place = ibis.row_number().over(ibis.window(group_by=list(key), order_by=list(order)))
    return table.mutate(place_in_key=place).filter(ibis._.place_in_key == 0).drop("place_in_key")
