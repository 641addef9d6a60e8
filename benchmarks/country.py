"""Every stage as a whole process, beside the least that it could take: `make bench SIZE=10k`.

SIZE is the number of firms in scope, simulated once in the folder. The figures go to `benchmarks/figures/`, as JSON and
as Markdown, with those of the run before beside them. Firms fall into procedures at random, so that at 2k the model
may not be good enough: the stages that need one are then left out, and it is said.

With `--engine spark`, both engines build the newest periods (`--months`, two at least) of what the last run staged, and
score the last but one by the model that it trained, each in a folder of its own: `engines-10k.json`.
"""

import argparse
import importlib.metadata
import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from benchmarks.growth import growth
from benchmarks.measuring import FIGURES, Measured, machine, measured
from benchmarks.pages import page
from benchmarks.reference import WAYS
from features.delivered import default_end
from features.folder import DataFolder
from features.periods import add_months

# Of the simulated firms, the share that is in scope at some period.
IN_SCOPE: Final = 0.786
BATCHES: Final = ("2401_simulated", "2402_simulated")
RUN: Final = ("-c", "from flows.cli import main; main()")
ENGINES: Final = ("duckdb", "spark")
# As the settings have it by default.
DELIVERY_DAY: Final = 25
PACKAGES: Final = ("duckdb", "ibis-framework", "lightgbm", "numpy", "pandas", "pyarrow", "weaksignals")


@dataclass(frozen=True)
class Stage:
    """A command to measure. rows: what its rows are, see `_rows`; floor: what it is compared with, or blank."""

    name: str
    command: tuple[str, ...]
    rows: str
    floor: str = ""


STAGES: Final = (
    Stage("ingest", ("ingest", "RAW"), "staged", "scan"),
    Stage("ingest again", ("ingest", "RAW"), "staged"),
    Stage("build all periods", ("build",), "table", "copy"),
    Stage("train", ("train",), "table", "learn"),
    Stage("score: contributions, reasons, list, exports", ("score",), "period", "contributions"),
    Stage("monitor", ("monitor",), "period"),
    # Last, as the next delivery repeats the first one: a list of its month would be refused, and rightly.
    Stage("ingest the next delivery", ("ingest", "NEXT"), "staged", "scan"),
    Stage("build one more period", ("build",), "period", "copy_period"),
)


def bench(size: str, folder: Path) -> dict[str, Any]:
    """Measure all stages; what `page` shows. folder: where to work; the simulated files in it are made once."""
    raw, data = folder / "raw", folder / "data"
    simulated = simulate(size, folder)
    shutil.rmtree(data, ignore_errors=True)
    found = _found(size, f"make bench SIZE={size}", PACKAGES, [simulated, *_measured_stages(raw, data)])
    return {**found, "reference": list(_reference(data))}


def _reference(data: Path) -> Iterator[dict[str, Any]]:
    """The same debts of each month by our way, and by that which is first thought of with Spark, where it is there."""
    for way in WAYS:
        name, took = f"debts of each month, {way}", _timed(("-m", "benchmarks.reference", way, str(data)), data)
        _say(name, took)
        yield _told(name, took, None, None)


def _found(size: str, command: str, packages: Sequence[str], stages: list[dict[str, Any]]) -> dict[str, Any]:
    versions = {name: importlib.metadata.version(name) for name in packages}
    at = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    own = {"machine": machine(), "versions": versions, "stages": stages}
    return {"size": size, "command": command, "at": at, **own}


def bench_engines(size: str, folder: Path, months: int) -> dict[str, Any]:
    """Measure both engines on the same periods, one after the other. folder: where `bench` has worked.

    months: how many periods. Raises SystemExit where nothing is staged there.
    """
    data = folder / "data"
    if not (data / "staged").exists():
        raise SystemExit(f"Nothing is staged in {data}. Run first: make bench SIZE={size}")
    stages = [told for engine in ENGINES for told in _by_engine(engine, data, folder / engine, months)]
    command = f"python -m benchmarks.country --size {size} --engine spark --months {months}"
    return _found(size, command, (*PACKAGES, "pyspark"), stages)


def _by_engine(engine: str, data: Path, own: Path, months: int) -> Iterator[dict[str, Any]]:
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir()
    for name in ("staged", "models"):
        if (data / name).exists():
            (own / name).symlink_to((data / name).resolve())
    end = default_end(own / "staged", DELIVERY_DAY)
    asked = ("--start", f"{add_months(end, 1 - months):%Y-%m}", "--end", f"{end:%Y-%m}")
    # The last delivery repeats the one before: a list of its month would be refused, and rightly.
    scored = add_months(end, -1)
    for stage, command in (("build", ("build", *asked)), ("score", ("score", "--period", f"{scored:%Y-%m}"))):
        took = _timed((*RUN, *command, "--engine", engine, "--data", str(own)), own)
        name = f"{stage} {months if stage == 'build' else 1} periods, {engine}"
        _say(name, took)
        rows = _rows("table" if stage == "build" else "period", own) if took.is_done else None
        yield _told(name, took, rows, None)


