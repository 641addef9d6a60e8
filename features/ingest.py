"""From a folder of partners' batches to typed, dated tables: `staged/`, and what was refused: `rejects/`."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

import ibis
import ibis.expr.types as ir
from ibis.backends import BaseBackend

from features import store
from features.code import code_digest
from features.contract import check_staged
from features.deliveries import Found, check
from features.errors import InputError
from features.file_report import file_report
from features.folder import all_parts
from features.manifests import Late, Manifest, came_on, late_deliveries, read_manifests
from features.periods import due_on
from features.received import Failure, FileReport, Received, RefusedError, read_reports, staged_name, write_reports
from features.sources.files import open_text
from features.sources.reading import staged_schema
from features.sources.source import ALWAYS_KNOWN, Source
from features.staging import Since, parse_file, stage, write_rejects
from features.windows import first_of_each

T = TypeVar("T")
LINEAGE = ("known_at", "batch", "file", "line")
CHANGED = (
    "{source}: {file} changed while it was read; the last good state stays. Leave deliveries as they are while a run "
    "is at work, then start it again."
)
TOO_BAD = (
    "{source}: {rejected} of {lines} lines of {file} are rejected, more than {limit}; the last good state stays. See "
    "{rejects}, then ask the partner for a sound file or raise max_rejected_share."
)


@dataclass(frozen=True)
class Reading:
    """How files are read: what share of bad lines is tolerated, when partners deliver, other lags than ours."""

    max_rejected_share: float
    delivery_day: int
    lags: Mapping[str, int]


def ingest(
    connections: Sequence[BaseBackend],
    raw: Path,
    sources: Sequence[Source],
    reading: Reading,
    *,
    staged: Path,
    rejects: Path,
    scratch: Path,
    progress: Callable[[str], None],
) -> Received:
    """Stage the newest delivery of each source found under `raw`; a source that fails leaves its last good state.

    connections: of DuckDB, each for one source at a time: it reads the lines of a file on one core.
    Raises RefusedError before anything is read for names and headers that can't be right, else after having tried every
    source, with one sentence for each that failed.
    """
    checked = check(raw, sources, staged)
    if checked.told.failures:
        raise RefusedError(checked.told)
    manifests = read_manifests(checked.batches)

    def read(source: Source, con: BaseBackend) -> tuple[list[FileReport], list[Failure]]:
        found, files = checked.found[source.name], list[FileReport]()
        with _folder_of_its_own(scratch, source) as own:
            try:
                _ingest_source(con, found, manifests, source, reading, staged, rejects, own, progress, files)
            except InputError as error:
                return files, [Failure(error.message, error.values)]
        return files, []

    told = _each(read, sources, connections, lambda source: _size(checked.found[source.name]))
    files, failures = (tuple(chain.from_iterable(parts)) for parts in zip(*told, strict=True))
    received = replace(checked.told, files=files, failures=failures)
    if failures:
        raise RefusedError(received)
    return received


def _each(
    read: Callable[[Source, BaseBackend], T],
    sources: Sequence[Source],
    connections: Sequence[BaseBackend],
    size: Callable[[Source], int],
) -> list[T]:
    """What each source gives, in their order; as many at once as there are connections, the largest first."""
    free = SimpleQueue[BaseBackend]()
    for con in connections:
        free.put(con)

    def one(source: Source) -> T:
        con = free.get()
        try:
            return read(source, con)
        finally:
            free.put(con)

    with ThreadPoolExecutor(len(connections)) as workers:
        # Each in the context of whoever asks: a flow's logger finds its run there.
        asked = {
            source.name: workers.submit(copy_context().run, one, source)
            for source in sorted(sources, key=size, reverse=True)
        }
        try:
            return [asked[source.name].result() for source in sources]
        except BaseException:
            # Nobody waits for what was not begun.
            workers.shutdown(wait=False, cancel_futures=True)
            raise


def _size(found: Found) -> int:
    return sum(path.stat().st_size for files in found.values() for path in files)


@contextmanager
def _folder_of_its_own(scratch: Path, source: Source) -> Iterator[Path]:
    own = scratch / f"ingest-{source.name}"
    own.mkdir(parents=True, exist_ok=True)
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)


@dataclass(frozen=True)
class _Task:
    """The staging of one source. former: what was staged of it so far, in `folder`; fresh: the folder to fill."""

    con: BaseBackend
    source: Source
    reading: Reading
    former: Sequence[FileReport]
    folder: Path
    fresh: Path
    rejects: Path
    scratch: Path
    progress: Callable[[str], None]


def _ingest_source(
    con: BaseBackend,
    found: Found,
    manifests: Mapping[Path, Manifest],
    source: Source,
    reading: Reading,
    staged: Path,
    rejects: Path,
    scratch: Path,
    progress: Callable[[str], None],
    told: list[FileReport],
) -> None:
    """Stage a source. told: gets the report of each file, that of a file which is refused too."""
    source = source.with_lag(reading.lags.get(source.name))
    former = read_reports(staged, source.name)
    if not found:
        return
    kept = [report for report in former if source.flow_key and report.batch not in found]
    first_batch = min([*found, *(report.batch for report in former)])
    reports: list[FileReport] = []
    late = late_deliveries(manifests, source, reading.delivery_day)
    with store.new_folder(staged / source.name) as fresh:
        task = _Task(con, source, reading, former, staged / source.name, fresh, rejects, scratch, progress)
        for batch, files in found.items():
            since = [_since(task, manifests, path, late, batch == first_batch) for path in files]
            for report in _stage_batch(task, batch, files, since):
                told.append(report)
                reports.append(report)
                _refuse_if_too_bad(report, reading.max_rejected_share)
        _link(_files_of(task.folder, kept), fresh)
        write_reports(fresh, [*kept, *reports])


def _since(
    task: _Task, manifests: Mapping[Path, Manifest], path: Path, late: tuple[Late, ...], is_first: bool
) -> Since:
    due = due_on(path.parent.name, task.reading.delivery_day)
    came = came_on(manifests[path.parent], path.name, due)
    # Where batches add up, a record may be in one of them alone; elsewhere each delivery has them all.
    if task.source.flow_key:
        return Since((Late(due, came),), ALWAYS_KNOWN if is_first else came)
    return Since(late, ALWAYS_KNOWN)


def _stage_batch(task: _Task, batch: str, files: Sequence[Path], since: Sequence[Since]) -> Iterator[FileReport]:
    """The reports of the files of a batch, which are staged: read, or taken over where they were read before."""
    read_with = [_read_with(task, one) for one in since]
    before = [report for report in task.former if report.batch == batch]
    if _are_same(task, batch, before, files, read_with):
        task.progress(f"{task.source.title}: {batch}, read before")
        _link(_files_of(task.folder, before), task.fresh)
        yield from before
        return
    for n, path in enumerate(files):
        yield replace(_stage_file(task, batch, n, path, since[n]), read_with=read_with[n])


def _read_with(task: _Task, since: Since) -> str:
    """A digest of all that decides how a file is read, but for its content."""
    made = (code_digest(), str(task.source.known_at), task.reading.delivery_day, since)
    return hashlib.sha256(repr(made).encode()).hexdigest()


def _are_same(
    task: _Task, batch: str, before: Sequence[FileReport], files: Sequence[Path], read_with: Sequence[str]
) -> bool:
    """Whether all files of a batch were read before in the same way, and what they gave is there, undamaged."""
    if len(before) != len(files) or not _rejects_of(task, batch).exists():
        return False
    return all(
        (report.file, report.read_with, report.size) == (path.name, how, path.stat().st_size)
        and staged.exists()
        and store.digest(path) == report.sha256
        and store.digest(staged) == report.staged_sha256
        for report, path, how, staged in zip(
            before, files, read_with, (task.folder / staged_name(batch, n) for n in range(len(files))), strict=True
        )
    )


def _rejects_of(task: _Task, batch: str) -> Path:
    return task.rejects / batch / f"{task.source.name}.parquet"


def _stage_file(task: _Task, batch: str, number: int, path: Path, since: Since) -> FileReport:
    con, source, found_as = task.con, task.source, _state_of(path)
    task.progress(f"{source.title}: {batch}/{path.name}")
    file = open_text(con, path, task.scratch)
    parsed, file = parse_file(con, file, source, task.scratch)
    write_rejects(con, parsed, path, _rejects_of(task, batch), number > 0, task.scratch)
    target = task.fresh / staged_name(batch, number)
    stage(con, parsed, source, task.reading.delivery_day, since, (batch, path.name), target)
    report = file_report(con, parsed, target, source, batch, file)
    if _state_of(path) != found_as:
        raise InputError(CHANGED, source=source.name, file=path.name)
    if report.kept:
        check_staged(con.read_parquet(target), source, path.name)
    return replace(report, staged_sha256=store.digest(target))


def _link(paths: Sequence[Path], folder: Path) -> None:
    for path in paths:
        os.link(path, folder / path.name)


def _state_of(path: Path) -> tuple[int, int, int]:
    """What tells a file from another one, or from what it was: without reading it."""
    state = path.stat()
    return state.st_ino, state.st_size, state.st_mtime_ns


def _files_of(folder: Path, reports: list[FileReport]) -> list[Path]:
    return [
        path for batch in sorted({report.batch for report in reports}) for path in folder.glob(f"{batch}-*.parquet")
    ]


def _refuse_if_too_bad(report: FileReport, limit: float) -> None:
    if report.rejected > limit * report.lines:
        raise InputError(
            TOO_BAD,
            source=report.source,
            rejected=f"{report.rejected:,}",
            lines=f"{report.lines:,}",
            file=report.file,
            limit=f"{limit:.0%}",
            rejects=f"rejects/{report.batch}/{report.source}.parquet",
        )


def read_staged(con: BaseBackend, staged: Path, source: Source, firms: ir.Table | None = None) -> ir.Table | None:
    """The records of a source, None where it was never delivered.

    firms: only those of these `siren`, where given; the records have theirs as the firms do, as text or `numbered`.

    Where batches add up, a record delivered again counts from its first delivery, and of two versions of a record the
    newest delivered stands.

    Raises InputError where an older version staged them without a column that is needed now.
    """
    folder = staged / source.name
    if not folder.exists():
        return None
    records = con.read_parquet(str(all_parts(folder.resolve())))
    lacking = [name for name in staged_schema(source).names if name not in records.columns]
    if lacking:
        raise InputError(
            f"{source.name}: the records in {folder} were staged by an older version, which did not read "
            f"{', '.join(lacking)}. Read the deliveries again: weaksignals ingest RAW"
        )
    if firms is not None:
        records = records.mutate(siren=records.siren.cast(firms.siren.type())).semi_join(firms, "siren")
    if not source.flow_key:
        return records.drop("batch", "file", "line")
    content = [name for name in records.columns if name not in LINEAGE]
    once = records.group_by(content).aggregate(known_at=records.known_at.min(), batch=records.batch.max())
    return first_of_each(once, source.flow_key, [ibis.desc("batch"), "known_at", *content]).drop("batch")
