"""Which firms are in scope, and at which periods."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from features.days import months_after
from features.grid import lookup, newest_known
from features.windows import first_of_each

REACHED_WITHIN_MONTHS = 120
BANDS_OF_10_AND_MORE = ("11", "12", "21", "22", "31", "32", "41", "42", "51", "52", "53")


def headcounts(firm: ir.Table, establishment: ir.Table) -> ir.Table:
    """(siren, month, headcount, known_at): the firm's own figure, or the sum of its establishments' accounts.

    One row per firm and month: the figure known first; the firm's own where both became known on the same day.
    """
    own = firm.select("siren", "month", "headcount", "known_at", preference=ibis.literal(0))
    # The file has one line per account: equal lines of one account are one, equal ones of two accounts add up.
    once = establishment.select("siren", "siret", "account", "month", "headcount", "known_at").distinct()
    summed = once.group_by("siren", "month", "known_at").aggregate(headcount=ibis._.headcount.sum())
    both = own.union(summed.select("siren", "month", "headcount", "known_at", preference=ibis.literal(1)))
    order = ["known_at", "preference", "headcount"]
    return first_of_each(both, ["siren", "month"], order).select("siren", "month", "headcount", "known_at")


def firms(
    legal_units: ir.Table,
    establishments: ir.Table | None,
    headcount: ir.Table | None,
    perimeter_filter: ir.Table | None,
    *,
    min_headcount: int,
    excluded_categories: Sequence[str],
) -> ir.Table:
    """One row per firm that can be in scope at some period.

    Columns: siren, name, diffusion, legal_category, naf (today's), head_office (SIRET), departement, commune_name,
    created_on, from_on and until_on. The register shows that the firm exists from the day `from_on` to the day
    `until_on` (null: it still exists). Without a headcount file, today's size band in the register decides.
    """
    units = legal_units.filter(legal_units.legal_category.notin(list(excluded_categories)))
    if perimeter_filter is not None:
        units = units.semi_join(perimeter_filter, "siren")
    if headcount is not None:
        units = units.semi_join(headcount.filter(headcount.headcount >= min_headcount), "siren")
    else:
        units = units.filter(units.size_band.isin(BANDS_OF_10_AND_MORE))
    # The register may list a legal unit twice: its newest state counts.
    units = first_of_each(units, ["siren"], [ibis.desc("state_since"), "name"])
    units = units.select(
        "siren",
        "name",
        "diffusion",
        "legal_category",
        "naf",
        "created_on",
        from_on=units.known_at,
        until_on=months_after(units.ceased_on, 1),
        head_office=units.siren + units.head_office_nic,
    )
    if establishments is None:
        return units.mutate(departement=ibis.null("string"), commune_name=ibis.null("string"))
    return _with_head_office(units, establishments)


def _with_head_office(units: ir.Table, establishments: ir.Table) -> ir.Table:
    """Keep the firms whose head office is in France, and add the place of that office (today's address)."""
    offices = establishments.filter(establishments.is_head_office & establishments.departement.notnull())
    offices = first_of_each(offices, ["siren"], [ibis.desc("state_since"), "siret"])
    offices = offices.select("siren", "departement", "commune_name", office=offices.siret)
    joined = units.inner_join(offices, "siren")
    return joined.mutate(head_office=joined.office).drop("office")


def known_headcount(grid: ir.Table, headcount: ir.Table) -> ir.Table:
    """The grid with `headcount`, the newest figure known, and `headcount_month`, the month of that figure."""
    month = newest_known(grid, headcount, "month")
    figures = lookup(month, headcount, "month", ["headcount"]).rename(headcount_month="month")
    return grid.inner_join(figures, ["siren", "period"])


def known_activity(grid: ir.Table, firms: ir.Table, history: ir.Table) -> ir.Table:
    """The grid with `naf`, `naf_division`: the head office's activity at that time, else today's (no history)."""
    past = history.filter(history.naf.notnull()).semi_join(firms.select(siret="head_office"), "siret")
    past = past.group_by("siren", "started_on").aggregate(naf=past.naf.max(), known_at=past.known_at.min())
    then = lookup(newest_known(grid, past, "started_on"), past, "started_on", ["naf"]).rename(naf_then="naf")
    rows = grid.inner_join(then, ["siren", "period"]).inner_join(firms.select("siren", naf_today="naf"), "siren")
    rows = rows.mutate(naf=rows.naf_then.fill_null(rows.naf_today)).drop("naf_then", "naf_today", "started_on")
    return rows.mutate(naf_division=rows.naf.left(2))


def in_scope(
    grid: ir.Table, headcount: ir.Table | None, *, min_headcount: int, excluded_activities: Sequence[str]
) -> ir.Table:
    """(siren, period) of the rows in scope: no excluded activity, and `min_headcount` reached in the last 120 months.

    grid: with `naf` and `naf_division`. excluded_activities: divisions (`84`) or whole codes (`85.10Z`).
    headcount: None where no headcount file was delivered; the size is then not checked here.
    """
    excluded = list(excluded_activities)
    is_excluded = grid.naf.isin(excluded) | grid.naf_division.isin(excluded)
    rows = grid.filter(grid.naf.isnull() | ~is_excluded)
    if headcount is None:
        return rows.select("siren", "period")
    reached = newest_known(grid, headcount.filter(headcount.headcount >= min_headcount), "month")
    reached = reached.filter(reached.month >= months_after(reached.period, -REACHED_WITHIN_MONTHS))
    return rows.semi_join(reached, ["siren", "period"]).select("siren", "period")
