"""The command line: parse, call, print. What fails becomes one sentence and a non-zero exit code.

What a command needs is imported by the command: asking for help, or adding an account, loads no table and no model.
"""

import atexit
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from features import store
from features.errors import InputError
from features.periods import parse_period
from flows import failures, laboratory, operation, review, upkeep, users
from flows.lineage import lineage
from flows.settings import Settings, load
from flows.terminal import (
    Batches,
    Data,
    Engine,
    Period,
    Raw,
    Words,
    out,
    period_of,
    print_remarks,
    progress,
    tell,
)
from models.protocol import Progress

app = typer.Typer(
    help="Finds the firms likely to fail within 18 months while help still works, and says why for each.",
    no_args_is_help=True,
    add_completion=False,
)
app.add_typer(laboratory.bench, name="bench")
app.add_typer(laboratory.models, name="models")
app.add_typer(users.users, name="users")
app.add_typer(review.verdicts, name="verdicts")
app.add_typer(review.wrong_data, name="wrong-data")
app.add_typer(review.follow_ups, name="follow-ups")
app.command()(laboratory.tune)
app.command()(laboratory.dictionary)
app.command("review")(review.serve)
app.command()(lineage)
app.command()(review.contest)
app.command()(operation.serve)
app.command()(operation.settings)
app.command()(operation.doctor)
app.command()(operation.runs)
app.command()(upkeep.gc)
app.command()(upkeep.backup)
app.command()(upkeep.restore)


def main() -> None:
    """Entry point of the `weaksignals` command."""
    with failures.told(lambda sentence: tell(sentence, "error")):
        app()


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="The folder in which the batch is written.")],
    firms: Annotated[int, typer.Option(help="How many firms.")] = 2000,
    end: Annotated[str, typer.Option(help="Month of the delivery, YYYY-MM.")] = "2024-01",
    seed: Annotated[int, typer.Option(help="Equal seeds give equal files.")] = 0,
) -> None:
    """Write a simulated economy in the partners' formats, to try the pipeline on: no firm in it is real."""
    from flows import stages

    with progress() as say:
        batch = stages.simulate(folder, firms, parse_period(end), seed, say)
    out.print(f"Simulated files of {firms:,} firms, none of them real: {batch}", soft_wrap=True)


@app.command()
def ingest(raw: Raw, data: Data = None, engine: Engine = None) -> None:
    """Read the batches under RAW into staged/; what can't be read goes to rejects/, with the reason."""
    from flows import deliveries

    settings = load(data=data, engine=engine)
    with store.locked(settings.data), progress() as say:
        deliveries.check(settings, raw)
        # Loaded once the deliveries may be read: it takes seconds.
        from flows import printing, stages

        received = stages.ingest(settings, raw, say)
    printing.print_received(received, settings)


@app.command()
def inbox(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder in which partners drop their files.")],
    raw: Batches = None,
    run: Annotated[
        bool, typer.Option("--run", help="Start the month's run where its sources are there, or its day has come.")
    ] = False,
    accept: Annotated[
        list[str] | None, typer.Option(help="File this one although its figures are unusual: they were looked at.")
    ] = None,
    received: Annotated[str | None, typer.Option(help="Day on which they were received, YYYY-MM-DD; today.")] = None,
    simulated: Annotated[bool, typer.Option("--simulated", help="The files are of made-up firms.")] = False,
    data: Data = None,
) -> None:
    """File what lies in DIR into the batches, with manifests; what can't be right goes to quarantine, with why."""
    from flows import due
    from flows.inbox import Inbox, tell_of_quarantine, time_of

    settings = load(data=data, raw=raw)
    with store.locked(settings.data), progress() as say:
        at = Inbox(settings, folder, settings.batches, time_of(received), accept or (), simulated, say)
        arrivals, day = at.take_in(), at.day
        month = due.month_there(settings, settings.batches) if at.batches() else None
    why = due.why_due(settings, month, day) if month and run else ""
    operation.print_inbox(arrivals, tell_of_quarantine(settings, arrivals), month, why)
    if month and why:
        with due.remembered(settings, month):
            run_month(settings, settings.batches, f"{month.period:%Y-%m}")


@app.command()
def build(
    start: Annotated[str | None, typer.Option(help="First period, YYYY-MM.")] = None,
    end: Annotated[str | None, typer.Option(help="Last period, YYYY-MM.")] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Build these periods anew where they are built already: rewrite the past.")
    ] = False,
    data: Data = None,
    engine: Engine = None,
) -> None:
    """Build the periods that features/ lacks from staged/; those that are built stay as they are."""
    from flows import printing, stages

    settings = load(data=data, engine=engine)
    first, last = period_of(start), period_of(end)
    with store.locked(settings.data), progress() as say:
        if rebuild:
            printing.print_plan(stages.planned(settings, first, last, rebuild)[1])
        built = stages.build(settings, first, last, say, rebuild)
    printing.print_built(built)


@app.command()
def train(
    as_of: Annotated[str | None, typer.Option(help="Train on what was known in that month, YYYY-MM.")] = None,
    data: Data = None,
    engine: Engine = None,
) -> None:
    """Train, evaluate and register a model on features/."""
    from flows import modelling, printing

    settings = load(data=data, engine=engine)
    with store.locked(settings.data), progress() as say:
        trained = modelling.train(settings, period_of(as_of), say)
    printing.print_trained(trained, settings)


@app.command()
def score(period: Period = None, language: Words = None, data: Data = None, engine: Engine = None) -> None:
    """Score a period with the model in use; publish scores, contributions and the list."""
    from flows import listing, printing

    settings = load(data=data, engine=engine, language=language)
    with store.locked(settings.data), progress() as say:
        scored = listing.score(settings, period_of(period), say)
    printing.print_scored(scored)


