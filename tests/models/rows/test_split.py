"""Which rows are learnt from and judged on."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from features.errors import InputError
from features.hashing import HASHES, firm_hash
from features.periods import add_months, period_range
from models.rows.split import (
    SURVIVING,
    UNSEEN,
    firm_shares,
    is_test_firm,
    out_of_time,
    random_within_periods,
    rolling_origins,
    with_unseen_firms,
)

PERIODS = period_range(date(2014, 1, 1), date(2022, 7, 1))
SIRENS = pd.Series([f"{n:09d}" for n in range(0, 10**9, 99_991)])


def test_shares_of_firms_are_evenly_spread_and_do_not_follow_other_draws():
    """Those that limit which firms are read, by `firm_hash`, and those of another salt."""
    table = ibis.memtable({"siren": list(SIRENS)})
    read = table.mutate(hash=firm_hash(table.siren)).to_pandas()["hash"].to_numpy() / HASHES
    unseen, surviving = firm_shares(SIRENS, UNSEEN), firm_shares(SIRENS, SURVIVING)
    assert np.histogram(unseen, 10, (0, 1))[0] == pytest.approx(len(SIRENS) / 10, rel=0.12)
    assert np.abs(np.corrcoef([unseen, surviving, read])[np.triu_indices(3, 1)]).max() < 0.03


@pytest.mark.parametrize("kept", [1.0, 0.5, 0.1])
def test_test_firms_are_the_share_asked_for_however_few_firms_are_read(kept):
    table = ibis.memtable({"siren": list(SIRENS)})
    read = SIRENS[table.mutate(hash=firm_hash(table.siren)).to_pandas()["hash"].to_numpy() < kept * HASHES]
    assert is_test_firm(read, 0.3).mean() == pytest.approx(0.3, abs=0.04)


def test_no_firm_that_is_judged_was_learnt_from():
    rows = pd.DataFrame({"siren": SIRENS})
    train, validation, test = with_unseen_firms(rows, rows, rows, 0.3)
    assert set(train["siren"]) == set(validation["siren"])
    assert not set(train["siren"]) & set(test["siren"])
    assert len(train) + len(test) == len(rows)


def test_each_origin_ends_one_test_window_earlier_and_keeps_its_embargo():
    splits = rolling_origins(PERIODS, 18, 6, 6, 3)
    assert splits[0] == out_of_time(PERIODS, 18, 6, 6)
    assert [split.test[-1] for split in splits] == [date(2022, 7, 1), date(2022, 1, 1), date(2021, 7, 1)]
    assert all(add_months(split.train[-1], 18) == split.validation[0] for split in splits)
    tested = [period for split in splits for period in split.test]
    assert len(tested) == len(set(tested))


def test_a_short_history_gives_the_origins_that_it_holds():
    # 12 months held out and 18 of embargo for the first origin, 6 more for each other one.
    assert len(rolling_origins(PERIODS[:30], 18, 6, 6, 5)) == 1
    assert len(rolling_origins(PERIODS[:35], 18, 6, 6, 5)) == 1
    assert len(rolling_origins(PERIODS[:36], 18, 6, 6, 5)) == 2
    with pytest.raises(InputError, match="earlier --start"):
        rolling_origins(PERIODS[:29], 18, 6, 6, 5)


def test_the_random_split_parts_rows_and_lets_firms_recur():
    rows = pd.DataFrame({"siren": np.repeat(SIRENS[:500].to_numpy(), 6), "period": PERIODS[:6] * 500})
    kept, aside = random_within_periods(rows, 0.25, seed=1)
    assert sorted([*kept.index, *aside.index]) == list(rows.index)
    assert len(aside) / len(rows) == pytest.approx(0.25, abs=0.03)
    assert len(set(kept["siren"]) & set(aside["siren"])) > 300
    assert random_within_periods(rows, 0.25, seed=1)[1].equals(aside)
    assert not random_within_periods(rows, 0.25, seed=2)[1].equals(aside)


def test_no_training_label_tells_of_a_month_that_a_later_row_predicts_from():
    split = out_of_time(period_range(date(2014, 1, 1), date(2022, 7, 1)), 18, 6, 6)
    assert split.test == tuple(period_range(date(2022, 2, 1), date(2022, 7, 1)))
    assert split.validation == tuple(period_range(date(2021, 8, 1), date(2022, 1, 1)))
    assert add_months(split.train[-1], 18) == split.validation[0]


def test_too_short_a_history_is_one_clear_sentence():
    with pytest.raises(InputError, match="Build from an earlier --start"):
        out_of_time(period_range(date(2022, 1, 1), date(2023, 6, 1)), 18, 6, 6)
