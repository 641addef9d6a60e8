"""The same judgements as coded by URSSAF and as published in the BODACC, with corrections."""

import json
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulation.cells import Days, Ints, Texts, days, english, iso, joined, of, prose, quoted, whole
from simulation.dirt import misread, some, spoiled, zeros_lost
from simulation.judgements import CLOSING, KINDS, LIQUIDATION
from simulation.lives import NEVER
from simulation.register import filled
from simulation.world import World

PUBLISHED_AFTER_DAYS: Final = (4, 25)
CORRECTED_SHARE: Final = 0.015
PROSE_SHARE: Final = 0.4
MISREAD_SHARE: Final = 0.02
NOTICE_HEADER: Final = (
    "id,publicationavis,publicationavis_facette,parution,dateparution,numeroannonce,typeavis,typeavis_lib,familleavis,"
    "familleavis_lib,numerodepartement,departement_nom_officiel,region_code,region_nom_officiel,tribunal,commercant,"
    "ville,registre,cp,pdf_parution_subfolder,ispdf_unitaire,listepersonnes,listeetablissements,jugement,acte,"
    "modificationsgenerales,radiationaurcs,depot,listeprecedentexploitant,listeprecedentproprietaire,divers,"
    "parutionavisprecedent,url_complete"
)
CLAIMS: Final = ("Avis de dépôt", "Dépôt de l'état des créances")
KIND_OF_NOTICE: Final = {"annonce": "Avis initial", "rectificatif": "Avis rectificatif"}


def urssaf_procedures(world: World) -> Any:
    """One line per event and establishment; the administrative closing comes 30 days after the court's."""
    rng, events = world.generator("urssaf procedures"), world.judgements
    lines = [(n, label) for n, kind in enumerate(KINDS) for label in kind.urssaf]
    parts = [(events.firm[events.kind == n], events.day[events.kind == n], label) for n, label in lines]
    closed = events.kind == CLOSING
    parts.append((events.firm[closed], events.day[closed] + 30, "Solde_procedure_liquidation"))
    tables = []
    for firm, day, label in parts:
        for rank, siret in enumerate(world.firms.siret):
            kept = (day <= world.calendar.last_day) & (world.firms.has_second[firm] if rank else True)
            rows = pa.array(firm[kept])
            tables.append(
                pa.table(
                    {
                        "Siret": zeros_lost(rng, siret.take(rows)),
                        "Siren": world.firms.siren.take(rows),
                        "Dt_effet": days(day[kept], english),
                        "Cat_v2": whole(np.ones(len(rows))),
                        "Lib_actx_stdx": of([label], np.zeros(len(rows), np.int64)),
                    }
                )
            )
    return spoiled(rng, pa.concat_tables(tables), "Siret", "Dt_effet", "31FEB2019")


def notices(world: World) -> Any:
    """One line per notice: each judgement, the lists of claims, and a correction for a few of the judgements."""
    rng, events = world.generator("bodacc"), world.judgements
    published = _published(rng, events.day)
    family = np.array([kind.family for kind in KINDS])[events.kind]
    nature = np.array([kind.nature for kind in KINDS])[events.kind]
    # A list of claims is deposited during a liquidation: this notice decides nothing.
    claims = events.kind == LIQUIDATION
    claimed_on = np.where(claims, events.day + 200, NEVER)[claims]
    firm = np.concatenate([events.firm, events.firm[claims]])
    judged = np.concatenate([events.day, claimed_on])
    published = np.concatenate([published, claimed_on + 12])
    family = np.concatenate([family, np.full(int(claims.sum()), CLAIMS[0])])
    nature = np.concatenate([nature, np.full(int(claims.sum()), CLAIMS[1])])
    kept = published <= world.calendar.last_day
    order = np.flatnonzero(kept)[np.argsort(published[kept], kind="stable")]
    firm, judged, published, family, nature = (part[order] for part in (firm, judged, published, family, nature))
    fixed = np.flatnonzero((rng.random(len(firm)) < CORRECTED_SHARE) & (family != CLAIMS[0]))
    fixed = fixed[published[fixed] + 30 <= world.calendar.last_day]
    number = np.arange(len(firm) + len(fixed)) + world.numbers + 1
    former = np.concatenate([np.full(len(firm), -1), fixed])
    kind = np.full(len(number), "annonce", dtype="<U12")
    kind[len(firm) :] = "rectificatif"
    rows = np.concatenate([np.arange(len(firm)), fixed])
    when = np.concatenate([published, published[fixed] + 30])
    table = _table(rng, world, firm[rows], judged[rows], when, family[rows], nature[rows], kind, number, former)
    return spoiled(rng, table, "id", "dateparution", "")


