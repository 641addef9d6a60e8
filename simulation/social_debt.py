"""The URSSAF files about what is due: contributions, events of debts, payment plans, CCSF plans."""

from typing import Any, Final

import numpy as np
import pyarrow as pa

from simulation.cells import Days, Ints, Texts, choose, days, decimal, french, of, padded, urssaf, whole
from simulation.cells import period_codes as urssaf_periods
from simulation.dirt import commas, some, spoiled, zeros_lost
from simulation.dues import Dues
from simulation.lives import WARM_UP_MONTHS
from simulation.spells import Spells, spells
from simulation.workforce import SECOND_SHARE
from simulation.world import World

# Firms with fewer employees pay their contributions every quarter.
QUARTERLY_BELOW: Final = 9
CORRECTED_SHARE: Final = 0.004
PARTIAL_SHARE: Final = 0.25
CANCELLED_SHARE: Final = 0.01
PLAN_CHANCE: Final = 0.035
PLAN_FROM_MONTHS: Final = 0.6
PLAN_MONTHS: Final = (6, 24)
CCSF_CHANCE: Final = 0.02
CCSF_FROM_MONTHS: Final = 2.5
CCSF_ANSWERS: Final = ("APPROB", "REFUS", "REJ")
RECOVERY, PAYMENT, WRITTEN_OFF, DROPPED, PAYMENT_CANCELLED = "1", "2", "3", "5", "12"


def contributions(world: World, dues: Dues) -> Any:
    """One line per account and month, or quarter for the smallest firms; a second line corrects some of them."""
    rng = world.generator("contributions")
    second = np.where(world.firms.has_second, SECOND_SHARE, 0)
    parts = [_account(world, dues, 1 - second, 0), _account(world, dues, second, 1)]
    table = pa.concat_tables(parts)
    corrected = rng.choice(table.num_rows, int(table.num_rows * CORRECTED_SHARE), replace=False)
    corrections = table.take(pa.array(np.sort(corrected)))
    amount = decimal(-rng.uniform(5, 400, len(corrected)))
    place = corrections.column_names.index("cotis_due")
    corrections = corrections.set_column(place, "cotis_due", amount).set_column(place - 1, "enc_direct", amount)
    return spoiled(rng, pa.concat_tables([table, corrections]), "Siret", "periode", "209945")


def _account(world: World, dues: Dues, share: Any, rank: int) -> Any:
    is_quarterly = world.firms.size < QUARTERLY_BELOW
    month_codes, quarter_codes, _ = urssaf_periods(world.calendar.first, world.calendar.months)
    unpaid = np.minimum(dues.gap, dues.due)
    starts = _quarter_starts(world)
    parts = []
    for firms, first, span, codes in (
        (~is_quarterly, np.arange(WARM_UP_MONTHS, world.calendar.months), 1, month_codes),
        (is_quarterly, starts, 3, quarter_codes),
    ):
        due, gap = (amount[:, first[:, None] + np.arange(span)].sum(axis=2) for amount in (dues.due, unpaid))
        rows, months = np.nonzero((due > 0) & (firms & (share > 0))[:, None])
        owed, left = due[rows, months] * share[rows], gap[rows, months] * share[rows]
        parts.append(
            pa.table(
                {
                    "Urssaf_gestion": _office(rows),
                    "Dep": world.firms.departement.take(pa.array(rows)),
                    "Siret": world.firms.siret[rank].take(pa.array(rows)),
                    "Compte": _account_number(world, rows, rank),
                    "periode": codes.take(pa.array(first[months])),
                    "mer": decimal(left),
                    "enc_direct": decimal(owed - left),
                    "cotis_due": decimal(owed),
                }
            )
        )
    return pa.concat_tables(parts)


def _quarter_starts(world: World) -> Ints:
    numbers = (world.calendar.first + np.arange(world.calendar.months)).astype(np.int64)
    starts = np.flatnonzero(numbers % 3 == 0)
    return starts[(starts >= WARM_UP_MONTHS) & (starts + 3 <= world.calendar.months)]


