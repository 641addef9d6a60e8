"""The page of the data folder: what stands where, and what is in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from docs.generate.records import record_table
from docs.generate.tables import table
from features.folder import DataFolder, FeatureTable
from features.received import FileReport, Received
from features.table_record import BuildRecord, PeriodRecord
from models.evaluation.records import Metrics
from models.registry.records import ModelFacts, ModelRecord, Reference
from reports.list_columns import LIST_COLUMNS, ListColumn
from reports.review.columns import COLUMNS, Column
from reports.runs.records import RunRecord

ANY_FOLDER = Path("DATA")
RECORDS: Final = {
    "received/<batch>/received.json": Received,
    "files, in received.json": FileReport,
    "runs/<run_id>/run.json": RunRecord,
    "features/build.json": BuildRecord,
    "features/period=.../_made_of.json": PeriodRecord,
    "models/<model_id>/model.json": ModelRecord,
    "facts, in model.json": ModelFacts,
    "models/<model_id>/metrics.json": Metrics,
    "models/<model_id>/reference.json": Reference,
}


def files() -> str:
    """What stands where in the data folder."""
    return "\n".join(
        [
            "# Data folder and list\n",
            "Everything that is made goes to the data folder (`--data`, default `./data`). One writer at a time fills",
            "it; a file or folder appears whole or not at all.\n",
            table(("place", "what it holds"), _places(DataFolder, ANY_FOLDER)),
            "## Beside the periods of the feature table\n",
            table(("place", "what it holds"), _places(FeatureTable, ANY_FOLDER / "features")),
            "## Columns of the list\n",
            "`target_list.*` in `lists/YYYY-MM/` hold these, under these names.\n",
            table(("column", "title", "meaning", "titre", "signification"), map(_told, LIST_COLUMNS.values())),
            "## Columns in the agents' application\n",
            "A user sees those whose right they have, on the page and in its exports.\n",
            table(("column", "title", "meaning", "right", "on the page", "in exports"), map(_shown, COLUMNS)),
            "## Records\n",
            "JSON files, typed and versioned; one of an older version is upgraded as it is read.\n",
            *(line for place, record in RECORDS.items() for line in (f"### `{place}`\n", *record_table(record))),
        ]
    )


def _places(kind: Any, root: Path) -> Iterator[tuple[str, str]]:
    """The paths that a record of the data folder names, with their docstrings."""
    record = kind(root)
    for name, member in vars(kind).items():
        if isinstance(member, property) and isinstance(path := getattr(record, name), Path):
            yield f"`{path.relative_to(ANY_FOLDER)}`", (member.__doc__ or "").strip()


def _told(column: ListColumn) -> tuple[str, ...]:
    return f"`{column.name}`", column.title.en, column.meaning.en, column.title.fr, column.meaning.fr


def _shown(column: Column) -> tuple[str, ...]:
    right = f"`{column.kind}`" if column.kind else "none"
    on_page = "yes" if column.head else "no"
    return f"`{column.name}`", column.title.en, column.meaning.en, right, on_page, "yes" if column.is_exported else "no"
