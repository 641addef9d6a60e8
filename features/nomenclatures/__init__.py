"""The official French nomenclatures that the pipeline ships: activities, départements, legal categories.

Source: INSEE (NAF rev. 2, COG, catégories juridiques), open licence.
"""

import csv
from functools import cache
from importlib.resources import files


@cache
def read_nomenclature(name: str) -> tuple[dict[str, str], ...]:
    """Rows of `naf_rev2`, `departements` or `categories_juridiques`, as text."""
    text = files(__name__).joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@cache
def labels(name: str, key: str, label: str) -> dict[str, str]:
    """Code -> label, e.g. `labels("naf_rev2", "division", "division_label")`."""
    return {row[key]: row[label] for row in read_nomenclature(name)}