def _office(rows: Ints) -> Texts:
    return padded(100 + rows % 22 * 10 + 7, 3)


def _account_number(world: World, rows: Ints, rank: int) -> Texts:
    return padded(117_000_000_000_000_000 + (world.first + rows) * 10 + rank, 18)


def debts(world: World, dues: Dues) -> Any:
    """One line per event of a debt (opened, partly paid, settled, reopened, written off), with the cents still due."""
    rng, last_day = world.generator("debts"), world.calendar.last_day
    firm, month = np.nonzero(dues.gap)
    employee, employer = dues.employee_gap[firm, month], dues.employer_gap[firm, month]
    settled = dues.settled[firm, month]
    opened_on = _day(world, month + 1, rng.integers(18, 46, len(firm)))
    settled_on = np.where(
        settled < world.calendar.months,
        np.maximum(_day(world, settled, rng.integers(0, 28, len(firm))), opened_on + np.timedelta64(2, "D")),
        world.judgements.closed_on[firm],
    )
    is_partial = (rng.random(len(firm)) < PARTIAL_SHARE) & (settled - month > 3)
    is_cancelled = (rng.random(len(firm)) < CANCELLED_SHARE) & (settled < world.calendar.months)
    ending = np.where(rng.random(len(firm)) < 0.9, PAYMENT, DROPPED)
    ending = np.where(settled < world.calendar.months, ending, WRITTEN_OFF)
    nobody = np.datetime64("NaT", "D")
    halfway = opened_on + (settled_on - opened_on) // 2
    steps = (
        (opened_on, 1.0, np.full(len(firm), RECOVERY)),
        (np.where(is_partial, halfway, nobody), 0.5, np.full(len(firm), PAYMENT)),
        (settled_on, 0.0, ending),
        (np.where(is_cancelled, settled_on + 9, nobody), 0.5, np.full(len(firm), PAYMENT_CANCELLED)),
        (np.where(is_cancelled, settled_on + 40, nobody), 0.0, np.full(len(firm), PAYMENT)),
    )
    codes, _, _ = urssaf_periods(world.calendar.first, world.calendar.months)
    tables = []
    for number, (day, left, operation) in enumerate(steps, 1):
        kept = np.flatnonzero(day <= last_day)
        rows = firm[kept]
        is_open = world.lives.failed_on[rows] <= day[kept]
        tables.append(
            pa.table(
                {
                    "Urssaf_gestion": _office(rows),
                    "Dep": world.firms.departement.take(pa.array(rows)),
                    "num_cpte": _account_number(world, rows, 0),
                    "Siren": world.firms.siren.take(pa.array(rows)),
                    "Siret": zeros_lost(rng, world.firms.siret[0].take(pa.array(rows))),
                    "Dt_immat": days(world.firms.created_on[rows], urssaf),
                    "Etat_cpte": choose(is_open, "5", "1"),
                    "Cd_pro_col": choose(is_open, "1", some(rng, pa.nulls(len(kept), pa.string()), 0.5, "0")),
                    "Periode": codes.take(pa.array(month[kept])),
                    "Num_Ecn": whole(100 + month[kept]),
                    "Num_Hist_Ecn": whole(np.full(len(kept), number)),
                    "Dt_trt_ecn": days(day[kept], urssaf),
                    "Mt_PO": whole(employee[kept] * left * 100),
                    "Mt_PP": whole(employer[kept] * left * 100),
                    "Cd_op_ecn": pa.array(operation[kept]),
                    "Motif_ecn": whole(rng.integers(10, 80, len(kept))),
                    "Recours_en_cours": choose(rng.random(len(kept)) < 0.02, "1", "0"),
                }
            )
        )
    return spoiled(rng, pa.concat_tables(tables), "Siret", "Dt_trt_ecn", "1161345")


def _day(world: World, month: Ints, offset: Ints) -> Days:
    return (world.calendar.first + month).astype("datetime64[D]") + offset.astype("timedelta64[D]")


