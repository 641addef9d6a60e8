"""A session of Spark: on this machine, or on a cluster. What it says itself goes to a file, not to the screen."""

import atexit
import os
import socket
import sys
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from features.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import SparkSession

LOG: Final = "spark.log"
# A division by zero gives null, as in DuckDB, instead of an error.
SAME_AS_DUCKDB: Final = {"spark.sql.ansi.enabled": "false", "spark.sql.session.timeZone": "UTC"}


def session(scratch: Path, memory_gb: int, master: str) -> "SparkSession":
    """The session of this process, begun where there is none.

    memory_gb: of this process; what its executors may use is the cluster's to say. master: the URL of a cluster's
    master (spark://HOST:7077, yarn, k8s://...), or of a Spark Connect server (sc://HOST); blank for SPARK_REMOTE, or
    this machine. Log: the file LOG beside `scratch`.
    Raises InputError where PySpark is not installed, or the cluster can't be reached.
    """
    try:
        from pyspark.logger import PySparkLogger
        from pyspark.sql import SparkSession
    except ImportError:
        raise InputError(
            'The engine "spark" is not installed. Install it with: pip install "weaksignals[spark]"'
        ) from None
    # Executors run the Python that has our packages; on another machine, at the same path.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder, log = SparkSession.builder.appName("weaksignals"), scratch.resolve().parent / LOG
    if master.startswith("sc://") or (not master and "SPARK_REMOTE" in os.environ):
        builder = builder.remote(master) if master else builder
        # Ibis asks for what Spark Connect does anyway.
        warnings.filterwarnings("ignore", "'verifySchema' is ignored")
    else:
        _end_without(scratch.resolve())
        builder = builder.config(map={**_of_this_process(scratch.resolve(), memory_gb)})
        builder = builder.master(master) if master else builder
    try:
        _reach(master)
        with _saying_in(log):
            found: SparkSession = builder.getOrCreate()
        for name, value in SAME_AS_DUCKDB.items():
            found.conf.set(name, value)
        atexit.register(_end)
        # It prints each error with its Java stack before the error is raised.
        PySparkLogger.getLogger("SQLQueryContextLogger").disabled = True
    except Exception as error:
        raise InputError(
            f"Spark can't be used at {master or os.environ.get('SPARK_REMOTE', 'this machine')} "
            f"({why(error)}). Start it, or set spark_master; what it said is in {log}"
        ) from error
    return found


def _reach(master: str) -> None:
    """Raise OSError where nobody listens at a cluster's own master: Spark would try for minutes, and not say it."""
    if not master.startswith("spark://"):
        return
    hosts = [one.rpartition(":") for one in master.removeprefix("spark://").split(",")]
    for number, (host, _, port) in enumerate(hosts, start=1):
        try:
            socket.create_connection((host, int(port)), timeout=10).close()
            return
        except OSError:
            # The next one may be at work.
            if number == len(hosts):
                raise


def _end_without(scratch: Path) -> None:
    """End the session that works in another folder, or in one that was swept: what it keeps on disk is gone."""
    from pyspark.sql import SparkSession

    found = SparkSession.getActiveSession()
    if found is not None and not any(scratch.glob("blockmgr-*")):
        found.stop()


def _end() -> None:
    """End Spark before this process ends: Java would outlive it, and tell of the files that it no longer finds."""
    from pyspark.sql import SparkSession

    found: Any = SparkSession.getActiveSession()
    if found is None or not hasattr(found, "sparkContext"):
        return
    # Where Java has died, there is nothing to end.
    with suppress(Exception):
        gateway = found.sparkContext._gateway
        found.stop()
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait()


def active() -> "SparkSession":
    """The session that was begun."""
    from pyspark.sql import SparkSession

    found = SparkSession.getActiveSession()
    if found is None:
        raise InputError("Spark has ended. The same command starts it again.")
    return found


def view_of(paths: list[str], base: str) -> str:
    """The name of a view on Parquet files below `base`, whose folders tell columns: name=value."""
    name = f"files_{uuid.uuid4().hex}"
    active().read.option("basePath", base).parquet(*paths).createOrReplaceTempView(name)
    return name


def to_arrow(query: str) -> "pa.Table":
    """The rows that a query gives, in its order."""
    return active().sql(query).toArrow()


def why(error: BaseException) -> str:
    """The one line of an error that tells its cause: Spark wraps it into the stacks of two languages."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(("at ", "File ", "Traceback", "JVM stacktrace", "..."))]
    causes = [line for line in told if line.startswith(("Caused by: ", ": ")) or _is_of_python(line)]
    cause = causes[-1] if causes else (told or [type(error).__name__])[0]
    return cause.removeprefix("Caused by").removeprefix(": ").rstrip(".:")


def _is_of_python(line: str) -> bool:
    name, colon, _ = line.partition(": ")
    return bool(colon) and name.replace(".", "").isidentifier() and name.endswith(("Error", "Exception"))


def _of_this_process(scratch: Path, memory_gb: int) -> dict[str, str]:
    return {
        "spark.driver.memory": f"{memory_gb}g",
        # What is asked for is bounded by whoever asks: rows to train on, by `max_training_rows`.
        "spark.driver.maxResultSize": "0",
        "spark.local.dir": str(scratch),
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.ui.enabled": "false",
    }


@contextmanager
def _saying_in(log: Path) -> Iterator[None]:
    """Have the processes that are started within print to a file: Java's would print to our screen until they end."""
    streams = (1, 2)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    own = [os.dup(number) for number in streams]
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        for number in streams:
            os.dup2(target, number)
        yield
    finally:
        for number, former in zip(streams, own, strict=True):
            os.dup2(former, number)
            os.close(former)
        os.close(target)
