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
    grid: ir.Table,
    firms: ir.Table,
    unit_history: ir.Table,
    establishments: ir.Table,
    establishment_history: ir.Table,
) -> ir.Table:
    """The grid with what the register said of each firm, as known at each period.

    grid: (siren, period, started, ...), dense. firms: one row per firm, with its facts of today.
    Adds legal_category, naf, naf_division, departement (null abroad, and where no place is known), is_active, and the
    columns of TODAYS: whether a value is that of today, because no history tells.
    """
    offices = past_offices(unit_history, establishments)
    units, sites = dated(unit_history), dated(establishment_history)
    sites = sites.filter(sites.naf.notnull())
    ours = firms.select("siren", siret="head_office").union(offices.select("siren", siret="head_office")).distinct()
    points = _turning_points(grid, (units, offices, sites.drop("siren").inner_join(ours, "siret")))
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
        *KEY,
        legal_category=points.category_then.fill_null(points.legal_category),
        naf=naf_then.fill_null(points.naf),
        departement=points.head_office.isnull().ifelse(points.departement, points.departement_then),
        is_active=points.state_then.fill_null("") != CEASED,
        is_todays_category=points.category_then.isnull(),
        is_todays_activity=naf_then.isnull() & points.naf.notnull(),
        is_todays_place=points.head_office.isnull() & points.departement.notnull(),
    )
    facts = facts.mutate(naf_division=facts.naf.left(2))
    return _spread(grid, facts)


def _turning_points(grid: ir.Table, records: Sequence[ir.Table]) -> ir.Table:
    """(siren, period): the first period of each firm, and each one from which a record counts."""
    starts = grid.filter(grid.period == grid.started).select(*KEY)
    return ibis.union(starts, *(arrivals(grid, one).select(*KEY) for one in records), distinct=True)


def _with_newest(points: ir.Table, records: ir.Table, key: str, **facts: str) -> ir.Table:
    """The points with facts of the newest record that is known at each, null where none is.

    key: what a record is about. facts: our name = the column; a record without the first of them tells nothing. Of two
    records that start on one day, the one that lasts longer stands, then the last in the alphabet.
    """
    told = [records[column].name(f"{name}_told") for name, column in facts.items()]
    first = next(iter(facts.values()))
    said = records.filter(records[first].notnull()).select(
        *told, about=key, said_on="started_on", counts_from=first_period(records.known_at), over_on="ended_on"
    )
    known = points.inner_join(said, [points[key] == said.about, said.counts_from <= points.period])
    lasts = known.over_on.isnull().ifelse(1, 0)
    order = [
        ibis.desc("said_on"),
        ibis.desc(lasts),
        ibis.desc("over_on"),
        *(ibis.desc(f"{name}_told") for name in facts),
    ]
    newest = first_of_each(known, KEY, order).select(*KEY, **{name: f"{name}_told" for name in facts})
    return points.left_join(newest, list(KEY)).select(*points.columns, *facts)


def _spread(grid: ir.Table, facts: ir.Table) -> ir.Table:
    """The grid with the facts of each firm's last turning point."""
    until = facts.period.lead(1).over(ibis.window(group_by="siren", order_by="period"))
    spells = facts.mutate(until=until).rename(told_of="siren", since="period")
    holds = [
        grid.siren == spells.told_of,
        grid.period >= spells.since,
        spells.until.isnull() | (grid.period < spells.until),
    ]
    return grid.inner_join(spells, holds).drop("told_of", "since", "until")
