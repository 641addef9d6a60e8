"""Financial health: the ratios of the last accounts that could be known, and their change on the year before."""

from dataclasses import replace

import ibis
import ibis.expr.types as ir

from features.catalog import Direction, Feature, feature, rank_in_division
from features.days import months_since
from features.grid import lookup, newest_known
from features.sources.financial_ratios import RATIOS

# Complete accounts first, then simplified; consolidated ones (K) are of a group, not of the firm.
PREFERENCE = {"C": 0, "S": 1}
# Accounts closed 9 to 15 months earlier are those of the year before.
YEAR_BEFORE = (9, 15)


def base(grid: ir.Table, financial_ratios: ir.Table) -> ir.Table:
    """One row a (siren, period) of the grid: the ratios of the newest accounts known, in the units of the file.

    Each ratio has its `<name>_before`, that of the accounts of the year before.
    """
    accounts = with_year_before(preferred(financial_ratios))
    columns = ["is_confidential", *RATIOS, *(f"{name}_before" for name in RATIOS)]
    return lookup(newest_known(grid, accounts, "closed_on"), accounts, "closed_on", columns)


def preferred(financial_ratios: ir.Table) -> ir.Table:
    """One row a firm and closing date: complete accounts, else simplified ones."""
    own = financial_ratios.filter(financial_ratios.accounts_type.isin(list(PREFERENCE)))
    rank = own.accounts_type.cases(*PREFERENCE.items())
    order = [rank, "known_at", *RATIOS]
    first = ibis.row_number().over(ibis.window(group_by=["siren", "closed_on"], order_by=order))
    public = own.confidentiality.lower() == "public"
    return own.mutate(place=first, is_confidential=~public.fill_null(False)).filter(ibis._.place == 0).drop("place")


def with_year_before(accounts: ir.Table) -> ir.Table:
    """Add to each accounts the ratios of the year before, unknown where the preceding accounts are of another time.

    Nor are they known where those were confidential and these are public: what is public must not tell them.
    """
    own = ibis.window(group_by="siren", order_by="closed_on")
    gap = months_since(accounts.closed_on.lag(1).over(own), accounts.closed_on)
    is_year = gap.between(*YEAR_BEFORE)
    may_be_told = accounts.is_confidential | ~accounts.is_confidential.lag(1).over(own)
    before = {
        f"{name}_before": (is_year & may_be_told).ifelse(accounts[name].lag(1).over(own), ibis.null("float64"))
        for name in RATIOS
    }
    return accounts.mutate(**before)


def ratio_of_accounts(name: str, direction: Direction, fr: str, en: str) -> Feature:
    """A ratio of the file as a feature: as published, of the newest accounts known."""
    header, unit = RATIOS[name]
    return Feature(
        name=name,
        theme=__name__.rsplit(".", 1)[-1],
        unit=unit,
        direction=direction,
        fr=fr,
        en=en,
        sources=("financial_ratios",),
        definition=f"`{header}` of the newest accounts known.",
        compute=lambda t: t[name],
    )


