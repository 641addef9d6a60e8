"""The commands that keep the data folder: what nothing needs is removed, all is backed up and restored."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from features import store
from flows.settings import load
from flows.terminal import Data, out

if TYPE_CHECKING:
    import sqlalchemy as sa

MB = 1_000_000


def gc(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would be removed.")] = False,
    data: Data = None,
) -> None:
    """Remove what nothing needs any more: old models, reports, rejects. See [keep] in weaksignals.toml.

    Never a list, its scores, the model in use, one of a list or an answer, or what the feature table is made of.
    """
    from flows import retention
    from reports.review.configuration import read_configuration

    settings = load(data=data)
    with store.locked(settings.data):
        # All is found before anything goes: what can't be judged stops it here.
        found = list(retention.unneeded(settings.folder, settings.keep, read_configuration(data=settings.data)))
        sizes = [one.size for one in found]
        for one, size in zip(found, sizes, strict=True):
            out.print(f"{one.path} ({size / MB:.1f} MB): {one.why}", soft_wrap=True)
            if not dry_run:
                retention.remove(one)
    verb = "would be removed" if dry_run else "removed"
    out.print(f"{len(found)} {verb}, {sum(sizes) / MB:.1f} MB.")


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The archive to write; it must not be there yet.")],
    data: Data = None,
) -> None:
    """Back up the data folder and the review database in one file; runs and the application may go on meanwhile."""
    from flows.backup import back_up

    settings = load(data=data)
    made = back_up(settings.data, _database(settings.data), file)
    out.print(f"{made.files:,} files, {made.size / MB:,.1f} MB: {file}", soft_wrap=True)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An archive that `weaksignals backup` wrote.")],
    data: Data = None,
) -> None:
    """Make a data folder of a back-up, and fill an empty PostgreSQL database; nothing that is there is replaced."""
    from flows import restoring
    from flows.archive import DUMP

    root = load(data=data).data
    database = _database(root)
    made = restoring.restore(file, root, database)
    out.print(f"{root}: {made.files:,} files as of {made.made_at:%Y-%m-%d %H:%M} UTC.", soft_wrap=True)
    if (root / DUMP).exists():
        out.print(
            f"The database is in {root / DUMP}: pg_restore --no-owner --dbname=ADDRESS {root / DUMP}",
            soft_wrap=True,
        )


def _database(data: Path) -> "sa.URL":
    from sqlalchemy.engine import make_url

    from reports.review.configuration import read_configuration

    return make_url(read_configuration(data=data).database_url)
