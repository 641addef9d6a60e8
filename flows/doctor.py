"""Whether the installation can run: what is looked at, what was found, and what to do about it."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from features import damage
from features.errors import InputError
from features.received import read_reports
from features.sources import SOURCES
from flows import notifying, prefect_server
from flows.addressees import Addressees
from flows.settings import Settings
from models.registry import registry
from reports.review.configuration import read_configuration

State = Literal["ok", "warning", "problem"]
GB: Final = 1e9
# A build writes the new version of the table, and what does not fit in memory, beside the former version.
ROOM_FOR_BUILDS, LEAST_ROOM_GB = 3, 2
LIBRARIES: Final = ("duckdb", "ibis-framework", "lightgbm", "pandas", "prefect", "pyarrow", "sqlalchemy")


@dataclass(frozen=True)
class Finding:
    """What was found of one thing; a problem says what to do."""

    what: str
    state: State
    sentence: str


def findings(settings: Settings) -> Iterator[Finding]:
    """All that is looked at, the quick things first; every file of the data folder is read."""
    yield _versions()
    yield _clock(settings.data)
    yield _memory(settings.memory_gb)
    yield _rights(settings.data)
    yield _disk(settings.data)
    yield _prefect()
    yield _review(settings.data)
    yield from _addressees(settings.notify)
    yield from _records(settings)


def _versions() -> Finding:
    found, missing = [f"Python {platform.python_version()}"], []
    for name in ("weaksignals", *LIBRARIES):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing or sys.version_info < (3, 11):
        what = f"{', '.join(missing)} not installed" if missing else "Python is older than 3.11"
        return Finding("versions", "problem", f"{what}. Install again: make .venv/.installed")
    return Finding("versions", "ok", ", ".join(found))


def _clock(data: Path) -> Finding:
    now = datetime.now(UTC)
    newest = max((found.st_mtime for above in _inside(data) for found in _known(_inside(above))), default=0)
    here = f"{now:%Y-%m-%d %H:%M} UTC, {now.astimezone(ZoneInfo('Europe/Paris')):%H:%M} in Paris"
    if newest > now.timestamp() + 60:
        return Finding("clock", "problem", f"{here}: earlier than files of the data folder. Set the machine's clock.")
    return Finding("clock", "ok", f"{here}, {now.astimezone():%H:%M %Z} on this machine")


def _memory(memory_gb: int) -> Finding:
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / GB
    told = f"{there:.1f} GB on this machine, of which the engine may use {memory_gb} (memory_gb)"
    if memory_gb > 0.8 * there:
        return Finding("memory", "warning", f"{told}. Set memory_gb to {max(int(0.6 * there), 1)} or less.")
    return Finding("memory", "ok", told)


def _rights(data: Path) -> Finding:
    if not data.exists():
        return Finding("folders", "warning", f"{data} is not there yet: the first command that writes makes it.")
    shut = [str(path) for path in (data, *data.iterdir()) if path.is_dir() and not os.access(path, os.R_OK | os.W_OK)]
    if shut:
        return Finding(
            "folders", "problem", f"Can't be read or written: {', '.join(shut)}. Give their right to this user."
        )
    return Finding("folders", "ok", f"{data.resolve()} can be read and written")


def _disk(data: Path) -> Finding:
    place = next(path for path in (data.resolve(), *data.resolve().parents) if path.exists())
    free = shutil.disk_usage(place).free / GB
    need = max(ROOM_FOR_BUILDS * _size(data / "features"), LEAST_ROOM_GB)
    told = f"{free:.1f} GB free where {data} is; a build may need {need:.1f}"
    if free < need:
        return Finding("disk", "problem", f"{told}. Make room, or give another folder with --data.")
    return Finding("disk", "ok", told)


def _size(folder: Path) -> float:
    paths = (Path(at, name) for at, _, names in os.walk(folder.resolve()) for name in names)
    return sum(found.st_size for found in _known(paths)) / GB


def _inside(folder: Path) -> list[Path]:
    """What stands in a folder; nothing where it is none, or a run has removed it meanwhile."""
    with suppress(OSError):
        return list(folder.iterdir())
    return []


def _known(paths: Iterable[Path]) -> Iterator[os.stat_result]:
    """What the system knows of those that are still there: runs go on while the doctor looks."""
    for path in paths:
        try:
            found = path.stat()
        except OSError:
            continue
        yield found


def _prefect() -> Finding:
    url = os.environ.get(prefect_server.URL)
    if url is None:
        return Finding("Prefect", "ok", f"{prefect_server.URL} is not set: each run has a server of its own")
    if prefect_server.answers(url):
        return Finding("Prefect", "ok", f"the server at {url} answers")
    return Finding(
        "Prefect", "problem", f"The server at {url} does not answer. Start it, or unset {prefect_server.URL}."
    )


def _accounts(address: sa.URL) -> int:
    engine = sa.create_engine(address)
    try:
        with engine.connect() as connection:
            return int(connection.execute(sa.text("SELECT count(*) FROM users")).scalar_one())
    finally:
        engine.dispose()


def _review(data: Path) -> Finding:
    """The database is only looked at: no table is made."""
    try:
        address = sa.make_url(read_configuration(data=data).database_url)
        shown = address.render_as_string(hide_password=True)
        if address.database and address.get_backend_name() == "sqlite" and not Path(address.database).exists():
            return Finding("review", "ok", f"no database yet: {shown} is made with the first account")
        users = _accounts(address)
        return Finding("review", "ok", f"{shown}: {users} accounts")
    except InputError as error:
        return Finding("review", "problem", str(error))
    except sa.exc.SQLAlchemyError as error:
        reason = str(error).splitlines()[0]
        return Finding("review", "problem", f"The database can't be read ({reason}). Start it, or restore its back-up.")


def _addressees(to: Addressees) -> Iterator[Finding]:
    """No message is sent: whether the servers take one is only seen."""
    if not (to.smtp_host or to.webhook_url):
        yield Finding("notifications", "ok", "[notify] names nobody: a run that fails is told where it runs alone")
    if to.smtp_host:
        server = f"the mail server {to.smtp_host}:{to.smtp_port}"
        yield _answer("mail", server, "smtp_*", to, lambda: notifying.take_mail(to))
    if to.webhook_url:
        yield _answer("webhook", "the webhook's server", "webhook_url", to, lambda: notifying.answers(to))


def _answer(what: str, server: str, key: str, to: Addressees, ask: Callable[[], object]) -> Finding:
    try:
        ask()
    # Whatever it is, it is what the operator is to look at.
    except Exception as error:
        told = f"{server[0].upper()}{server[1:]} can't be used ({notifying.reason(error, to)})"
        return Finding(what, "problem", f"{told}. Start it, or correct [notify] {key}.")
    return Finding(what, "ok", f"{server} answers")


def _records(settings: Settings) -> Iterator[Finding]:
    """The records and the tables of the data folder."""
    broken = [*_unreadable_records(settings), *(found.sentence for found in damage.damaged(settings.folder))]
    for sentence in broken:
        yield Finding("data", "problem", sentence)
    if not broken:
        snapshot = settings.folder.snapshot()
        table = f"a table of {len(snapshot.table.periods)} periods" if snapshot.table else "no table"
        model = f"the model {snapshot.champion_id} in use" if snapshot.champion_id else "no model in use"
        yield Finding("data", "ok", f"{table}, {model}, {len(snapshot.lists)} lists; every file can be read")


def _unreadable_records(settings: Settings) -> Iterator[str]:
    snapshot, models = settings.folder.snapshot(), settings.folder.models
    readers: list[Callable[[], object]] = [lambda: registry.promotions(models)]
    if snapshot.table:
        readers.append(lambda: snapshot.built.record)
    if snapshot.champion_id:
        readers.append(lambda: registry.champion(models))
    readers += [partial(registry.metrics_of, models, model_id) for model_id in registry.registered(models)]
    readers += [partial(read_reports, settings.folder.staged, source.name) for source in SOURCES]
    for read in readers:
        try:
            read()
        except InputError as error:
            yield str(error)
