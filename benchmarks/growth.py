"""How a stage grows with the number of firms: the slope of its time on that number, both as logarithms."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

# A stage that grows faster than this power of the number of firms is a defect.
MOST: Final = 1.1


def slope(times: Mapping[int, float]) -> float | None:
    """The power of the number of firms that a time grows with, by least squares; None with fewer than two sizes."""
    if len(times) < 2 or min(times.values()) <= 0:
        return None
    firms, seconds = np.log(list(times)), np.log(list(times.values()))
    return float(np.polyfit(firms, seconds, 1)[0])


def growth(sizes: Mapping[int, Mapping[str, Any]]) -> dict[str, float]:
    """The slope of the processor's time of each stage that was measured at two sizes or more. sizes: by firms."""
    times: dict[str, dict[int, float]] = {}
    for firms, found in sizes.items():
        for stage in found["stages"]:
            if stage["is_done"]:
                times.setdefault(stage["name"], {})[firms] = stage["cpu"]
    slopes = {name: slope(by_size) for name, by_size in times.items()}
    return {name: power for name, power in slopes.items() if power is not None}
