"""The map of the rooms, drawn from the import contracts in pyproject.toml: what it shows is what CI checks."""

import ast
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from docs.generate.drawing import drawn, rect, text
from docs.generate.tables import table

WIDTH, MARGIN, LABEL, ASIDE = 1000, 20, 150, 150
ROOM_HEIGHT, GAP, PAD = 34, 8, 12
# One hue per floor, light enough for black text.
COLOURS = ("#dbe7f6", "#dff0e0", "#fbeed5", "#eee3f5", "#e8e8e8", "#f6e1e1")


@dataclass(frozen=True)
class Floor:
    """A top-level package: its rooms by layer, the highest layer first; no layers where no contract orders them."""

    name: str
    layers: tuple[tuple[str, ...], ...]
    is_beside: bool = False

    @property
    def height(self) -> int:
        """Of its band, in pixels."""
        rows = max(len(self.layers), 1)
        return 2 * PAD + rows * ROOM_HEIGHT + (rows - 1) * GAP


def contracts(root: Path) -> list[dict[str, Any]]:
    """The contracts of import-linter, as pyproject.toml declares them."""
    tool: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text())["tool"]
    found: list[dict[str, Any]] = tool["importlinter"]["contracts"]
    return found


def floors(root: Path) -> list[Floor]:
    """The floors from the highest to the lowest, then the packages that stand beside them."""
    tool = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]
    layered = [contract for contract in tool["contracts"] if contract["type"] == "layers"]
    inside = {contract["containers"][0]: contract["layers"] for contract in layered if "containers" in contract}
    stacked = next(contract["layers"] for contract in layered if "containers" not in contract)
    beside = [name for name in tool["root_packages"] if name not in stacked]
    split = {name: tuple(tuple(layer.split(" | ")) for layer in layers) for name, layers in inside.items()}
    return [Floor(name, split.get(name, ()), name in beside) for name in (*stacked, *beside)]


def svg(root: Path) -> str:
    """The map: floors stacked, in each its rooms by layer; the same bytes for the same contracts."""
    parts: list[str] = []
    top = MARGIN
    for number, floor in enumerate(floors(root)):
        parts += _band(root, floor, top, COLOURS[number % len(COLOURS)])
        top += floor.height + GAP
    names = ", ".join(floor.name for floor in floors(root))
    title = f"The packages and their rooms, from the highest to the lowest: {names}"
    return drawn(WIDTH, top + MARGIN - GAP, "rooms", title, parts)


def _band(root: Path, floor: Floor, top: int, colour: str) -> Iterator[str]:
    dashes = ' stroke-dasharray="6 4"' if floor.is_beside else ""
    yield rect(MARGIN, top, WIDTH - 2 * MARGIN, floor.height, colour, "#777777", dashes)
    yield text(MARGIN + PAD, top + PAD + 22, f"{floor.name}/", "font-weight:600;font-size:17px")
    if not floor.layers:
        yield text(MARGIN + LABEL, top + PAD + 22, first_line(root, floor.name))
    for row, rooms in enumerate(floor.layers):
        y = top + PAD + row * (ROOM_HEIGHT + GAP)
        yield from _row(root, floor.name, rooms, y)


def _row(root: Path, floor: str, rooms: Sequence[str], y: int) -> Iterator[str]:
    left, right = MARGIN + LABEL, WIDTH - MARGIN - PAD
    width = (right - left - GAP * (len(rooms) - 1)) // len(rooms)
    for place, room in enumerate(rooms):
        x = left + place * (width + GAP)
        said = escape(first_line(root, f"{floor}.{room}"))
        yield f"<g><title>{floor}.{room}: {said}</title>"
        yield rect(x, y, width, ROOM_HEIGHT, "#ffffff")
        yield text(x + width // 2, y + 22, room, "text-anchor:middle")
        yield "</g>"


def first_line(root: Path, dotted: str) -> str:
    """The first line of the docstring of a package or module, without importing it; empty where it has none."""
    place = root.joinpath(*dotted.split("."))
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    lines = (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").splitlines()
    return lines[0] if lines else ""


def page(root: Path) -> str:
    """The page that shows the map, with the contracts and the rooms in words."""
    rooms = [
        (f"`{floor.name}.{room}`", first_line(root, f"{floor.name}.{room}"))
        for floor in floors(root)
        for layer in floor.layers
        for room in layer
    ]
    return "\n".join(
        [
            "# Map of the rooms\n",
            "Drawn from the import contracts in `pyproject.toml`, which `make lint` checks with import-linter. A",
            "package imports only what stands below it; rooms on one line don't import each other. A dashed package",
            "stands beside the others.\n",
            "![The packages and their rooms, layer by layer](rooms.svg)\n",
            "## Contracts\n",
            table(("contract", "what it says"), [(c["name"], said(c)) for c in contracts(root)]),
            "## Rooms\n",
            table(("room", "what it is for"), rooms),
        ]
    )


def said(contract: dict[str, Any]) -> str:
    """What a contract says, in words."""
    kind = contract["type"]
    if kind == "layers":
        return f"{_listed(contract['layers'], ' > ')}: each imports only what comes after it"
    if kind == "forbidden":
        return f"{_listed(contract['source_modules'])} must not import {_listed(contract['forbidden_modules'])}"
    if kind == "independence":
        return f"{_listed(contract['modules'])} must not import each other"
    return f"no cycle of imports inside {_listed(contract.get('ancestors', []))}"


def _listed(names: Sequence[str], separator: str = ", ") -> str:
    return separator.join(f"`{name}`" for name in names)
