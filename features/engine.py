"""DuckDB on one machine or Spark on a cluster: where the same Ibis expressions run."""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import ibis
import ibis.expr.types as ir
from ibis.backends import BaseBackend

from features.errors import InputError

Engine = Literal["duckdb", "spark"]


def connect(engine: Engine, scratch: Path, memory_gb: int) -> BaseBackend:
    """A fresh connection; what does not fit in `memory_gb` spills into `scratch`.

    Raises InputError for Spark where PySpark is not installed.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    return _spark(scratch, memory_gb) if engine == "spark" else _duckdb(scratch, memory_gb)


def _duckdb(scratch: Path, memory_gb: int) -> BaseBackend:
    return ibis.duckdb.connect(
        memory_limit=f"{memory_gb}GB",
        temp_directory=str(scratch),
        threads=os.cpu_count(),
    )


def _spark(scratch: Path, memory_gb: int) -> BaseBackend:
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise InputError('The engine "spark" is not installed. Install it with: pip install "weaksignals[spark]"') from None
    session = (
        SparkSession.builder.appName("weaksignals")
        # A zero divisor gives null, as in DuckDB, instead of an error.
        .config("spark.sql.ansi.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.driver.memory", f"{memory_gb}g")
        .config("spark.local.dir", str(scratch))
        .config("spark.sql.warehouse.dir", str(scratch / "warehouse"))
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    return ibis.pyspark.connect(session)


def write_parquet(table: ir.Table, folder: Path, con: BaseBackend) -> None:
    """Write a table as one Parquet file in `folder`, in the table's own order."""
    folder.mkdir(parents=True, exist_ok=True)
    if con.name == "duckdb":
        con.to_parquet(table, folder / "part-0.parquet", compression="zstd")
    else:
        frame = con._session.sql(con.compile(table))
        frame.coalesce(1).write.mode("overwrite").parquet(str(folder))


@contextmanager
def kept(con: BaseBackend) -> Iterator[Callable[[ir.Table], ir.Table]]:
    """A function that computes a table once and holds it; what it held is dropped on leaving."""
    names: list[str] = []

    def keep(table: ir.Table) -> ir.Table:
        # Spark has no temporary tables, and caches; what Ibis 12 caches in DuckDB 2, it can't drop.
        if con.name != "duckdb":
            return table.cache()
        names.append(f"kept_{uuid.uuid4().hex}")
        return con.create_table(names[-1], table, temp=True)

    try:
        yield keep
    finally:
        for name in names:
            con.raw_sql(f'DROP TABLE "{name}"')


def firm_hash(siren: ir.StringValue) -> ir.IntegerValue:
    """A number below 2^32 spread evenly over firms, the same on each engine (Knuth's multiplicative hash)."""
    return (siren.cast("int64") * 2654435761) % 4294967296
