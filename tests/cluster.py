"""A real Spark cluster on this machine: a master and two workers, each a process of its own, as on three machines."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DEPLOY = "org.apache.spark.deploy"
WORKERS = 2


class Cluster:
    """url: of its master. Each application has an executor on each worker."""

    def __init__(self, url: str, workers: list["subprocess.Popen[bytes]"]) -> None:
        self.url, self.workers = url, workers

    def executors(self) -> list[int]:
        """The processes of the executors that run now."""
        parents = {worker.pid for worker in self.workers}
        return [pid for pid, parent in _parents() if parent in parents and "ExecutorBackend" in _command(pid)]

    def kill_an_executor(self, seconds: float = 300) -> None:
        """Kill one as a machine that loses its power would, as soon as all run."""
        end = time.monotonic() + seconds
        while len(found := self.executors()) < WORKERS:
            assert time.monotonic() < end, "no executor has begun"
            time.sleep(0.2)
        os.kill(found[0], signal.SIGKILL)


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Start it, and end it. folder: for its logs and working files."""
    pyspark = pytest.importorskip("pyspark", reason="the extra spark is not installed")
    home = Path(pyspark.__file__).parent
    # Executors import our packages, as they would where these are installed.
    environment = {**os.environ, "SPARK_HOME": str(home), "PYTHONPATH": str(ROOT), "SPARK_NO_DAEMONIZE": "1"}
    folder.mkdir(parents=True, exist_ok=True)
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str, *arguments: str) -> "subprocess.Popen[bytes]":
        command = [str(home / "bin" / "spark-class"), f"{DEPLOY}.{name}", "--host", "127.0.0.1", *arguments]
        with (folder / f"{len(started)}.log").open("wb") as log:
            started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
        return started[-1]

    try:
        port = _free_port()
        url = f"spark://127.0.0.1:{port}"
        start("master.Master", "--port", str(port), "--webui-port", "0")
        _wait_for("I have been elected leader", folder / "0.log")
        limits = ("--cores", "1", "--memory", "1g", "--webui-port", "0")
        for number in range(WORKERS):
            start("worker.Worker", *limits, "--work-dir", str(folder / f"work-{number}"), url)
        for number in range(WORKERS):
            _wait_for("Successfully registered with master", folder / f"{number + 1}.log")
        yield Cluster(url, started[1:])
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait(60)


def _wait_for(words: str, log: Path, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while words not in log.read_text(errors="replace"):
        assert time.monotonic() < end, log.read_text(errors="replace")
        time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _parents() -> Iterator[tuple[int, int]]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            yield int(path.parent.name), int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""
