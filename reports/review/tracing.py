"""What is said of a firm, traced from the published list back to the lines of the partners' files."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date
from typing import Final

import sqlalchemy as sa

from features.catalog import Feature
from features.errors import InputError
from features.folder import CONTRIBUTIONS, SCORES, FeatureTable, Snapshot
from features.lineage import LineRead, staged_since
from reports.language import Language
from reports.lineage import Lineage, Listed, Opened, Scored, figures, sources_of
from reports.reasons import ReasonSettings
from reports.review.data import Reader, Row, settings_of
from reports.review.database import asked_of

OF_FIRM: Final = "SELECT * FROM read_parquet(?, hive_partitioning = false) WHERE siren = ?"
LINES: Final = (
    "SELECT * FROM read_parquet($files) WHERE siren = $siren AND known_at <= $period "
    "ORDER BY known_at DESC, batch DESC, file, line"
)
# Accounts are known from the notice of their deposit on, where there is one: as `features.accounts.dated` has it.
DEPOSITED: Final = (
    "WITH deposits AS (SELECT closed_on, min(known_at) AS deposited_at FROM read_parquet($notices) "
    "WHERE siren = $siren AND kind = 'deposit' AND closed_on IS NOT NULL GROUP BY closed_on), "
    "accounts AS (SELECT * REPLACE (coalesce(deposited_at, known_at) AS known_at) FROM read_parquet($files) "
    "LEFT JOIN deposits USING (closed_on) WHERE siren = $siren) "
    "SELECT * EXCLUDE deposited_at FROM accounts WHERE known_at <= $period "
    "ORDER BY known_at DESC, batch DESC, file, line"
)
LISTED: Final = "SELECT rank, alert, probability, model_id, reasons FROM read_parquet(?) WHERE siren = ?"
KEY: Final = ("siren", "period")
# Of a staged record, what says where it was read rather than what it says.
PLACE: Final = ("siren", "known_at", "batch", "file", "line")


def traced(
    reader: Reader,
    database: sa.Engine | None,
    siren: str,
    period: date | None,
    features: Sequence[Feature],
    language: Language,
) -> Lineage:
    """The lineage of a firm in a month, the last one built if not given. database: None where nobody ever signed in.

    Raises InputError where the firm is not in the table of that month, UnreadableError where a file can't be read.
    """
    snapshot = reader.folder.snapshot()
    table, period = snapshot.built, period or snapshot.built.record.end
    row, made = _row(reader, table, siren, period), table.record_at(period)
    scored, parts = _scored(reader, snapshot, siren, period)
    return Lineage(
        siren=siren,
        month=f"{period:%Y-%m}",
        batch=made.batch,
        dictionary_version=made.dictionary_version,
        fingerprint=made.fingerprint,
        staged_since=staged_since(reader.folder, made),
        scored=scored,
        figures=figures(features, row, parts, _worded(reader, snapshot, table, period), language),
        records=tuple(lines_of(reader, sources_of(features), siren, period)),
        listed=tuple(_listed(reader, snapshot, siren)),
        opened=tuple(_opened(database, siren)),
    )


def _row(reader: Reader, table: FeatureTable, siren: str, period: date) -> Row:
    (files,) = table.parts([period])
    rows = reader.query(OF_FIRM, [str(files), siren])
    if not rows:
        raise InputError(
            f'The firm "{siren}" is not in the feature table of {period:%Y-%m}. Give the 9 digits of a SIREN in scope '
            "in that month."
        )
    return rows[0]


def _scored(reader: Reader, snapshot: Snapshot, siren: str, period: date) -> tuple[Scored | None, Row | None]:
    """The published score of the firm with its contributions; None where the month was not scored."""
    folder = snapshot.scores.get(period)
    if folder is None:
        return None, None
    scores, parts = (reader.query(OF_FIRM, [str(folder / name), siren]) for name in (SCORES, CONTRIBUTIONS))
    if not scores or not parts:
        return None, None
    (score, *_), (added, *_) = scores, parts
    # Scores of 0.1.0 don't name their model, nor hold the margin.
    model_id = score.get("model_id") or ""
    code = reader.model(model_id).facts.code if model_id else ""
    total = sum(float(value) for name, value in added.items() if name not in KEY)
    return Scored(model_id, code, float(added["base"]), score.get("margin", total), score["probability"]), added


def _worded(reader: Reader, snapshot: Snapshot, table: FeatureTable, period: date) -> ReasonSettings:
    """How the reasons of the month's list are worded; where there is no list, without medians."""
    kept = settings_of(reader, snapshot.lists[period]) if period in snapshot.lists else None
    return kept or ReasonSettings({}, 0, table.record_at(period).older_sources(period))


def lines_of(reader: Reader, sources: Sequence[str], siren: str, period: date) -> Iterator[LineRead]:
    """Every staged record of a firm that was known at the period, the newest of each source first.

    Of two versions of a record both are there: the newest counts.
    """
    notices = reader.folder.staged_files("legal_notices")
    for source in sources:
        files = reader.folder.staged_files(source)
        if files is None:
            continue
        query, given = LINES, {"files": str(files), "siren": siren, "period": period}
        if source == "financial_ratios" and notices:
            query, given = DEPOSITED, {**given, "notices": str(notices)}
        for row in reader.query(query, given):
            values = {name: value for name, value in row.items() if name not in PLACE}
            yield LineRead(source, row["batch"], row["file"], row["line"], row["known_at"], values)


def _listed(reader: Reader, snapshot: Snapshot, siren: str) -> Iterator[Listed]:
    """The lists in which the firm is, the newest first."""
    for month, path in sorted(snapshot.lists.items(), reverse=True):
        for row in reader.query(LISTED, [str(path), siren]):
            rank = None if row["rank"] is None else int(row["rank"])
            sentences = tuple(reason["sentence"] for reason in row["reasons"])
            yield Listed(f"{month:%Y-%m}", rank, row["alert"], float(row["probability"]), row["model_id"], sentences)


def _opened(database: sa.Engine | None, siren: str) -> Iterator[Opened]:
    """Who asked the review application for the firm, the newest first.

    Lists and exports, which hold many firms, are logged as such, not by firm.
    """
    for entry in asked_of(database, siren) if database else ():
        yield Opened(f"{entry.at.astimezone(UTC):%Y-%m-%d %H:%M}", entry.by, entry.action, entry.outcome)
