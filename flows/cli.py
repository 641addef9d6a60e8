"""The command line: parse, call, print. An InputError becomes one sentence and exit code 1."""

import atexit
import io
import math
import os
import re
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.table import Table

from features import store
from features.errors import InputError
from features.ingest import FileReport
from features.periods import parse_period
from flows import stages
from flows.settings import Settings, load
from models import registry
from models.polish import PUBLISHED_AUC, bench_polish
from reports import dictionary as data_dictionary
from reports.exports import SENTENCES, notices
from reports.language import Language
from reports.reasons import THEME_WORDS
from reports.target_list import TargetList, records

app = typer.Typer(
    help="Finds the firms likely to fail within 18 months while help still works, and says why for each.",
    no_args_is_help=True,
    add_completion=False,
)
# A log is as wide as its tables need; a terminal is as wide as it is.
PICTURE_WIDTH, PICTURED = 130, 5
bench = typer.Typer(help="Figures on real data that anyone can check.", no_args_is_help=True)
app.add_typer(bench, name="bench")
models = typer.Typer(help="The registered models, and which is in use.", invoke_without_command=True)
app.add_typer(models, name="models")
users = typer.Typer(help="Accounts of the review application.", no_args_is_help=True)
app.add_typer(users, name="users")
verdicts = typer.Typer(help="What agents answered.", no_args_is_help=True)
app.add_typer(verdicts, name="verdicts")
out = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
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


Period = Annotated[str | None, typer.Option(help="The period, YYYY-MM; the last one built if not given.")]
Words = Annotated[str | None, typer.Option("--language", help="Language of the reasons: fr (default) or en.")]


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
        registry.promote(settings.models, model_id, why)
    out.print(f"In use: {model_id}.", soft_wrap=True)


@models.command()
def rollback(why: Why = "asked for", data: Data = None) -> None:
    """Put the model in use again that was in use before."""
    settings = load(data=data)
    with store.locked(settings.data):
        model_id = registry.roll_back(settings.models, why)
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


@app.command()
def review(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    host: Annotated[
        str, typer.Option(help="Address to listen on; a reverse proxy in front speaks HTTPS.")
    ] = "127.0.0.1",
    workers: Annotated[int, typer.Option(help="Processes that answer.")] = 1,
    local: Annotated[bool, typer.Option("--local", help="A try-out on this machine, without HTTPS.")] = False,
    data: Data = None,
) -> None:
    """Serve the agents' application on the published lists. Settings: WEAKSIGNALS_REVIEW_* variables."""
    import uvicorn

    if local and host not in ("127.0.0.1", "::1", "localhost"):
        raise InputError("--local sends cookies without HTTPS: only to this machine. Leave --host as it is.")
    settings = load(data=data)
    os.environ["WEAKSIGNALS_REVIEW_DATA"] = str(settings.data.resolve())
    os.environ["WEAKSIGNALS_REVIEW_IS_LOCAL"] = str(local).lower()
    _review_database(settings).dispose()
    out.print(f"http://{host}:{port}  (accounts: weaksignals users add)", soft_wrap=True)
    uvicorn.run("reports.review.app:from_environment", factory=True, host=host, port=port, workers=workers)


def _review_database(settings: Settings) -> Any:
    """The database of the review application, imported only by the commands that use it."""
    from reports.review.configuration import read_configuration
    from reports.review.database import open_database

    return open_database(read_configuration(data=settings.data).database_url)


@users.command("add")
def add_user(
    name: Annotated[str, typer.Argument(help="Name of the account; with OpenID Connect, what its claim holds.")],
    territory: Annotated[list[str], typer.Option(help="A département, a region, or FR; may be repeated.")],
    kind: Annotated[list[str] | None, typer.Option(help="A kind of data, or all; may be repeated.")] = None,
    role: Annotated[str, typer.Option(help="agent, team_lead, data_scientist or administrator.")] = "agent",
    signs_in_elsewhere: Annotated[bool, typer.Option("--no-password", help="Signs in with the provider.")] = False,
    data: Data = None,
) -> None:
    """Create an account of the review application, or change its right; the password is asked, never given."""
    from reports.review import accounts
    from reports.review.access import Kind

    kinds = [str(one) for one in Kind] if kind == ["all"] else kind or []
    password = None if signs_in_elsewhere else typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    accounts.add_user(_review_database(load(data=data)), name, role, territory, kinds, password)
    out.print(f"{name}: {role}, {', '.join(territory)}, {', '.join(kinds) or 'no kind of data'}.", soft_wrap=True)


@users.command("close")
def close_user(name: Annotated[str, typer.Argument(help="Name of the account.")], data: Data = None) -> None:
    """End the sessions of an account and let it in no more."""
    from reports.review import accounts

    accounts.close_account(_review_database(load(data=data)), name)
    out.print(f"{name}: closed.")


