"""Headcount (URSSAF) of firms and of establishments: one column per month. An empty cell is unknown, not 0."""

import ibis.expr.types as ir

from features.days import months_after
from features.sources.formats import account, count, siren, siret, urssaf_period
from features.sources.source import After, Column, Melt, Source

MONTH_COLUMNS = Melt(prefix="eff", period=urssaf_period, value=Column("eff", count, unit="persons"))


def _monthly(records: ir.Table) -> ir.Table:
    return records.rename(headcount="value", month="period").mutate(ended_on=lambda t: months_after(t.month, 1))


def _of_establishment(records: ir.Table) -> ir.Table:
    return _monthly(records).mutate(siren=records.siret.left(9))


FIRM_HEADCOUNTS = Source(
    name="firm_headcounts",
    en="firm headcount",
    fr="effectif des entreprises",
    provider="URSSAF",
    files=("*effectif_siren*.csv",),
    columns={"siren": Column("siren", siren)},
    melt=MONTH_COLUMNS,
    known_at=After("ended_on", 3),
    tidy=_monthly,
)

ESTABLISHMENT_HEADCOUNTS = Source(
    name="establishment_headcounts",
    en="establishment headcount",
    fr="effectif des établissements",
    provider="URSSAF",
    files=("*effectif_*.csv",),
    not_files=FIRM_HEADCOUNTS.files,
    # One line per account: an establishment may have several, of which the headcounts add up.
    columns={"siret": Column("siret", siret), "account": Column("compte", account, required=False)},
    melt=MONTH_COLUMNS,
    known_at=After("ended_on", 3),
    tidy=_of_establishment,
)
