"""What several commands share: where they print, how they show progress, and their options."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from features.periods import parse_period
from flows.logs import LOG, Level
from models.protocol import Progress

if TYPE_CHECKING:
    from reports.received import Remark

# On a terminal, tables fit its width; in a log they get the width that they need.
# What they print is plain text: a bracket in a path is no mark-up.
out = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 160)
err = Console(highlight=False, markup=False, stderr=True)

Data = Annotated[Path | None, typer.Option("--data", help="The data folder (WEAKSIGNALS_DATA, default ./data).")]
Engine = Annotated[str | None, typer.Option("--engine", help="duckdb (default) or spark.")]
Raw = Annotated[Path, typer.Argument(help="The folder that holds the batches, one sub-folder per delivery.")]
Batches = Annotated[
    Path | None, typer.Option("--raw", help="The folder that holds the batches (WEAKSIGNALS_RAW, default DATA/raw).")
]
Period = Annotated[str | None, typer.Option(help="The period, YYYY-MM; the last one built if not given.")]
Words = Annotated[str | None, typer.Option("--language", help="Language of the reasons: fr (default) or en.")]


@contextmanager
def progress() -> Iterator[Progress]:
    """Say what is going on: one changing line on a terminal, one line per step in a log."""
    if not err.is_terminal or LOG.format == "json":
        yield tell
        return
    with err.status("starting") as status:
        yield lambda step: status.update(Text(step))


def tell(message: str, level: Level = "info") -> None:
    """Say something to whoever watches, or reads the log; it stays on a terminal too."""
    style = "bold red" if level == "error" and LOG.format == "text" else None
    # Standard error may be closed.
    with suppress(OSError):
        err.print(LOG.line(message, level), style=style, soft_wrap=True)


def period_of(text: str | None) -> date | None:
    """A period given as YYYY-MM, or None."""
    return None if text is None else parse_period(text)


def print_remarks(found: Iterable["Remark"]) -> None:
    """What an operator should look at, one line each."""
    for remark in found:
        out.print(": ".join(filter(None, (remark.subject, remark.sentence))), soft_wrap=True)
