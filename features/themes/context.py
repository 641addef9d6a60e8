"""Context: how the firms of the same sector, size, territory and address fared lately. It says little of the firm.

A failure is the first period at which a firm, in no procedure the month before, is known to be in one. All is counted
over the firms in scope, by what was known of each at the time; where the register tells only of today, not at all.
"""

from typing import Final, NamedTuple

import ibis
import ibis.expr.types as ir

from features.catalog import Feature, feature
from features.days import months_after
from features.grid import KEY
from features.insolvency import IN_BONIS
from features.nomenclatures import mapping

WITHIN_MONTHS: Final = 12
# Firm-years of the larger group that a group's own are mixed with; fewer than these in all tell nothing.
SHRUNK_BY: Final = 100
ALL: Final = "all"
# Kind of group -> code of a smaller group -> code of the larger one that holds it.
SECTION_OF: Final = mapping("naf_rev2", "division", "section")
REGION_OF: Final = mapping("departements", "departement", "region")


class Group(NamedTuple):
    """A way to group firms: the feature with the code of each firm's group, and its names for people."""

    name: str
    code: str
    fr: str
    en: str


GROUPS: Final = (
    Group("division", "naf_division", "de la division d'activité", "the firm's NAF division"),
    Group("size", "size_class", "de la classe de taille", "the firm's size class"),
    Group("departement", "departement", "du département", "the firm's département"),
)


def exposure(grid: ir.Table, scoped: ir.Table, states: ir.Table) -> ir.Table:
    """(period, naf_division, size_class, departement, at_risk, failed): firms counted by month and group.

    grid: one row per firm and month without a gap, with these three columns. scoped: (siren, period) in scope.
    states: (siren, period, state), of each row of the grid.
    A firm in scope and in no procedure at a month is at risk over it, and counts at the period that ends it.
    """
    # Few firms are ever in a procedure: these rows are joined, rather than each row with the next one.
    failing = states.filter(states.state != IN_BONIS).select(*KEY)
    before = failing.select("siren", period=months_after(failing.period, -1), has_failed=True)
    rows = grid.select(*KEY, *(group.code for group in GROUPS)).semi_join(scoped, list(KEY))
    rows = rows.anti_join(failing, list(KEY)).left_join(before, list(KEY))
    rows = rows.mutate(period=months_after(rows.period, 1))
    return rows.group_by("period", *(group.code for group in GROUPS)).aggregate(
        at_risk=rows.count(), failed=rows.has_failed.count()
    )


def failure_rates(counts: ir.Table) -> ir.Table:
    """(kind, code, period, rate, rate_before): failures per firm and year over the 12 months that end at each period.

    counts: as `exposure` gives, of any number of parts, from the first period on at which procedures are known.
    rate_before: the rate twelve months earlier. Both are null before twelve whole months, and with too few firms.
    The rate of a group is mixed with that of the larger group, more so the smaller the group: a division with its
    section, a département with its region, a section, a region and a size with all firms.
    """
    kinds = {
        ALL: ibis.literal(ALL),
        "section": counts.naf_division.cases(*SECTION_OF.items()),
        "region": counts.departement.cases(*REGION_OF.items()),
        **{group.name: counts[group.code] for group in GROUPS},
    }
    own = {kind: _over_a_year(counts.mutate(code=code)) for kind, code in kinds.items()}
    everyone = own[ALL].mutate(rate=own[ALL].failures / (own[ALL].years >= SHRUNK_BY).ifelse(own[ALL].years, None))
    shrunk = {kind: _shrunk(own[kind], everyone, ibis.literal(ALL)) for kind in ("section", "region", "size")}
    division, departement = own["division"], own["departement"]
    shrunk["division"] = _shrunk(division, shrunk["section"], division.code.cases(*SECTION_OF.items()))
    shrunk["departement"] = _shrunk(departement, shrunk["region"], departement.code.cases(*REGION_OF.items()))
    rates = ibis.union(*(shrunk[group.name].mutate(kind=ibis.literal(group.name)) for group in GROUPS))
    before = rates.select("kind", "code", period=months_after(rates.period, WITHIN_MONTHS), rate_before="rate")
    rows = rates.left_join(before, ["kind", "code", "period"])
    return rows.select("kind", "code", "period", "rate", "rate_before")


