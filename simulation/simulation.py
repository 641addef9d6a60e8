"""The simulated economy, written as a batch of partners' files; the name of its folder marks it as simulated."""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from functools import cached_property, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from features import store
from features.errors import InputError
from simulation import accounts, courts, legal_notices, register, register_history, short_time, social_debt, workforce
from simulation.cells import Floats
from simulation.dirt import spoiled
from simulation.dues import Dues, dues
from simulation.files import Layout, write_file
from simulation.identifiers import MAX_FIRMS
from simulation.short_time import Requests, requests
from simulation.world import World, world

SUFFIX: Final = "_simulated"
# A batch is named by two digits of its year; before 2016 there would be too few years of filed accounts.
YEARS: Final = (2016, 2079)
LISTED_SHARE: Final = 0.995
FIRMS_AT_ONCE: Final = 25_000


class _Partners:
    """Arrays that several files are made from, computed once."""

    def __init__(self, economy: World) -> None:
        self.world = economy

    @cached_property
    def dues(self) -> Dues:
        return dues(self.world)

    @cached_property
    def requests(self) -> Requests:
        return requests(self.world)

    def files(self) -> Iterator[tuple[Layout, Callable[[], Any]]]:
        """The layout of each file, and the function that makes its table."""
        w = self.world
        yield Layout("StockUniteLegale_utf8.csv", delimiter=","), lambda: register.legal_units(w)
        yield (
            Layout("StockUniteLegaleHistorique_utf8.csv", delimiter=","),
            lambda: register_history.legal_unit_history(w),
        )
        yield Layout("StockEtablissement_utf8_geo.csv", delimiter=","), lambda: register.establishments(w)
        yield (
            Layout("StockEtablissementHistorique_utf8.csv", delimiter=","),
            lambda: register_history.establishment_history(w),
        )
        yield Layout("sigfaible_effectif_siren.csv"), lambda: workforce.firm_headcounts(w)
        yield (
            Layout("sigfaible_effectif_siret.csv.gz", line_end="\r\n"),
            lambda: workforce.establishment_headcounts(w),
        )
        yield Layout("sigfaible_cotisdues.csv.gz"), lambda: social_debt.contributions(w, self.dues)
        yield Layout("sigfaible_debits.csv", line_end="\r\n"), lambda: social_debt.debts(w, self.dues)
        yield (
            Layout("sigfaible_delais.csv", encoding="cp1252"),
            lambda: social_debt.payment_plans(w, self.dues),
        )
        yield Layout("sigfaible_ccsf.csv"), lambda: social_debt.ccsf(w, self.dues)
        yield Layout("sigfaible_pcoll.csv"), lambda: courts.urssaf_procedures(w)
        yield (
            Layout("annonces-commerciales.csv"),
            lambda: pa.concat_tables([courts.notices(w), legal_notices.notices(w)]),
        )
        yield (
            Layout("consommation_ap.csv", delimiter=",", quoted_header=True),
            lambda: short_time.used(w, self.requests),
        )
        yield Layout("demande_ap.csv", delimiter=",", quoted_header=True), lambda: short_time.granted(w, self.requests)
        yield (
            Layout("ratios_inpi_bce.csv", byte_order_mark=True),
            lambda: accounts.financial_ratios(w),
        )
        yield Layout("altares_paydex.csv.gz", delimiter=","), lambda: accounts.payment_delays(w)
        yield Layout("filter_simulated.csv"), lambda: _listed(w)


def _listed(economy: World) -> Any:
    rng = economy.generator("filter")
    kept = rng.random(economy.firms.count) < LISTED_SHARE
    return spoiled(rng, pa.table({"siren": economy.firms.siren.filter(pa.array(kept))}), "siren")


def simulate(
    out: Path,
    firms: int,
    end: date,
    seed: int,
    progress: Callable[[str], None] = lambda _: None,
    part: int = FIRMS_AT_ONCE,
) -> Path:
    """Write the files of all sources for `firms` firms, over ten years up to the month `end`: `OUT/YYMM_simulated`.

    Equal arguments give equal bytes. The batch appears whole or not at all. Returns its folder.
    part: of how many firms at a time, which bounds the memory: 1.1 GB for each process.
    Raises InputError where that number of firms or that month can't be simulated, or the seed is negative.
    """
    if not 1 <= firms <= MAX_FIRMS:
        raise InputError(f"{firms:,} firms can't be simulated. Give between 1 and {MAX_FIRMS:,}.")
    if not YEARS[0] <= end.year <= YEARS[1] or seed < 0:
        raise InputError(f"Give an end between {YEARS[0]}-01 and {YEARS[1]}-12, and a seed of 0 or more.")
    progress("firms and what happens to them")
    economy = world(min(firms, part), end, seed)
    with store.new_folder(out / f"{end:%y%m}{SUFFIX}") as folder:
        _write(economy, folder, firms <= part, progress)
        if firms > part:
            _write_others(economy, firms, part, end, folder, progress)
    return out / f"{end:%y%m}{SUFFIX}"


def _write(economy: World, folder: Path, are_all: bool, progress: Callable[[str], None] = lambda _: None) -> None:
    """Write the files of these firms; with the columns' names if they are the first of the economy."""
    with np.errstate(invalid="ignore"):
        for layout, table in _Partners(economy).files():
            progress(f"simulated file {layout.name}")
            content = table()
            # With few firms a source can be empty: the partner then delivers no file.
            if content.num_rows or not (are_all or economy.first):
                write_file(folder, layout, content, has_head=not economy.first)


def _write_others(
    economy: World, firms: int, part: int, end: date, folder: Path, progress: Callable[[str], None]
) -> None:
    """Add to the files of the first firms those of all others, a part of them in each process."""
    starts = range(part, firms, part)
    written = partial(_written_apart, firms, part, end, economy.seed, economy.lives.divisions, folder)
    # Forked, a process could inherit a lock that nobody opens again.
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as processes:
        for first, apart in zip(starts, processes.map(written, starts), strict=True):
            progress(f"simulated firms up to the {min(first + part, firms):,}th of {firms:,}")
            for file in sorted(apart.iterdir()):
                with (folder / file.name).open("ab") as whole, file.open("rb") as more:
                    shutil.copyfileobj(more, whole)
            shutil.rmtree(apart)


def _written_apart(firms: int, part: int, end: date, seed: int, divisions: Floats, folder: Path, first: int) -> Path:
    apart = folder / f".{first}"
    apart.mkdir()
    _write(world(min(part, firms - first), end, seed, first, divisions), apart, are_all=False)
    return apart
