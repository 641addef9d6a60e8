"""Plans of the CCSF, the commission that reschedules tax and social debts together: one line per event."""

import ibis
import ibis.expr.types as ir

from features.sources.formats import siret, text, urssaf_date
from features.sources.source import After, Column, Source, next_delivery

CCSF_STAGES = ("DEBUT", "REFUS", "APPROB", "FIN", "REJ")


def _tidy(records: ir.Table) -> ir.Table:
    stage = records.stage.upper()
    return records.mutate(
        siren=records.siret.left(9),
        stage=stage,
        unlisted_stage=stage.isin(CCSF_STAGES).ifelse(ibis.null("string"), stage),
    )


CCSF = Source(
    name="ccsf",
    en="CCSF plans",
    fr="plans CCSF (commissions des chefs des services financiers)",
    provider="URSSAF",
    files=("sigfaible_ccsf.csv",),
    columns={
        "siret": Column("Siret", siret),
        "treated_on": Column("Date_de_traitement", urssaf_date),
        "stage": Column("Code_externe_stade", text),
        "action": Column("Code_externe_action", text, required=False),
    },
    known_at=After("treated_on", next_delivery),
    tidy=_tidy,
    unlisted="unlisted_stage",
)
