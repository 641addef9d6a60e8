"""The page of the data folder: what stands where, and what is in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs.generate.records import record_table
from docs.generate.tables import table
from features.folder import BuildRecord, DataFolder, FeatureTable

ANY_FOLDER = Path("DATA")


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
            "## build.json\n",
            *record_table(BuildRecord),
        ]
    )


def _places(kind: Any, root: Path) -> Iterator[tuple[str, str]]:
    """The paths that a record of the data folder names, with their docstrings."""
    record = kind(root)
    for name, member in vars(kind).items():
        if isinstance(member, property) and isinstance(path := getattr(record, name), Path):
            yield f"`{path.relative_to(ANY_FOLDER)}`", (member.__doc__ or "").strip()
