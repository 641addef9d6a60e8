"""Contributions due and paid (URSSAF): one line per account and period; negative amounts are corrections."""

import ibis.expr.types as ir

from features.days import months_since
from features.sources.formats import account, number, siret, urssaf_period, urssaf_period_end
from features.sources.source import After, Column, Source


def _tidy(records: ir.Table) -> ir.Table:
    return records.mutate(siren=records.siret.left(9), months=months_since(records.started_on, records.ended_on))


CONTRIBUTIONS = Source(
    name="contributions",
    en="contributions due",
    fr="cotisations dues",
    provider="URSSAF",
    files=("sigfaible_cotisdues.csv",),
    columns={
        "siret": Column("Siret", siret),
        "account": Column("Compte", account),
        "started_on": Column("periode", urssaf_period),
        "ended_on": Column("periode", urssaf_period_end),
        "due": Column("cotis_due", number, unit="EUR"),
        "paid": Column("enc_direct", number, unit="EUR", required=False),
        "in_recovery": Column("mer", number, unit="EUR", required=False),
    },
    known_at=After("ended_on", 1),
    tidy=_tidy,
)
