"""The figures of the benchmark as a page of Markdown."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from benchmarks.growth import MOST

TOLD: Final = (
    "Floors: a scan of the newest files as text and a copy of the table, or its last period, by DuckDB; LightGBM's own "
    "training and contributions on the same matrix. Growth: the power of the number of firms that CPU time grows with, "
    f"over the sizes that were measured; above {MOST} it is a defect."
)
REFERENCE: Final = (
    "The debt of each firm in each month by the build's way, and by PySpark's usual one: each event joined with every "
    "later month, the last of which counts (`python -m benchmarks.reference`)."
)
MB: Final = 1e6
GB: Final = 1e9
HEADER: Final = (
    "stage", "wall, s", "CPU, s", "CPU before, s", "peak, GB", "read, MB", "written, MB", "rows a second",
    "floor, CPU s", "times the floor", "growth",
)  # fmt: skip


def page(found: Mapping[str, Any], before: Mapping[str, Any] | None, growth: Mapping[str, float]) -> str:
    """found, before: this run and the one before, as `country.bench` gives. growth: by stage, see `growth`."""
    earlier = {stage["name"]: stage for stage in (before or {"stages": ()})["stages"]}
    failed = [f"{stage['name']}: {stage['last']}" for stage in found["stages"] if not stage["is_done"]]
    too_fast = [name for name, power in growth.items() if power > MOST]
    lines = [
        f"# {found['size']} firms in scope",
        "",
        f"`{found['command']}`, {found['at']}. {TOLD}",
        "",
        f"| {' | '.join(HEADER)} |",
        f"|---{'|---:' * (len(HEADER) - 1)}|",
        *(_line(stage, earlier.get(stage["name"]), growth.get(stage["name"])) for stage in found["stages"]),
        "",
        *beside(found),
        *(f"Not done. {one}\n" for one in failed),
        *(f"Grows too fast: {name}.\n" for name in too_fast),
        *(f"- {name}: {value}" for name, value in {**found["machine"], **found["versions"]}.items()),
    ]
    return "\n".join(lines) + "\n"


def beside(found: Mapping[str, Any]) -> Iterator[str]:
    """What `country.bench` found of our way and of another one; nothing where no other was measured."""
    if not (ways := found.get("reference")):
        return
    yield f"{REFERENCE}\n"
    for way in ways:
        took = f"{way['wall']:.1f} s, {way['cpu']:.1f} of CPU, {way['peak'] / GB:.2f} GB; {way['last']}"
        yield f"- {way['name']}: {took if way['is_done'] else 'not done: ' + way['last']}"
    is_same = all(way["is_done"] and way["last"] == ways[0]["last"] for way in ways)
    yield f"\nThey find the same: {'yes' if is_same else 'no'}.\n"


def _line(stage: Mapping[str, Any], before: Mapping[str, Any] | None, power: float | None) -> str:
    return f"| {' | '.join(_cells(stage, before, power))} |"


def _cells(stage: Mapping[str, Any], before: Mapping[str, Any] | None, power: float | None) -> Iterator[str]:
    yield stage["name"]
    yield f"{stage['wall']:.1f}"
    yield f"{stage['cpu']:.1f}"
    yield f"{before['cpu']:.1f}" if before else ""
    yield f"{stage['peak'] / GB:.2f}"
    yield f"{stage['read'] / MB:,.0f}"
    yield f"{stage['written'] / MB:,.0f}"
    yield f"{stage['rows'] / stage['wall']:,.0f}" if stage["rows"] else ""
    floor = stage["floor"]
    yield f"{floor['cpu']:.1f}" if floor else ""
    yield f"{stage['cpu'] / floor['cpu']:.1f}" if floor and floor["cpu"] else ""
    yield f"{power:.2f}" if power is not None else ""
