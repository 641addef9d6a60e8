"""The command line: parse, call, print. An InputError becomes one sentence and exit code 1."""

import atexit
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from benchmarks.polish import bench_polish
from features import store
from features.errors import InputError
from features.periods import parse_period
from flows import review, stages
from flows.printing import (
    drawn_top,
    print_firm,
    print_ingested,
    print_models,
    print_polish,
    print_scored,
    print_top,
    print_trained,
)
from flows.settings import Settings, load
from flows.terminal import Data, Engine, Period, Raw, Words, err, out, period_of, progress
from models.registry import registry
from reports import dictionary as data_dictionary
from reports.exports import notices
from reports.language import Language
from reports.reasons import THEME_WORDS
from reports.target_list import records

app = typer.Typer(
    help="Finds the firms likely to fail within 18 months while help still works, and says why for each.",
    no_args_is_help=True,
    add_completion=False,
)
bench = typer.Typer(help="Figures on real data that anyone can check.", no_args_is_help=True)
app.add_typer(bench, name="bench")
models = typer.Typer(help="The registered models, and which is in use.", invoke_without_command=True)
app.add_typer(models, name="models")
app.add_typer(review.users, name="users")
app.add_typer(review.verdicts, name="verdicts")


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


@app.command()
def train(
    as_of: Annotated[str | None, typer.Option(help="Learn from what was known then, YYYY-MM.")] = None,
    data: Data = None,
    engine: Engine = None,
) -> None:
    """Train, judge and register a model on features/."""
    settings = load(data=data, engine=engine)
    with store.locked(settings.data), progress() as say:
        trained = stages.train(settings, period_of(as_of), say)
    print_trained(trained, settings)


@app.command()
def tune(
    minutes: Annotated[float, typer.Option(min=0.01, help="How long to search; the same command goes on later.")] = 30,
    as_of: Annotated[str | None, typer.Option(help="Search on what was known then, YYYY-MM.")] = None,
    data: Data = None,
    engine: Engine = None,
) -> None:
    """Search better hyper-parameters on the training periods; prints settings to paste, applies nothing."""
    settings = load(data=data, engine=engine)
    with store.locked(settings.data), progress() as say:
        tuned = stages.tune(settings, period_of(as_of), minutes, say)
    out.print(f"To use them, paste into {settings.data / 'weaksignals.toml'}, then train:", soft_wrap=True)
    out.print(tuned.as_toml(), markup=False)


@models.callback()
def models_(context: typer.Context, data: Data = None) -> None:
    """List the registered models, and which is in use."""
    if context.invoked_subcommand is None:
        print_models(stages.registered(load(data=data)))


Why = Annotated[str, typer.Option("--why", help="The reason, kept with the decision.")]


@models.command()
def promote(
    model_id: Annotated[str, typer.Argument(metavar="ID", help="A model that `weaksignals models` lists.")],
    why: Why,
    data: Data = None,
) -> None:
    """Put a registered model in use."""
    settings = load(data=data)
    with store.locked(settings.data):
        registry.promote(settings.folder.models, model_id, why)
    out.print(f"In use: {model_id}.", soft_wrap=True)


@models.command()
def rollback(why: Why = "asked for", data: Data = None) -> None:
    """Put the model in use again that was in use before."""
    settings = load(data=data)
    with store.locked(settings.data):
        model_id = registry.roll_back(settings.folder.models, why)
    out.print(f"In use again: {model_id}.", soft_wrap=True)


@app.command()
def score(period: Period = None, language: Words = None, data: Data = None, engine: Engine = None) -> None:
    """Score a period with the model in use; publish scores, contributions and the list."""
    settings = load(data=data, engine=engine, language=language)
    with store.locked(settings.data), progress() as say:
        scored = stages.score(settings, period_of(period), say)
    print_scored(scored)