def _over_a_year(counts: ir.Table) -> ir.Table:
    """(code, period, failures, years): over the twelve months up to each period, where they are whole and told of."""
    by_month = counts.filter(counts.code.notnull()).group_by("code", "period")
    by_month = by_month.aggregate(at_risk=ibis._.at_risk.sum(), failed=ibis._.failed.sum())
    periods = counts.select("period").distinct()
    months = by_month.select("code").distinct().cross_join(periods).left_join(by_month, ["code", "period"])
    months = months.select("code", "period", at_risk=months.at_risk.fill_null(0), failed=months.failed.fill_null(0))
    year = ibis.window(group_by="code", order_by="period", preceding=WITHIN_MONTHS - 1, following=0)
    summed = months.mutate(
        failures=months.failed.sum().over(year),
        years=months.at_risk.sum().over(year) / WITHIN_MONTHS,
        months=months.period.count().over(year),
    )
    is_told = (summed.months == WITHIN_MONTHS) & (summed.years > 0)
    return summed.filter(is_told).select("code", "period", "failures", "years")


def _shrunk(groups: ir.Table, larger: ir.Table, larger_code: ir.StringValue) -> ir.Table:
    """(code, period, rate): each group's rate, mixed with that of the larger group that holds it."""
    groups = groups.mutate(larger_code=larger_code)
    mean = larger.select("period", larger_code="code", mean="rate")
    rows = groups.left_join(mean, ["larger_code", "period"])
    rate = (rows.failures + SHRUNK_BY * rows["mean"]) / (rows.years + SHRUNK_BY)
    return rows.select("code", "period", rate=rate)


def known_values(grid: ir.Table, neighbours: ir.Table) -> ir.Table:
    """One row per (siren, period) of the grid: how many firms had their head office at the firm's address, and failed.

    grid: with `place`, the address of the firm's head office, null where it is not known. neighbours: see `addresses`.
    """
    told = neighbours.rename(address="place", told_since="since")
    holds = [
        grid.place == told.address,
        grid.period >= told.told_since,
        told.until.isnull() | (grid.period < told.until),
    ]
    return grid.select(*KEY, "place").left_join(told, holds).drop("address", "told_since", "until")


@feature(
    unit="firms",
    direction=0,
    sources=("legal_unit_history", "establishments"),
    fr="Entreprises ayant leur siège à la même adresse",
    en="Firms with their head office at the same address",
)
def firms_at_address(t: ir.Table) -> ir.IntegerValue:
    """Number of firms, this one included, of which the register has the head office at the firm's address."""
    return t.firms_at_address


@feature(
    unit="firms",
    direction=0,
    sources=("legal_unit_history", "establishments", "procedures"),
    fr="Défaillances à la même adresse, sur 36 mois",
    en="Failures at the same address, over 36 months",
)
def failed_at_address(t: ir.Table) -> ir.IntegerValue:
    """Number of these firms whose first procedure became known in the last 36 months, while they were there."""
    return t.failed_at_address


def rates_of(table: ir.Table, failure_rates: ir.Table) -> ir.Table:
    """(siren, period, `<group>_rate`, `<group>_rate_before`): the rates of each row's groups, null where not known.

    table: rows of the feature table, with the features that hold the codes of the groups. failure_rates: see there.
    """
    rows = table.select(*KEY, *(group.code for group in GROUPS))
    for group in GROUPS:
        rates = failure_rates.filter(failure_rates.kind == group.name).select(
            "period",
            **{group.code: "code", f"{group.name}_rate": "rate", f"{group.name}_rate_before": "rate_before"},
        )
        rows = rows.left_join(rates, ["period", group.code]).drop("period_right", f"{group.code}_right")
    return rows.drop(*(group.code for group in GROUPS))


def features_of_group(group: Group) -> tuple[Feature, Feature]:
    """The failure rate of the firm's group over twelve months, and its change on the year before."""

    def of_rate(name: str, fr: str, en: str, definition: str, derived_from: str | None) -> Feature:
        rate, before = f"{group.name}_rate", f"{group.name}_rate_before"
        return Feature(
            name=name,
            theme=__name__.rsplit(".", 1)[-1],
            unit="share",
            direction=0,
            fr=fr,
            en=en,
            sources=("procedures",),
            definition=definition,
            compute=lambda t: t[rate] - t[before] if derived_from else t[rate],
            derived_from=derived_from,
            across_firms=True,
        )

    name = f"{group.name}_failure_rate"
    fr, en = f"Taux de défaillance {group.fr}, sur 12 mois", f"Failure rate of {group.en}, over 12 months"
    shrunk = f"mixed with that of the larger group ({SHRUNK_BY} firm-years)"
    return (
        of_rate(name, fr, en, f"Failures known in the last 12 months per firm and year in {group.en}, {shrunk}.", None),
        of_rate(
            f"{name}_change_12m",
            f"{fr}, variation sur un an",
            f"{en}, change since the year before",
            f"The failure rate of {group.en} minus that of twelve months earlier.",
            name,
        ),
    )


GROUP_FEATURES = tuple(made for group in GROUPS for made in features_of_group(group))
