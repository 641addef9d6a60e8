"""Runs commands that it is asked for, one a line, each in a fork of itself that has the libraries loaded; see commands.

Nothing but imports is done before the fork: no thread, no connection. Prefect is left to the commands that use it, since
it reads its settings when it is imported.
"""

import atexit
import gc
import importlib
import json
import os
import signal
import sys
import time
from typing import Any

LOADED = ("flows.cli", "flows.stages", "flows.modelling", "flows.listing", "flows.rebuild", "ibis.backends.duckdb")
LIBRARIES = ("sklearn.ensemble", "sklearn.linear_model", "sqlalchemy.dialects.sqlite", "alembic.command")
SECONDS = 900


def serve() -> dict[str, Any] | None:
    """Answer each line with the exit code of its command; in the fork, what is asked of it; at the end, None."""
    for name in (*LOADED, *LIBRARIES):
        importlib.import_module(name)
    assert not any(name in sys.modules for name in ("prefect", "flows.monthly"))
    # What is loaded is never looked at again for garbage: each fork would copy it to do so.
    gc.freeze()
    while line := sys.stdin.readline():
        child = os.fork()
        if not child:
            return json.loads(line)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(f"{code}\n")
        sys.stdout.flush()
    return None


def run(asked: dict[str, Any]) -> None:
    """Be the command: its folder, variables, outputs and arguments; it ends as it does by itself."""
    signal.alarm(SECONDS)
    os.chdir(asked["in"])
    os.environ.clear()
    os.environ.update(asked["variables"])
    time.tzset()
    for number, path in ((0, os.devnull), (1, asked["out"]), (2, asked["err"])):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), number)
    # DuckDB's binding reports "leaks" of what is loaded here, and not in a process that needs no engine.
    atexit.register(lambda: os.dup2(os.open(os.devnull, os.O_WRONLY), 2))
    sys.argv = ["weaksignals", *asked["arguments"]]
    from flows.cli import main

    main()


if __name__ == "__main__":
    if asked := serve():
        run(asked)
    else:
        os._exit(0)
