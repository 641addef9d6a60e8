"""Ratios of filed accounts (INPI/BCE) and delays in paying suppliers (Altares)."""

from typing import Any, Final

import numpy as np
import pyarrow as pa

from simulation.cells import Days, Flags, Floats, Ints, choose, days, decimal, of, whole
from simulation.dirt import spoiled, zeros_lost
from simulation.lives import WARM_UP_MONTHS, sign
from simulation.world import World

# Most firms close their accounts in December. Lags are in months after the distress.
CLOSING_MONTHS: Final = (12, 12, 12, 12, 12, 12, 12, 3, 6, 9)
ACCOUNTS_LAG: Final = 3
FILED_SHARE: Final = 0.86
# Firms in trouble file less often: the share falls by so much per unit of distress seen.
FILED_SLOPE: Final = 0.07
FILED_AFTER_DAYS: Final = (100, 215)
FIRST_FILED: Final = np.datetime64("2014-01-01")
# Share of firms that usually file confidential accounts, and share of accounts filed in the other way than usual.
CONFIDENTIAL_SHARE: Final = 0.25
UNUSUAL_SHARE: Final = 0.05
CONSOLIDATED_FROM: Final = 400
DELAYS_LAG: Final = 1
COVERED_SHARE: Final = 0.75
MEASURE_DAY: Final = 14


def financial_ratios(world: World) -> Any:
    """One line per firm and fiscal year filed by the last day; some large firms also file consolidated accounts."""
    rng = world.generator("accounts")
    firm, month, closed_on, seen, filed = filings(rng, world)
    own = _accounts(rng, world, firm[filed], month[filed], closed_on[filed], seen[filed])
    is_group = filed & (world.headcount[firm, month] >= CONSOLIDATED_FROM) & (rng.random(len(firm)) < 0.5)
    group = _accounts(rng, world, firm[is_group], month[is_group], closed_on[is_group], seen[is_group] * 0.3, "K")
    return spoiled(rng, pa.concat_tables([own, group]), "siren", "date_cloture_exercice", "2019-02-30")


def filings(rng: np.random.Generator, world: World) -> tuple[Ints, Ints, Days, Floats, Flags]:
    """For each fiscal year: places of the firm and of the month, closing day, distress seen, whether it is in the file.

    rng: the generator of the accounts; each call with a new one gives the same.
    """
    stress = sign(rng, world.lives.distress, ACCOUNTS_LAG, 6, 0.15, 0.35)
    firm, month, closed_on = _closings(rng, world)
    seen = stress[firm, month]
    filed = rng.random(len(firm)) < FILED_SHARE - FILED_SLOPE * np.clip(seen, 0, 3)
    filed &= closed_on + rng.integers(*FILED_AFTER_DAYS, len(firm)) <= world.calendar.last_day
    filed &= ~(world.judgements.liquidated_on[firm] < closed_on + 150)
    return firm, month, closed_on, seen, filed


def _closings(rng: np.random.Generator, world: World) -> tuple[Any, Any, Days]:
    """For each fiscal year closed by an employing firm: place of the firm, place of the month, closing day."""
    closing = rng.choice(CLOSING_MONTHS, world.firms.count)
    number = (world.calendar.first + np.arange(world.calendar.months)).astype(np.int64) % 12 + 1
    firm, month = np.nonzero((closing[:, None] == number[None, :]) & world.is_employing)
    closed_on = world.calendar.first.astype("datetime64[M]") + month + 1
    closed_on = np.asarray(closed_on).astype("datetime64[D]") - 1
    kept = closed_on >= FIRST_FILED
    return firm[kept], month[kept], closed_on[kept]