def payment_plans(world: World, dues: Dues) -> Any:
    """One line per plan, granted to some of the firms that are in debt and not in a procedure."""
    rng = world.generator("payment plans")
    granted = _of_debtors(rng, world, dues, PLAN_CHANCE, PLAN_FROM_MONTHS, PLAN_MONTHS)
    rows, owner = granted.firm, pa.array(granted.firm)
    created_on = _day(world, granted.start, rng.integers(0, 28, granted.count))
    due_on = _day(world, granted.start + granted.months, rng.integers(0, 28, granted.count))
    names = of(["SOCIETE SIMULEE"], np.zeros(granted.count, np.int64))
    table = pa.table(
        {
            "Urssaf_gestion": _office(rows),
            "Dep": world.firms.departement.take(owner),
            "Siret": world.firms.siret[0].take(owner),
            "Numero_compte_externe": _account_number(world, rows, 0),
            "Numero_structure": whole(np.arange(granted.count) + world.numbers + 700_000),
            "Date_creation": days(created_on, french),
            "Date_echeance": days(due_on, french),
            "Duree_delai": whole((due_on - created_on).astype(np.int64)),
            "Denomination_premiere_ligne": names,
            "Indic_6M": choose(granted.months > 6, "SUP", "INF"),
            "Annee_creation": whole(created_on.astype("datetime64[Y]").astype(np.int64) + 1970),
            "Montant_global_echeancier": commas(decimal(dues.debt[rows, granted.start])),
            "Code_externe_stade": of(["APPROB"], np.zeros(granted.count, np.int64)),
            "Code_externe_action": of(["ADM0", "DCS0"], rng.integers(0, 2, granted.count)),
        }
    )
    kept = table.filter(pa.array(created_on <= world.calendar.last_day))
    return spoiled(rng, kept, "Siret", "Date_creation", "31/02/2019")


def ccsf(world: World, dues: Dues) -> Any:
    """One line per event: a request by some of the firms deep in debt, the answer, the end of the plan."""
    rng = world.generator("ccsf")
    asked = _of_debtors(rng, world, dues, CCSF_CHANCE, CCSF_FROM_MONTHS, (12, 30))
    asked_on = _day(world, asked.start, rng.integers(0, 28, asked.count))
    answer = np.where(rng.random(asked.count) < 0.6, 0, rng.integers(1, 3, asked.count))
    answered_on = asked_on + rng.integers(40, 130, asked.count).astype("timedelta64[D]")
    ended_on = np.where(answer == 0, answered_on + asked.months * 30, np.datetime64("NaT", "D"))
    begun, ended = np.full(asked.count, "DEBUT"), np.full(asked.count, "FIN")
    steps = ((asked_on, begun), (answered_on, np.array(CCSF_ANSWERS)[answer]), (ended_on, ended))
    tables = []
    for day, stage in steps:
        kept = np.flatnonzero(day <= world.calendar.last_day)
        rows = asked.firm[kept]
        tables.append(
            pa.table(
                {
                    "Urssaf_gestion": _office(rows),
                    "Dep": world.firms.departement.take(pa.array(rows)),
                    "Siret": world.firms.siret[0].take(pa.array(rows)),
                    "Compte": _account_number(world, rows, 0),
                    "Date_de_traitement": days(day[kept], urssaf),
                    "Code_externe_stade": pa.array(stage[kept]),
                    "Code_externe_action": of(["CCSF"], np.zeros(len(kept), np.int64)),
                }
            )
        )
    return spoiled(rng, pa.concat_tables(tables), "Siret", "Date_de_traitement", "1161345")


def _of_debtors(
    rng: np.random.Generator, world: World, dues: Dues, chance: float, from_months: float, span: tuple[int, int]
) -> Spells:
    """Spells of firms whose debt exceeds `from_months` months of contributions, before any procedure.

    chance: per month. span: shortest and longest spell, in months.
    """
    in_debt = (dues.debt > from_months * np.maximum(dues.due, 1)) & (dues.due > 0)
    months = np.arange(world.calendar.months)[None, :]
    before = months < world.calendar.index(world.lives.failed_on)[:, None]
    return spells(rng, np.where(in_debt & before, np.float32(chance), 0), *span)
