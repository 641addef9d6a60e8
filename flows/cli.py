"""The command line: parse, call, print. An InputError becomes one sentence and exit code 1."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from features import store
from features.errors import InputError
from features.ingest import FileReport
from features.periods import parse_period
from flows import stages
from flows.settings import Settings, load

app = typer.Typer(
    help="Joins partners' files into the monthly feature table that risk is read from.",
    no_args_is_help=True,
    add_completion=False,
)
# A log is as wide as its tables need; a terminal is as wide as it is.
out = Console(width=None if sys.stdout.isatty() else 160)
err = Console(stderr=True)

Data = Annotated[Path | None, typer.Option("--data", help="The data folder (WEAKSIGNALS_DATA, default ./data).")]
Engine = Annotated[str | None, typer.Option("--engine", help="duckdb (default) or spark.")]
Raw = Annotated[Path, typer.Argument(help="The folder that holds the batches, one sub-folder a delivery.")]


def main() -> None:
    """Entry point of the `weaksignals` command."""
    try:
        app()
    except InputError as error:
        err.print(str(error), style="bold red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        err.print("Stopped. What was published stays as it was; the same command starts again.")
        sys.exit(130)


@contextmanager
def progress() -> Iterator[stages.Progress]:
    """Say what is going on: one moving line on a terminal, a line a step in a log."""
    if not err.is_terminal:
        yield lambda step: err.print(step, markup=False, highlight=False, soft_wrap=True)
        return
    with err.status("starting") as status:
        yield lambda step: status.update(step)


def period_of(text: str | None) -> date | None:
    """A period given as YYYY-MM, or None."""
    return None if text is None else parse_period(text)


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="The folder in which the batch is written.")],
    firms: Annotated[int, typer.Option(help="How many firms.")] = 2000,
    end: Annotated[str, typer.Option(help="Month of the delivery, YYYY-MM.")] = "2024-01",
    seed: Annotated[int, typer.Option(help="Equal seeds give equal files.")] = 0,
) -> None:
    """Write a simulated economy in the partners' formats, to try the pipeline on: no firm in it is real."""
    with progress() as say:
        batch = stages.simulate(folder, firms, parse_period(end), seed, say)
    out.print(f"Simulated files of {firms:,} firms, of no real one: {batch}", soft_wrap=True)


@app.command()
def ingest(raw: Raw, data: Data = None, engine: Engine = None) -> None:
    """Read the batches under RAW into staged/, and what is wrong with them into rejects/."""
    settings = load(data=data, engine=engine)
    with store.locked(settings.data), progress() as say:
        reports = stages.ingest(settings, raw, say)
    print_ingested(reports, settings)


@app.command()
def build(
    start: Annotated[str | None, typer.Option(help="First period, YYYY-MM.")] = None,
    end: Annotated[str | None, typer.Option(help="Last period, YYYY-MM.")] = None,
    data: Data = None,
    engine: Engine = None,
) -> None:
    """Build the monthly feature table from staged/ into features/."""
    settings = load(data=data, engine=engine)
    with store.locked(settings.data), progress() as say:
        built = stages.build(settings, period_of(start), period_of(end), say)
    out.print(
        f"{built.rows:,} rows of {built.firms:,} firms, {built.start:%Y-%m} to {built.end:%Y-%m}: {built.folder}",
        soft_wrap=True,
    )
    if built.absent:
        out.print(f"Never delivered, so their features are unknown: {', '.join(built.absent)}.", soft_wrap=True)


def print_ingested(reports: list[FileReport], settings: Settings) -> None:
    """One line a file: what was read, kept and rejected."""
    table = Table(
        "source", "file", *(("lines", "kept", "rejected", "unread cells")), "first", "last", "firms", "wrong keys"
    )
    for r in reports:
        counts = [f"{n:,}" for n in (r.lines, r.kept, r.rejected, r.unread_cells)]
        table.add_row(
            r.source, f"{r.batch}/{r.file}", *counts, str(r.first), str(r.last), f"{r.firms:,}", f"{r.wrong_keys:,}"
        )
    out.print(table)
    for r in reports:
        if r.unlisted:
            words = ", ".join(f"{word} ({n:,})" for word, n in r.unlisted.items())
            out.print(f"{r.source}: words that we don't know, not guessed: {words}.", markup=False, soft_wrap=True)
    out.print(f"Typed records: {settings.staged}. Rejected lines and cells: {settings.rejects}.", soft_wrap=True)
