"""The groups of firms on which a model is evaluated separately."""

CATEGORIES = ("naf_section", "size_class", "region")
# The age in years from which a firm is in each band.
AGE_BANDS = {"under 3": 0, "3-10": 3, "10+": 10}
UNKNOWN = "unknown"
# With fewer failures, or fewer survivors, metrics of ranking are mostly noise.
FEWEST = 10


def age_band(age: float | None) -> str:
    """`under 3`, `3-10` or `10+` years; `unknown` for None, NaN and a firm that is not created yet."""
    return next((band for band, start in reversed(AGE_BANDS.items()) if age is not None and age >= start), UNKNOWN)
