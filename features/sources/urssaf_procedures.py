"""Insolvency procedures (URSSAF): one line per event of a procedure and establishment."""

from typing import Final

import ibis
import ibis.expr.types as ir

from features.insolvency import ACTIONS, AMENDMENT, END, IGNORED, OPENING, PLAN
from features.sources.formats import english_date, siren, siret, text
from features.sources.source import After, Column, Source, next_delivery

STAGE_BY_WORDING: Final = {
    "ouverture": OPENING,
    "plan_continuation": PLAN,
    "modification_plan_continuation": AMENDMENT,
    "fin_procedure": END,
    "inclusion_autre_procedure": END,
    "abandon_procedure": END,
    "cloture_insuffisance_actif": END,
    # The administrative closing of one establishment.
    "solde_procedure": IGNORED,
}
_ACTION = f"(^|_)({'|'.join(ACTIONS)})(_judiciaire)?(_|$)"


def _tidy(records: ir.Table) -> ir.Table:
    """Add the action, the stage, and the wording where it is not in the vocabulary (its stage is then `ignored`)."""
    plain = records.label.strip().lower().re_replace("[^a-z]+", "_")
    known = plain.re_replace(_ACTION, "").cases(*STAGE_BY_WORDING.items(), else_=ibis.null("string"))
    action = plain.re_extract(_ACTION, 2).nullif("")
    is_listed = action.notnull() & known.notnull()
    return records.mutate(
        siren=records.siren.fill_null(records.siret.left(9)),
        action=is_listed.ifelse(action, ibis.null("string")),
        stage=is_listed.ifelse(known, IGNORED),
        unlisted_label=is_listed.ifelse(ibis.null("string"), records.label),
    )


URSSAF_PROCEDURES = Source(
    name="urssaf_procedures",
    en="insolvency procedures",
    fr="procédures collectives",
    provider="URSSAF",
    files=("sigfaible_pcoll.csv",),
    columns={
        "siret": Column("Siret", siret),
        "siren": Column("Siren", siren, required=False),
        "effective_on": Column("Dt_effet", english_date),
        "label": Column("Lib_actx_stdx", text),
    },
    known_at=After("effective_on", next_delivery),
    tidy=_tidy,
    unlisted="unlisted_label",
)
