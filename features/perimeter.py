"""Which firms are in scope, and at which periods."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from features.days import months_after
from features.grid import lookup, newest_known

REACHED_WITHIN_MONTHS = 120
BANDS_OF_10_AND_MORE = ("11", "12", "21", "22", "31", "32", "41", "42", "51", "52", "53")


def headcounts(firm: ir.Table, establishment: ir.Table) -> ir.Table:
    """(siren, month, headcount, known_at): the firm's own figure, or the sum of its establishments.

    One row a firm and month: the figure known first, the firm's own where both are known together.
    """
    own = firm.select("siren", "month", "headcount", "known_at", preference=ibis.literal(0))
    once = establishment.select("siren", "siret", "month", "headcount", "known_at").distinct()
    summed = once.group_by("siren", "month", "known_at").aggregate(headcount=ibis._.headcount.sum())
    both = own.union(summed.select("siren", "month", "headcount", "known_at", preference=ibis.literal(1)))
    order = ["known_at", "preference", "headcount"]
    first = ibis.row_number().over(ibis.window(group_by=["siren", "month"], order_by=order))
    return both.mutate(place=first).filter(ibis._.place == 0).select("siren", "month", "headcount", "known_at")


def firms(
    legal_units: ir.Table,
    establishments: ir.Table | None,
    headcount: ir.Table | None,
    perimeter_filter: ir.Table | None,
    *,
    min_headcount: int,
    excluded_categories: Sequence[str],
) -> ir.Table:
    """One row a firm that may be in scope at some period.

    siren, name, diffusion, legal_category, naf (today's), head_office (SIRET), departement, commune_name, created_on,
    from_on and until_on: the days from which the register tells that it exists, and no longer exists (null: it does).
    Without a headcount file the register's size band of today decides.
    """
    units = legal_units.filter(legal_units.legal_category.notin(list(excluded_categories)))
    if perimeter_filter is not None:
        units = units.semi_join(perimeter_filter, "siren")
    if headcount is not None:
        units = units.semi_join(headcount.filter(headcount.headcount >= min_headcount), "siren")
    else:
        units = units.filter(units.size_band.isin(BANDS_OF_10_AND_MORE))
    # A register delivered with a unit twice: the newest state stands.
    newest = ibis.row_number().over(ibis.window(group_by="siren", order_by=[ibis.desc("state_since"), "name"]))
    units = units.mutate(place=newest).filter(ibis._.place == 0)
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
    return (
        units.mutate(departement=ibis.null("string"), commune_name=ibis.null("string"))
        if establishments is None
        else (_with_head_office(units, establishments))
    )


def _with_head_office(units: ir.Table, establishments: ir.Table) -> ir.Table:
    """Keep the firms whose head office is in France, with where it is (today's address)."""
    offices = establishments.filter(establishments.is_head_office & establishments.departement.notnull())
    newest = ibis.row_number().over(ibis.window(group_by="siren", order_by=[ibis.desc("state_since"), "siret"]))
    offices = offices.mutate(place=newest).filter(ibis._.place == 0)
    offices = offices.select("siren", "departement", "commune_name", office=offices.siret)
    joined = units.inner_join(offices, "siren")
    return joined.mutate(head_office=joined.office).drop("office")


def known_headcount(grid: ir.Table, headcount: ir.Table) -> ir.Table:
    """The grid with `headcount`, the newest figure known, and `headcount_month`, the month that it tells of."""
    month = newest_known(grid, headcount, "month")
    figures = lookup(month, headcount, "month", ["headcount"]).rename(headcount_month="month")
    return grid.inner_join(figures, ["siren", "period"])


def known_activity(grid: ir.Table, firms: ir.Table, history: ir.Table) -> ir.Table:
    """The grid with `naf` and `naf_division`: the head office's activity then, today's where no history tells."""
    past = history.filter(history.naf.notnull()).semi_join(firms.select(siret="head_office"), "siret")
    past = past.group_by("siren", "started_on").aggregate(naf=past.naf.max(), known_at=past.known_at.min())
    then = lookup(newest_known(grid, past, "started_on"), past, "started_on", ["naf"]).rename(naf_then="naf")
    rows = grid.inner_join(then, ["siren", "period"]).inner_join(firms.select("siren", naf_today="naf"), "siren")
    rows = rows.mutate(naf=rows.naf_then.fill_null(rows.naf_today)).drop("naf_then", "naf_today", "started_on")
    return rows.mutate(naf_division=rows.naf.left(2))


def in_scope(
    grid: ir.Table, headcount: ir.Table | None, *, min_headcount: int, excluded_activities: Sequence[str]
) -> ir.Table:
    """(siren, period) of the rows in scope: enough employees at some month of the last 120, no excluded activity.

    excluded_activities: divisions (`84`) or whole codes (`85.10Z`). grid: with `naf`, `naf_division`.
    """
    excluded = list(excluded_activities)
    is_excluded = grid.naf.isin(excluded) | grid.naf_division.isin(excluded)
    rows = grid.filter(grid.naf.isnull() | ~is_excluded)
    if headcount is None:
        return rows.select("siren", "period")
    reached = newest_known(grid, headcount.filter(headcount.headcount >= min_headcount), "month")
    reached = reached.filter(reached.month >= months_after(reached.period, -REACHED_WITHIN_MONTHS))
    return rows.semi_join(reached, ["siren", "period"]).select("siren", "period")
