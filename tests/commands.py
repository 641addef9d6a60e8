"""The real command line, each command in a process of its own, with a history and an evaluation as short as serve."""

import os
import subprocess
import sys
from typing import Any

COMMAND = [sys.executable, "-W", "ignore", "-c", "from flows.cli import main; main()"]
SMALL = {"WEAKSIGNALS_REFITS": "1", "WEAKSIGNALS_ORIGINS": "1", "WEAKSIGNALS_HISTORY_MONTHS": "84"}


def started(*arguments: object, variables: dict[str, str] | None = None, **options: Any) -> "subprocess.Popen[str]":
    """A command that goes on; both its outputs are kept unless `options` say otherwise."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    environment = {**os.environ, **SMALL, **(variables or {})}
    return subprocess.Popen([*COMMAND, *map(str, arguments)], text=True, env=environment, **streams)


def weaksignals(*arguments: object) -> "subprocess.CompletedProcess[str]":
    """A command that has ended, with what it printed."""
    run = started(*arguments)
    shown, said = run.communicate(timeout=900)
    return subprocess.CompletedProcess(run.args, run.returncode, shown, said)