def change_on_year(ratio: Feature) -> Feature:
    """The ratio less that of the accounts of the year before."""
    return replace(
        ratio,
        name=f"{ratio.name}_change_1y",
        fr=f"{ratio.fr}, variation sur un an",
        en=f"{ratio.en}, change on the year before",
        definition=(
            f"{ratio.en} less that of the accounts closed {YEAR_BEFORE[0]} to {YEAR_BEFORE[1]} months earlier; "
            "not known where those were confidential and these are public."
        ),
        compute=lambda t: t[ratio.name] - t[f"{ratio.name}_before"],
        base=ratio.name,
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
    """Whether the newest accounts known may be shown only to those allowed."""
    return t.is_confidential


turnover = ratio_of_accounts("turnover", 0, "Chiffre d'affaires", "Turnover")
turnover_change_1y = change_on_year(turnover)
turnover_rank_in_division = rank_in_division(turnover)
gross_margin = ratio_of_accounts("gross_margin", 0, "Marge brute", "Gross margin")
gross_margin_change_1y = change_on_year(gross_margin)
gross_margin_rank_in_division = rank_in_division(gross_margin)
ebitda = ratio_of_accounts("ebitda", 0, "Excédent brut d'exploitation", "EBITDA (gross operating surplus)")
ebitda_change_1y = change_on_year(ebitda)
ebitda_rank_in_division = rank_in_division(ebitda)
ebit = ratio_of_accounts("ebit", 0, "Résultat d'exploitation", "EBIT (operating income)")
ebit_change_1y = change_on_year(ebit)
ebit_rank_in_division = rank_in_division(ebit)
net_income = ratio_of_accounts("net_income", 0, "Résultat net", "Net income")
net_income_change_1y = change_on_year(net_income)
net_income_rank_in_division = rank_in_division(net_income)
debt_ratio = ratio_of_accounts("debt_ratio", 0, "Taux d'endettement", "Debt ratio")
debt_ratio_change_1y = change_on_year(debt_ratio)
debt_ratio_rank_in_division = rank_in_division(debt_ratio)
liquidity_ratio = ratio_of_accounts("liquidity_ratio", -1, "Ratio de liquidité", "Liquidity ratio")
liquidity_ratio_change_1y = change_on_year(liquidity_ratio)
liquidity_ratio_rank_in_division = rank_in_division(liquidity_ratio)
asset_age_ratio = ratio_of_accounts("asset_age_ratio", 0, "Ratio de vétusté", "Asset age ratio")
asset_age_ratio_change_1y = change_on_year(asset_age_ratio)
asset_age_ratio_rank_in_division = rank_in_division(asset_age_ratio)
financial_autonomy = ratio_of_accounts("financial_autonomy", -1, "Autonomie financière", "Financial autonomy")
financial_autonomy_change_1y = change_on_year(financial_autonomy)
financial_autonomy_rank_in_division = rank_in_division(financial_autonomy)
working_capital_to_turnover = ratio_of_accounts(
    "working_capital_to_turnover",
    0,
    "Besoin en fonds de roulement sur chiffre d'affaires",
    "Working capital requirement over turnover",
)
working_capital_to_turnover_change_1y = change_on_year(working_capital_to_turnover)
working_capital_to_turnover_rank_in_division = rank_in_division(working_capital_to_turnover)
interest_cover = ratio_of_accounts("interest_cover", 0, "Couverture des intérêts", "Interest cover")
interest_cover_change_1y = change_on_year(interest_cover)
interest_cover_rank_in_division = rank_in_division(interest_cover)
cash_flow_to_turnover = ratio_of_accounts(
    "cash_flow_to_turnover", -1, "Capacité d'autofinancement sur chiffre d'affaires", "Cash flow over turnover"
)
cash_flow_to_turnover_change_1y = change_on_year(cash_flow_to_turnover)
cash_flow_to_turnover_rank_in_division = rank_in_division(cash_flow_to_turnover)
repayment_capacity = ratio_of_accounts("repayment_capacity", 0, "Capacité de remboursement", "Repayment capacity")
repayment_capacity_change_1y = change_on_year(repayment_capacity)
repayment_capacity_rank_in_division = rank_in_division(repayment_capacity)
ebitda_margin = ratio_of_accounts("ebitda_margin", -1, "Marge d'EBE", "EBITDA margin")
ebitda_margin_change_1y = change_on_year(ebitda_margin)
ebitda_margin_rank_in_division = rank_in_division(ebitda_margin)
pretax_income_to_turnover = ratio_of_accounts(
    "pretax_income_to_turnover",
    -1,
    "Résultat courant avant impôts sur chiffre d'affaires",
    "Pre-tax income over turnover",
)
pretax_income_to_turnover_change_1y = change_on_year(pretax_income_to_turnover)
pretax_income_to_turnover_rank_in_division = rank_in_division(pretax_income_to_turnover)
working_capital_days = ratio_of_accounts(
    "working_capital_days",
    0,
    "Besoin en fonds de roulement en jours de chiffre d'affaires",
    "Working capital requirement in days of turnover",
)
working_capital_days_change_1y = change_on_year(working_capital_days)
working_capital_days_rank_in_division = rank_in_division(working_capital_days)
inventory_days = ratio_of_accounts("inventory_days", 0, "Rotation des stocks", "Inventory turnover")
inventory_days_change_1y = change_on_year(inventory_days)
inventory_days_rank_in_division = rank_in_division(inventory_days)
customer_credit_days = ratio_of_accounts("customer_credit_days", 0, "Crédit clients", "Customer credit")
customer_credit_days_change_1y = change_on_year(customer_credit_days)
customer_credit_days_rank_in_division = rank_in_division(customer_credit_days)
supplier_credit_days = ratio_of_accounts("supplier_credit_days", +1, "Crédit fournisseurs", "Supplier credit")
supplier_credit_days_change_1y = change_on_year(supplier_credit_days)
supplier_credit_days_rank_in_division = rank_in_division(supplier_credit_days)
