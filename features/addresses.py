"""Head offices at one address: how many firms have theirs there over time, and how many of those failed lately.

Made once for all firms of the register at the addresses of ours: many firms at one address may be a centre that lends
addresses, or a group.
"""

from typing import Final

import ibis
import ibis.expr.types as ir

from features.days import days_after, first_period, months_after
from features.insolvency import OPENING
from features.register import CEASED, dated
from features.sources.formats import only_if

FAILED_WITHIN_MONTHS: Final = 36
# What makes an address, without the complement (a building, a floor).
STREET: Final = ("street_number", "repetition_index", "street_type", "street_name")


def placed(establishments: ir.Table) -> ir.Table:
    """(siret, place, listed_at): each establishment of which the street, its number and the postcode are published."""
    parts = [establishments[name].strip().upper().fill_null("") for name in (*STREET, "postcode")]
    words = parts[0]
    for part in parts[1:]:
        words = words + " " + part
    is_whole = establishments.street_number.notnull() & establishments.street_name.notnull()
    place = only_if(words, is_whole & establishments.postcode.notnull() & ~establishments.is_masked)
    return (
        establishments.mutate(place=place).filter(ibis._.place.notnull()).select("siret", "place", listed_at="known_at")
    )


def first_failures(urssaf_procedures: ir.Table, bodacc: ir.Table) -> ir.Table:
    """(siren, failed_at): the day on which a firm's first opening of a procedure became known."""
    known = [table.filter(table.stage == OPENING).select("siren", "known_at") for table in (urssaf_procedures, bodacc)]
    events = ibis.union(*known)
    return events.filter(events.siren.notnull()).group_by("siren").aggregate(failed_at=ibis._.known_at.min())


def neighbours(
    firms: ir.Table, unit_history: ir.Table, establishments: ir.Table, urssaf_procedures: ir.Table, bodacc: ir.Table
) -> ir.Table:
    """(place, since, until, firms_at_address, failed_at_address): what was known from one period to before another.

    firms: those of the table, of which the addresses count; the other tables are of all firms.
    firms_at_address: firms that the register has a head office of there. failed_at_address: those of them that failed
    while there, their opening being known for less than 36 months.
    """
    at = placed(establishments)
    ours = at.filter(at.siret.left(9).isin(firms.siren)).select("place").distinct()
    at = at.semi_join(ours, "place")
    named = dated(unit_history).filter(lambda t: t.head_office_nic.notnull() & (t.state.fill_null("") != CEASED))
    named = named.select("siren", "ended_on", "known_at", siret=named.siren + named.head_office_nic)
    there = named.inner_join(at, "siret")
    there = there.mutate(since=ibis.greatest(there.known_at, there.listed_at))
    # As long after the end of a state as the next one is known after its beginning.
    there = there.mutate(until=ibis.greatest(months_after(days_after(there.ended_on, 1), 1), there.since))
    there = there.mutate(until=only_if(there.until, there.ended_on.notnull()))
    failed = there.inner_join(first_failures(urssaf_procedures, bodacc), "siren")
    failed = failed.filter(
        failed.failed_at >= failed.since, failed.until.isnull() | (failed.failed_at < failed.until)
    ).distinct(on=["place", "siren"])
    gone, forgotten = there.filter(there.until.notnull()), months_after(failed.failed_at, FAILED_WITHIN_MONTHS)
    steps = ibis.union(
        _step(there, there.since, firms=1),
        _step(gone, gone.until, firms=-1),
        _step(failed, failed.failed_at, failed=1),
        _step(failed, forgotten, failed=-1),
    )
    return _points(steps)


def _step(rows: ir.Table, at: ir.DateValue, firms: int = 0, failed: int = 0) -> ir.Table:
    """(place, since, firms, failed): by how much the numbers at an address change, from a period on."""
    numbers = {"firms": ibis.literal(firms, "int64"), "failed": ibis.literal(failed, "int64")}
    return rows.select("place", since=first_period(at), **numbers)


def _points(steps: ir.Table) -> ir.Table:
    changes = steps.group_by("place", "since").aggregate(firms=ibis._.firms.sum(), failed=ibis._.failed.sum())
    own = ibis.window(group_by="place", order_by="since")
    so_far = ibis.window(group_by="place", order_by="since", preceding=None, following=0)
    return changes.select(
        "place",
        "since",
        until=changes.since.lead(1).over(own),
        firms_at_address=changes.firms.sum().over(so_far),
        failed_at_address=changes.failed.sum().over(so_far),
    )
