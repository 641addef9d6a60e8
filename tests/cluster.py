"""A real Spark cluster on this machine: a master and two workers, each a process of its own, as on three machines."""

import os
import signal
import socket
import subprocess
import sys
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


class Processes:
    """Processes of Spark, each with its log in a folder."""

    def __init__(self, folder: Path) -> None:
        pyspark = pytest.importorskip("pyspark", reason="the extra spark is not installed")
        self.folder, self.home = folder, Path(pyspark.__file__).parent
        self.started: list[subprocess.Popen[bytes]] = []
        folder.mkdir(parents=True, exist_ok=True)

    def start(self, program: str, *arguments: str) -> Path:
        """Start one; returns its log."""
        # Executors import our packages, as they would where these are installed.
        environment = {
            **os.environ,
            "SPARK_HOME": str(self.home),
            "PYTHONPATH": str(ROOT),
            "PYSPARK_PYTHON": sys.executable,
            "SPARK_NO_DAEMONIZE": "1",
        }
        path = self.folder / f"{len(self.started)}.log"
        with path.open("wb") as log:
            command = [str(self.home / "bin" / program), *arguments]
            self.started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
        return path

    def end(self) -> None:
        """End all, the last first."""
        for process in reversed(self.started):
            process.terminate()
        for process in self.started:
            process.wait(60)


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Start it, and end it. folder: for its logs and working files."""
    processes = Processes(folder)

    def start(name: str, *arguments: str) -> Path:
        return processes.start("spark-class", f"{DEPLOY}.{name}", "--host", "127.0.0.1", *arguments)

    try:
        port = _free_port()
        url = f"spark://127.0.0.1:{port}"
        _wait_for("I have been elected leader", start("master.Master", "--port", str(port), "--webui-port", "0"))
        limits = ("--cores", "1", "--memory", "1g", "--webui-port", "0")
        logs = [start("worker.Worker", *limits, "--work-dir", str(folder / f"work-{n}"), url) for n in range(WORKERS)]
        for log in logs:
            _wait_for("Successfully registered with master", log)
        yield Cluster(url, processes.started[1:])
    finally:
        processes.end()


@contextmanager
def connect_server(folder: Path) -> Iterator[Cluster]:
    """A Spark Connect server with executors of its own; it knows nothing of whoever connects but their plans."""
    processes, port = Processes(folder), _free_port()
    (jar,) = (processes.home / "jars").glob("spark-connect_*.jar")
    try:
        log = processes.start(
            "spark-submit",
            *("--master", f"local[{WORKERS}]", "--driver-memory", "2g"),
            *("--class", "org.apache.spark.sql.connect.service.SparkConnectServer"),
            *("--conf", f"spark.connect.grpc.binding.port={port}", "--conf", "spark.ui.enabled=false"),
            str(jar),
        )
        _wait_for("Spark Connect server started", log)
        yield Cluster(f"sc://127.0.0.1:{port}", [])
    finally:
        processes.end()


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
