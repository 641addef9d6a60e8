"""The commands of data scientists: registered models, the search for hyper-parameters, the dictionary, the bench."""

from pathlib import Path
from typing import Annotated

import typer

from features import store
from features.errors import InputError
from flows.settings import load
from flows.terminal import Data, Engine, out, period_of, progress

bench = typer.Typer(help="Figures that anyone can check.", no_args_is_help=True)
models = typer.Typer(help="The registered models, and which is in use.", invoke_without_command=True)


def tune(
    minutes: Annotated[float, typer.Option(min=0.01, help="How long to search; a later call goes on from there.")] = 30,
    as_of: Annotated[str | None, typer.Option(help="Search on what was known in that month, YYYY-MM.")] = None,
    data: Data = None,
    engine: Engine = None,
) -> None:
    """Search better hyper-parameters on the training periods; prints settings to paste, applies nothing."""
    from flows import modelling

    settings = load(data=data, engine=engine)
    with store.locked(settings.data), progress() as say:
        tuned = modelling.tune(settings, period_of(as_of), minutes, say)
    if not tuned.is_gain:
        out.print(f"No gain beyond chance: keep the settings as they are. {tuned.told}", soft_wrap=True)
        return
    out.print(f"To use them, paste into {settings.data / 'weaksignals.toml'}, then train:", soft_wrap=True)
    out.print(tuned.as_toml())


@models.callback()
def models_(context: typer.Context, data: Data = None) -> None:
    """List the registered models, and which is in use."""
    from flows import modelling, printing

    if context.invoked_subcommand is None:
        printing.print_models(modelling.registered(load(data=data)))


Why = Annotated[str, typer.Option("--why", help="The reason, kept with the decision.")]


@models.command()
def promote(
    model_id: Annotated[str, typer.Argument(metavar="ID", help="A model that `weaksignals models` lists.")],
    why: Why,
    data: Data = None,
) -> None:
    """Put a registered model in use."""
    from models.registry import registry

    settings = load(data=data)
    with store.locked(settings.data):
        registry.promote(settings.folder.models, model_id, why)
    out.print(f"In use: {model_id}.", soft_wrap=True)


@models.command()
def rollback(why: Why = "asked for", data: Data = None) -> None:
    """Put the previous model in use again."""
    from models.registry import registry

    settings = load(data=data)
    with store.locked(settings.data):
        model_id = registry.roll_back(settings.folder.models, why)
    out.print(f"In use again: {model_id}.", soft_wrap=True)


def dictionary(
    folder: Annotated[Path | None, typer.Option("--out", help="Where dictionary.md and dictionary.csv go.")] = None,
    data: Data = None,
) -> None:
    """Write the data dictionary, generated from the features that the pipeline computes."""
    from reports import dictionary as data_dictionary

    target = folder or load(data=data).data
    try:
        store.write_text(target / "dictionary.md", data_dictionary.as_markdown())
        store.write_text(target / "dictionary.csv", data_dictionary.as_csv())
    except OSError as error:
        raise InputError(f"{target} can't be written: {error.strerror}. Give another folder with --out.") from None
    out.print(
        f"{len(data_dictionary.dictionary_rows())} features: {target}/dictionary.md, dictionary.csv", soft_wrap=True
    )


@bench.command()
def judgements() -> None:
    """Print how often the free text of insolvency notices is read rightly, on examples judged by hand."""
    from features.sources.bodacc_examples import as_markdown, confusion, examples

    out.print(as_markdown(confusion(examples())), soft_wrap=True)


@bench.command()
def polish(
    path: Annotated[
        list[Path],
        typer.Option(
            help="The file 5year.arff of the Polish set (UCI, CC BY 4.0); give --path again for each other year."
        ),
    ],
    seeds: Annotated[
        int, typer.Option(min=1, help="How many seeds, counted from 0; the figures of each are printed.")
    ] = 5,
) -> None:
    """Train and evaluate the model on real Polish firms, each year on its own, beside the published figures."""
    from benchmarks.polish import bench_polish, read_polish
    from flows import printing

    read = [read_polish(each) for each in path]
    for each, firms in zip(path, read, strict=True):
        with progress() as say:
            result = bench_polish(each.stem, firms, range(seeds), say)
        printing.print_polish(result)
