"""The register of firms (SIRENE): legal units, establishments and their history, as in the stock files."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulation.cells import Days, Texts, choose, days, joined, of, quoted, whole
from simulation.lives import NEVER
from simulation.world import World

UNIT_HEADER: Final = (
    "siren,statutDiffusionUniteLegale,unitePurgeeUniteLegale,dateCreationUniteLegale,sigleUniteLegale,sexeUniteLegale,"
    "prenom1UniteLegale,prenom2UniteLegale,prenom3UniteLegale,prenom4UniteLegale,prenomUsuelUniteLegale,"
    "pseudonymeUniteLegale,identifiantAssociationUniteLegale,trancheEffectifsUniteLegale,anneeEffectifsUniteLegale,"
    "dateDernierTraitementUniteLegale,nombrePeriodesUniteLegale,categorieEntreprise,anneeCategorieEntreprise,dateDebut,"
    "etatAdministratifUniteLegale,nomUniteLegale,nomUsageUniteLegale,denominationUniteLegale,"
    "denominationUsuelle1UniteLegale,denominationUsuelle2UniteLegale,denominationUsuelle3UniteLegale,"
    "categorieJuridiqueUniteLegale,activitePrincipaleUniteLegale,nomenclatureActivitePrincipaleUniteLegale,"
    "activitePrincipaleNAF25UniteLegale,nicSiegeUniteLegale,economieSocialeSolidaireUniteLegale,"
    "caractereEmployeurUniteLegale"
)
ESTABLISHMENT_HEADER: Final = (
    "siren,nic,siret,statutDiffusionEtablissement,dateCreationEtablissement,trancheEffectifsEtablissement,"
    "anneeEffectifsEtablissement,activitePrincipaleRegistreMetiersEtablissement,dateDernierTraitementEtablissement,"
    "etablissementSiege,nombrePeriodesEtablissement,complementAdresseEtablissement,numeroVoieEtablissement,"
    "indiceRepetitionEtablissement,dernierNumeroVoieEtablissement,indiceRepetitionDernierNumeroVoieEtablissement,"
    "typeVoieEtablissement,libelleVoieEtablissement,codePostalEtablissement,libelleCommuneEtablissement,"
    "libelleCommuneEtrangerEtablissement,distributionSpecialeEtablissement,codeCommuneEtablissement,"
    "codeCedexEtablissement,libelleCedexEtablissement,codePaysEtrangerEtablissement,libellePaysEtrangerEtablissement,"
    "identifiantAdresseEtablissement,coordonneeLambertAbscisseEtablissement,coordonneeLambertOrdonneeEtablissement,"
    "complementAdresse2Etablissement,numeroVoie2Etablissement,indiceRepetition2Etablissement,typeVoie2Etablissement,"
    "libelleVoie2Etablissement,codePostal2Etablissement,libelleCommune2Etablissement,"
    "libelleCommuneEtranger2Etablissement,distributionSpeciale2Etablissement,codeCommune2Etablissement,"
    "codeCedex2Etablissement,libelleCedex2Etablissement,codePaysEtranger2Etablissement,"
    "libellePaysEtranger2Etablissement,dateDebut,etatAdministratifEtablissement,enseigne1Etablissement,"
    "enseigne2Etablissement,enseigne3Etablissement,denominationUsuelleEtablissement,activitePrincipaleEtablissement,"
    "nomenclatureActivitePrincipaleEtablissement,activitePrincipaleNAF25Etablissement,caractereEmployeurEtablissement"
)
HISTORY_HEADER: Final = (
    "siren,nic,siret,dateFin,dateDebut,etatAdministratifEtablissement,changementEtatAdministratifEtablissement,"
    "enseigne1Etablissement,enseigne2Etablissement,enseigne3Etablissement,changementEnseigneEtablissement,"
    "denominationUsuelleEtablissement,changementDenominationUsuelleEtablissement,activitePrincipaleEtablissement,"
    "nomenclatureActivitePrincipaleEtablissement,changementActivitePrincipaleEtablissement,"
    "caractereEmployeurEtablissement,changementCaractereEmployeurEtablissement"
)
# The smallest headcount of each size band of the register, and the code of the band.
BAND_STARTS: Final = (0, 1, 3, 6, 10, 20, 50, 100, 200, 250, 500, 1000, 2000, 5000)
BANDS: Final = ("NN", "01", "02", "03", "11", "12", "21", "22", "31", "32", "41", "42", "51", "52")
CHANGED_ACTIVITY_SHARE: Final = 0.08
OLD_NOMENCLATURE_SHARE: Final = 0.003
CHANGED_DAYS: Final = (400, 3000)
STREETS: Final = ("DES EXEMPLES", "DE LA SIMULATION", "DU MODELE", "DES TIRAGES")
KINDS_OF_STREET: Final = ("RUE", "AVENUE", "BD", "PL")


def filled(header: str, known: dict[str, Any]) -> Any:
    """A table with all the columns of a header; the columns that are not in `known` are empty."""
    count = len(next(iter(known.values())))
    blank = pa.nulls(count, pa.string())
    names = header.split(",")
    assert set(known) <= set(names)  # noqa: S101 - a mistake in our code, not in the data
    return pa.table([known.get(name, blank) for name in names], names=names)


def legal_units(world: World) -> Any:
    """One line per firm, in its state in the month of the delivery."""
    firms, ceased_on = world.firms, world.judgements.ceased_on
    rng = world.generator("legal units")
    is_old = (rng.random(firms.count) < OLD_NOMENCLATURE_SHARE) & ~np.isnat(ceased_on)
    is_person = pc.is_null(firms.name).to_numpy(zero_copy_only=False)
    staff = world.headcount[:, -6]
    return filled(
        UNIT_HEADER,
        {
            "siren": firms.siren,
            "statutDiffusionUniteLegale": _diffusion(world),
            "dateCreationUniteLegale": days(firms.created_on),
            "sexeUniteLegale": choose(is_person, of(["F", "M"], rng.integers(0, 2, firms.count)), None),
            "prenom1UniteLegale": firms.first_name,
            "prenomUsuelUniteLegale": firms.first_name,
            "trancheEffectifsUniteLegale": _bands(staff),
            "anneeEffectifsUniteLegale": choose(staff > 0, str(int(str(world.calendar.last_day)[:4]) - 2), None),
            "nombrePeriodesUniteLegale": whole(1 + ~np.isnat(ceased_on)),
            "categorieEntreprise": of(["PME", "ETI"], (staff >= 250).astype(np.int64)),
            "dateDebut": days(np.where(np.isnat(ceased_on), firms.created_on, ceased_on)),
            "etatAdministratifUniteLegale": choose(np.isnat(ceased_on), "A", "C"),
            "nomUniteLegale": firms.last_name,
            "denominationUniteLegale": _name(firms.name),
            "categorieJuridiqueUniteLegale": firms.legal_category,
            "activitePrincipaleUniteLegale": choose(is_old, "70.3C", firms.naf),
            "nomenclatureActivitePrincipaleUniteLegale": choose(is_old, "NAFRev1", "NAFRev2"),
            "nicSiegeUniteLegale": pc.utf8_slice_codeunits(firms.siret[0], 9, 14),
            "economieSocialeSolidaireUniteLegale": choose(rng.random(firms.count) < 0.05, "O", "N"),
            "caractereEmployeurUniteLegale": choose(staff > 0, "O", "N"),
        },
    )


def establishments(world: World) -> Any:
    """One line per establishment: the head offices, then the second establishments."""
    firms = world.firms
    rng = world.generator("establishments")
    owner, siret, is_office = _all_establishments(world)
    count = len(owner)
    abroad = firms.is_abroad[owner] & is_office
    departement = firms.departement.take(pa.array(owner))
    commune, postcode = _places(rng, departement)
    closed_on = world.judgements.ceased_on[owner]
    created_on = _established_on(world, owner, is_office)
    staff = world.headcount[owner, -6] * np.where(is_office, 0.8, 0.2)
    return filled(
        ESTABLISHMENT_HEADER,
        {
            **_numbers(siret),
            "statutDiffusionEtablissement": _diffusion(world).take(pa.array(owner)),
            "dateCreationEtablissement": days(created_on),
            "trancheEffectifsEtablissement": _bands(np.round(staff)),
            "etablissementSiege": choose(is_office, "true", "false"),
            "nombrePeriodesEtablissement": whole(1 + ~np.isnat(closed_on)),
            "numeroVoieEtablissement": whole(rng.integers(1, 200, count)),
            "typeVoieEtablissement": of(KINDS_OF_STREET, rng.integers(0, len(KINDS_OF_STREET), count)),
            "libelleVoieEtablissement": of(STREETS, rng.integers(0, len(STREETS), count)),
            "codePostalEtablissement": choose(abroad, None, postcode),
            "libelleCommuneEtablissement": choose(abroad, None, joined("COMMUNE SIMULEE ", commune)),
            "libelleCommuneEtrangerEtablissement": choose(abroad, "VILLE SIMULEE", None),
            "codeCommuneEtablissement": choose(abroad, None, commune),
            "codePaysEtrangerEtablissement": choose(abroad, "99109", None),
            "libellePaysEtrangerEtablissement": choose(abroad, "ALLEMAGNE", None),
            "dateDebut": days(np.where(np.isnat(closed_on), created_on, closed_on)),
            "etatAdministratifEtablissement": choose(np.isnat(closed_on), "A", "F"),
            "activitePrincipaleEtablissement": firms.naf.take(pa.array(owner)),
            "nomenclatureActivitePrincipaleEtablissement": of(["NAFRev2"], np.zeros(count, np.int64)),
            "caractereEmployeurEtablissement": choose(staff > 0, "O", "N"),
        },
    )


def establishment_history(world: World) -> Any:
    """One line per establishment and state: since its creation, since a change of activity, since its closing."""
    firms, rng = world.firms, world.generator("history")
    owner, siret, is_office = _all_establishments(world)
    created_on, closed_on = _established_on(world, owner, is_office), world.judgements.ceased_on[owner]
    changed = rng.random(firms.count) < CHANGED_ACTIVITY_SHARE
    changed_on = world.calendar.last_day - rng.integers(*CHANGED_DAYS, firms.count).astype("timedelta64[D]")
    changed_on = np.where(changed, changed_on, NEVER)[owner]
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
            **_numbers(siret.filter(pa.array(kept))),
            "dateFin": days(end[kept] - np.timedelta64(1, "D")),
            "dateDebut": days(start[kept]),
            "etatAdministratifEtablissement": of([state], np.zeros(count, np.int64)),
            "changementEtatAdministratifEtablissement": of(
                ["true" if state == "F" else "false"], np.zeros(count, np.int64)
            ),
            "activitePrincipaleEtablissement": choose(is_former[kept], former, naf),
            "nomenclatureActivitePrincipaleEtablissement": of(["NAFRev2"], np.zeros(count, np.int64)),
        },
    )


def _all_establishments(world: World) -> tuple[Any, Texts, Any]:
    """Of each establishment: the place of its firm, its SIRET, whether it is a head office."""
    firms = world.firms
    seconds = np.flatnonzero(firms.has_second)
    owner = np.concatenate([np.arange(firms.count), seconds])
    siret = pa.concat_arrays([firms.siret[0], firms.siret[1].take(pa.array(seconds))])
    return owner, siret, np.arange(len(owner)) < firms.count


def _established_on(world: World, owner: Any, is_office: Any) -> Days:
    created_on = world.firms.created_on[owner]
    return np.where(is_office, created_on, np.minimum(created_on + np.timedelta64(300, "D"), world.calendar.last_day))


def _numbers(siret: Texts) -> dict[str, Texts]:
    siren, nic = pc.utf8_slice_codeunits(siret, 0, 9), pc.utf8_slice_codeunits(siret, 9, 14)
    return {"siren": siren, "nic": nic, "siret": siret}


def _places(rng: np.random.Generator, departement: Texts) -> tuple[Texts, Texts]:
    """Codes of communes, postcodes. The départements 2A and 2B (Corsica) share the postcodes of the former 20."""
    place = whole(rng.integers(100, 400, len(departement)))
    overseas = pc.equal(pc.utf8_length(departement), 3)
    short = pc.utf8_slice_codeunits(place, 0, 2)
    commune = joined(departement, pc.if_else(overseas, short, place))
    former = pc.replace_substring_regex(departement, "^2[AB]$", "20")
    return commune, joined(former, pc.if_else(overseas, "00", "000"))


def _bands(staff: Any) -> Texts:
    return of(BANDS, np.searchsorted(BAND_STARTS, staff, side="right") - 1)


def _diffusion(world: World) -> Texts:
    return choose(world.firms.is_partly_published, "P", "O")


def _name(names: Texts) -> Texts:
    """Names, between quotes where they contain a comma."""
    return pc.if_else(pc.match_substring(names, ","), quoted(names), names)
