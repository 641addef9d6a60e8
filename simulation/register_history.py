"""The past in the register of firms (SIRENE): the history of legal units and that of establishments."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulation.cells import Days, Flags, Texts, choose, days, of
from simulation.changes import changed_activity, former_forms, moves, within_life
from simulation.lives import NEVER
from simulation.register import all_establishments, established_on, filled, numbers
from simulation.world import World

UNIT_HISTORY_HEADER: Final = (
    "siren,dateFin,dateDebut,etatAdministratifUniteLegale,changementEtatAdministratifUniteLegale,nomUniteLegale,"
    "changementNomUniteLegale,nomUsageUniteLegale,changementNomUsageUniteLegale,denominationUniteLegale,"
    "changementDenominationUniteLegale,denominationUsuelle1UniteLegale,denominationUsuelle2UniteLegale,"
    "denominationUsuelle3UniteLegale,changementDenominationUsuelleUniteLegale,categorieJuridiqueUniteLegale,"
    "changementCategorieJuridiqueUniteLegale,activitePrincipaleUniteLegale,nomenclatureActivitePrincipaleUniteLegale,"
    "changementActivitePrincipaleUniteLegale,nicSiegeUniteLegale,changementNicSiegeUniteLegale,"
    "economieSocialeSolidaireUniteLegale,changementEconomieSocialeSolidaireUniteLegale,societeMissionUniteLegale,"
    "changementSocieteMissionUniteLegale,caractereEmployeurUniteLegale,changementCaractereEmployeurUniteLegale"
)
HISTORY_HEADER: Final = (
    "siren,nic,siret,dateFin,dateDebut,etatAdministratifEtablissement,changementEtatAdministratifEtablissement,"
    "enseigne1Etablissement,enseigne2Etablissement,enseigne3Etablissement,changementEnseigneEtablissement,"
    "denominationUsuelleEtablissement,changementDenominationUsuelleEtablissement,activitePrincipaleEtablissement,"
    "nomenclatureActivitePrincipaleEtablissement,changementActivitePrincipaleEtablissement,"
    "caractereEmployeurEtablissement,changementCaractereEmployeurEtablissement"
)
# Share of the firms of which the register does not know since when their oldest state held.
UNDATED_SHARE: Final = 0.02
DAY: Final = np.timedelta64(1, "D")


def establishment_history(world: World) -> Any:
    """One line per establishment and state: since its creation, since a change of activity, since its closing."""
    owner, siret, is_office = all_establishments(world)
    created_on, closed_on = established_on(world, owner, is_office), world.judgements.ceased_on[owner]
    changed_on = changed_activity(world)[owner]
    changed_on = np.where((changed_on > created_on) & ~(changed_on >= closed_on), changed_on, NEVER)
    first_end = np.where(np.isnat(changed_on), closed_on, changed_on)
    steps = (
        (created_on, first_end, "A", ~np.isnat(changed_on)),
        (changed_on, closed_on, "A", np.zeros(len(owner), bool)),
        (closed_on, np.full(len(owner), NEVER), "F", np.zeros(len(owner), bool)),
    )
    return pa.concat_tables([_states(world, owner, siret, *step) for step in steps])


def _states(world: World, owner: Any, siret: Texts, start: Days, end: Days, state: str, is_former: Any) -> Any:
    kept = ~np.isnat(start)
    owner, count = pa.array(owner[kept]), int(kept.sum())
    naf, former = world.firms.naf.take(owner), world.firms.former_naf.take(owner)
    return filled(
        HISTORY_HEADER,
        {
            **numbers(siret.filter(pa.array(kept))),
            "dateFin": days(end[kept] - DAY),
            "dateDebut": days(start[kept]),
            "etatAdministratifEtablissement": of([state], np.zeros(count, np.int64)),
            "changementEtatAdministratifEtablissement": of(
                ["true" if state == "F" else "false"], np.zeros(count, np.int64)
            ),
            "activitePrincipaleEtablissement": choose(is_former[kept], former, naf),
            "nomenclatureActivitePrincipaleEtablissement": of(["NAFRev2"], np.zeros(count, np.int64)),
        },
    )


def legal_unit_history(world: World) -> Any:
    """One line per firm and state, the newest of each firm first: a line begins where one of its facts changes."""
    firms, moved = world.firms, moves(world)
    ceased_on = world.judgements.ceased_on
    reformed_on, former_form = former_forms(world)
    changed_on = within_life(world, changed_activity(world))
    changes = {"activity": changed_on, "office": moved.moved_on, "form": reformed_on, "state": ceased_on}
    # One row per firm: the days on which a state begins, in order, NaT at the end. Two changes of a day are one state.
    starts = np.sort(np.stack([firms.created_on, *changes.values()], axis=1).astype("datetime64[D]"), axis=1)
    ends = np.concatenate([starts[:, 1:], np.full((firms.count, 1), NEVER)], axis=1)
    row, place = np.nonzero(~np.isnat(starts[:, ::-1]) & (starts != ends)[:, ::-1])
    start: Days = starts[:, ::-1][row, place]
    end: Days = ends[:, ::-1][row, place]
    last_day: Days = np.subtract(end, DAY)
    owner = pa.array(row)

    def begins(change: str) -> Flags:
        return start == changes[change][row]

    def before(change: str) -> Flags:
        return start < changes[change][row]

    nic = pc.utf8_slice_codeunits(firms.siret[0], 9, 14).take(owner)
    former_nic = pc.utf8_slice_codeunits(moved.office, 9, 14).take(owner)
    is_undated = (world.generator("undated").random(firms.count) < UNDATED_SHARE)[row]
    is_undated &= (start == firms.created_on[row]) & ~np.isnat(end)
    return filled(
        UNIT_HISTORY_HEADER,
        {
            "siren": firms.siren.take(owner),
            "dateFin": days(last_day),
            "dateDebut": days(np.where(is_undated, NEVER, start)),
            "etatAdministratifUniteLegale": choose(begins("state"), "C", "A"),
            "changementEtatAdministratifUniteLegale": _flag(begins("state")),
            "categorieJuridiqueUniteLegale": choose(
                before("form"), former_form.take(owner), firms.legal_category.take(owner)
            ),
            "changementCategorieJuridiqueUniteLegale": _flag(begins("form")),
            "activitePrincipaleUniteLegale": choose(
                before("activity"), firms.former_naf.take(owner), firms.naf.take(owner)
            ),
            "nomenclatureActivitePrincipaleUniteLegale": of(["NAFRev2"], np.zeros(len(row), np.int64)),
            "changementActivitePrincipaleUniteLegale": _flag(begins("activity")),
            "nicSiegeUniteLegale": choose(before("office"), former_nic, nic),
            "changementNicSiegeUniteLegale": _flag(begins("office")),
        },
    )


def _flag(condition: Flags) -> Texts:
    return choose(condition, "true", "false")
