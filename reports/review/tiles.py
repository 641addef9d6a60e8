"""A map of France of one square per département: where each stands, and how dark it is."""

from collections.abc import Collection, Iterable, Mapping
from statistics import quantiles
from typing import Final

# As they lie, north at the top; `..` is empty. Overseas below, those with few firms last.
GRID: Final = """
    ..  ..  ..  ..  ..  ..  62  59  ..  ..  ..  ..
    ..  ..  ..  ..  76  80  60  02  08  ..  ..  ..
    ..  ..  50  14  27  95  93  77  51  55  57  67
    29  22  35  61  78  92  75  94  10  54  88  68
    ..  56  53  72  28  91  45  89  52  70  90  ..
    ..  44  49  37  41  18  58  21  39  25  ..  ..
    ..  85  79  86  36  23  03  71  01  74  ..  ..
    ..  17  16  87  19  63  42  69  38  73  ..  ..
    ..  33  24  46  15  43  07  26  05  ..  ..  ..
    ..  40  47  82  12  48  30  84  04  06  ..  ..
    ..  64  32  31  81  34  13  83  ..  ..  ..  2B
    ..  ..  65  09  11  66  ..  ..  ..  ..  ..  2A
    971 972 973 974 976 ..  ..  ..  ..  ..  ..  ..
    975 977 978 981 984 986 987 988 989 ..  ..  ..
"""
EMPTY: Final = ".."
ROWS: Final = tuple(tuple(line.split()) for line in GRID.strip().splitlines())
SHADES: Final = 5


def rows_with(codes: Collection[str]) -> list[tuple[str, ...]]:
    """The rows of the map; the last one only where one of these départements is in it."""
    return [row for row in ROWS if row is not ROWS[-1] or not set(row).isdisjoint(codes)]


def bounds(values: Iterable[float]) -> list[float]:
    """The values that part SHADES groups of about as many départements; fewer where many are equal."""
    found = sorted(values)
    return sorted(set(quantiles(found, n=SHADES, method="inclusive"))) if len(found) > 1 else []


def shades(values: Mapping[str, float]) -> dict[str, int]:
    """How dark each département is: 0, the lightest, up to SHADES - 1."""
    limits = bounds(values.values())
    return {code: sum(value > limit for limit in limits) for code, value in values.items()}
