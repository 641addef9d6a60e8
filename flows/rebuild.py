"""A list that was published, made once more from the files, the model and the settings that it was made of."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from features import store
from features.errors import InputError
from features.folder import CHAMPION, CONTRIBUTIONS, SCORES, DataFolder, FeatureTable, Snapshot
from features.manifests import Manifest, read_manifest, write_manifest
from features.sources import SOURCES
from features.sources.files import find_files
from features.table_record import StagedFile
from flows.settings import Settings, load
from models.protocol import Progress
from reports.made_of import BuiltFrom, MadeOf, contents, differences, list_code, read_made_of, versions

# The settings that decide what a list says, given its model.
DECIDING: Final = {
    "engine",
    "language",
    "max_rejected_share",
    "delivery_day",
    "lags",
    "min_headcount",
    "min_turnover",
    "excluded_categories",
    "excluded_activities",
    "horizon_months",
    "reasons",
    "alerts",
    "limits",
}
# What else may differ where files, code and versions do not.
SAME: Final = "Files, code and versions are the same: was the table built with another code than the list? "
# Lists are made again beside the data that they were made of, never among them.
REBUILT: Final = "rebuilt"


@dataclass(frozen=True)
class Rebuilt:
    """A list made again. same, other: its files with the bytes that were published, and with others; why: in sentences.

    altered: the published files that are no longer those that were published.
    """

    folder: Path
    same: tuple[str, ...]
    other: tuple[str, ...]
    altered: tuple[str, ...]
    why: tuple[str, ...]


def made_of(settings: Settings, table: FeatureTable, model_id: str, snapshot: Snapshot, period: date) -> MadeOf:
    """What the list of a period is made of, before its files are written. snapshot: what was published before it."""
    return MadeOf(
        model_id=model_id,
        builds=_builds(table, min([period, *_last(snapshot, period)]), period),
        earlier=_earlier(settings.folder, snapshot, period),
        settings=settings.model_dump(mode="json", include=DECIDING),
        code=list_code(),
        versions=versions(),
        contents={},
    )


def _last(snapshot: Snapshot, period: date) -> list[date]:
    return sorted(snapshot.lists_before(period))[-1:]


def _builds(table: FeatureTable, first: date, last: date) -> tuple[BuiltFrom, ...]:
    """The builds of the periods that a list tells of: from that of the list before to its own."""
    then = [one for one in table.periods if first <= one <= last]
    # Older versions built all periods in one go.
    made = [table.made_of(period) or table.record for period in then]
    found = {BuiltFrom(one.start, one.end, one.files) for one in made}
    # What is staged only grows; of two builds from the same files, the one of fewer periods came later.
    return tuple(sorted(found, key=lambda one: (_newest(one), len(one.files), one.start)))


def _newest(built: BuiltFrom) -> str:
    return max(file.batch for file in built.files)


def _earlier(folder: DataFolder, snapshot: Snapshot, period: date) -> dict[str, str]:
    lists = snapshot.lists_before(period)
    files = {folder.list_of(past) / path.name: path for past, path in lists.items()}
    if lists and (last := max(lists)) in snapshot.scores:
        scores = snapshot.scores[last]
        files |= {folder.scores_of(last) / name: scores / name for name in (SCORES, CONTRIBUTIONS)}
    # What is damaged is left out of the list: the rest can be told of.
    there = {link.relative_to(folder.root).as_posix(): path for link, path in files.items() if path.exists()}
    return {name: store.digest(path) for name, path in there.items()}


def rebuild(settings: Settings, raw: Path, period: date, progress: Progress) -> Rebuilt:
    """Make the list of a period again in `DATA/rebuilt/YYYY-MM`, and compare it with the published one.

    Raises InputError, before anything slow, where a file, a model or an earlier list that it needs is not there any
    more, or is another.
    """
    # It loads the models, which takes seconds.
    from flows import listing, stages

    settings.folder.snapshot().list_of(period)
    published = settings.folder.list_of(period).resolve()
    then = read_made_of(published)
    progress("whether the files are those of then")
    if problems := list(_missing(settings.folder, raw, then)):
        raise InputError(f"The list of {period:%Y-%m} can't be made again: {' '.join(problems)}")
    folder = settings.data / REBUILT / f"{period:%Y-%m}"
    shutil.rmtree(folder, ignore_errors=True)
    own = load(data=folder, raw=folder / "raw", memory_gb=settings.memory_gb, **then.settings)
    _lay_out(settings.folder, own.folder, then)
    # Each build again, in its order, from what had been delivered by then.
    for built in then.builds:
        _deliver(raw, own.batches, built.files)
        stages.ingest(own, own.batches, progress)
        stages.build(own, built.start, built.end, progress, is_rebuild=True)
    listing.score(own, period, progress)
    made = own.folder.list_of(period).resolve()
    return compared(published, then, made)


def compared(published: Path, then: MadeOf, made: Path) -> Rebuilt:
    """The files of two folders of a list, byte for byte."""
    now, there, again = read_made_of(made), contents(published), contents(made)
    names = sorted({*there, *again})
    other = tuple(name for name in names if there.get(name) != again.get(name))
    altered = tuple(name for name in names if there.get(name) != then.contents.get(name))
    same = tuple(name for name in names if name not in other)
    return Rebuilt(made, same, other, altered, tuple(differences(then, now)))


def _missing(folder: DataFolder, raw: Path, then: MadeOf) -> Iterator[str]:
    """What the list was made of and is not there any more, or is another, as sentences."""
    for file in then.files:
        if problem := _problem(raw / file.batch / file.file, file.sha256):
            yield f"{raw / file.batch / file.file} {problem}."
    for name, sha256 in then.earlier.items():
        if problem := _problem(folder.root / name, sha256):
            yield f"{folder.root / name}, which it tells of, {problem}: it was published anew since, or damaged."
    if not (folder.models / then.model_id).exists():
        yield f"Its model {then.model_id} is not in {folder.models}."


def _problem(path: Path, sha256: str) -> str:
    if not path.exists():
        return "is missing"
    return "" if store.digest(path) == sha256 else "is another file than it was"


def _deliver(raw: Path, target: Path, files: tuple[StagedFile, ...]) -> None:
    """Fill a folder of batches with links to what had been delivered when those files were staged."""
    shutil.rmtree(target, ignore_errors=True)
    for batch, names in _batches_then(raw, files).items():
        folder = target / batch
        folder.mkdir(parents=True)
        for name in names:
            (folder / name).symlink_to((raw / batch / name).resolve())
        known = read_manifest(raw / batch).files
        if known:
            write_manifest(folder, Manifest(tuple(one for one in known if one.file in names)))


def _lay_out(source: DataFolder, target: DataFolder, then: MadeOf) -> None:
    """A data folder with links to what there was before the list: its model, the lists before it."""
    for name in then.earlier:
        link = target.root / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to((source.root / name).resolve())
    target.models.mkdir(parents=True)
    (target.models / then.model_id).symlink_to((source.models / then.model_id).resolve())
    store.write_text(target.models / CHAMPION, f"{then.model_id}\n")


def _batches_then(raw: Path, files: tuple[StagedFile, ...]) -> dict[str, set[str]]:
    """By batch, the files that were there: those that were read, and older stocks, which tell what came late."""
    read = {(file.batch, file.file) for file in files}
    newest = {file.source: file.batch for file in sorted(files, key=lambda file: file.batch)}
    came = [one.received_at for file in files if (one := read_manifest(raw / file.batch).of(file.file))]
    found: dict[str, set[str]] = {}
    for batch in sorted({file.batch for file in files} | {path.name for path in raw.iterdir() if path.is_dir()}):
        if batch.startswith(".") or batch > max(newest.values()):
            continue
        for source in SOURCES:
            for path in find_files(raw / batch, source):
                one = read_manifest(path.parent).of(path.name)
                is_older = not source.flow_key and batch < newest.get(source.name, "")
                was_there = one is None or one.received_at <= max(came, default=one.received_at)
                if (batch, path.name) in read or (is_older and was_there):
                    found.setdefault(batch, set()).add(path.name)
    return found