@verdicts.command("export")
def export_verdicts(
    out_file: Annotated[
        Path | None, typer.Option("--out", help="The CSV file; where `monitor` reads it if not given.")
    ] = None,
    data: Data = None,
) -> None:
    """Write the agents' standing verdicts, keyed by siren, list and model."""
    from reports.review.verdicts import as_csv, verdict_rows

    settings = load(data=data)
    file, rows = out_file or settings.verdicts, verdict_rows(_review_database(settings))
    store.write_text(file, as_csv(rows))
    out.print(f"{len(rows):,} verdicts: {file}", soft_wrap=True)


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
    out.print(
        f"{result.rows:,} real firms, {result.failures:,} bankrupt within a year; {result.duplicates} rows that repeat "
        "another stay in its fold. Ten-fold cross-validation, mean of the folds.",
        soft_wrap=True,
    )
    table = Table("model", "seed", "AUC", "average precision", "AUC, last year's sales known")
    for name, auc in PUBLISHED_AUC.items():
        table.add_row(f"{name} (published, 2016)", "", f"{auc:.3f}", "", "")
    for name, figures in (("LightGBM", result.plain), ("LightGBM with ratios of ratios (ours)", result.ours)):
        for seed, of_seed in figures.items():
            table.add_row(name, str(seed), *(f"{value:.4f}" for value in astuple(of_seed)))
        if seeds > 1:
            columns = zip(*map(astuple, figures.values()), strict=True)
            table.add_row(name, "all", *(f"{statistics.mean(c):.3f} ± {statistics.stdev(c):.4f}" for c in columns))
    out.print(table)
    out.print(
        "± is the spread over seeds. In this set the accounts of bankrupt firms were compiled otherwise than those of "
        "others: that a ratio is missing, last year's sales above all, tells much. Elsewhere, expect less.",
        soft_wrap=True,
    )
    out.print("The five riskiest while held out:")
    for firm in result.riskiest:
        out.print(f"row {firm.row}: log-odds {firm.margin:+.2f}, {'bankrupt' if firm.is_bankrupt else 'not bankrupt'}")
        for ratio, value, contribution in firm.reasons:
            known = "not known" if math.isnan(value) else f"{value:,.3f}"
            out.print(f"  {ratio}: {known} ({contribution:+.2f})", markup=False)


def print_trained(trained: stages.Trained, settings: Settings) -> None:
    """The model beside the baselines, and whether it is in use."""
    table = Table("model", "AUC", "average precision", "Brier", "precision high", "recall moderate")
    for name, m in trained.metrics.items():
        figures = [f"{m[key]:.3f}" for key in ("auc", "average_precision", "brier")]
        table.add_row(name, *figures, f"{m['high']['precision']:.3f}", f"{m['moderate']['recall']:.3f}")
    out.print(table)
    verdict = "in use" if trained.is_champion else "registered, not in use"
    card = settings.models / trained.model_id / "card.md"
    out.print(f"Model {trained.model_id}: {verdict}; {trained.why}. {card}", soft_wrap=True)
    if trained.tracked:
        out.print(trained.tracked, markup=False, soft_wrap=True)


def print_models(found: list[stages.Registered]) -> None:
    """One line a model: how it did on its own test rows, and whether it is in use."""
    if not found:
        out.print("No model is registered. Train one: weaksignals train")
        return
    table = Table("model", "trained on", "tested on", "AUC", "average precision", "in use since", "why")
    for m in found:
        figures = [f"{m.metrics[key]:.3f}" for key in ("auc", "average_precision")]
        table.add_row(m.model_id, m.trained, m.tested, *figures, m.since, m.why)
    out.print(table)


def print_scored(scored: stages.Scored) -> None:
    """How many firms at each level, and where the list is."""
    counts = ", ".join(f"{alert} {count:,}" for alert, count in scored.alerts.items())
    out.print(f"List of {scored.period:%Y-%m}: {counts}. {scored.folder}", soft_wrap=True)


def print_top(ranked: TargetList, language: Language, count: int = 10, to: Console | None = None) -> None:
    """The first firms of a list with their reasons."""
    for notice in notices(ranked, language):
        (to or out).print(notice, style="bold")
    for row in records(ranked.rows.head(count)):
        print_firm(row, language, to)


def drawn_top(ranked: TargetList, language: Language) -> str:
    """The first firms of a list as an SVG picture that fetches nothing."""
    paper = Console(record=True, width=PICTURE_WIDTH, file=io.StringIO(), highlight=False, force_terminal=True)
    print_top(ranked, language, PICTURED, paper)
    offline = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return paper.export_svg(title="weaksignals demo", code_format=offline, unique_id="demo")


def print_firm(row: dict[str, Any], language: Language, to: Console | None = None) -> None:
    """A firm's risk and its reasons."""
    rank = "-" if row["rank"] is pd.NA else row["rank"]
    (to or out).print(
        f"{rank}. {row['name']} ({row['siren']}), {row['activity']}, {row['departement']}: "
        f"{row['probability']:.0%}, {language.say(row['alert'])}",
        style="bold",
        markup=False,
    )
    for reason in row["reasons"]:
        doubt = "" if reason["is_stable"] else f" [{language.say('doubtful')}]"
        (to or out).print(f"   {reason['sentence']} ({reason['contribution']:+.2f}){doubt}", markup=False)
    for name, sentence in SENTENCES.items():
        if row[name] is not None:
            (to or out).print(f"   {sentence(row[name], language)}", markup=False)


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
