"""The debts of each firm and month in two ways, on the same events: `python -m benchmarks.reference WAY DATA`.

own: as the build does it, by the differences between successive events. pyspark: as one would first write it for a
cluster, each event joined with every later month, of which the last one counts. Both print what they find: the same.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import ibis

from features import spark
from features.assemble import numbered
from features.engine import connect
from features.folder import DataFolder, FeatureTable, all_parts
from features.grid import calendar
from features.ingest import read_staged
from features.sources import SOURCES
from features.sources.source import ALWAYS_KNOWN
from features.themes.social_debt import outstanding_debt

MEMORY_GB: Final = 8
DEBTS: Final = next(source for source in SOURCES if source.name == "debts")
# Which debt an event is of, and what puts its events in order. Not taken from the build, which is compared with it.
DEBT: Final = ("siren", "account", "siret", "period_code", "gap_number")
ORDER: Final = ("event_number", "treated_on", "known_at", "employee_due", "employer_due")


def own(folder: DataFolder) -> tuple[int, int]:
    """How many firms and months have a debt, and the cents of all."""
    con = connect("duckdb", folder.scratch, MEMORY_GB)
    debts, periods = read_staged(con, folder.staged, DEBTS), FeatureTable(folder.features.resolve()).periods
    if debts is None:
        return 0, 0
    debts = numbered(debts)
    firms = debts.select("siren").distinct().mutate(from_on=ibis.literal(ALWAYS_KNOWN), until_on=ibis.null("date"))
    found = outstanding_debt(calendar(firms, periods[0], periods[-1]), debts)
    cents = found.employee_cents + found.employer_cents
    told = found.aggregate(months=(cents != 0).sum(), cents=cents.sum()).to_pyarrow().to_pylist()[0]
    return int(told["months"]), int(told["cents"])


def pyspark(folder: DataFolder) -> tuple[int, int]:
    """How many firms and months have a debt, and the cents of all."""
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    session = spark.session(folder.scratch, MEMORY_GB, "")
    events = session.read.parquet(str(all_parts((folder.staged / DEBTS.name).resolve()))).select(*DEBT, *ORDER)
    periods = FeatureTable(folder.features.resolve()).periods
    months = session.createDataFrame([(period,) for period in periods], "period date")
    known = events.join(f.broadcast(months), events.known_at <= months.period)
    newest = Window.partitionBy(*DEBT, "period").orderBy(*(f.desc(name) for name in ORDER))
    last = known.withColumn("place", f.row_number().over(newest)).where("place = 1")
    cents = f.round(last.employee_due * 100).cast("long") + f.round(last.employer_due * 100).cast("long")
    firms = last.withColumn("cents", cents).groupBy("siren", "period").agg(f.sum("cents").alias("cents"))
    told = firms.agg(f.count_if(f.col("cents") != 0), f.sum("cents")).first()
    return (int(told[0]), int(told[1] or 0)) if told else (0, 0)


WAYS: Final[Mapping[str, Callable[[DataFolder], tuple[int, int]]]] = {way.__name__: way for way in (own, pyspark)}


def main(way: str, data: str) -> None:
    """Print what one way finds."""
    months, cents = WAYS[way](DataFolder(Path(data)))
    print(f"{months:,} firms and months in debt, {cents / 100:,.2f} EUR")


if __name__ == "__main__":
    main(*sys.argv[1:])
