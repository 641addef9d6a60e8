"""The register of firms (SIRENE, open data): legal units, establishments, and the history of both.

The stock files show today's state. A unit that has ceased was active before `ceased_on`. The history of legal units
tells the legal category, the activity, the head office and the state of each firm at each time; that of establishments
tells their activity. No file has the history of an address: a head office that moves is another establishment, whose
address the stock still has.

A record of either history is known one month after the day on which it starts, as any change in the register. When it
ended is told by the record that follows it.
"""

from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir

from features.nomenclatures import mapping
from features.sources.formats import day, nic, number, only_if, siren, siret, text
from features.sources.source import After, Column, Source

# What the register writes in place of the name of a person who objects to its publication, and their status.
MASKED = "[ND]"
OBJECTS = "P"
# The parts of an address, as staged; those that make up its street, in the order in which they are written.
STREET = ("street_number", "repetition_index", "street_type", "street_name")
ADDRESS = (*STREET, "complement", "commune_name", "postcode")


def _activity(code: ir.StringValue, nomenclature: ir.StringValue) -> ir.StringValue:
    """The activity where it is a code of NAF rev. 2 (`dd.ddX`), else null."""
    valid = (nomenclature == "NAFRev2") & code.re_search(r"^\d{2}\.\d{2}[A-Z]$")
    return only_if(code, valid)


def _unit(records: ir.Table) -> ir.Table:
    """The firm's name, activity and end. A masked name is no name: the firm is one that objects to publication."""
    names = [records[name] for name in ("denomination", "acronym", "last_name", "usage_name", "first_name")]
    is_masked = reduce(or_, ((name == MASKED).fill_null(False) for name in names))
    shown = {name.get_name(): name.nullif(MASKED) for name in names}
    records = records.mutate(**shown, diffusion=is_masked.ifelse(OBJECTS, records.diffusion))
    person = records.first_name.fill_null("") + " " + records.usage_name.fill_null(records.last_name).fill_null("")
    return records.mutate(
        name=ibis.coalesce(records.denomination, person.strip().nullif(""), records.acronym),
        naf=_activity(records.naf, records.nomenclature),
        ceased_on=only_if(records.state_since, records.state == "C"),
    )


def _establishment(records: ir.Table) -> ir.Table:
    """One row per establishment; the département comes from the commune, never from the postcode.

    address: number, street and complement on one line. is_masked: a part of the address may not be published.
    """
    is_masked = reduce(or_, ((records[name] == MASKED).fill_null(False) for name in ADDRESS))
    records = records.mutate(**{name: records[name].nullif(MASKED) for name in ADDRESS}, is_masked=is_masked)
    street = _joined(" ", *(records[name] for name in STREET))
    commune = records.commune.fill_null("")
    code = commune.startswith("97") | commune.startswith("98")
    departement = code.ifelse(commune.left(3), commune.left(2))
    known = departement.isin(list(mapping("departements", "departement", "departement_label")))
    return records.mutate(
        siren=records.siret.left(9),
        naf=_activity(records.naf, records.nomenclature),
        is_head_office=records.is_head_office.lower() == "true",
        departement=only_if(departement, known),
        address=_joined(", ", street, records.complement),
        closed_on=only_if(records.state_since, records.state == "F"),
    )


def _joined(separator: str, *parts: ir.StringValue) -> ir.StringValue:
    """The parts that are known, one after another; null where none is."""
    written = (part.strip().nullif("") for part in parts)
    return reduce(lambda done, part: ibis.coalesce(done + separator + part, done, part), written)


def _unit_history(records: ir.Table) -> ir.Table:
    return records.mutate(naf=_activity(records.naf, records.nomenclature))


def _history(records: ir.Table) -> ir.Table:
    return records.mutate(siren=records.siret.left(9), naf=_activity(records.naf, records.nomenclature))


