"""Prefect's server: the one that PREFECT_API_URL names, else a temporary one, which ends when this process does.

Prefect would start one itself, but that one outlives a run that is killed, and its start can't be overlapped.
Run as a program (`python -m flows.prefect_server PORT`), this is the temporary server.
"""

import atexit
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from flows.logs import LOG

HERE: Final = "127.0.0.1"
URL: Final = "PREFECT_API_URL"
# A busy machine takes its time to start a server.
START_SECONDS, ANSWER_SECONDS = 300, 10
# Nothing is sent out, and a failure is printed once, as a sentence, by the command line.
DEFAULTS: Final = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # A server that is lost costs seconds, not minutes, and one sentence: not what Prefect's own threads say of it.
    "PREFECT_CLIENT_MAX_RETRIES": "2",
    "PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL",
}
OF_A_TEMPORARY_SERVER: Final = {
    "PREFECT_UI_ENABLED": "0",
    # What Prefect itself sets for such a server.
    "PREFECT__SERVER_EPHEMERAL": "1",
    "PREFECT__SERVER_FINAL": "1",
}


# Nobody reads the logs of a temporary server, or of its runs: commands tell what they do.
CONSOLE: Final = ("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
SILENT: Final = {CONSOLE[0]: CONSOLE[1], "PREFECT_LOGGING_TO_API_ENABLED": "false"}


def start(home: Path, port: int | None = None) -> Callable[[], str]:
    """Set the environment up, before Prefect is imported, and start a server where none is named.

    home: where a server of our own keeps what it knows. port: where it listens, with its pages; if not given, it is a
    temporary one, without. Either ends with this process. Returns a function that waits for the server, and says why it
    can't be reached; blank where it can.
    """
    home.mkdir(parents=True, exist_ok=True)
    for name, value in {**DEFAULTS, "PREFECT_HOME": str(home)}.items():
        os.environ.setdefault(name, value)
    if LOG.format == "json":
        # Lines of Prefect's own would stand between ours.
        os.environ.setdefault(*CONSOLE)
    if URL in os.environ:
        url = os.environ[URL]
        return lambda: "" if answers(url) else f"Prefect's server at {url} does not answer."
    for name, value in ({} if port else SILENT).items():
        os.environ.setdefault(name, value)
    own, port = {} if port else OF_A_TEMPORARY_SERVER, port or _free_port()
    server = subprocess.Popen(  # noqa: S603 - this module, by this interpreter
        [sys.executable, "-m", "flows.prefect_server", str(port)],
        # It reads this to its end, which comes when this process ends: then it ends too.
        stdin=subprocess.PIPE,
        env={**os.environ, **own},
    )
    # Registered before Prefect is imported, so run after Prefect has sent its last records.
    atexit.register(_stop, server)
    url = os.environ[URL] = f"http://{HERE}:{port}/api"
    return lambda: "" if _has_started(server, url) else "Prefect's server did not start."


def pages() -> str:
    """The address of the pages of the server in use."""
    return os.environ[URL].removesuffix("/api")


def _stop(server: "subprocess.Popen[bytes]") -> None:
    server.kill()
    server.communicate()


def _has_started(server: "subprocess.Popen[bytes]", url: str) -> bool:
    until = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < until:
        if answers(url):
            return True
        time.sleep(0.1)
    return False


def answers(url: str) -> bool:
    """Whether a server answers at the address of its API."""
    try:
        with urlopen(f"{url}/health", timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - the operator's own address
            return bool(answer.status == 200)
    except (URLError, OSError, ValueError):
        return False


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((HERE, 0))
        port: int = found.getsockname()[1]
        return port


def _end_with_the_one_who_started_it() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def _let_schedules_insert_runs() -> None:
    """Have SQLAlchemy pass over the state of the runs that Prefect's scheduler inserts: it is no column.

    SQLAlchemy 2.0 does so; 2.1 refuses unless it is told what to do with it, which Prefect 3.8 does not: none of its
    schedules starts a run then.
    """
    from prefect.server.database.orm_models import FlowRun, TaskRun

    for kind in (FlowRun, TaskRun):
        kind.__mapper__.all_orm_descriptors["state"].bulk_dml_setter = lambda *_: None  # type: ignore[attr-defined]


def main() -> None:
    """Serve until the standard input ends."""
    import uvicorn

    _let_schedules_insert_runs()
    threading.Thread(target=_end_with_the_one_who_started_it, daemon=True).start()
    uvicorn.run(
        "prefect.server.api.server:create_app", factory=True, host=HERE, port=int(sys.argv[1]), log_level="error"
    )


if __name__ == "__main__":
    main()
