"""`weaksignals lineage`: the figures of a firm, from the partners' lines to the list, for an answer to who contests."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from features import store
from flows.settings import Settings, load
from flows.terminal import Data, Period, Words, out, period_of

if TYPE_CHECKING:
    import sqlalchemy as sa

    from features.lineage import LineRead
    from reports.lineage import Figure, Lineage, Scored

# On a page for people; the JSON file holds all.
MOST_FIGURES, MOST_LINES = 25, 12


def lineage(
    siren: Annotated[str, typer.Argument(help="The firm's SIREN.")],
    period: Period = None,
    feature: Annotated[
        str | None, typer.Option(help="One feature and those derived from it; all if not given.")
    ] = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="Also write all of it there, as JSON.")] = None,
    language: Words = None,
    data: Data = None,
) -> None:
    """Where a firm's figures, score and place on the list came from: lines of files, formulas, model, reasons, readers.

    It names the accounts that opened the firm's pages, and shows figures of confidential accounts.
    """
    from features import damage
    from reports.language import Language
    from reports.lineage import features_asked
    from reports.review import tracing
    from reports.review.data import Reader

    settings, features = load(data=data, language=language), features_asked(feature)
    number, words = "".join(siren.split()), Language(settings.language)
    with damage.told(settings.folder):
        reader, database = Reader(settings.data), _database(settings)
        found = tracing.traced(reader, database, number, period_of(period), features, words)
        if found.scored:
            is_same = _is_same_table(settings, found, found.scored)
            found = replace(found, scored=replace(found.scored, is_same_table=is_same))
    if as_json:
        store.write_text(as_json, json.dumps(found.as_json(), indent=1, ensure_ascii=False))
    _print(found)
    if as_json:
        out.print(f"All of it: {as_json}", soft_wrap=True)


def _database(settings: Settings) -> "sa.Engine | None":
    """The database of the review application, None where it was never used."""
    from reports.review.configuration import DATABASE_FILE, read_configuration
    from reports.review.database import open_database

    configured = read_configuration(data=settings.data)
    if not configured.database and not (settings.folder.review / DATABASE_FILE).exists():
        return None
    return open_database(configured.database_url)


def _is_same_table(settings: Settings, found: "Lineage", scored: "Scored") -> bool:
    """Whether the feature table still gives the margin that was published."""
    from features.periods import parse_period
    from models.explanation.contributions import TOLERANCE, booster_of, margins
    from models.registry import registry
    from models.rows.dataset import matrix, read_rows

    model = registry.load(settings.folder.models, scored.model_id)
    rows = read_rows(settings.folder.snapshot().built, [parse_period(found.month)], siren=found.siren)
    (again,) = margins(booster_of(model.text), matrix(rows, model.inputs))
    return bool(abs(again - scored.margin) <= TOLERANCE)


def _print(found: "Lineage") -> None:
    """What it came from, for people: what weighs most, and the newest lines of each source."""
    out.print(f"Firm {found.siren}, {found.month}", style="bold")
    out.print(
        f"Feature table: made of deliveries up to {found.batch}, catalogue {found.dictionary_version}, "
        f"fingerprint {found.fingerprint[:12]}.",
        soft_wrap=True,
    )
    if found.staged_since:
        out.print(f"Delivered or replaced since it was built: {', '.join(found.staged_since)}.", soft_wrap=True)
    _print_score(found.scored)
    _print_figures(found.figures)
    _print_lines(found.records)
    for one in found.listed:
        place = f"rank {one.rank:,}" if one.rank else "no rank, in a procedure"
        out.print(f"List of {one.month}: {place}, alert {one.alert}, {one.probability:.1%}, model {one.model_id}.")
        for sentence in one.sentences:
            out.print(f"   {sentence}", soft_wrap=True)
    if not found.listed:
        out.print("It is in no published list.")
    for entry in found.opened:
        who = entry.by or "somebody not signed in"
        out.print(f"Asked for on {entry.at} UTC by {who}: {entry.action}, {entry.outcome}.", soft_wrap=True)
    if not found.opened:
        out.print("Nobody has opened its pages.")


def _print_score(scored: "Scored | None") -> None:
    if scored is None:
        out.print("The month was not scored.")
        return
    out.print(
        f"Score: base {scored.base:+.4f} and contributions give the margin {scored.margin:+.4f}, calibrated "
        f"{scored.probability:.1%}. Model {scored.model_id}, made by the code {scored.code}.",
        soft_wrap=True,
    )
    if not scored.is_same_table:
        out.print("The table was built again since: its figures are not those that were scored.", soft_wrap=True)


def _print_figures(figures: "Sequence[Figure]") -> None:
    from rich.table import Table

    table = Table("feature", "figure", "log-odds", "formula", "sources")
    for one in figures[:MOST_FIGURES]:
        added = "" if one.contribution is None else f"{one.contribution:+.4f}"
        table.add_row(one.feature, one.sentence, added, one.version, ", ".join(one.sources))
    out.print(table)
    if len(figures) > MOST_FIGURES:
        out.print(f"{len(figures) - MOST_FIGURES} further figures, which weigh less: see --json.")


def _print_lines(lines: "Sequence[LineRead]") -> None:
    from rich.table import Table

    table = Table("source", "file", "line", "known on", "what it says")
    for source, of_source in groupby(lines, key=lambda line: line.source):
        own = list(of_source)
        for one in own[:MOST_LINES]:
            table.add_row(source, f"{one.batch}/{one.file}", str(one.line), str(one.known_on), one.said)
        if len(own) > MOST_LINES:
            table.add_row(source, "", "", "", f"{len(own) - MOST_LINES} older lines: see --json")
    out.print(table)