LEGAL_UNITS = Source(
    name="legal_units",
    en="legal units",
    fr="unités légales",
    provider="INSEE, SIRENE",
    files=("StockUniteLegale_utf8.csv", "sireneUL.csv"),
    columns={
        "siren": Column("siren", siren),
        "denomination": Column("denominationUniteLegale", text, required=False),
        "acronym": Column("sigleUniteLegale", text, required=False),
        "last_name": Column("nomUniteLegale", text, required=False),
        "usage_name": Column("nomUsageUniteLegale", text, required=False),
        "first_name": Column("prenom1UniteLegale", text, required=False),
        "legal_category": Column("categorieJuridiqueUniteLegale", text),
        "naf": Column("activitePrincipaleUniteLegale", text, required=False),
        "nomenclature": Column("nomenclatureActivitePrincipaleUniteLegale", text, required=False),
        "created_on": Column("dateCreationUniteLegale", day, required=False),
        "state": Column("etatAdministratifUniteLegale", text),
        "state_since": Column("dateDebut", day, required=False),
        "size_band": Column("trancheEffectifsUniteLegale", text, required=False),
        "head_office_nic": Column("nicSiegeUniteLegale", nic, required=False),
        "diffusion": Column("statutDiffusionUniteLegale", text, required=False),
    },
    known_at=After("created_on", 1),
    tidy=_unit,
)

ESTABLISHMENTS = Source(
    name="establishments",
    en="establishments",
    fr="établissements",
    provider="INSEE, SIRENE",
    files=("StockEtablissement_utf8_geo.csv", "StockEtablissement_utf8.csv"),
    columns={
        "siret": Column("siret", siret),
        "is_head_office": Column("etablissementSiege", text),
        "created_on": Column("dateCreationEtablissement", day, required=False),
        "state": Column("etatAdministratifEtablissement", text),
        "state_since": Column("dateDebut", day, required=False),
        "naf": Column("activitePrincipaleEtablissement", text, required=False),
        "nomenclature": Column("nomenclatureActivitePrincipaleEtablissement", text, required=False),
        "commune": Column("codeCommuneEtablissement", text, required=False),
        "street_number": Column("numeroVoieEtablissement", text, required=False),
        "repetition_index": Column("indiceRepetitionEtablissement", text, required=False),
        "street_type": Column("typeVoieEtablissement", text, required=False),
        "street_name": Column("libelleVoieEtablissement", text, required=False),
        "complement": Column("complementAdresseEtablissement", text, required=False),
        "commune_name": Column("libelleCommuneEtablissement", text, required=False),
        "postcode": Column("codePostalEtablissement", text, required=False),
        "longitude": Column("longitude", number, unit="degrees", required=False),
        "latitude": Column("latitude", number, unit="degrees", required=False),
        "size_band": Column("trancheEffectifsEtablissement", text, required=False),
    },
    known_at=After("created_on", 1),
    tidy=_establishment,
)

LEGAL_UNIT_HISTORY = Source(
    name="legal_unit_history",
    en="history of legal units",
    fr="historique des unités légales",
    provider="INSEE, SIRENE",
    files=("StockUniteLegaleHistorique_utf8.csv",),
    columns={
        "siren": Column("siren", siren),
        # Blank where the register does not know since when: the oldest state of a firm.
        "started_on": Column("dateDebut", day, required=False),
        "ended_on": Column("dateFin", day, required=False),
        "state": Column("etatAdministratifUniteLegale", text, required=False),
        "legal_category": Column("categorieJuridiqueUniteLegale", text, required=False),
        "naf": Column("activitePrincipaleUniteLegale", text, required=False),
        "nomenclature": Column("nomenclatureActivitePrincipaleUniteLegale", text, required=False),
        "head_office_nic": Column("nicSiegeUniteLegale", nic, required=False),
    },
    known_at=After("started_on", 1),
    tidy=_unit_history,
)

ESTABLISHMENT_HISTORY = Source(
    name="establishment_history",
    en="establishment history",
    fr="historique des établissements",
    provider="INSEE, SIRENE",
    files=("StockEtablissementHistorique_utf8.csv",),
    columns={
        "siret": Column("siret", siret),
        "started_on": Column("dateDebut", day, required=False),
        "ended_on": Column("dateFin", day, required=False),
        "state": Column("etatAdministratifEtablissement", text, required=False),
        "naf": Column("activitePrincipaleEtablissement", text, required=False),
        "nomenclature": Column("nomenclatureActivitePrincipaleEtablissement", text, required=False),
    },
    known_at=After("started_on", 1),
    tidy=_history,
)
