"""The same scores, made where Spark's executors read the rows: each batch by `scoring.scored`, as on one machine."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features import spark
from features.folder import FeatureTable, all_parts
from models.alerts import AlertPolicy
from models.registry.model import RiskModel
from models.scoring.records import Scores
from models.scoring.scoring import Parts, alerted, scored

# A task scores so many firms: enough for its model to be worth unpacking, few enough for all executors to work.
ROWS_PER_TASK: Final = 20_000
PART: Final = "part_"
KEY: Final = {"siren": pa.string(), "period": pa.date32()}
Batches = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]


def score_by_executors(
    model: RiskModel, table: FeatureTable, period: date, rows: pd.DataFrame, policy: AlertPolicy, scratch: Path
) -> Scores:
    """What `scoring.score` gives for the rows of a period: its risks and contributions are computed by executors.

    Thresholds need all firms: they are computed here, once, from the risks. rows: of the period, in order of firm.
    scratch: a folder that executors write and this process reads.
    """
    target, example = scratch.resolve() / "scored", scored(model, rows.head(1))
    columns = schema_of(together(example))
    frame = spark.active().read.parquet(str(table.files(period).resolve()))
    frame = frame.selectExpr("*", f"date '{period}' as period").repartition(-(-len(rows) // ROWS_PER_TASK))
    made = frame.mapInArrow(by_batches(model, columns), _spark_schema(columns))
    made.write.mode("overwrite").parquet(str(target))
    files = sorted(target.glob(all_parts(target).name))
    found = pa.concat_tables(pq.read_table(path, partitioning=None) for path in files).sort_by("siren")
    if found["siren"].to_pylist() != rows["siren"].to_list():
        raise RuntimeError("The executors scored other firms than those of the period: nothing is published.")
    return alerted(apart(found.to_pandas(date_as_object=False), example), rows, policy)


def by_batches(model: RiskModel, columns: pa.Schema) -> Batches:
    """What each task does with its batches of rows. It is sent to executors, which have our packages."""

    def scored_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            if batch.num_rows:
                rows = batch.to_pandas(date_as_object=False)
                yield pa.RecordBatch.from_pandas(together(scored(model, rows)), columns, preserve_index=False)

    return scored_batches


def together(parts: Parts) -> pd.DataFrame:
    """Scores and contributions as one table; the latter's names begin by PART."""
    scores, contributions = parts
    return pd.concat([scores, contributions.drop(columns=[*KEY]).add_prefix(PART)], axis=1)


def apart(rows: pd.DataFrame, like: Parts) -> Parts:
    """Scores and contributions from what `together` gives, with the columns and types of others."""
    scores, contributions = like
    names = [name if name in KEY else f"{PART}{name}" for name in contributions]
    own = rows[names].set_axis(contributions.columns, axis=1)
    return rows[list(scores)].astype(scores.dtypes), own.astype(contributions.dtypes)


def schema_of(rows: pd.DataFrame) -> pa.Schema:
    """The types of what `together` gives, as Arrow and Spark agree on them."""
    texts = {**KEY, "model_id": pa.string()}
    return pa.schema([(name, texts.get(name, pa.float64())) for name in rows.columns])


def _spark_schema(columns: pa.Schema) -> str:
    named = {pa.string(): "string", pa.date32(): "date", pa.float64(): "double"}
    return ", ".join(f"`{column.name}` {named[column.type]}" for column in columns)
