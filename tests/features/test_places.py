"""What is published stands in an object store whole or not at all, and others read it there: a real S3 server."""

import os
import signal
import socket
import subprocess
import sys
import time

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from fsspec.implementations.arrow import ArrowFSWrapper
from pyarrow import fs

from features.errors import InputError
from features.folder import FeatureTable
from features.places import below, current, publish, resolved
from features.store import new_folder
from tests.economy import made_once

SERVER = "from moto.server import main; main(['-H', '127.0.0.1', '-p', {port!r}])"
PUBLISH = (
    "import sys; from pathlib import Path; from features.places import publish; publish(Path({folder!r}), {url!r})"
)
KEYS = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": "eu-west-3"}


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    """The URL of an empty bucket, on a server of its own process."""
    pytest.importorskip("moto", reason="moto is not installed")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
    with (tmp_path_factory.mktemp("s3") / "log").open("wb") as log:
        server = subprocess.Popen([sys.executable, "-c", SERVER.format(port=port)], stdout=log, stderr=log)
    url = f"s3://lists?endpoint_override=http%3A%2F%2F127.0.0.1%3A{port}&region=eu-west-3"
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in KEYS.items():
                patch.setenv(name, value)
            end = time.monotonic() + 120
            while not answers(int(port)):
                assert server.poll() is None
                assert time.monotonic() < end
                time.sleep(0.2)
            fs.FileSystem.from_uri(f"{url}&allow_bucket_creation=true")[0].create_dir("lists")
            yield url
    finally:
        server.terminate()
        server.wait(60)


def answers(port):
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def table(folder, months, debt):
    """A feature table as it is published, of one firm."""
    with new_folder(folder) as fresh:
        for month in months:
            part = fresh / f"period={month}"
            part.mkdir()
            pq.write_table(pa.table({"siren": ["552100554"], "debt": [debt]}), part / "part-0.parquet")
        (fresh / "build.json").write_text(f'{{"debt": {debt}}}')
    return folder


def rows(url):
    store, path = fs.FileSystem.from_uri(resolved(url))
    read = ds.dataset(f"{path}/", filesystem=store, format="parquet", partitioning="hive", exclude_invalid_files=True)
    return sorted(zip(*(read.to_table()[name].to_pylist() for name in ("period", "debt")), strict=True))


def test_a_table_published_in_an_object_store_is_read_back_by_pyarrow_and_duckdb(bucket, tmp_path_factory):
    url, built = below(bucket, "read/features"), FeatureTable((made_once(tmp_path_factory) / "features").resolve())
    publish(built.folder, url)
    store, path = fs.FileSystem.from_uri(resolved(url))
    last = built.periods[-1]
    there = pq.read_table(f"{path}/period={last}", filesystem=store, partitioning=None)
    assert there.equals(pq.read_table(built.part(last), partitioning=None))
    con = duckdb.connect()
    con.register_filesystem(ArrowFSWrapper(store))
    count = "SELECT period, count(*), sum(debt) FROM read_parquet(?) GROUP BY period ORDER BY period"
    found = con.execute(count, [f"s3://{path}/period=*/*.parquet"]).fetchall()
    assert found == con.execute(count, [f"{built.folder}/period=*/*.parquet"]).fetchall()
    assert len(found) == len(built.periods)


def test_a_new_version_replaces_the_former_which_stays_for_those_who_read_it(bucket, tmp_path):
    url = below(bucket, "again/features")
    publish(table(tmp_path / "features", ["2024-01-01"], 1.0), url)
    first = resolved(url)
    for debt in (2.0, 3.0):
        before = resolved(url)
        publish(table(tmp_path / "features", ["2024-01-01", "2024-02-01"], debt), url)
        assert rows(url) == [("2024-01-01", debt), ("2024-02-01", debt)]
        assert versions(url) == {before.partition("?")[0], resolved(url).partition("?")[0]}
    assert first.partition("?")[0] not in versions(url)


def versions(url):
    store, path = fs.FileSystem.from_uri(below(url, ".."))
    folder = path.removesuffix("/features/..")
    return {f"s3://{one.path}" for one in store.get_file_info(fs.FileSelector(f"{folder}/.versions"))}


def test_a_publication_that_is_killed_leaves_the_former_version_and_the_next_one_removes_its_remains(bucket, tmp_path):
    url = below(bucket, "killed/features")
    publish(table(tmp_path / "features", ["2024-01-01"], 1.0), url)
    before = versions(url)
    months = [f"{year}-{month:02d}-01" for year in range(1980, 2024) for month in range(1, 13)]
    other = table(tmp_path / "other" / "features", months, 2.0)
    run = subprocess.Popen([sys.executable, "-c", PUBLISH.format(folder=str(other), url=url)], env={**os.environ})
    end = time.monotonic() + 120
    while versions(url) == before:
        assert time.monotonic() < end
    assert run.poll() is None
    run.send_signal(signal.SIGKILL)
    run.wait(60)
    assert rows(url) == [("2024-01-01", 1.0)]
    assert len(versions(url)) == 2
    publish(table(tmp_path / "features", ["2024-01-01"], 3.0), url)
    assert rows(url) == [("2024-01-01", 3.0)]
    assert len(versions(url)) == 2


def test_a_folder_of_the_machine_is_a_place_too(tmp_path):
    url = (tmp_path / "shared" / "features").as_uri()
    assert current(url) is None
    with pytest.raises(InputError, match="Nothing is published at"):
        resolved(url)
    for debt in (1.0, 2.0):
        publish(table(tmp_path / "features", ["2024-01-01"], debt), url)
        assert rows(url) == [("2024-01-01", debt)]


def test_a_place_that_is_none_is_told(tmp_path):
    with pytest.raises(InputError, match=r"ftp://here can't be used .* Give an s3://"):
        publish(tmp_path, "ftp://here")
