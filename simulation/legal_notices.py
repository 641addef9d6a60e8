"""Legal notices of the BODACC on the firms' life: accounts deposited, changes, sales, removals, conciliations.

Firms in trouble deposit their accounts late or not at all, change their managers, lose their capital, sell their
business more often than others. All is drawn from generators of its own: no other file depends on it.
"""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulation import accounts
from simulation.cells import Days, Ints, Texts, choose, days, joined, of, quoted, whole
from simulation.changes import changed_activity, former_forms, moves, within_life
from simulation.courts import NOTICE_HEADER, in_threes, issue_of, person
from simulation.dirt import misread, some, spoiled
from simulation.lives import sign
from simulation.register import filled
from simulation.world import World

# Days from the closing to the notice of the deposit: usually, its spread, more per unit of distress seen.
DEPOSITED_AFTER: Final = 192
DEPOSIT_SPREAD: Final = 24
DELAY_OF_DISTRESS: Final = 42
EARLIEST_DEPOSIT: Final = 75
# Share of the firms that are always late, and by how many days.
SLOW_SHARE: Final = 0.12
SLOW_DAYS: Final = 70
# Of the accounts that are not in the file of ratios: share deposited, and by how much it falls per unit of distress.
OTHERS_DEPOSITED: Final = 0.9
OTHERS_SLOPE: Final = 0.45
DEPOSIT_LAG: Final = 7
# They deposit no accounts: sole traders, associations.
NO_DEPOSIT: Final = ("1000", "9220")
CHANGES_LAG: Final = 2
CHANGES_SLOPE: Final = 0.8
MOST_DISTRESS: Final = 3.5
PUBLISHED_AFTER: Final = (12, 60)
MISREAD_SHARE: Final = 0.01
# Notices of courts and those here are numbered apart.
FIRST_NUMBER: Final = 1_000_001


class Kind(NamedTuple):
    """A kind of notice. chance: per month; of_distress: whether trouble makes it more frequent."""

    family: str
    text: str
    chance: float = 0.0
    of_distress: bool = False


class Family(NamedTuple):
    """How a family is published: its label, its bulletin, the column of its content, the content around a text."""

    label: str
    bulletin: str
    column: str
    content: tuple[str, str]


FAMILIES: Final = {
    "dpc": Family("Dépôts des comptes", "C", "depot", ('{"dateCloture": "', '"}')),
    "modification": Family("Modifications diverses", "B", "modificationsgenerales", ('{"descriptif": "', '"}')),
    "vente": Family("Ventes et cessions", "A", "acte", ('{"vente": {"categorieVente": "', '"}}')),
    "radiation": Family("Radiations", "B", "radiationaurcs", ('{"commentaire": "', '"}')),
    "conciliation": Family("Procédures de conciliation", "A", "jugement", ('{"nature": "', '"}')),
}
MOVED: Final = Kind("modification", "Modification survenue sur le transfert du siège social.")
NEW_ACTIVITY: Final = Kind("modification", "Modification survenue sur l'activité.")
NEW_FORM: Final = Kind("modification", "Modification de la forme juridique.")
CLOSED: Final = Kind("modification", "Modification survenue sur l'administration, dissolution de la société.")
REMOVED: Final = Kind("radiation", "Radiation")
SOLD: Final = Kind("vente", "Achat d'un fonds par une personne morale", 0.0005, True)
DRAWN: Final = (
    Kind("modification", "Modification survenue sur l'administration.", 0.005),
    Kind("modification", "Modification de l'administration.", 0.002, True),
    Kind("modification", "Modification survenue sur l'administration, transfert du siège social.", 0.0004, True),
    Kind("modification", "Modification survenue sur le capital (augmentation).", 0.002),
    Kind("modification", "Modification survenue sur le capital (diminution).", 0.0004, True),
    Kind("modification", "Modification survenue sur la dénomination.", 0.0012),
    Kind("modification", "Modification de la date de clôture de l'exercice social.", 0.0004),
    Kind("modification", "Poursuite d'activité malgré un actif net inférieur à la moitié du capital.", 0.0009, True),
    Kind("modification", "Fusion par absorption, transmission universelle du patrimoine.", 0.0003),
    Kind("modification", "établissement principal donné en location-gérance.", 0.0003),
    SOLD,
    Kind("conciliation", "Jugement d'homologation de l'accord de conciliation", 0.0002, True),
)


@dataclass(frozen=True)
class Told:
    """Notices of one family: firm, day of publication and text of each; seller: of a business, where one is sold."""

    family: str
    firm: Ints
    day: Days
    text: Texts
    seller: Ints | None = None


def notices(world: World) -> Any:
    """One line per notice, by family."""
    told = [deposits(world), *_dated_changes(world), *_drawn_changes(world)]
    number = world.numbers + FIRST_NUMBER
    tables = []
    rng = world.generator("legal notices")
    for part in told:
        tables.append(_table(rng, world, part, number))
        number += len(part.firm)
    return spoiled(rng, pa.concat_tables(tables), "id", "dateparution", "")


