"""The simulated firms: numbers, names, activities, places, legal categories, dates of creation, sizes."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.nomenclatures import read_nomenclature
from simulation.cells import Days, Flags, Floats, Ints, Texts, choose, joined, of, padded
from simulation.identifiers import sirens, sirets

# Weights of the sections of NAF rev. 2 among firms with ten or more employees.
SECTIONS: Final = {
    "A": 2.5,
    "B": 0.3,
    "C": 17,
    "D": 0.4,
    "E": 1,
    "F": 15,
    "G": 23,
    "H": 7,
    "I": 10,
    "J": 4.5,
    "K": 1.5,
    "L": 2,
    "M": 9,
    "N": 8,
    "O": 0.4,
    "P": 2,
    "Q": 4,
    "R": 2,
    "S": 2.2,
    "T": 0.05,
    "U": 0.05,
}
# Weights of the départements, 1 where not named.
DEPARTEMENTS: Final = {
    "75": 10,
    "92": 6,
    "69": 5.5,
    "13": 5,
    "59": 5.5,
    "33": 4,
    "31": 3.5,
    "44": 3.8,
    "93": 4,
    "94": 3,
    "78": 3,
    "77": 3,
    "91": 3,
    "95": 2.5,
    "67": 3,
    "34": 2.7,
    "06": 3,
    "38": 3,
    "35": 2.8,
    "76": 2.6,
    "62": 2.5,
    "83": 2.3,
    "74": 2.2,
    "57": 2,
    "974": 1.5,
    "971": 0.8,
    "972": 0.7,
    "973": 0.3,
    "976": 0.2,
    "48": 0.2,
    "23": 0.3,
    "975": 0.02,
    "977": 0.02,
    "978": 0.02,
    "981": 0,
    "984": 0,
    "986": 0,
    "987": 0,
    "988": 0,
    "989": 0,
}
# Weights of the legal categories; 4110, 7210 and 7389 are out of scope.
LEGAL_CATEGORIES: Final = {
    "5710": 50,
    "5499": 34,
    "5599": 3,
    "1000": 4,
    "9220": 4,
    "5785": 1,
    "5202": 1,
    "6317": 0.7,
    "6540": 0.5,
    "3120": 0.3,
    "4110": 0.4,
    "7210": 0.6,
    "7389": 0.5,
}
SOLE_TRADER: Final = "1000"
FIRST_NAMES: Final = ("CAMILLE", "DOMINIQUE", "CLAUDE", "MARIE", "RENÉ", "JOËL", "FRANÇOISE", "ANDRÉ", "NOÉMIE", "LUC")
# Share of firms that never reach ten employees. Above, the logarithm of the size is exponential, with this mean.
SMALL_SHARE: Final = 0.10
LOG_SIZE_MEAN: Final = 0.85
LARGEST: Final = 4000
BORN_WITHIN_SHARE: Final = 0.34
MEAN_AGE_YEARS: Final = 16
SECOND_ESTABLISHMENT_SHARE: Final = 0.22
ABROAD_SHARE: Final = 0.005
PARTLY_PUBLISHED_SHARE: Final = 0.04


@dataclass(frozen=True)
class Firms:
    """Arrays with one value per firm. siret: of the first and of the second establishment (null: there is none)."""

    siren: Texts
    siret: tuple[Texts, Texts]
    name: Texts
    first_name: Texts
    last_name: Texts
    legal_category: Texts
    naf: Texts
    former_naf: Texts
    section: NDArray[np.str_]
    division: Ints
    departement: Texts
    created_on: Days
    size: Floats
    has_second: Flags
    is_abroad: Flags
    is_partly_published: Flags

    @property
    def count(self) -> int:
        """How many firms there are."""
        return len(self.size)


def population(
    rng: np.random.Generator,
    count: int,
    start: np.datetime64,
    end: np.datetime64,
    common: np.random.Generator,
    first: int = 0,
) -> Firms:
    """`count` firms; some are created between the months `start` and `end`, the others before.

    common: a new generator of the economy, from which all its firms draw their numbers and how frequent each activity
    is. first: how many of its firms come before these; the first ones draw all from one generator.
    """
    common = common if first else rng
    numbers = sirens(common, count, first)
    activities = read_nomenclature("naf_rev2")
    sections = np.array([row["section"] for row in activities])
    divisions = np.array([int(row["division"]) for row in activities])
    codes = pa.array([row["code"] for row in activities])
    activity = _draw(rng, count, _activity_weights(common, sections))
    categories, weights = list(LEGAL_CATEGORIES), np.array(list(LEGAL_CATEGORIES.values()))
    legal = np.array(categories)[_draw(rng, count, weights)]
    has_second = rng.random(count) < SECOND_ESTABLISHMENT_SHARE
    second = choose(has_second, padded(sirets(numbers, np.full(count, 2)), 14), None)
    return Firms(
        siren=padded(numbers, 9),
        siret=(padded(sirets(numbers, np.ones(count, np.int64)), 14), second),
        **_names(rng, legal, first),
        legal_category=pa.array(legal),
        naf=codes.take(pa.array(activity)),
        former_naf=codes.take(pa.array(_neighbour(rng, activity, sections))),
        section=sections[activity],
        division=divisions[activity],
        departement=_departements(rng, count),
        created_on=_creation_dates(rng, count, start, end),
        size=_sizes(rng, count),
        has_second=has_second,
        is_abroad=rng.random(count) < ABROAD_SHARE,
        is_partly_published=rng.random(count) < PARTLY_PUBLISHED_SHARE,
    )


def _draw(rng: np.random.Generator, count: int, weights: NDArray[Any]) -> Ints:
    return rng.choice(len(weights), count, p=weights / weights.sum())


def _activity_weights(rng: np.random.Generator, sections: NDArray[np.str_]) -> NDArray[np.float64]:
    """The weight of each activity: in every section, a few activities have most of the firms."""
    weights = rng.lognormal(0, 1.2, len(sections))
    for section, weight in SECTIONS.items():
        inside = sections == section
        weights[inside] *= weight / weights[inside].sum()
    return weights


def _neighbour(rng: np.random.Generator, activity: Ints, sections: NDArray[np.str_]) -> Ints:
    """The next or previous activity where it is in the same section: firms rarely change to a wholly other trade."""
    moved = np.clip(activity + rng.choice([-1, 1], len(activity)), 0, len(sections) - 1)
    return np.where(sections[moved] == sections[activity], moved, activity)


def _departements(rng: np.random.Generator, count: int) -> Texts:
    codes = [row["departement"] for row in read_nomenclature("departements")]
    return of(codes, _draw(rng, count, np.array([DEPARTEMENTS.get(code, 1.0) for code in codes])))


def _creation_dates(rng: np.random.Generator, count: int, start: np.datetime64, end: np.datetime64) -> Days:
    window = (end.astype("datetime64[D]") - start.astype("datetime64[D]")).astype(int)
    recent = rng.integers(0, window - 200, count)
    old = -rng.exponential(MEAN_AGE_YEARS * 365, count).astype(np.int64).clip(0, 60 * 365)
    offset = np.where(rng.random(count) < BORN_WITHIN_SHARE, recent, old)
    return start.astype("datetime64[D]") + offset.astype("timedelta64[D]")


def _sizes(rng: np.random.Generator, count: int) -> Floats:
    large = 11 * np.exp(rng.exponential(LOG_SIZE_MEAN, count))
    small = rng.uniform(2, 8, count)
    return np.where(rng.random(count) < SMALL_SHARE, small, large).clip(2, LARGEST).astype(np.float32)


def _names(rng: np.random.Generator, legal: NDArray[np.str_], first: int) -> dict[str, Texts]:
    """Names that show that they are simulated; a sole trader has a first and a last name instead of a firm name."""
    serial = padded(np.arange(1, len(legal) + 1) + first, 6)
    person = legal == SOLE_TRADER
    ending = of(["", "", "", " ET FILS", " & CIE", ", GROUPE"], rng.integers(0, 6, len(legal)))
    return {
        "name": choose(person, None, joined("SOCIETE SIMULEE ", serial, ending)),
        "first_name": choose(person, of(FIRST_NAMES, rng.integers(0, len(FIRST_NAMES), len(legal))), None),
        "last_name": choose(person, joined("SIMULE ", serial), None),
    }
