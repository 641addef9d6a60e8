"""The real command line, each command in a process of its own, with a history and an evaluation as short as serve.

A command that is only waited for is forked from a process that has loaded the libraries: that saves seconds for each.
"""

import atexit
import functools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-W", "ignore", "-c", "from flows.cli import main; main()"]
FORKED = [sys.executable, "-W", "ignore", "-m", "tests.forked"]
SMALL = {
    "WEAKSIGNALS_REFITS": "1",
    "WEAKSIGNALS_ORIGINS": "1",
    "WEAKSIGNALS_HISTORY_MONTHS": "66",
    "WEAKSIGNALS_EVERY_MONTHS": "6",
}
# A run goes on without Prefect's server: the demo and test_prefect_server.py start one, which takes ten seconds.
NO_SERVER = {"PREFECT_API_URL": "http://127.0.0.1:9/api"}


def started(*arguments: object, variables: dict[str, str] | None = None, **options: Any) -> "subprocess.Popen[str]":
    """A command that goes on; both its outputs are kept unless `options` say otherwise."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    environment = {**os.environ, **SMALL, **(variables or {})}
    return subprocess.Popen([*COMMAND, *map(str, arguments)], text=True, env=environment, **streams)


def killed_while(run: "subprocess.Popen[str]", is_so: Callable[[], bool]) -> None:
    """Kill a command as soon as something is so, which it has to be before the command ends."""
    while not is_so():
        assert run.poll() is None, run.communicate()
        time.sleep(0.002)
    run.kill()
    run.communicate()


def weaksignals(*arguments: object, variables: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """A command that has ended, with what it printed; without Prefect's server."""
    given = [str(argument) for argument in arguments]
    environment = {**os.environ, **SMALL, **NO_SERVER, **(variables or {})}
    with tempfile.TemporaryDirectory() as folder:
        shown, said = Path(folder, "shown"), Path(folder, "said")
        asked = {
            "arguments": given,
            "in": str(Path.cwd()),
            "variables": environment,
            "out": str(shown),
            "err": str(said),
        }
        server = _server()
        print(json.dumps(asked), file=server.stdin, flush=True)
        code = int(server.stdout.readline())
        return subprocess.CompletedProcess(given, code, shown.read_text(), said.read_text())


@functools.cache
def _server() -> "subprocess.Popen[str]":
    """The process that commands are forked from; it ends with the tests, when nobody can ask it any more."""
    server = subprocess.Popen(FORKED, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    atexit.register(server.communicate)
    return server
