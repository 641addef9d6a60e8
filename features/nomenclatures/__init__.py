"""The official French nomenclatures that we ship: activities (NAF), départements, legal categories.

Source: INSEE (NAF rev. 2, COG, catégories juridiques), open licence.
"""

import csv
from functools import cache
from importlib.resources import files


@cache
def read_nomenclature(name: str) -> tuple[dict[str, str], ...]:
    """The rows of `naf_rev2`, `departements` or `categories_juridiques`: column name -> text."""
    text = files(__name__).joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@cache
def mapping(name: str, key: str, value: str) -> dict[str, str]:
    """Two columns of a nomenclature as a dictionary: `mapping("naf_rev2", "division", "division_label")["10"]`.

    Where a key stands on several rows, the last row counts.
    """
    return {row[key]: row[value] for row in read_nomenclature(name)}
