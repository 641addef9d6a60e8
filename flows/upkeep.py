"""The commands that keep the data folder: what nothing needs is removed, all is backed up and restored."""

from typing import Annotated

import typer

from features import store
from flows.settings import load
from flows.terminal import Data, out

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
