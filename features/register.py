"""What the register said of each firm as it was known at each period: legal form, activity, state, head office, place.

A firm changes a few times in ten years, so that all is worked out on the few periods at which something became known
(its turning points), then spread over the calendar. Where no history tells, the value of today stands.
"""

from collections.abc import Sequence
from typing import Final

import ibis
import ibis.expr.types as ir

from features.days import first_period
from features.grid import KEY, arrivals
from features.sources.source import ALWAYS_KNOWN
from features.windows import first_of_each

CEASED: Final = "C"
# The facts whose value of today stands where no history tells the past, each with the column that says so.
TODAYS: Final = {"legal_category": "is_todays_category", "naf": "is_todays_activity", "departement": "is_todays_place"}


def dated(history: ir.Table) -> ir.Table:
    """The records of a history that can be placed in time; what has no start but an end counts as the oldest.

    history: with `started_on` and `ended_on`. What has neither tells when nothing; what ends before it starts is wrong.
    """
    placed = history.filter(history.started_on.notnull() | history.ended_on.notnull())
    placed = placed.mutate(started_on=placed.started_on.fill_null(ibis.literal(ALWAYS_KNOWN)))
    return placed.filter(placed.ended_on.isnull() | (placed.ended_on >= placed.started_on))


def past_offices(unit_history: ir.Table, establishments: ir.Table) -> ir.Table:
    """(siren, started_on, ended_on, known_at, head_office, departement): one row per head office that a history names.

    departement: of the establishment, null abroad. A head office that the register does not list tells nothing.
    """
    named = dated(unit_history).filter(lambda t: t.head_office_nic.notnull())
    named = named.select("siren", "started_on", "ended_on", "known_at", head_office=named.siren + named.head_office_nic)
    listed = establishments.select("departement", head_office="siret", listed_at="known_at")
    listed = first_of_each(listed, ["head_office"], ["listed_at", "departement"])
    found = named.inner_join(listed, "head_office")
    return found.mutate(known_at=ibis.greatest(found.known_at, found.listed_at)).drop("listed_at")


def known_facts(
    calendar: ir.Table,
    firms: ir.Table,
    unit_history: ir.Table,
    establishments: ir.Table,
    establishment_history: ir.Table,
) -> ir.Table:
    """What the register said of each firm: one row per firm and turning point, which holds from `since` to `until`.

    calendar: (siren, period, started), dense. firms: one row per firm, with its facts of today.
    Columns: siren, since, until (null: to the end), legal_category, naf, naf_division, departement (null abroad, and
    where no place is known), head_office (SIRET, null where no history tells), is_active, and those of TODAYS: whether
    a value is that of today, as no history tells.
    """
    offices = past_offices(unit_history, establishments)
    units, sites = dated(unit_history), dated(establishment_history)
    ours = firms.select(siret="head_office").union(offices.select(siret="head_office"))
    sites = sites.filter(sites.naf.notnull()).semi_join(ours, "siret")
    points = _turning_points(calendar, (units, offices, sites))
    points = _with_newest(points, offices, "siren", head_office="head_office", departement_then="departement")
    points = _with_newest(points, units, "siren", category_then="legal_category")
    points = _with_newest(points, units, "siren", unit_naf_then="naf")
    points = _with_newest(points, units, "siren", state_then="state")
    today = firms.select("siren", "legal_category", "naf", "departement", office_today="head_office")
    points = points.inner_join(today, "siren")
    points = points.mutate(siret=points.head_office.fill_null(points.office_today))
    points = _with_newest(points, sites, "siret", naf_then="naf")
    naf_then = points.naf_then.fill_null(points.unit_naf_then)
    facts = points.select(
        "siren",
        since="period",
        until=points.period.lead(1).over(ibis.window(group_by="siren", order_by="period")),
        legal_category=points.category_then.fill_null(points.legal_category),
        naf=naf_then.fill_null(points.naf),
        departement=points.head_office.isnull().ifelse(points.departement, points.departement_then),
        head_office="head_office",
        is_active=points.state_then.fill_null("") != CEASED,
        is_todays_category=points.category_then.isnull(),
        is_todays_activity=naf_then.isnull() & points.naf.notnull(),
        is_todays_place=points.head_office.isnull() & points.departement.notnull(),
    )
    return facts.mutate(naf_division=facts.naf.left(2))


def with_facts(grid: ir.Table, facts: ir.Table) -> ir.Table:
    """The grid with the facts of the register that hold at each period. facts: as `known_facts` gives."""
    facts = facts.rename(told_of="siren")
    holds = [
        grid.siren == facts.told_of,
        grid.period >= facts.since,
        facts.until.isnull() | (grid.period < facts.until),
    ]
    return grid.inner_join(facts, holds).drop("told_of", "since", "until")


def _turning_points(calendar: ir.Table, records: Sequence[ir.Table]) -> ir.Table:
    """(siren, period): the first period of each firm, and each one from which a record counts."""
    starts = calendar.filter(calendar.period == calendar.started).select(*KEY)
    arrived = ibis.union(*(one.select("siren", "known_at") for one in records), distinct=True)
    return starts.union(arrivals(calendar, arrived).select(*KEY), distinct=True)


def _with_newest(points: ir.Table, records: ir.Table, key: str, **facts: str) -> ir.Table:
    """The points with facts of the newest record that is known at each, null where none is.

    key: what a record is about. facts: our name = the column; a record without the first of them tells nothing. Of two
    records that start on one day, the one that lasts longer stands, then the last in the alphabet.
    """
    first = next(iter(facts.values()))
    told = records.filter(records[first].notnull()).select(
        **facts, about=key, said_on="started_on", counts_from=first_period(records.known_at), over_on="ended_on"
    )
    known = points.left_join(told, [points[key] == told.about, told.counts_from <= points.period])
    lasts = known.over_on.isnull().ifelse(1, 0)
    order = [ibis.desc("said_on"), ibis.desc(lasts), ibis.desc("over_on"), *(ibis.desc(name) for name in facts)]
    return first_of_each(known, KEY, order).select(*points.columns, *facts)
