"""Which firms are in scope, and at which periods."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from features.days import months_after
from features.grid import lookup, newest_known
from features.register import past_offices
from features.windows import first_of_each

REACHED_WITHIN_MONTHS = 120
# Complete and simplified accounts: consolidated ones are of a group.
OWN_ACCOUNTS = ("C", "S")
# Where a head office is, in the columns of an establishment.
PLACE = ("departement", "commune_name", "postcode", "address")
BANDS_OF_10_AND_MORE = ("11", "12", "21", "22", "31", "32", "41", "42", "51", "52", "53")


def headcounts(firm: ir.Table, establishment: ir.Table) -> ir.Table:
    """(siren, month, headcount, known_at): the firm's own figure, or the sum of its establishments' accounts.

    One row per firm and month: the figure known first; the firm's own where both became known on the same day.
    """
    own = firm.select("siren", "month", "headcount", "known_at", preference=ibis.literal(0))
    # Most months are told by both files: what the firm's own figure stands before is not added up.
    told = [establishment.siren == own.siren, establishment.month == own.month, establishment.known_at >= own.known_at]
    once = establishment.anti_join(own, told)
    # The file has one line per account: equal lines of one account are one, equal ones of two accounts add up.
    once = once.select("siren", "siret", "account", "month", "headcount", "known_at").distinct()
    summed = once.group_by("siren", "month", "known_at").aggregate(headcount=ibis._.headcount.sum())
    both = own.union(summed.select("siren", "month", "headcount", "known_at", preference=ibis.literal(1)))
    order = ["known_at", "preference", "headcount"]
    return first_of_each(both, ["siren", "month"], order).select("siren", "month", "headcount", "known_at")


def large_enough(
    headcount: ir.Table | None, accounts: ir.Table | None, *, min_headcount: int, min_turnover: int
) -> ir.Table | None:
    """(siren, month, known_at): the months that each firm is known to have been large enough in.

    By its headcounts; without any file of them by its own accounts, of which the turnover says as much and the closing
    is the month; None where neither was delivered.
    """
    if headcount is not None:
        return headcount.filter(headcount.headcount >= min_headcount).select("siren", "month", "known_at")
    if accounts is None:
        return None
    own = accounts.filter(accounts.accounts_type.isin(OWN_ACCOUNTS), accounts.turnover >= min_turnover)
    return own.select("siren", "known_at", month="closed_on")


def firms(
    legal_units: ir.Table,
    establishments: ir.Table | None,
    reached: ir.Table | None,
    perimeter_filter: ir.Table | None,
    unit_history: ir.Table | None = None,
    *,
    excluded_categories: Sequence[str],
) -> ir.Table:
    """One row per firm that can be in scope at some period.

    Columns: siren, name, diffusion, legal_category, naf, head_office (SIRET), departement, commune_name, postcode,
    address, is_masked, all of them today's, created_on, from_on and until_on. The register shows that the firm exists
    from the day `from_on` to the day `until_on` (null: it still exists). A firm that the history shows in scope in the
    past is among them, whatever it is today.
    reached: as `large_enough` gives; where it is None nothing tells of the past, and today's size band decides.
    """
    units = legal_units
    if perimeter_filter is not None:
        units = units.semi_join(perimeter_filter, "siren")
    if reached is not None:
        units = units.semi_join(reached, "siren")
    else:
        units = units.filter(units.size_band.isin(BANDS_OF_10_AND_MORE))
    admitted = units.legal_category.notin(list(excluded_categories))
    if unit_history is not None:
        once = unit_history.filter(unit_history.legal_category.notin(list(excluded_categories)))
        admitted = admitted | units.siren.isin(once.siren)
    units = units.filter(admitted)
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
        texts = {name: ibis.null("string") for name in PLACE}
        return units.mutate(**texts, is_masked=ibis.null("boolean"))
    return _with_head_office(units, establishments, unit_history)


def _with_head_office(units: ir.Table, establishments: ir.Table, unit_history: ir.Table | None) -> ir.Table:
    """Keep the firms whose head office is or was in France, and add where that office is today."""
    offices = establishments.filter(establishments.is_head_office & establishments.departement.notnull())
    offices = first_of_each(offices, ["siren"], [ibis.desc("state_since"), "siret"])
    offices = offices.select("siren", *PLACE, "is_masked", office=offices.siret)
    joined = units.left_join(offices, "siren")
    is_french = joined.office.notnull()
    if unit_history is not None:
        past = past_offices(unit_history, establishments)
        is_french = is_french | joined.siren.isin(past.filter(past.departement.notnull()).siren)
    joined = joined.filter(is_french)
    return joined.mutate(head_office=joined.office.fill_null(joined.head_office)).select(
        *units.columns, *PLACE, "is_masked"
    )


def known_headcount(grid: ir.Table, headcount: ir.Table) -> ir.Table:
    """The grid with `headcount`, the newest figure known, and `headcount_month`, the month of that figure."""
    month = newest_known(grid, headcount, "month")
    figures = lookup(month, headcount, "month", ["headcount"]).rename(headcount_month="month")
    return grid.inner_join(figures, ["siren", "period"])


def in_scope(
    grid: ir.Table,
    reached: ir.Table | None,
    *,
    excluded_activities: Sequence[str],
    excluded_categories: Sequence[str] = (),
    needs_place: bool = False,
) -> ir.Table:
    """(siren, period) of the rows in scope, by what was known then.

    In scope: the firm was large enough in the last 120 months, neither the activity nor the legal category is
    excluded, the register tells no end of the firm and, where `needs_place`, a head office in France.
    grid: as `register.known_facts` gives. excluded_activities: divisions (`84`) or whole codes (`85.10Z`).
    reached: as `large_enough` gives; where it is None the size is not checked here.
    """
    excluded = list(excluded_activities)
    is_excluded = grid.naf.isin(excluded) | grid.naf_division.isin(excluded)
    rows = grid.filter(grid.naf.isnull() | ~is_excluded)
    rows = rows.filter(
        rows.is_active, rows.legal_category.isnull() | rows.legal_category.notin(list(excluded_categories))
    )
    if needs_place:
        rows = rows.filter(rows.departement.notnull())
    if reached is None:
        return rows.select("siren", "period")
    last = newest_known(grid, reached, "month")
    last = last.filter(last.month >= months_after(last.period, -REACHED_WITHIN_MONTHS))
    return rows.semi_join(last, ["siren", "period"]).select("siren", "period")
