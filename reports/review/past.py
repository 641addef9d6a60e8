"""A firm's past as known on a list's day: risk, figures, ratios beside the sector, judgements, establishments."""

from datetime import date
from pathlib import Path
from typing import Final

from features.assemble import CATALOG
from features.sources.register import MASKED
from reports.confidentiality import ACCOUNTS, CONFIDENTIAL, has_confidential_accounts
from reports.reasons import FEATURES
from reports.review.access import Right
from reports.review.data import PublishedList, Reader, Row
from reports.review.firm_rows import HISTORY, PAST, read_whole
from reports.review.sectors import reason_settings_of, sector_quartiles
from reports.review.sql import Sql, of_firm, parquet, parquet_by_period, select
from reports.review.wording import known

PERIOD: Final = "period::DATE AS period"
TRACED: Final = (
    "headcount",
    "short_time_fte",
    "contribution_monthly",
    "debt_employee",
    "debt",
    "paydex",
)


# The ratios of which it is known whether more is safer or riskier.
RATIOS: Final = tuple(f.name for f in CATALOG if f.theme == ACCOUNTS and f.derived_from is None and f.direction)
# In months. Accounts are yearly: one point per quarter loses none, and a third of the medians need be computed.
RATIO_STEP: Final = 3


def prepare(reader: Reader, published: PublishedList) -> None:
    """Compute what the pages of all firms of a list need: medians, and quartiles by sector, of earlier periods too."""
    reason_settings_of(published)
    if published.features is not None:
        sector_quartiles(reader, published.features, "")
    for file in list(_past_files(published).values())[::RATIO_STEP]:
        sector_quartiles(reader, file, "", RATIOS)


def risk_history(reader: Reader, published: PublishedList, siren: str) -> list[Row]:
    """period, probability and alert of the firm in the lists up to this one, oldest first."""
    return read_whole(reader, published, siren, [PAST])[PAST] or []


def traces(reader: Reader, published: PublishedList, siren: str, right: Right) -> list[Row]:
    """The firm's figures over the last periods as they were known then, oldest first: what the user may see of them."""
    files = list(_past_files(published).values())
    visible = [name for name in TRACED if right.may_see_theme(FEATURES[name].theme, is_confidential=False)]
    if not files:
        return []
    return reader.query(*select([PERIOD, *visible], parquet_by_period(*files), of_firm(siren), "ORDER BY 1"))


def ratio_traces(reader: Reader, published: PublishedList, siren: str, right: Right) -> list[Row]:
    """RATIOS of the last accounts known each quarter, oldest first, and `sector`: the medians of the firm's division.

    is_hidden: accounts of that quarter are confidential, and the user has no right to them: their ratios are None.
    """
    files = dict(list(_past_files(published).items())[::RATIO_STEP])
    if not files:
        return []
    read = [PERIOD, "naf_division", CONFIDENTIAL, *RATIOS]
    rows = reader.query(*select(read, parquet_by_period(*files.values()), of_firm(siren), "ORDER BY 1"))
    for row in rows:
        row["is_hidden"] = not right.may_see_theme(ACCOUNTS, has_confidential_accounts(row))
        row.update({name: None if row["is_hidden"] else known(row[name]) for name in RATIOS})
        quartiles = sector_quartiles(reader, files[row["period"]], row["naf_division"], RATIOS)
        row["sector"] = {name: median for name, (_, median, _) in quartiles.items()}
    return rows


def _past_files(published: PublishedList) -> dict[date, Path]:
    """The files of the feature table by period: of the last periods, the list's own first."""
    table = published.table
    past = [period for period in table.periods if period <= published.period]
    return {period: table.files(period) for period in past[: -HISTORY - 1 : -1]}


def judgements(reader: Reader, published: PublishedList, siren: str) -> list[Row] | None:
    """What was decided in the firm's procedures as it was known on the list's day, newest first.

    A row: effective_on, action, stage, known_at. None where an older build did not keep them.
    """
    path = published.table.procedures
    if not path.exists():
        return None
    as_known = Sql(
        "siren = ? AND known_at <= ? AND (withdrawn_at IS NULL OR withdrawn_at > ?)",
        (siren, published.period, published.period),
    )
    told = ["effective_on", "action", "stage", "known_at"]
    return reader.query(*select(told, parquet(path), as_known, "ORDER BY effective_on DESC, action, stage, known_at"))


def establishments(reader: Reader, published: PublishedList, siren: str) -> list[Row]:
    """The firm's establishments on the list's day, by the register, open ones first."""
    files = reader.folder.staged_files("establishments")
    if files is None:
        return []
    told: list[str | Sql] = ["siret", "is_head_office", "naf", "commune_name", "postcode", "created_on"]
    # What an older version staged has no street.
    is_told = "address" in reader.columns(files)
    told.append(f"CASE WHEN is_masked THEN '{MASKED}' ELSE address END AS address" if is_told else "NULL AS address")
    closed = Sql("CASE WHEN closed_on <= ? THEN closed_on END AS closed_on", (published.period,))
    created = Sql("siren = ? AND coalesce(created_on <= ?, true)", (siren, published.period))
    order = "ORDER BY is_head_office DESC, closed_on IS NOT NULL, siret LIMIT 100"
    return reader.query(*select([*told, closed], parquet(files), created, order))


def legal_notices(reader: Reader, published: PublishedList, siren: str) -> list[Row] | None:
    """What legal notices told of the firm as it was known on the list's day, newest first; None if never delivered.

    A row: kind, published_on, closed_on, is_confidential (of a deposit of accounts), known_at.
    """
    files = reader.folder.staged_files("legal_notices")
    if files is None:
        return None
    as_known = Sql("siren = ? AND kind IS NOT NULL AND known_at <= ?", (siren, published.period))
    newest = [f"arg_max({name}, (known_at, notice)) AS {name}" for name in ("closed_on", "is_confidential")]
    told = ["kind", "min(published_on) AS published_on", *newest, "min(known_at) AS known_at"]
    # A notice that two deliveries hold, or that another one corrects, is told once.
    return reader.query(*select(told, parquet(files), as_known, "GROUP BY about, kind ORDER BY 2 DESC, kind LIMIT 200"))
