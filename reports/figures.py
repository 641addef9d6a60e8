"""A value and its unit as people read them: rounded, with the words of the language, never a raw number."""

import math

from features.nomenclatures import mapping
from reports.language import Language

Value = float | str | None

# Unit -> singular, plural. A count may be a mean, and have decimals.
COUNTED = {
    "months": ("{number} month", "{number} months"),
    "days": ("{number} day", "{number} days"),
    "years": ("{number} year", "{number} years"),
    "hours": ("{number} hour", "{number} hours"),
    "persons": ("{number} person", "{number} persons"),
    "plans": ("{number} plan", "{number} plans"),
    "requests": ("{number} request", "{number} requests"),
    "suppliers": ("{number} supplier", "{number} suppliers"),
    "firms": ("{number} firm", "{number} firms"),
    "notices": ("{number} notice", "{number} notices"),
    "fiscal years": ("{number} fiscal year", "{number} fiscal years"),
}
POINTS = ("{number} point", "{number} points")
CCSF_STAGE_WORDS = {
    "NONE": "no request",
    "DEBUT": "request opened",
    "REFUS": "request refused",
    "APPROB": "plan approved",
    "FIN": "plan ended",
    "REJ": "plan rejected",
}


def is_known(value: Value) -> bool:
    """Whether there is a value to quote."""
    return value is not None and (isinstance(value, str) or math.isfinite(value))


def figure(value: float, unit: str, language: Language) -> str:
    """A quantity with its unit; raises KeyError on a unit that has no words."""
    if unit == "EUR":
        return euros(value, language)
    if unit == "yes/no":
        return language.say("yes" if value else "no")
    if unit in ("share", "%"):
        return percent(value * 100 if unit == "share" else value, language)
    one, many = COUNTED[unit]
    return language.counted(value, one, many, decimals_of(value))


def difference(value: float, unit: str, language: Language) -> str:
    """The size of a change, without its sign; for percentages in points."""
    if unit in ("share", "%"):
        points = abs(value) * (100 if unit == "share" else 1)
        return language.counted(points, *POINTS, decimals_of(points))
    return figure(abs(value), unit, language)


def decimals_of(value: float) -> int:
    """One decimal below 10, none above."""
    return 1 if abs(value) < 10 else 0


def euros(value: float, language: Language) -> str:
    """Whole euros, in millions from 10 million on."""
    if abs(value) >= 10_000_000:
        return language.say("{number} million euros", number=language.number(value / 1_000_000, 1))
    return language.counted(value, "{number} euro", "{number} euros")


def percent(value: float, language: Language) -> str:
    """A percentage, from a number of which 100 is the whole."""
    return language.say("{number}%", number=language.number(value, decimals_of(value)))


def share(value: float | None, language: Language, decimals: int = 1) -> str:
    """A share, 0-1, as a percentage with that many decimals; a dash where it is not known."""
    return "–" if value is None else language.say("{number}%", number=language.number(100 * value, decimals))


def category(name: str, code: str, language: Language) -> str:
    """What a code of a categorical feature stands for; the code itself if no nomenclature has it."""
    if name == "naf_section":
        label = mapping("naf_rev2", "section", "section_label").get(code)
        return language.say("{label} (NAF section {code})", label=label, code=code) if label else code
    if name == "naf_division":
        label = mapping("naf_rev2", "division", "division_label").get(code)
        return language.say("{label} (NAF division {code})", label=label, code=code) if label else code
    if name == "departement":
        label = mapping("departements", "departement", "departement_label").get(code)
        return f"{label} ({code})" if label else code
    return _other_category(name, code, language)


def _other_category(name: str, code: str, language: Language) -> str:
    if name == "region":
        return mapping("departements", "region", "region_label").get(code, code)
    if name == "size_class":
        return language.say("{band} employees", band=code)
    if name == "legal_category_group":
        label = mapping("categories_juridiques", "group", "group_label").get(code)
        return f"{label} ({code})" if label else code
    return language.say(CCSF_STAGE_WORDS[code]) if code in CCSF_STAGE_WORDS else code
