"""The least that a stage could take, measured beside it: `python -m benchmarks.floors NAME DATA RAW` prints JSON.

scan: DuckDB reads the text of the partners' files. copy, copy_period: DuckDB copies the feature table, or its last
period, to Parquet. learn: LightGBM's own training on the matrix of the model in use. contributions: its own
contributions of the last period.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final

import duckdb

from features.engine import PARQUET
from features.folder import DataFolder, FeatureTable
from features.store import ROW_GROUP

# As the table itself is written.
OPTIONS: Final = ", ".join(f"{name} {value}" for name, value in {**PARQUET, "row_group_size": ROW_GROUP}.items())
COPY: Final = f"TO ? (FORMAT parquet, {OPTIONS})"
Work = Callable[[], object]


def scan(_data: Path, raw: Path) -> Work:
    """Count the letters of every file of the newest batch."""
    newest = max(path for path in raw.iterdir() if path.is_dir())
    files = [str(path) for path in sorted(newest.iterdir()) if ".csv" in path.name]
    query = """
        SELECT sum(length(text)) FROM read_csv(?, columns = {'text': 'VARCHAR'}, auto_detect = false, header = false,
            delim = chr(31), quote = '', escape = '', null_padding = true, max_line_size = 20000000)
    """
    return lambda: [duckdb.execute(query, [file]).fetchall() for file in files]


def copy(data: Path, _raw: Path) -> Work:
    """Copy the feature table, a file for each period."""
    table = DataFolder(data).snapshot().built
    return lambda: _copied(table, table.periods, data)


def copy_period(data: Path, _raw: Path) -> Work:
    """Copy the last period of the feature table."""
    table = DataFolder(data).snapshot().built
    return lambda: _copied(table, table.periods[-1:], data)


def _copied(table: FeatureTable, periods: Sequence[date], data: Path) -> None:
    target = data / "copy.parquet"
    for period in periods:
        duckdb.execute(f"COPY (SELECT * FROM read_parquet(?)) {COPY}", [str(table.files(period)), str(target)])  # noqa: S608
    target.unlink()


def learn(data: Path, _raw: Path) -> Work:
    """Learn from the training rows of the model in use, as many trees, once."""
    from models.estimators.boosted_trees import boosted_trees
    from models.protocol import LABEL_LAG_MONTHS
    from models.registry import registry
    from models.rows.dataset import inputs_from, labelled_periods, labels_of, matrix
    from models.rows.reading import read_split
    from models.rows.split import out_of_time

    facts, table = registry.champion(data / "models").facts, DataFolder(data).snapshot().built
    periods = labelled_periods(table, facts.as_of, LABEL_LAG_MONTHS)
    protocol = facts.protocol
    split = out_of_time(periods, facts.horizon, protocol.validation_months, protocol.test_months)
    rows = read_split(table, split, protocol)
    inputs = inputs_from(rows.train)
    estimator = boosted_trees(inputs, protocol.seed, protocol.hyperparameters)
    estimator = estimator.set_params(n_estimators=facts.n_estimators, bags=1)
    x, y = matrix(rows.train, inputs), labels_of(rows.train)
    return lambda: estimator.fit(x, y, rows.weights)


def contributions(data: Path, _raw: Path) -> Work:
    """LightGBM's own contributions of the rows of the last period."""
    from models.explanation.contributions import booster_of
    from models.registry import registry
    from models.rows.dataset import matrix, read_rows

    model, table = registry.champion(data / "models"), DataFolder(data).snapshot().built
    x, booster = matrix(read_rows(table, table.periods[-1:]), model.inputs), booster_of(model.text)
    return lambda: booster.predict(x, pred_contrib=True)


FLOORS: Final[Mapping[str, Callable[[Path, Path], Work]]] = {
    function.__name__: function for function in (scan, copy, copy_period, learn, contributions)
}


def main(name: str, data: str, raw: str) -> None:
    """Print what the work took, without what prepares it."""
    work = FLOORS[name](Path(data), Path(raw))
    clock, processor = time.perf_counter(), time.process_time()
    work()
    print(json.dumps({"wall": time.perf_counter() - clock, "cpu": time.process_time() - processor}))


if __name__ == "__main__":
    main(*sys.argv[1:])
