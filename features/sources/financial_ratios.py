"""Financial ratios of the filed accounts (INPI/BCE, open data): one line per firm and fiscal year.

Accounts are not known on their closing date: they are approved within 6 months (Code de commerce, L225-100) and filed
within one more month (L232-21 to L232-23). Where a notice tells of their deposit, that day stands: see `accounts`.
"""

from typing import Final, Literal, NamedTuple

from features.sources.formats import day, number, siren, text
from features.sources.source import After, Column, Source


class Ratio(NamedTuple):
    """A ratio of the file, from which a column of the source and three features are made.

    name: our column. header: its column in the file. unit: as published (percentages stay percentages).
    direction: +1 where more is riskier, -1 where more is safer, 0 where it is neither. fr, en: its name for people.
    """

    name: str
    header: str
    unit: str
    direction: Literal[-1, 0, 1]
    fr: str
    en: str


# fmt: off
RATIOS: Final = {ratio.name: ratio for ratio in (
    Ratio("turnover", "chiffre_d_affaires", "EUR", 0, "Chiffre d'affaires", "Turnover"),
    Ratio("gross_margin", "marge_brute", "EUR", 0, "Marge brute", "Gross margin"),
    Ratio("ebitda", "ebe", "EUR", 0, "Excédent brut d'exploitation", "EBITDA (gross operating surplus)"),
    Ratio("ebit", "ebit", "EUR", 0, "Résultat d'exploitation", "EBIT (operating income)"),
    Ratio("net_income", "resultat_net", "EUR", 0, "Résultat net", "Net income"),
    Ratio("debt_ratio", "taux_d_endettement", "%", 0, "Taux d'endettement", "Debt ratio"),
    Ratio("liquidity_ratio", "ratio_de_liquidite", "%", -1, "Ratio de liquidité", "Liquidity ratio"),
    Ratio("asset_age_ratio", "ratio_de_vetuste", "%", 0, "Ratio de vétusté", "Asset age ratio"),
    Ratio("financial_autonomy", "autonomie_financiere", "%", -1, "Autonomie financière", "Financial autonomy"),
    Ratio("working_capital_to_turnover", "poids_bfr_exploitation_sur_ca", "%", 0,
          "Besoin en fonds de roulement sur chiffre d'affaires", "Working capital requirement over turnover"),
    Ratio("interest_cover", "couverture_des_interets", "%", 0, "Couverture des intérêts", "Interest cover"),
    Ratio("cash_flow_to_turnover", "caf_sur_ca", "%", -1,
          "Capacité d'autofinancement sur chiffre d'affaires", "Cash flow over turnover"),
    Ratio("repayment_capacity", "capacite_de_remboursement", "years", 0,
          "Capacité de remboursement", "Repayment capacity"),
    Ratio("ebitda_margin", "marge_ebe", "%", -1, "Marge d'EBE", "EBITDA margin"),
    Ratio("pretax_income_to_turnover", "resultat_courant_avant_impots_sur_ca", "%", -1,
          "Résultat courant avant impôts sur chiffre d'affaires", "Pre-tax income over turnover"),
    Ratio("working_capital_days", "poids_bfr_exploitation_sur_ca_jours", "days", 0,
          "Besoin en fonds de roulement en jours de chiffre d'affaires",
          "Working capital requirement in days of turnover"),
    Ratio("inventory_days", "rotation_des_stocks_jours", "days", 0, "Rotation des stocks", "Inventory turnover"),
    Ratio("customer_credit_days", "credit_clients_jours", "days", 0, "Crédit clients", "Customer credit"),
    Ratio("supplier_credit_days", "credit_fournisseurs_jours", "days", +1, "Crédit fournisseurs", "Supplier credit"),
)}
# fmt: on

FINANCIAL_RATIOS = Source(
    name="financial_ratios",
    en="financial ratios",
    fr="ratios financiers",
    provider="INPI/BCE",
    files=("ratios_inpi_bce.csv",),
    columns={
        "siren": Column("siren", siren),
        "closed_on": Column("date_cloture_exercice", day),
        **{ratio.name: Column(ratio.header, number, unit=ratio.unit, required=False) for ratio in RATIOS.values()},
        "accounts_type": Column("type_bilan", text),
        "confidentiality": Column("confidentiality", text, required=False),
    },
    known_at=After("closed_on", 7),
)
