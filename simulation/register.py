"""The register of firms (SIRENE) as it is today: legal units and establishments, as in the stock files."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulation.cells import Days, Texts, choose, days, joined, of, quoted, whole
from simulation.changes import moves
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
# The smallest headcount of each size band of the register, and the code of the band.
BAND_STARTS: Final = (0, 1, 3, 6, 10, 20, 50, 100, 200, 250, 500, 1000, 2000, 5000)
BANDS: Final = ("NN", "01", "02", "03", "11", "12", "21", "22", "31", "32", "41", "42", "51", "52")
OLD_NOMENCLATURE_SHARE: Final = 0.003
STREETS: Final = ("DES EXEMPLES", "DE LA SIMULATION", "DU MODELE", "DES TIRAGES")
KINDS_OF_STREET: Final = ("RUE", "AVENUE", "BD", "PL")
REPETITIONS: Final = ("B", "T", "A")
REPEATED_SHARE: Final = 0.06
COMPLEMENTS: Final = ("BATIMENT A", "BATIMENT B", "ZONE ARTISANALE", "ETAGE 2")
COMPLEMENT_SHARE: Final = 0.12


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
    """One line per establishment: the head offices, the second establishments, then the former head offices."""
    return pa.concat_tables([_establishments_of_today(world), _former_offices(world)])


def _establishments_of_today(world: World) -> Any:
    firms = world.firms
    rng = world.generator("establishments")
    owner, siret, is_office = all_establishments(world)
    count = len(owner)
    abroad = firms.is_abroad[owner] & is_office
    departement = firms.departement.take(pa.array(owner))
    commune, postcode = _places(rng, departement)
    closed_on = world.judgements.ceased_on[owner]
    created_on = established_on(world, owner, is_office)
    staff = world.headcount[owner, -6] * np.where(is_office, 0.8, 0.2)
    return filled(
        ESTABLISHMENT_HEADER,
        {
            **numbers(siret),
            "statutDiffusionEtablissement": _diffusion(world).take(pa.array(owner)),
            "dateCreationEtablissement": days(created_on),
            "trancheEffectifsEtablissement": _bands(np.round(staff)),
            "etablissementSiege": choose(is_office, "true", "false"),
            "nombrePeriodesEtablissement": whole(1 + ~np.isnat(closed_on)),
            **_complements(world, count),
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


def _complements(world: World, count: int) -> dict[str, Texts]:
    """What some addresses have more: a letter after the number, a building."""
    rng = world.generator("addresses")
    return {
        "indiceRepetitionEtablissement": choose(
            rng.random(count) < REPEATED_SHARE, of(REPETITIONS, rng.integers(0, len(REPETITIONS), count)), None
        ),
        "complementAdresseEtablissement": choose(
            rng.random(count) < COMPLEMENT_SHARE, of(COMPLEMENTS, rng.integers(0, len(COMPLEMENTS), count)), None
        ),
    }


def _former_offices(world: World) -> Any:
    """One line per head office that was left, closed on the day of the move."""
    firms, moved, rng = world.firms, moves(world), world.generator("former offices")
    kept = pa.array(np.flatnonzero(moved.is_moved))
    count = len(kept)
    created_on, closed_on = firms.created_on[moved.is_moved], moved.moved_on[moved.is_moved]
    commune, postcode = _places(rng, moved.departement.take(kept))
    return filled(
        ESTABLISHMENT_HEADER,
        {
            **numbers(moved.office.take(kept)),
            "statutDiffusionEtablissement": _diffusion(world).take(kept),
            "dateCreationEtablissement": days(created_on),
            "etablissementSiege": of(["false"], np.zeros(count, np.int64)),
            "nombrePeriodesEtablissement": whole(np.full(count, 2)),
            "numeroVoieEtablissement": whole(rng.integers(1, 200, count)),
            "typeVoieEtablissement": of(KINDS_OF_STREET, rng.integers(0, len(KINDS_OF_STREET), count)),
            "libelleVoieEtablissement": of(STREETS, rng.integers(0, len(STREETS), count)),
            "codePostalEtablissement": postcode,
            "libelleCommuneEtablissement": joined("COMMUNE SIMULEE ", commune),
            "codeCommuneEtablissement": commune,
            "dateDebut": days(closed_on),
            "etatAdministratifEtablissement": of(["F"], np.zeros(count, np.int64)),
            "activitePrincipaleEtablissement": firms.naf.take(kept),
            "nomenclatureActivitePrincipaleEtablissement": of(["NAFRev2"], np.zeros(count, np.int64)),
            "caractereEmployeurEtablissement": of(["N"], np.zeros(count, np.int64)),
        },
    )


def all_establishments(world: World) -> tuple[Any, Texts, Any]:
    """Of each establishment: the place of its firm, its SIRET, whether it is a head office."""
    firms = world.firms
    seconds = np.flatnonzero(firms.has_second)
    owner = np.concatenate([np.arange(firms.count), seconds])
    siret = pa.concat_arrays([firms.siret[0], firms.siret[1].take(pa.array(seconds))])
    return owner, siret, np.arange(len(owner)) < firms.count


def established_on(world: World, owner: Any, is_office: Any) -> Days:
    """The day on which each establishment was created."""
    created_on = world.firms.created_on[owner]
    return np.where(is_office, created_on, np.minimum(created_on + np.timedelta64(300, "D"), world.calendar.last_day))


def numbers(siret: Texts) -> dict[str, Texts]:
    """The columns that number an establishment."""
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
