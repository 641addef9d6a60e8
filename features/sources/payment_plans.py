"""Payment plans for contribution debts (URSSAF): one line per plan, in force from its creation to its due date."""

import ibis.expr.types as ir

from features.sources.formats import account, day, number, siret, text
from features.sources.source import After, Column, Source, next_delivery


def _tidy(records: ir.Table) -> ir.Table:
    return records.mutate(siren=records.siret.left(9))


PAYMENT_PLANS = Source(
    name="payment_plans",
    en="payment plans",
    fr="délais de paiement",
    provider="URSSAF",
    files=("sigfaible_delais.csv",),
    columns={
        "siret": Column("Siret", siret),
        "account": Column("Numero_compte_externe", account, required=False),
        "plan": Column("Numero_structure", text, required=False),
        "created_on": Column("Date_creation", day),
        "due_on": Column("Date_echeance", day),
        "amount": Column("Montant_global_echeancier", number, unit="EUR"),
        "stage": Column("Code_externe_stade", text, required=False),
        "action": Column("Code_externe_action", text, required=False),
    },
    known_at=After("created_on", next_delivery),
    tidy=_tidy,
)
