"""The data dictionary, from the declarations that the pipeline runs on."""

import csv
import io

from features.assemble import CATALOG
from features.sources import SOURCES

COLUMNS = ("name", "theme", "unit", "direction", "en", "fr", "definition", "known", "base")
DIRECTIONS = {1: "more is riskier", -1: "more is safer", 0: "free"}


def dictionary_rows() -> list[dict[str, str]]:
    """One row a feature; known: when what it is made of becomes known."""
    known = {source.name: f"{source.title}: {source.known_at}" for source in SOURCES if source.known_at}
    known["headcounts"] = known["firm_headcounts"]
    return [
        {
            "name": f.name,
            "theme": f.theme,
            "unit": f.unit,
            "direction": DIRECTIONS[f.direction],
            "en": f.en,
            "fr": f.fr,
            "definition": f.definition,
            "known": "; ".join(known.get(name, "register") for name in f.sources),
            "base": f.base or "",
        }
        for f in CATALOG
    ]


def as_csv() -> str:
    """The dictionary as CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(dictionary_rows())
    return out.getvalue()


def as_markdown() -> str:
    """The dictionary as one Markdown table a theme."""
    rows = dictionary_rows()
    lines = [
        "# Data dictionary",
        "",
        "Key: `siren`, `period` (the first day of a month). Null is unknown, never 0.",
        "",
    ]
    for theme in dict.fromkeys(row["theme"] for row in rows):
        lines += [f"## {theme}", "", "| feature | unit | direction | label | libellé | definition | known |"]
        lines.append("|---|---|---|---|---|---|---|")
        for row in rows:
            if row["theme"] == theme:
                cells = [row[name] for name in ("unit", "direction", "en", "fr", "definition", "known")]
                lines.append("| " + " | ".join([f"`{row['name']}`", *(c.replace("|", "/") for c in cells)]) + " |")
        lines.append("")
    return "\n".join(lines)