def _published(rng: np.random.Generator, judged: Days) -> Days:
    return judged + rng.integers(*PUBLISHED_AFTER_DAYS, len(judged)).astype("timedelta64[D]")


def issue_of(day: Days) -> Texts:
    """Number of an issue of the bulletin: the year, then the place of the day in the year."""
    place = (day - day.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.int64) + 1
    return joined(whole(day.astype("datetime64[Y]").astype(np.int64) + 1970), pc.utf8_lpad(whole(place), 4, "0"))


def in_threes(siren: Texts) -> Texts:
    """SIRENs with blanks: 552 100 554."""
    parts = [pc.utf8_slice_codeunits(siren, 3 * n, 3 * n + 3) for n in range(3)]
    return joined(parts[0], " ", parts[1], " ", parts[2])


def person(siren: Texts) -> Texts:
    """The firms as the notices describe a person, in JSON."""
    start = '{"personne": {"typePersonne": "pm", "numeroImmatriculation": {"numeroIdentification": "'
    return joined(start, in_threes(siren), '"}}}')


def _table(
    rng: np.random.Generator,
    world: World,
    firm: Ints,
    judged: Days,
    published: Days,
    family: Any,
    nature: Any,
    kind: Any,
    number: Ints,
    former: Ints,
) -> Any:
    firms, rows = world.firms, pa.array(firm)
    siren, issue = firms.siren.take(rows), issue_of(published)
    apart = in_threes(siren)
    day = some(rng, days(judged, prose), 1 - PROSE_SHARE, days(judged, iso))
    judgement = joined(
        '{"type": "initial", "famille": ',
        _json(family),
        ', "nature": ',
        _json(nature),
        ', "date": "',
        day,
        '", "complementJugement": "Simulation."}',
    )
    place = pa.array(np.maximum(former, 0))
    before = joined(
        '{"nomPublication": "BODACC A", "numeroParution": "',
        issue.take(place),
        '", "dateParution": "',
        days(published).take(place),
        '", "numeroAnnonce": "',
        whole(number).take(place),
        '"}',
    )
    count = len(firm)
    constant = np.zeros(count, np.int64)
    return filled(
        NOTICE_HEADER,
        {
            "id": joined("A", issue, whole(number)),
            "publicationavis": of(["A"], constant),
            "parution": issue,
            "dateparution": days(published),
            "numeroannonce": whole(number),
            "typeavis": pa.array(kind),
            "typeavis_lib": pa.array([KIND_OF_NOTICE[name] for name in kind.tolist()]),
            "familleavis": of(["collective"], constant),
            "familleavis_lib": of(["Procédures collectives"], constant),
            "numerodepartement": firms.departement.take(rows),
            "tribunal": of(["Tribunal de commerce simulé"], constant),
            "commercant": quoted(joined(firms.name.take(rows), firms.last_name.take(rows))),
            "registre": quoted(joined('["', apart, '", "', siren, '"]')),
            "listepersonnes": quoted(person(siren)),
            "jugement": quoted(some(rng, judgement, MISREAD_SHARE, misread(judgement))),
            "parutionavisprecedent": pc.if_else(pa.array(former >= 0), quoted(before), pa.scalar(None, pa.string())),
        },
    )


def _json(texts: Any) -> Texts:
    distinct, places = np.unique(texts, return_inverse=True)
    return of([json.dumps(text, ensure_ascii=False) for text in distinct.tolist()], places)