@app.command()
def monitor(period: Period = None, language: Words = None, data: Data = None, engine: Engine = None) -> None:
    """Write the page that tells how inputs, alerts and past lists are doing."""
    settings = load(data=data, engine=engine, language=language)
    with store.locked(settings.data), progress() as say:
        monitored = stages.monitor(settings, period_of(period), say)
    for finding in monitored.findings:
        out.print(f"{finding.level}: {finding.sentence}", markup=False, soft_wrap=True)
    out.print(f"Monitoring of {monitored.period:%Y-%m}: {monitored.folder / 'index.html'}", soft_wrap=True)


@app.command()
def run(raw: Raw, period: Period = None, language: Words = None, data: Data = None, engine: Engine = None) -> None:
    """From the batches under RAW to the published list, as one flow; trains a first model where there is none."""
    settings = load(data=data, engine=engine, language=language)
    with store.locked(settings.data), progress() as say:
        scored = _flows(settings).monthly(settings, raw, period_of(period), say)
    print_scored(scored)


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
    root = load(data=data).data / "demo"
    settings = load(data=root, engine=engine, language=language)
    with store.locked(settings.data), progress() as say:
        scored = _flows(settings).demo(settings, root / "raw", firms, parse_period(end), seed, say)
    print_top(scored.ranked, Language(settings.language))
    print_scored(scored)
    if picture:
        store.write_text(picture, drawn_top(scored.ranked, Language(settings.language)))


def _flows(settings: Settings) -> Any:
    """Prefect's flows, imported only by the commands that run them: the import takes a second."""
    os.environ.setdefault("PREFECT_HOME", str(settings.data.resolve() / ".prefect"))
    # Registered before Prefect's own, so run after it, last of all.
    atexit.register(_end_silently)
    from flows import monthly

    return monthly


def _end_silently() -> None:
    """Say nothing from here on: Prefect's threads outlive us, and DuckDB's binding would tell users of its "leaks"."""
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
    settings = load(data=data, engine=engine, language=language)
    number = "".join(siren.split())
    found = stages.explain(settings, number, period_of(period))
    words = Language(settings.language)
    ranked = found.ranked
    (row,) = records(ranked.rows[ranked.rows["siren"] == number])
    print_firm(row, words)
    themes = sorted(row["themes"].items(), key=lambda item: -item[1])
    out.print("  " + ", ".join(f"{words.say(THEME_WORDS[theme])} {value:+.2f}" for theme, value in themes))
    table = Table("period", "risk", "alert", "social debt", "headcount", "state")
    for past in records(found.history):
        risk = (f"{past['period']:%Y-%m}", f"{past['probability']:.1%}", past["alert"])
        table.add_row(*risk, f"{past['debt']:,.0f}", f"{past['headcount']:,.0f}", past["state"])
    out.print(table)
    for notice in notices(ranked, words):
        out.print(notice)


@app.command()
def dictionary(
    folder: Annotated[Path | None, typer.Option("--out", help="Where dictionary.md and dictionary.csv go.")] = None,
    data: Data = None,
) -> None:
    """Write the data dictionary, from the declarations that the pipeline runs on."""
    target = folder or load(data=data).data
    try:
        store.write_text(target / "dictionary.md", data_dictionary.as_markdown())
        store.write_text(target / "dictionary.csv", data_dictionary.as_csv())
    except OSError as error:
        raise InputError(f"{target} can't be written: {error.strerror}. Give another folder with --out.") from None
    out.print(
        f"{len(data_dictionary.dictionary_rows())} features: {target}/dictionary.md, dictionary.csv", soft_wrap=True
    )


app.command("review")(review.serve)


@bench.command()
def polish(
    path: Annotated[Path, typer.Option(help="5year.arff of the Polish set.")] = Path(
        "../shared/data/polish_companies/5year.arff"
    ),
    seeds: Annotated[
        int, typer.Option(min=1, help="How many seeds of folds and models, from 0: all are reported.")
    ] = 5,
) -> None:
    """Train and judge the model on real Polish firms, beside the published figures."""
    with progress() as say:
        result = bench_polish(path, range(seeds), say)
    print_polish(result)
