"""The page on scale: what the benchmark measured, the costs that follow, and where one machine ends."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.country import firms_in
from benchmarks.pages import beside
from docs.generate.tables import table

EUROPE: Final = 30_000_000
EXECUTORS: Final = (8, 32, 128)
CORES_PER_EXECUTOR: Final = 4
# A run of a night, on the machines that an administration has.
HOURS: Final = 8
MEMORY_GB: Final = (16, 64, 256)
GB: Final = 1e9
NONE: Final = "No figures recorded yet: run `make bench SIZE=10k`, then other sizes, and build these pages again.\n"
# What Spark does in its executors; the rest is done by one process, whatever the engine.
ON_SPARK: Final = ("build", "score")
# How the benchmark tells the two apart.
DUCKDB, SPARK = ", duckdb", ", spark"


@dataclass(frozen=True)
class Line:
    """What a stage takes as a straight line in the number of firms: a start, and so much for each firm."""

    start: float
    per_firm: float

    def at(self, firms: float) -> float:
        """What it takes for so many firms."""
        return self.start + self.per_firm * firms

    def reaches(self, most: float) -> float:
        """The number of firms at which it takes `most`; infinite where it does not grow."""
        return max(0.0, (most - self.start) / self.per_firm) if self.per_firm > 0 else math.inf


def fitted(points: Mapping[int, float]) -> Line:
    """The line through what was measured, by number of firms; through zero where only one size was."""
    firms, values = np.array(list(points), float), np.array(list(points.values()), float)
    if len(points) < 2:
        return Line(0.0, float(values[0] / firms[0]))
    # By relative error: else the largest size alone would decide.
    slope, start = np.polyfit(firms, values, 1, w=1 / np.maximum(values, 1e-9))
    return Line(max(0.0, float(start)), max(0.0, float(slope)))


def scaling(figures: Path) -> str:
    """The page. figures: the folder where `benchmarks.country` leaves its JSON."""
    head = ["# Beyond one machine\n", "Generated from `benchmarks/figures/`; every figure is measured or follows.\n"]
    sizes = _read(figures, "bench")
    if not sizes:
        return "\n".join([*head, NONE])
    engines = _read(figures, "engines")
    return "\n".join([*head, *_measured(sizes), *_costs(sizes), *_one_machine(sizes), *_europe(sizes, engines)])


def _read(figures: Path, kind: str) -> dict[int, dict[str, Any]]:
    found = (json.loads(path.read_text()) for path in figures.glob(f"{kind}-*.json"))
    return dict(sorted((firms_in(one["size"]), one) for one in found))


def _of(sizes: Mapping[int, Mapping[str, Any]], value: str) -> dict[str, dict[int, float]]:
    """By stage and by number of firms, one value of the stages that ended well."""
    stages: dict[str, dict[int, float]] = {}
    for firms, found in sizes.items():
        for stage in found["stages"]:
            if stage["is_done"] and stage[value] is not None:
                stages.setdefault(stage["name"], {})[firms] = stage[value]
    return stages


def _measured(sizes: Mapping[int, Mapping[str, Any]]) -> Iterator[str]:
    yield "## What was measured\n"
    for firms, found in sizes.items():
        machine = ", ".join(f"{name} {value}" for name, value in found["machine"].items())
        yield f"### {firms:,} firms in scope\n"
        yield f"`{found['command']}`, {found['at']}; {machine}.\n"
        yield table(
            ("stage", "rows", "wall, s", "CPU, s", "peak, GB", "read, GB", "written, GB"), _rows(found["stages"])
        )
        yield from beside(found)


def _rows(stages: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    for one in stages:
        if not one["is_done"]:
            yield (one["name"], f"not done: {one['last']}", *[""] * 5)
            continue
        sizes = (f"{one[name] / GB:.2f}" for name in ("peak", "read", "written"))
        yield (one["name"], f"{one['rows'] or 0:,}", f"{one['wall']:.0f}", f"{one['cpu']:.0f}", *sizes)


def _costs(sizes: Mapping[int, Mapping[str, Any]]) -> Iterator[str]:
    yield "## The cost model\n"
    yield _fit_of(sizes)
    cpu, rows, peak, read, written = (_of(sizes, name) for name in ("cpu", "rows", "peak", "read", "written"))
    yield table(
        (
            "stage",
            "rows per firm",
            "bytes per firm",
            "CPU: start, s",
            "CPU per 1,000 firms, s",
            "memory per 1,000 firms, MB",
        ),
        (
            (
                name,
                f"{fitted(rows[name]).per_firm:.1f}" if name in rows else "",
                f"{fitted(read[name]).per_firm + fitted(written[name]).per_firm:,.0f}",
                f"{fitted(cpu[name]).start:.1f}",
                f"{fitted(cpu[name]).per_firm * 1000:.2f}",
                f"{fitted(peak[name]).per_firm * 1000 / 1e6:.1f}",
            )
            for name in cpu
        ),
    )


def _fit_of(sizes: Mapping[int, Mapping[str, Any]]) -> str:
    commands = " and ".join(f"`{found['command']}`" for found in sizes.values())
    if len(sizes) < 2:
        return f"From {commands} alone, in proportion to the firms: a second size would tell what starting takes.\n"
    return f"A straight line in the number of firms, through {commands}.\n"


def _one_machine(sizes: Mapping[int, Mapping[str, Any]]) -> Iterator[str]:
    newest = list(sizes.values())[-1]
    wall, peak = ({name: fitted(points) for name, points in _of(sizes, value).items()} for value in ("wall", "peak"))
    yield "## Where one machine ends\n"
    yield (
        f"The firms at which the first stage takes a night ({HOURS} hours) or all the memory, by the lines above, on "
        f"the machine measured ({newest['machine'].get('cores', '?')} cores). Stages that keep to a limit of memory "
        "(`memory_gb`) or of rows (`max_training_rows`) bend below their line: what stands here is the safe side.\n"
    )
    yield table(
        ("limit", "first stage to reach it", "firms in scope"),
        (
            (f"{HOURS} hours", *_first(wall, HOURS * 3600)),
            *((f"{most} GB of memory", *_first(peak, most * GB)) for most in MEMORY_GB),
        ),
    )


def _first(lines: Mapping[str, Line], most: float) -> tuple[str, str]:
    name = min(lines, key=lambda one: lines[one].reaches(most))
    return name, f"{lines[name].reaches(most):,.0f}"


def _europe(sizes: Mapping[int, Mapping[str, Any]], engines: Mapping[int, Mapping[str, Any]]) -> Iterator[str]:
    yield f"## {EUROPE // 1_000_000} million firms\n"
    if not engines:
        yield "Not measured yet on Spark: run `python -m benchmarks.country --size 10k --engine spark`.\n"
        return
    commands = " and ".join(f"`{one['command']}`" for one in engines.values())
    cpu = {name: fitted(points) for name, points in _of(engines, "cpu").items()}
    yield f"Both engines on the same periods, from {commands}:\n"
    walls = _of(engines, "wall")
    yield table(
        ("stage", "firms in scope", "wall, s", "CPU, s"),
        (
            (name, f"{firms:,}", f"{walls[name][firms]:.0f}", f"{seconds:.0f}")
            for name, points in _of(engines, "cpu").items()
            for firms, seconds in points.items()
        ),
    )
    yield from _from_when_spark_pays(engines)
    yield (
        f"What the executors of Spark would take for {EUROPE:,} firms in scope, {CORES_PER_EXECUTOR} cores each, were "
        "the work shared without loss: the least that it can take. Core-hours times the price of one give the cost.\n"
    )
    yield table(
        ("stage", "core-hours", *(f"{count} executors, hours" for count in EXECUTORS)),
        (
            (name, f"{hours:,.1f}", *(f"{hours / (count * CORES_PER_EXECUTOR):,.2f}" for count in EXECUTORS))
            for name, line in cpu.items()
            if name.endswith("spark")
            for hours in [line.at(EUROPE) / 3600]
        ),
    )
    yield from _left_on_one_machine(sizes)


def _from_when_spark_pays(engines: Mapping[int, Mapping[str, Any]]) -> Iterator[str]:
    """The cores among which Spark's work takes as long as DuckDB does here, were it shared without loss."""
    walls, cpu = _of(engines, "wall"), _of(engines, "cpu")
    yield (
        "From how many cores on Spark would be quicker than DuckDB on the machine measured, were its work shared "
        "without loss. With fewer, it pays only where one machine ends:\n"
    )
    yield table(
        ("stage", "firms in scope", "DuckDB, s", "Spark, CPU s", "cores"),
        (
            (name.removesuffix(SPARK), f"{firms:,}", f"{here:.0f}", f"{shared:.0f}", f"{math.ceil(shared / here)}")
            for name in cpu
            if name.endswith(SPARK)
            for firms, shared in cpu[name].items()
            if (here := walls.get(name.replace(SPARK, DUCKDB), {}).get(firms))
        ),
    )


def _left_on_one_machine(sizes: Mapping[int, Mapping[str, Any]]) -> Iterator[str]:
    yield "What one process does whatever the engine, for as many firms, by the lines above:\n"
    wall, peak = (_of(sizes, value) for value in ("wall", "peak"))
    yield table(
        ("stage", "hours", "memory, GB"),
        (
            (name, f"{fitted(wall[name]).at(EUROPE) / 3600:,.1f}", f"{fitted(peak[name]).at(EUROPE) / GB:,.0f}")
            for name in wall
            if not name.startswith((*ON_SPARK, "simulate"))
        ),
    )