def simulate(size: str, folder: Path) -> dict[str, Any]:
    """Make the first delivery and the next one, unless both are there; what it took when it was done."""
    record = folder / "simulated.json"
    if not record.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        count = str(round(firms_in(size) / IN_SCOPE))
        told = _timed((*RUN, "simulate", str(folder / "raw"), "--firms", count), folder)
        first, following = (folder / "next" / batch for batch in BATCHES)
        shutil.copytree(folder / "raw" / BATCHES[0], first, copy_function=_linked)
        shutil.copytree(first, following)
        for path in following.glob("*.csv"):
            with path.open("ab") as file:
                file.write(path.read_bytes().splitlines(keepends=True)[-1])
        record.write_text(json.dumps(_told("simulate (once)", told, None, None)))
    found: dict[str, Any] = json.loads(record.read_text())
    return found


def _linked(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def _measured_stages(raw: Path, data: Path) -> Iterator[dict[str, Any]]:
    places = {"RAW": str(raw), "NEXT": str(raw.parent / "next")}
    for stage in STAGES:
        command = (*RUN, *(places.get(word, word) for word in stage.command), "--data", str(data))
        took = _timed(command, raw.parent)
        _say(stage.name, took)
        if not took.is_done and stage.name.startswith("ingest"):
            raise SystemExit("A delivery was not read whole: what follows would be measured of less.")
        floor = _floor(stage.floor, data, raw.parent / "next") if stage.floor and took.is_done else None
        yield _told(stage.name, took, _rows(stage.rows, data) if took.is_done else None, floor)


def _timed(command: tuple[str, ...], folder: Path) -> Measured:
    took = measured((sys.executable, *command), folder / "said.txt")
    # The figures are kept with the project: where this machine worked is nobody's business.
    return replace(took, last=took.last.replace(f"{folder}/", ""))


def _say(name: str, took: Measured) -> None:
    became = "" if took.is_done else ", failed"
    print(f"{name}{became}: {took.wall:.0f} s, {took.cpu:.0f} of the processor. {took.last}", flush=True)


def _floor(name: str, data: Path, raw: Path) -> dict[str, Any] | None:
    took = measured((sys.executable, "-m", "benchmarks.floors", name, str(data), str(raw)), data / "floor.txt")
    return {"name": name, **json.loads(took.last)} if took.is_done else None


def _told(name: str, took: Measured, rows: int | None, floor: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"name": name, **asdict(took), "rows": rows, "floor": floor}


def _rows(kind: str, data: Path) -> int:
    """How many rows a stage gave: staged records, rows of the feature table, or of its last period."""
    folder = DataFolder(data)
    if kind == "staged":
        return sum(pq.read_metadata(path).num_rows for path in folder.staged.glob("*/*.parquet"))
    table = folder.snapshot().built
    periods = table.periods if kind == "table" else table.periods[-1:]
    return sum(pq.read_metadata(path).num_rows for period in periods for path in table.part(period).glob("*.parquet"))


def firms_in(size: str) -> int:
    """How many firms `10k` or `2000` are."""
    return int(float(size.removesuffix("k")) * (1000 if size.endswith("k") else 1))


def main() -> None:
    """Measure, and write the figures."""
    options = _options()
    target = options.figures / f"{'engines' if options.engine == 'spark' else 'bench'}-{options.size}.json"
    before = json.loads(target.read_text()) if target.exists() else None
    folder = options.folder / options.size
    both = options.engine == "spark"
    found = bench_engines(options.size, folder, options.months) if both else bench(options.size, folder)
    options.figures.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(found, indent=1))
    sizes = {firms_in(one["size"]): one for one in map(json.loads, _texts(options.figures, target.stem.split("-")[0]))}
    text = page(found, before, growth(sizes))
    target.with_suffix(".md").write_text(text)
    print(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="10k")
    parser.add_argument("--folder", type=Path, default=Path("data/bench"), help="Where to work.")
    parser.add_argument("--figures", type=Path, default=FIGURES, help="Where the figures go.")
    parser.add_argument("--engine", choices=ENGINES, default=ENGINES[0], help="spark: compare it with DuckDB.")
    parser.add_argument("--months", type=int, default=12, help="Periods that both engines build.")
    return parser.parse_args()


def _texts(figures: Path, kind: str) -> Iterator[str]:
    return (path.read_text() for path in sorted(figures.glob(f"{kind}-*.json")))


if __name__ == "__main__":
    main()
