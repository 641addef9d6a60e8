"""A firm's past as known on a list's day: risk, figures, ratios beside the sector, judgements, establishments."""

from pathlib import Path
from typing import Final

from features.assemble import CATALOG
from reports.reasons import FEATURES
from reports.review.access import ACCOUNTS, Right
from reports.review.data import DataFolder, PublishedList, Row, source, source_by_period
from reports.review.sectors import medians_of, sector_quartiles
from reports.review.wording import CONFIDENTIAL, is_confidential, known

HISTORY: Final = 36
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
# Accounts are yearly: a quarter's step loses none of them, and spares a country's medians of the months between.
RATIO_STEP: Final = 3


def prepare(folder: DataFolder, published: PublishedList) -> None:
    """Compute what all pages of a list's firms need: medians, and quartiles by sector, of the past too."""
    medians_of(folder, published.features)
    if published.features is not None:
        sector_quartiles(folder, published.features, "")
    for file in _past_files(published)[::RATIO_STEP]:
        sector_quartiles(folder, file, "", RATIOS)


def risk_history(folder: DataFolder, published: PublishedList, siren: str) -> list[Row]:
    """period, probability and alert of the firm in the lists up to this one, oldest first."""
    paths = [published.path, *published.earlier][:HISTORY]
    sql = f"SELECT period, probability, alert FROM {source(*paths)} WHERE siren = ? ORDER BY period"  # noqa: S608
    return folder.query(sql, [siren])


def traces(folder: DataFolder, published: PublishedList, siren: str, right: Right) -> list[Row]:
    """The firm's figures over the last periods as they were known then, oldest first: what the user may see of them."""
    files = _past_files(published)
    visible = [name for name in TRACED if right.may_see_theme(FEATURES[name].theme, is_confidential=False)]
    selected = ", ".join(["period::DATE AS period", *visible])
    if not files:
        return []
    sql = f"SELECT {selected} FROM {source_by_period(*files)} WHERE siren = ? ORDER BY 1"  # noqa: S608
    return folder.query(sql, [siren])


def ratio_traces(folder: DataFolder, published: PublishedList, siren: str, right: Right) -> list[Row]:
    """RATIOS of the last accounts known each quarter, oldest first, and `sector`: the medians of the firm's division.

    is_hidden: accounts of that quarter are confidential, and the user has no right to them: their ratios are None.
    """
    files = {path.parent.name.removeprefix("period="): path for path in _past_files(published)[::RATIO_STEP]}
    if not files:
        return []
    selected = ", ".join(("period::DATE AS period", "naf_division", CONFIDENTIAL, *RATIOS))
    sql = f"SELECT {selected} FROM {source_by_period(*files.values())} WHERE siren = ? ORDER BY 1"  # noqa: S608
    rows = folder.query(sql, [siren])
    for row in rows:
        row["is_hidden"] = not right.may_see_theme(ACCOUNTS, is_confidential(row))
        row.update({name: None if row["is_hidden"] else known(row[name]) for name in RATIOS})
        quartiles = sector_quartiles(folder, files[f"{row['period']}"], row["naf_division"], RATIOS)
        row["sector"] = {name: median for name, (_, median, _) in quartiles.items()}
    return rows


def _past_files(published: PublishedList) -> list[Path]:
    """The feature tables of the last periods, the list's own first."""
    table = published.table
    return [table.files(period) for period in table.periods if period <= published.period][: -HISTORY - 1 : -1]


def judgements(folder: DataFolder, published: PublishedList, siren: str) -> list[Row] | None:
    """What was decided in the firm's procedures as it was known on the list's day, newest first.

    A row: effective_on, action, stage, known_at. None where an older build did not keep them.
    """
    path = published.table.procedures
    if not path.exists():
        return None
    sql = (
        f"SELECT effective_on, action, stage, known_at FROM {source(path)} WHERE siren = ? AND known_at <= ? "  # noqa: S608
        "AND (withdrawn_at IS NULL OR withdrawn_at > ?) ORDER BY effective_on DESC, action, stage, known_at"
    )
    return folder.query(sql, [siren, published.period, published.period])


def establishments(folder: DataFolder, published: PublishedList, siren: str) -> list[Row]:
    """The firm's establishments on the list's day, by the register, open ones first."""
    files = folder.folder.staged_files("establishments")
    if files is None:
        return []
    sql = (
        "SELECT siret, is_head_office, naf, commune_name, postcode, created_on, "  # noqa: S608
        "CASE WHEN closed_on <= ? THEN closed_on END AS closed_on "
        f"FROM {source(files)} WHERE siren = ? AND coalesce(created_on <= ?, true) "
        "ORDER BY is_head_office DESC, closed_on IS NOT NULL, siret LIMIT 100"
    )
    return folder.query(sql, [published.period, siren, published.period])
