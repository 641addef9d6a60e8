"""The engines that run our Ibis expressions: DuckDB on one machine, or Spark on a cluster."""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Final

import duckdb
import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
from ibis.backends import BaseBackend

from features import spark
from features.folder import FeatureTable, all_parts
from features.scope import Engine

# How DuckDB writes Parquet. Most columns have more values than a dictionary is good for, which by default is made for a
# fifth of the rows of a group; texts of few values keep theirs.
PARQUET: Final = {"compression": "zstd", "compression_level": 1, "dictionary_size_limit": 1000}


def connect(engine: Engine, scratch: Path, memory_gb: int, master: str = "") -> BaseBackend:
    """A new connection. What does not fit in `memory_gb` gigabytes of memory is written to the folder `scratch`.

    master: of a Spark cluster, see `spark.session`, which also tells what is raised.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    return _spark(scratch, memory_gb, master) if engine == "spark" else _duckdb(scratch, memory_gb, os.cpu_count() or 1)


def streaming(scratch: Path, memory_gb: int) -> BaseBackend:
    """A new connection of DuckDB for text files, on one core: it reads their lines in order, and keeps none of them.

    On several cores, rows wait in memory for those that come before them.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    return _duckdb(scratch, memory_gb, 1)


def _duckdb(scratch: Path, memory_gb: int, threads: int) -> BaseBackend:
    return _silent(ibis.duckdb.connect(memory_limit=f"{memory_gb}GB", temp_directory=str(scratch), threads=threads))


def reader() -> BaseBackend:
    """A new connection of DuckDB that reads Parquet files."""
    return _silent(ibis.duckdb.connect())


def _silent(con: BaseBackend) -> BaseBackend:
    # Ibis draws a bar for what takes long, also in the log of a run that nobody watches. Notebooks have none.
    with suppress(duckdb.InvalidInputException):
        con.raw_sql("SET enable_progress_bar = false")
    return con


def _spark(scratch: Path, memory_gb: int, master: str) -> BaseBackend:
    return ibis.pyspark.connect(spark.session(scratch, memory_gb, master))


def write_parquet(con: BaseBackend, table: ir.Table, folder: Path, rows_per_group: int = 122_880) -> None:
    """Write a table as Parquet files in `folder`, keeping its row order: one file with DuckDB, one or more with Spark.

    rows_per_group: rows per row group, the part of a file that a reader loads as a whole. For DuckDB only, whose own
    default it is: Spark sizes row groups in bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if con.name == "duckdb":
        con.to_parquet(table, folder / "part-0.parquet", row_group_size=rows_per_group, **PARQUET)
    else:
        con.to_parquet(table, folder.resolve(), mode="overwrite")
        for path in folder.iterdir():
            # Its marks and checksums: the former are not rows, the latter would have to move with the files.
            if path.suffix != ".parquet":
                path.unlink()


def read_parquet(con: BaseBackend, folder: Path) -> ir.Table:
    """The table that `write_parquet` wrote."""
    return con.read_parquet(str(all_parts(folder.resolve())))


def read_periods(con: BaseBackend, table: FeatureTable, periods: Sequence[date]) -> ir.Table:
    """The rows of those periods of the feature table, with their `period`.

    Raises InputError where one was not built.
    """
    paths = [str(path.resolve()) for path in table.parts(periods)]
    if con.name == "duckdb":
        rows = con.read_parquet(paths, hive_partitioning=True)
    else:
        rows = con.table(spark.view_of(paths, str(table.folder.resolve())))
    return rows.mutate(period=rows.period.cast("date"))


def to_frame(con: BaseBackend, table: ir.Table) -> pd.DataFrame:
    """The rows of a table in memory, in its order, of the same types from every engine.

    Through Arrow: what Ibis makes of DuckDB's rows takes five times as long, and nine times the memory of the rows.
    """
    schema = table.schema().to_pyarrow()
    # Ibis would have Spark send one row after the other.
    rows = table.to_pyarrow() if con.name == "duckdb" else spark.to_arrow(con.compile(table))
    days = [(column.name, pa.timestamp("s") if pa.types.is_date(column.type) else column.type) for column in schema]
    columns = [_texts_apart(column) for column in rows.cast(schema).cast(pa.schema(days)).columns]
    found: pd.DataFrame = pa.table(columns, schema.names).to_pandas()
    return found


def _texts_apart(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts in memory of their own: pandas keeps them as they are, and with them all of the rows they came with."""
    return pa.chunked_array([column.combine_chunks()]) if pa.types.is_string(column.type) else column


def write_partitions(con: BaseBackend, table: ir.Table, folder: Path, column: str) -> None:
    """Write a working table as Parquet files in one folder `column=value` per value, which hold the other columns."""
    folder.mkdir(parents=True, exist_ok=True)
    if con.name == "duckdb":
        con.to_parquet(table, folder, partition_by=column, **PARQUET)
    else:
        con.to_parquet(table, folder, mode="overwrite", partitionBy=column)


def read_partitions(con: BaseBackend, folder: Path, *columns: str) -> ir.Table:
    """The table of a folder of partitions, `columns` included; what else stands in the folder is passed over."""
    if con.name == "duckdb":
        below = "/".join(f"{column}=*" for column in columns)
        return con.read_parquet(str(all_parts(folder.resolve(), below)), hive_partitioning=True)
    return con.read_parquet(str(folder.resolve()), pathGlobFilter="part-*")


@contextmanager
def kept(con: BaseBackend, scratch: Path) -> Iterator[Callable[[ir.Table], ir.Table]]:
    """A function that stores a table, so that it is computed once; the stored tables are deleted on leaving.

    DuckDB keeps it in memory, as much as it may use of it; Spark keeps it in files below `scratch`.
    """
    folder, names = scratch / f"kept-{uuid.uuid4().hex}", list[str]()

    def keep(table: ir.Table) -> ir.Table:
        name = f"kept_{uuid.uuid4().hex}"
        if con.name == "duckdb":
            stored = con.create_table(name, table, temp=True)
            names.append(name)
            return stored
        write_parquet(con, table, folder / name)
        return read_parquet(con, folder / name)

    try:
        yield keep
        # Not after an error, which a second one would hide. Ibis 12 writes a DROP without the name of the table.
        for name in names:
            con.raw_sql(f"DROP TABLE {name}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
