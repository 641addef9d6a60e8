"""Contribution debts (URSSAF): one line per event, with the cents still due on a debt after it, without penalties."""

import ibis.expr.types as ir

from features.sources.formats import account, cents, integer, siren, siret, text, urssaf_date, urssaf_period
from features.sources.source import After, Column, Source, next_delivery


def _tidy(records: ir.Table) -> ir.Table:
    return records.mutate(siren=records.siren.fill_null(records.siret.left(9)))


DEBTS = Source(
    name="debts",
    en="contribution debts",
    fr="débits de cotisations",
    provider="URSSAF",
    files=("sigfaible_debits.csv",),
    columns={
        # Each account counts its gaps for itself.
        "account": Column("num_cpte", account, required=False),
        "siret": Column("Siret", siret),
        "siren": Column("Siren", siren, required=False),
        # The code as written identifies the debt: a debt is kept even where its month can't be read.
        "period_code": Column("Periode", text),
        "due_for": Column("Periode", urssaf_period, required=False),
        "gap_number": Column("Num_Ecn", integer),
        "event_number": Column("Num_Hist_Ecn", integer),
        "treated_on": Column("Dt_trt_ecn", urssaf_date),
        "employee_due": Column("Mt_PO", cents, unit="EUR"),
        "employer_due": Column("Mt_PP", cents, unit="EUR"),
        "operation": Column("Cd_op_ecn", text, required=False),
    },
    known_at=After("treated_on", next_delivery),
    tidy=_tidy,
)
