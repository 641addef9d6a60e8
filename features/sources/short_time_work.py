"""Short-time work (DGEFP): hours used, one line per request and month; hours granted, one line per request."""

import ibis.expr.types as ir

from features.days import first_of_month, months_after
from features.sources.formats import count, day, siret, text
from features.sources.source import After, Column, Source


def _used(records: ir.Table) -> ir.Table:
    month = first_of_month(records.month)
    return records.mutate(siren=records.siret.left(9), month=month, ended_on=months_after(month, 1))


def _granted(records: ir.Table) -> ir.Table:
    return records.mutate(siren=records.siret.left(9))


SHORT_TIME_USED = Source(
    name="short_time_used",
    en="short-time work used",
    fr="activité partielle consommée",
    provider="DGEFP",
    files=("consommation_ap.csv",),
    columns={
        "request": Column("ID_DA", text),
        "siret": Column("ETAB_SIRET", siret),
        "hours": Column("HEURES", count, unit="hours"),
        "amount": Column("MONTANTS", count, unit="EUR", required=False),
        "persons": Column("EFFECTIFS", count, unit="persons", required=False),
        "month": Column("MOIS", day),
    },
    known_at=After("ended_on", 2),
    tidy=_used,
)

SHORT_TIME_GRANTED = Source(
    name="short_time_granted",
    en="short-time work granted",
    fr="activité partielle autorisée",
    provider="DGEFP",
    files=("demande_ap.csv",),
    columns={
        "request": Column("ID_DA", text),
        "siret": Column("ETAB_SIRET", siret),
        "decided_on": Column("DATE_STATUT", day),
        "starts_on": Column("DATE_DEB", day),
        "ends_on": Column("DATE_FIN", day),
        "hours": Column("HTA", count, unit="hours"),
        "persons": Column("EFF_AUTO", count, unit="persons", required=False),
        "reason": Column("MOTIF_RECOURS_SE", text, required=False),
    },
    known_at=After("decided_on", 0),
    tidy=_granted,
)
