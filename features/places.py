"""What is published, put where a cluster reads it too: s3://, hdfs:// or file://, whole or not at all.

Objects can't be renamed, and a link can't be replaced. So each version stands under `.versions/` in a folder of its
own, and a small file, `NAME.json`, names the newest: it is written last, at once. Readers resolve through it; the
version before stays for those that have begun to read it.
"""

import json
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from pyarrow import fs

from features.errors import InputError
from features.store import VERSIONS, digest

MANIFEST: Final = ".json"


@dataclass(frozen=True)
class Version:
    """The newest version of what is published at a URL. files: the SHA-256 of each, by its path in the version."""

    name: str
    files: Mapping[str, str]


def below(url: str, name: str) -> str:
    """The URL of what has that name below another; what follows a question mark, such as an endpoint, stays last."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}"))


def publish(folder: Path, url: str) -> None:
    """Put the files of a folder at a URL, in place of what is there: readers see either, never a mixture.

    What the version before holds too is copied within the store. One writer at a time.
    Raises InputError where the URL is of no store that is known; OSError where the store refuses.
    """
    store, place = _opened(url)
    former, fresh = current(url), Version(f"{_name(place)}-{uuid.uuid4().hex}", _files(folder))
    store.create_dir(_folder(place, fresh))
    for name in sorted({name.rpartition("/")[0] for name in fresh.files} - {""}):
        store.create_dir(f"{_folder(place, fresh)}/{name}")
    for name, sha256 in fresh.files.items():
        target = f"{_folder(place, fresh)}/{name}"
        if former and former.files.get(name) == sha256:
            store.copy_file(f"{_folder(place, former)}/{name}", target)
        else:
            with (folder / name).open("rb") as source, store.open_output_stream(target) as written:
                shutil.copyfileobj(source, written)
    beside = f"{_folder(place, fresh)}{MANIFEST}"
    with store.open_output_stream(beside) as written:
        written.write(json.dumps(asdict(fresh)).encode())
    store.move(beside, place + MANIFEST)
    _remove_others(store, place, {one.name for one in (former, fresh) if one})


def current(url: str) -> Version | None:
    """The version that is published at a URL, None where there is none."""
    store, place = _opened(url)
    try:
        with store.open_input_stream(place + MANIFEST) as content:
            found = json.loads(content.read())
    except FileNotFoundError:
        return None
    return Version(found["name"], found["files"])


def resolved(url: str) -> str:
    """The URL of the folder of the version that is published now, to be read by whoever reads URLs.

    Raises InputError where there is none.
    """
    found = current(url)
    if found is None:
        raise InputError(f"Nothing is published at {url}. Set publish_url to the folder above, and run again.")
    above, _, _ = urlsplit(url).path.rstrip("/").rpartition("/")
    return below(urlunsplit(urlsplit(url)._replace(path=above)), f"{VERSIONS}/{found.name}")


def _opened(url: str) -> tuple[fs.FileSystem, str]:
    try:
        store, place = fs.FileSystem.from_uri(url)
    except (ValueError, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise InputError(f"{url} can't be used ({reason}). Give an s3://, hdfs:// or file:// URL.") from None
    return store, place.rstrip("/")


def _name(place: str) -> str:
    return place.rpartition("/")[2]


def _versions(place: str) -> str:
    return f"{place.rpartition('/')[0]}/{VERSIONS}"


def _folder(place: str, version: Version) -> str:
    return f"{_versions(place)}/{version.name}"


def _files(folder: Path) -> dict[str, str]:
    root = folder.resolve()
    return {path.relative_to(root).as_posix(): digest(path) for path in sorted(root.rglob("*")) if path.is_file()}


def _remove_others(store: fs.FileSystem, place: str, kept: set[str]) -> None:
    """Remove older versions, and what a killed run left behind."""
    name, length = f"{_name(place)}-", len(uuid.uuid4().hex)
    for one in store.get_file_info(fs.FileSelector(_versions(place), allow_not_found=True)):
        is_ours = one.base_name.startswith(name) and len(one.base_name) == len(name) + length
        if is_ours and one.base_name not in kept:
            store.delete_dir(one.path)
