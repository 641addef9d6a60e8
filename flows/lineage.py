"""`weaksignals lineage`: the figures of a firm, from the partners' lines to the list, for an answer to who contests."""

import json
from datetime import UTC
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from features import store
from features.errors import InputError
from flows.settings import Settings, load
from flows.terminal import Data, Period, Words, out, period_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    import pandas as pd

    from features.folder import FeatureTable, Snapshot
    from features.lineage import StagedRecord
    from reports.lineage import Figure, Lineage, Listed, Opened, Scored
    from reports.reasons import ReasonSettings

# On a page for people; the JSON file holds all.
MOST_FIGURES, MOST_RECORDS = 25, 12


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
    settings = load(data=data, language=language)
    found = traced(settings, "".join(siren.split()), period_of(period), feature)
    if as_json:
        store.write_text(as_json, json.dumps(found.as_json(), indent=1, ensure_ascii=False))
    _print(found)
    if as_json:
        out.print(f"All of it: {as_json}", soft_wrap=True)


def traced(settings: Settings, siren: str, period: "date | None", feature: str | None) -> "Lineage":
    """The lineage of a firm in a month, the last one built if not given; feature: one and those derived from it.

    Raises InputError where there is no such feature, or the firm is not in the table of that month.
    """
    from features import damage, engine
    from features import lineage as lines
    from models.rows import dataset
    from reports import lineage as report
    from reports.language import Language

    features = report.features_asked(feature)
    with damage.told(settings.folder):
        snapshot = settings.folder.snapshot()
        table, period = snapshot.built, period or snapshot.built.record.end
        rows = dataset.read_rows(table, [period], siren=siren)
        if rows.empty:
            raise InputError(
                f'The firm "{siren}" is not in the feature table of {period:%Y-%m}. Give the 9 digits of a SIREN in '
                "scope in that month."
            )
        row = {str(name): value for name, value in rows.to_dict("records")[0].items()}
        scored, parts = _scored(settings, snapshot, rows, siren, period)
        con = engine.connect("duckdb", settings.folder.scratch, settings.memory_gb)
        return report.Lineage(
            siren=siren,
            month=f"{period:%Y-%m}",
            batch=table.record.batch,
            dictionary_version=table.record.dictionary_version,
            fingerprint=table.record.fingerprint,
            staged_since=lines.staged_since(settings.folder, table.record),
            scored=scored,
            figures=report.figures(features, row, parts, _worded(snapshot, table, period), Language(settings.language)),
            records=tuple(lines.staged_records(con, settings.folder, report.sources_of(features), siren, period)),
            listed=tuple(_listed(snapshot, siren)),
            opened=tuple(_opened(settings, siren)),
        )


def _scored(
    settings: Settings, snapshot: "Snapshot", rows: "pd.DataFrame", siren: str, period: "date"
) -> "tuple[Scored | None, dict[str, float] | None]":
    """The published score of the firm with its contributions; None where the month was not scored."""
    from models.explanation.contributions import TOLERANCE, booster_of, margins
    from models.registry import registry
    from models.rows.dataset import matrix
    from models.scoring.scoring import read_scores
    from reports.lineage import Scored

    if period not in snapshot.scores:
        return None, None
    scores, contributions = (
        table.loc[table["siren"] == siren].to_dict("records") for table in read_scores(snapshot.scores_of(period))
    )
    if not scores:
        return None, None
    (score,), (parts,) = scores, contributions
    model = registry.load(settings.folder.models, str(score["model_id"]))
    (again,) = margins(booster_of(model.text), matrix(rows, model.inputs))
    scored = Scored(
        model_id=model.model_id,
        code=model.facts.code,
        base=float(parts["base"]),
        margin=float(score["margin"]),
        probability=float(score["probability"]),
        is_same_table=abs(float(again) - float(score["margin"])) <= TOLERANCE,
    )
    return scored, {str(name): value for name, value in parts.items()}


def _worded(snapshot: "Snapshot", table: "FeatureTable", period: "date") -> "ReasonSettings":
    """How the reasons of the month's list are worded; where there is no list, as they would be."""
    import pyarrow.parquet as pq

    from models.rows import dataset
    from reports.reasons import REASON_SETTINGS, ReasonSettings, medians

    if period in snapshot.lists:
        kept = pq.read_schema(snapshot.lists[period]).metadata or {}
        if REASON_SETTINGS.encode() in kept:
            return ReasonSettings.from_json(kept[REASON_SETTINGS.encode()])
    rows = dataset.read_rows(table, [period])
    return ReasonSettings(medians(rows[~rows["in_procedure"].astype(bool)]), 0, table.record.older_sources(period))


def _listed(snapshot: "Snapshot", siren: str) -> "Iterator[Listed]":
    """The lists in which the firm is, the newest first."""
    import pandas as pd

    from reports.lineage import Listed

    columns = ["rank", "alert", "probability", "model_id", "reasons"]
    for month, path in sorted(snapshot.lists.items(), reverse=True):
        for row in pd.read_parquet(path, columns=columns, filters=[("siren", "==", siren)]).to_dict("records"):
            rank = None if pd.isna(row["rank"]) else int(row["rank"])
            sentences = tuple(reason["sentence"] for reason in row["reasons"])
            yield Listed(f"{month:%Y-%m}", rank, row["alert"], float(row["probability"]), row["model_id"], sentences)


def _opened(settings: Settings, siren: str) -> "Iterator[Opened]":
    """Who asked the review application for the firm, the newest first; nobody where it was never used.

    Lists and exports, which hold many firms, are logged as such, not by firm.
    """
    from reports.lineage import Opened
    from reports.review.configuration import DATABASE_FILE, read_configuration
    from reports.review.database import asked_of, open_database

    configured = read_configuration(data=settings.data)
    if not configured.database and not (settings.folder.review / DATABASE_FILE).exists():
        return
    for entry in asked_of(open_database(configured.database_url), siren):
        yield Opened(f"{entry.at.astimezone(UTC):%Y-%m-%d %H:%M}", entry.by, entry.action, entry.outcome)


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
    _print_records(found.records)
    for one in found.listed:
        place = f"rank {one.rank:,}" if one.rank else "no rank, in a procedure"
        out.print(f"List of {one.month}: {place}, alert {one.alert}, {one.probability:.1%}, model {one.model_id}.")
        for sentence in one.sentences:
            out.print(f"   {sentence}", soft_wrap=True)
    if not found.listed:
        out.print("It is in no published list.")
    for entry in found.opened:
        out.print(
            f"Asked for on {entry.at} UTC by {entry.by or 'somebody not signed in'}: {entry.action}, {entry.outcome}."
        )
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


def _print_records(records: "Sequence[StagedRecord]") -> None:
    from rich.table import Table

    table = Table("source", "file", "line", "known on", "what it says")
    for source, lines in groupby(records, key=lambda record: record.source):
        own = list(lines)
        for one in own[:MOST_RECORDS]:
            said = ", ".join(f"{name} {value}" for name, value in one.values.items() if value not in (None, ""))
            table.add_row(source, f"{one.batch}/{one.file}", str(one.line), str(one.known_on), said)
        if len(own) > MOST_RECORDS:
            table.add_row(source, "", "", "", f"{len(own) - MOST_RECORDS} older lines: see --json")
    out.print(table)