def _accounts(
    rng: np.random.Generator, world: World, firm: Any, month: Any, closed_on: Days, stress: Any, kind: str = ""
) -> Any:
    count, staff = len(firm), world.headcount[firm, month]

    def noise(spread: float) -> Any:
        return rng.normal(0, spread, count)

    per_person = np.random.default_rng([*world.origin, 7]).lognormal(11.7, 0.45, world.firms.count)[firm]
    turnover = staff * per_person * np.exp(noise(0.08) - 0.05 * stress)
    margin = 0.075 - 0.042 * stress + noise(0.025)
    interest = np.abs(0.006 + 0.004 * stress + noise(0.003))
    type_of = of(["C", "S"], (rng.random(count) < 0.35).astype(np.int64))
    is_confidential = is_usually_confidential(world)[firm] ^ (rng.random(count) < UNUSUAL_SHARE)
    requirement = 45 + 9 * stress + noise(22)
    return pa.table(
        {
            "siren": zeros_lost(rng, world.firms.siren.take(pa.array(firm))),
            "date_cloture_exercice": days(closed_on),
            "chiffre_d_affaires": whole(turnover),
            "marge_brute": whole(turnover * (0.48 + noise(0.1))),
            "ebe": whole(turnover * margin),
            "ebit": whole(turnover * (margin - 0.022)),
            "resultat_net": whole(turnover * (margin - 0.036 - interest)),
            "taux_d_endettement": decimal(55 * np.exp(0.42 * stress + noise(0.6)), 3),
            "ratio_de_liquidite": decimal(165 * np.exp(-0.22 * stress + noise(0.25)), 3),
            "ratio_de_vetuste": decimal(np.clip(62 + 2 * stress + noise(15), 0, 100), 3),
            "autonomie_financiere": decimal(np.clip(38 - 11 * stress + noise(12), -80, 95), 3),
            "poids_bfr_exploitation_sur_ca": decimal(requirement / 3.6, 3),
            "couverture_des_interets": _blank(rng, 0.2, 100 * interest / np.maximum(margin, 0.004)),
            "caf_sur_ca": decimal(100 * (margin * 0.8 + noise(0.01)), 3),
            "capacite_de_remboursement": _blank(rng, 0.15, np.clip(2 + 2.5 * stress + noise(1.5), -20, 40)),
            "marge_ebe": decimal(100 * margin, 3),
            "resultat_courant_avant_impots_sur_ca": decimal(100 * (margin - 0.028 - interest), 3),
            "poids_bfr_exploitation_sur_ca_jours": decimal(requirement, 3),
            "rotation_des_stocks_jours": decimal(np.abs(48 + 7 * stress + noise(30)), 3),
            "credit_clients_jours": decimal(np.abs(52 + 2 * stress + noise(18)), 3),
            "credit_fournisseurs_jours": decimal(np.abs(56 + 10 * stress + noise(16)), 3),
            "type_bilan": of([kind], np.zeros(count, np.int64)) if kind else type_of,
            "confidentiality": choose(is_confidential, "Confidentiel", "Public"),
        }
    )


def is_usually_confidential(world: World) -> Flags:
    """Whether each firm usually files confidential accounts."""
    return np.random.default_rng([*world.origin, 8]).random(world.firms.count) < CONFIDENTIAL_SHARE


def _blank(rng: np.random.Generator, share: float, values: Any) -> Any:
    return decimal(np.where(rng.random(len(values)) < share, np.nan, values), 3)


def payment_delays(world: World) -> Any:
    """One line per covered firm and month; some months are missing."""
    rng = world.generator("payment delays")
    stress = sign(rng, world.lives.distress, DELAYS_LAG, 3, 0.2, 0.4)
    covered = rng.random(world.firms.count) < COVERED_SHARE
    months = np.arange(world.calendar.months)
    present = world.is_employing & covered[:, None] & (months >= WARM_UP_MONTHS)[None, :]
    present &= rng.random(present.shape, dtype=np.float32) > 0.02
    firm, month = np.nonzero(present)
    seen = stress[firm, month]
    habit = rng.normal(0, 5, world.firms.count)[firm]
    paydex = np.clip(9 + habit + 8 * seen + rng.normal(0, 2, len(firm)), -10, 120)
    late_30 = np.clip(100 * np.clip(paydex - 6, 0, None) / 70 + rng.normal(0, 3, len(firm)), -1, 102)
    late_90 = np.clip(late_30 * 0.35 + rng.normal(0, 1.5, len(firm)), -1, 100)
    measured_on = world.calendar.dates[month] + MEASURE_DAY
    table = pa.table(
        {
            "siren": zeros_lost(rng, world.firms.siren.take(pa.array(firm)), 0.02),
            "état_organisation": of(["Actif"], np.zeros(len(firm), np.int64)),
            "code_paydex": whole(np.clip(80 - paydex, 0, 99)),
            "paydex": decimal(paydex, 1),
            "n_fournisseurs": whole(np.clip(np.sqrt(world.headcount[firm, month]) * 2, 1, 400)),
            "encours_étudiés": decimal(world.headcount[firm, month] * 900.0),
            "fpi_30": decimal(late_30, 1),
            "fpi_90": decimal(late_90, 1),
            "date": days(measured_on),
        }
    )
    return spoiled(rng, table, "siren", "date", "2019-02-30")