@app.command()
def monitor(period: Period = None, language: Words = None, data: Data = None, engine: Engine = None) -> None:
    """Write the monitoring page: inputs, alerts, and what became of the firms of past lists."""
    from flows import listing, printing

    settings = load(data=data, engine=engine, language=language)
    with store.locked(settings.data), progress() as say:
        monitored = listing.monitor(settings, period_of(period), say)
    printing.print_monitored(monitored)


@app.command()
def run(raw: Raw, period: Period = None, language: Words = None, data: Data = None, engine: Engine = None) -> None:
    """From the batches under RAW to the published list, as one flow; where there is no model yet, one is trained."""
    from flows import deliveries, journal

    settings = load(data=data, engine=engine, language=language)
    given = period and f"{parse_period(period):%Y-%m}"
    with store.locked(settings.data), journal.end_recorded(journal.begun(settings, "monthly", period_of(period))):
        print_remarks(deliveries.check(settings, raw))
    run_month(settings, raw, given)


def run_month(settings: Settings, raw: Path, period: str | None) -> None:
    """The monthly run as a flow, and what it gave."""
    with progress() as say:
        scored, monitored = _as_flow("monthly", settings, say, raw=str(raw), period=period)
    # Loaded once the deliveries were read: it takes seconds.
    from flows import printing

    printing.print_monitored(monitored)
    printing.print_scored(scored)


@app.command()
def rebuild(
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="The month of the list, YYYY-MM.")],
    raw: Batches = None,
    data: Data = None,
) -> None:
    """Make a published list again from the files and the model that it was made of, and compare it byte for byte."""
    atexit.register(_end_silently)
    from flows import rebuild as room

    settings, month = load(data=data, raw=raw), parse_period(period)
    with store.locked(settings.data), progress() as say:
        made = room.rebuild(settings, settings.batches, month, say)
    for sentence in (*made.why, *(f"{name} was altered since it was published." for name in made.altered)):
        out.print(sentence, soft_wrap=True)
    if made.other:
        raise InputError(
            f"The list of {month:%Y-%m} made again is another: {', '.join(made.other)}. "
            f"{'See above. ' if made.why or made.altered else room.SAME}It is in {made.folder}"
        )
    out.print(
        f"The same bytes in all {len(made.same)} files of the list of {month:%Y-%m}: {made.folder}", soft_wrap=True
    )


@app.command()
def demo(
    firms: Annotated[int, typer.Option(help="How many firms.")] = 2000,
    end: Annotated[str, typer.Option(help="Month of the simulated delivery, YYYY-MM.")] = "2024-01",
    seed: Annotated[int, typer.Option(help="Equal seeds give equal lists.")] = 0,
    picture: Annotated[Path | None, typer.Option(help="Also draw the top of the list there, as SVG.")] = None,
    language: Words = None,
    data: Data = None,
    engine: Engine = None,
) -> None:
    """Simulate an economy in DATA/demo, run everything on it, and show the top of the list with its reasons."""
    from flows import printing
    from reports.language import Language

    root = load(data=data).data / "demo"
    settings = load(data=root, engine=engine, language=language)
    texts = {"firms": firms, "end": f"{parse_period(end):%Y-%m}", "seed": seed}
    with progress() as say:
        scored, _ = _as_flow("demo", settings, say, **texts)
    printing.print_top(scored.ranked, Language(settings.language))
    printing.print_scored(scored)
    if picture:
        store.write_text(picture, printing.drawn_top(scored.ranked, Language(settings.language)))


def _as_flow(name: str, settings: Settings, say: Progress, **texts: Any) -> Any:
    """Run one of the flows by Prefect, or bare where its server can't be reached and the settings allow it.

    Prefect is imported here alone: it takes a second.
    """
    # Functions that are registered first run last: after Prefect has closed its own threads.
    atexit.register(_end_silently)
    from flows import prefect_server

    # Where another run is writing, this one is refused before the server starts; the flow takes the lock itself.
    with store.locked(settings.data):
        pass
    why_not = prefect_server.start(settings.data.resolve() / ".prefect")
    from flows import journal, monthly, parameters

    parameters.SAY.set(say)
    texts |= {"data": str(settings.data), "language": settings.language, "engine": settings.engine}
    reason = why_not()
    if reason and settings.needs_prefect:
        with store.locked(settings.data), journal.end_recorded(journal.begun(settings, name)):
            raise _needs_prefect(reason)
    if not reason:
        try:
            return monthly.FLOWS[name](**texts)
        except monthly.LOST:
            reason = "Prefect's server was lost."
            if settings.needs_prefect:
                raise _needs_prefect(reason) from None
    say(f"{reason} The run goes on without it.")
    return monthly.BODIES[name](monthly.BARE, **texts)


def _needs_prefect(reason: str) -> InputError:
    return InputError(f"{reason} Start it again, or unset needs_prefect, then run the same command.")


def _end_silently() -> None:
    """Close standard error: while the program ends, DuckDB's binding would report "leaks" that are none."""
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


@app.command()
def explain(
    siren: Annotated[str, typer.Argument(help="The firm's SIREN.")],
    period: Period = None,
    language: Words = None,
    data: Data = None,
    engine: Engine = None,
) -> None:
    """One firm's risk, reasons and history, by the model in use."""
    from flows import listing, printing

    settings = load(data=data, engine=engine, language=language)
    number = "".join(siren.split())
    found = listing.explain(settings, number, period_of(period))
    printing.print_explained(found, number, settings)
