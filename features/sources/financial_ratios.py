"""Financial ratios of the filed accounts (INPI/BCE, open), a firm and fiscal year a line.

A closing date is not when the accounts are known: they are approved within 6 months (Code de commerce, L225-100) and
filed within one more (L232-21 to L232-23).
"""

from features.sources.base import After, Column, Source
from features.sources.formats import day, number, siren, text

# Our name -> (their header, unit). Percentages stay percentages, as the file prints them.
RATIOS = {
    "turnover": ("chiffre_d_affaires", "EUR"),
    "gross_margin": ("marge_brute", "EUR"),
    "ebitda": ("ebe", "EUR"),
    "ebit": ("ebit", "EUR"),
    "net_income": ("resultat_net", "EUR"),
    "debt_ratio": ("taux_d_endettement", "%"),
    "liquidity_ratio": ("ratio_de_liquidite", "%"),
    "asset_age_ratio": ("ratio_de_vetuste", "%"),
    "financial_autonomy": ("autonomie_financiere", "%"),
    "working_capital_to_turnover": ("poids_bfr_exploitation_sur_ca", "%"),
    "interest_cover": ("couverture_des_interets", "%"),
    "cash_flow_to_turnover": ("caf_sur_ca", "%"),
    "repayment_capacity": ("capacite_de_remboursement", "years"),
    "ebitda_margin": ("marge_ebe", "%"),
    "pretax_income_to_turnover": ("resultat_courant_avant_impots_sur_ca", "%"),
    "working_capital_days": ("poids_bfr_exploitation_sur_ca_jours", "days"),
    "inventory_days": ("rotation_des_stocks_jours", "days"),
    "customer_credit_days": ("credit_clients_jours", "days"),
    "supplier_credit_days": ("credit_fournisseurs_jours", "days"),
}

FINANCIAL_RATIOS = Source(
    name="financial_ratios",
    en="financial ratios",
    fr="ratios financiers",
    provider="INPI/BCE",
    files=("ratios_inpi_bce.csv",),
    columns={
        "siren": Column("siren", siren),
        "closed_on": Column("date_cloture_exercice", day),
        **{name: Column(header, number, unit=unit, required=False) for name, (header, unit) in RATIOS.items()},
        "accounts_type": Column("type_bilan", text),
        "confidentiality": Column("confidentiality", text, required=False),
    },
    known_at=After("closed_on", 7),
)
