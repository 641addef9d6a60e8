"""Financial health: the ratios of the newest accounts known, and their change since the year before."""

from dataclasses import replace

import ibis
import ibis.expr.types as ir

from features.catalog import Feature, feature, rank_in_division
from features.days import months_since
from features.grid import lookup, newest_known
from features.sources.financial_ratios import RATIOS, Ratio
from features.windows import first_of_each

# Complete accounts are preferred to simplified ones. Consolidated accounts (K) describe a group, not the firm.
PREFERENCE = {"C": 0, "S": 1}
# In months: accounts closed 9 to 15 months earlier are those of the year before.
YEAR_BEFORE = (9, 15)


def known_values(grid: ir.Table, financial_ratios: ir.Table) -> ir.Table:
    """One row per (siren, period) of the grid: the ratios of the newest accounts known, in the units of the file.

    Columns: closed_on, is_confidential, each ratio, and as `<name>_before` the same ratio of the year before.
    """
    accounts = with_year_before(preferred(financial_ratios))
    columns = ["is_confidential", *RATIOS, *(f"{name}_before" for name in RATIOS)]
    return lookup(newest_known(grid, accounts, "closed_on"), accounts, "closed_on", columns)


def preferred(financial_ratios: ir.Table) -> ir.Table:
    """One row per firm and closing date: the complete accounts, else the simplified ones."""
    own = financial_ratios.filter(financial_ratios.accounts_type.isin(list(PREFERENCE)))
    rank = own.accounts_type.cases(*PREFERENCE.items())
    public = own.confidentiality.lower() == "public"
    own = own.mutate(is_confidential=~public.fill_null(False))
    return first_of_each(own, ["siren", "closed_on"], [rank, "known_at", *RATIOS])


def with_year_before(accounts: ir.Table) -> ir.Table:
    """Add to each firm's accounts the ratios of the year before, as `<name>_before`.

    Null where the preceding accounts were not closed 9 to 15 months earlier, and where they were confidential while
    these are public: a public change must not reveal a confidential ratio.
    """
    own = ibis.window(group_by="siren", order_by="closed_on")
    gap = months_since(accounts.closed_on.lag(1).over(own), accounts.closed_on)
    is_year = gap.between(*YEAR_BEFORE)
    may_be_shown = accounts.is_confidential | ~accounts.is_confidential.lag(1).over(own)
    before = {
        f"{name}_before": (is_year & may_be_shown).ifelse(accounts[name].lag(1).over(own), ibis.null("float64"))
        for name in RATIOS
    }
    return accounts.mutate(**before)


def features_of_ratio(ratio: Ratio) -> tuple[Feature, Feature, Feature]:
    """A ratio of the newest accounts known, its change since the year before, its rank within the NAF division."""
    own = Feature(
        name=ratio.name,
        theme=__name__.rsplit(".", 1)[-1],
        unit=ratio.unit,
        direction=ratio.direction,
        fr=ratio.fr,
        en=ratio.en,
        sources=("financial_ratios",),
        definition=f"`{ratio.header}` of the newest accounts known.",
        compute=lambda t: t[ratio.name],
    )
    return own, change_on_year(own), rank_in_division(own)


def change_on_year(ratio: Feature) -> Feature:
    """The ratio minus that of the accounts of the year before."""
    return replace(
        ratio,
        name=f"{ratio.name}_change_1y",
        fr=f"{ratio.fr}, variation sur un an",
        en=f"{ratio.en}, change since the year before",
        definition=(
            f"{ratio.en} minus that of the accounts closed {YEAR_BEFORE[0]} to {YEAR_BEFORE[1]} months earlier; "
            "unknown where those were confidential and these are public."
        ),
        compute=lambda t: t[ratio.name] - t[f"{ratio.name}_before"],
        derived_from=ratio.name,
    )


@feature(
    unit="months",
    direction=0,
    sources=("financial_ratios",),
    fr="Ancienneté des derniers comptes connus",
    en="Age of the last known accounts",
)
def accounts_age(t: ir.Table) -> ir.IntegerValue:
    """Months from the closing date of the newest accounts known to the period."""
    return months_since(t.closed_on, t.period)


@feature(
    unit="yes/no",
    direction=0,
    sources=("financial_ratios",),
    fr="Comptes déposés sous confidentialité",
    en="Accounts filed as confidential",
)
def accounts_confidential(t: ir.Table) -> ir.BooleanValue:
    """Whether the newest accounts known were filed as confidential, to be shown to authorised persons only."""
    return t.is_confidential


RATIO_FEATURES = tuple(made for ratio in RATIOS.values() for made in features_of_ratio(ratio))
