"""The page of the partners' files, from the sources' declarations."""

from collections.abc import Iterator

from docs.generate.tables import table
from features.sources import SOURCES
from features.sources.source import Column, Source
from reports import dictionary
from reports.language import Language


def sources() -> str:
    """Each partner's file: how it is called, when its records are known, and its columns."""
    parts = [
        "# Partners' files\n",
        "One section per source: the names of its files in a batch, the day from which a record counts as known, and",
        "the columns that are read. Other columns are ignored. A file without a required column is refused; a line",
        "whose required cell can't be read is rejected, and kept with its reason in `rejects/`.\n",
    ]
    for source in SOURCES:
        parts += [f"## {source.name}\n", f"{source.title[0].upper()}{source.title[1:]}.\n", *_facts(source)]
        rows = [_column(name, column) for name, column in source.columns.items()]
        if source.melt:
            rows.append(_column(f"one column per month, `{source.melt.prefix}...`", source.melt.value))
        parts.append(table(("our column", "header in the file", "expected", "unit", "required"), rows))
    return "\n".join(parts)


def _facts(source: Source) -> Iterator[str]:
    yield f"- Files: {', '.join(f'`{pattern}`' for pattern in source.files)}, any case, gzipped or not."
    known = dictionary.known_words(source, Language("en"))
    yield f"- {known[0].upper()}{known[1:]}."
    kind = (
        "batches add up; the newest record of " + ", ".join(source.flow_key) + " stands"
        if source.flow_key
        else ("the newest file replaces the older ones")
    )
    yield f"- Deliveries: {kind}.\n"


def _column(name: str, column: Column) -> tuple[str, ...]:
    headers = ", ".join(f"`{header}`" for header in column.names)
    shown = name if "`" in name else f"`{name}`"
    return shown, headers, column.read.expects, column.unit, "yes" if column.required else "no"