def deposits(world: World) -> Told:
    """The deposit of each firm's yearly accounts: all that are in the file of ratios, and most others."""
    firm, month, closed_on, _, filed = accounts.filings(world.generator("accounts"), world)
    rng = world.generator("deposits")
    stress = sign(rng, world.lives.distress, 0, 4, 0.1, 0.3)
    seen = np.clip(stress[firm, np.minimum(month + DEPOSIT_LAG, world.calendar.months - 1)], 0, MOST_DISTRESS)
    slow = rng.random(world.firms.count) < SLOW_SHARE
    delay = rng.normal(DEPOSITED_AFTER, DEPOSIT_SPREAD, len(firm)) + DELAY_OF_DISTRESS * seen + SLOW_DAYS * slow[firm]
    day = closed_on + np.maximum(delay, EARLIEST_DEPOSIT).astype("timedelta64[D]")
    kept = filed | (rng.random(len(firm)) < OTHERS_DEPOSITED - OTHERS_SLOPE * seen)
    kept &= ~np.isin(world.firms.legal_category.to_numpy(zero_copy_only=False), NO_DEPOSIT)[firm]
    kept &= (day <= world.calendar.last_day) & ~(world.judgements.liquidated_on[firm] < day)
    firm, day, closed_on = firm[kept], day[kept], closed_on[kept]
    words = of(["Comptes annuels et rapports", "Comptes annuels"], rng.integers(0, 2, len(firm)))
    secret = choose(
        accounts.is_usually_confidential(world)[firm], '", "descriptif": "confidentialité (art. L. 232-25).', ""
    )
    return Told("dpc", firm, day, joined(days(closed_on), '", "typeDepot": "', words, secret))


def _dated_changes(world: World) -> list[Told]:
    """What other files tell too: moves, changes of activity and form, voluntary closings, removals."""
    rng, lives, court = world.generator("dated changes"), world.lives, world.judgements
    told = (
        (MOVED, moves(world).moved_on),
        (NEW_ACTIVITY, within_life(world, changed_activity(world))),
        (NEW_FORM, former_forms(world)[0]),
        (CLOSED, lives.closed_on),
        (REMOVED, np.where(np.isnat(court.liquidated_on), court.ceased_on, court.closed_on)),
    )
    parts = []
    for kind, changed_on in told:
        day = changed_on + rng.integers(*PUBLISHED_AFTER, len(changed_on)).astype("timedelta64[D]")
        firm = np.flatnonzero(day <= world.calendar.last_day)
        parts.append(Told(kind.family, firm, day[firm], of([kind.text], np.zeros(len(firm), np.int64))))
    return parts


def _drawn_changes(world: World) -> list[Told]:
    """Changes at random; those of distress come more often the deeper a firm is in trouble."""
    rng = world.generator("drawn changes")
    stress = sign(rng, world.lives.distress, CHANGES_LAG, 4, 0.15, 0.3)
    more = np.exp(np.float32(CHANGES_SLOPE) * np.clip(stress, 0, MOST_DISTRESS))
    parts = []
    for of_distress in (False, True):
        kinds = [kind for kind in DRAWN if kind.of_distress == of_distress]
        chances = np.array([kind.chance for kind in kinds])
        chance = chances.sum() * (more if of_distress else 1)
        firm, month = np.nonzero((rng.random(more.shape, dtype=np.float32) < chance) & world.is_employing)
        which = rng.choice(len(kinds), len(firm), p=chances / chances.sum())
        day = world.calendar.dates[month] + rng.integers(0, 28, len(firm)).astype("timedelta64[D]")
        texts = of([kind.text for kind in kinds], which)
        families = np.array([kind.family for kind in kinds])[which]
        for family in dict.fromkeys(kind.family for kind in kinds):
            own = families == family
            seller, buyer = firm[own], rng.integers(0, world.firms.count, int(own.sum()))
            is_sale = family == SOLD.family
            text = texts.filter(pa.array(own))
            parts.append(Told(family, buyer if is_sale else seller, day[own], text, seller if is_sale else None))
    return parts


def _table(rng: np.random.Generator, world: World, told: Told, first: int) -> Any:
    count, family = len(told.firm), FAMILIES[told.family]
    firms, rows, constant = world.firms, pa.array(told.firm), np.zeros(count, np.int64)
    siren, issue, number = firms.siren.take(rows), issue_of(told.day), whole(np.arange(count) + first)
    content = joined(family.content[0], told.text, family.content[1])
    register = joined('["', siren, '", "', in_threes(siren), '"')
    owners = {}
    if told.seller is not None:
        seller = firms.siren.take(pa.array(told.seller))
        register = joined(register, ', "', seller, '", "', in_threes(seller), '"')
        owners = {"listeprecedentproprietaire": quoted(person(seller))}
    name = pc.replace_substring(joined(firms.name.take(rows), firms.last_name.take(rows)), "&", "&amp;")
    return filled(
        NOTICE_HEADER,
        {
            "id": joined(family.bulletin, issue, number),
            "publicationavis": of([family.bulletin], constant),
            "parution": issue,
            "dateparution": days(told.day),
            "numeroannonce": number,
            "typeavis": of(["annonce"], constant),
            "typeavis_lib": of(["Avis initial"], constant),
            "familleavis": of([told.family], constant),
            "familleavis_lib": of([family.label], constant),
            "numerodepartement": firms.departement.take(rows),
            "commercant": quoted(name),
            "registre": quoted(joined(register, "]")),
            "listepersonnes": quoted(person(siren)),
            family.column: quoted(some(rng, content, MISREAD_SHARE, misread(content))),
            **owners,
        },
    )
