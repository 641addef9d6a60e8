"""The benchmark measures whole processes, and tells how stages grow."""

import sys
from datetime import date

import pandas as pd
import pytest

from benchmarks.country import STAGES, bench_engines, firms_in
from benchmarks.floors import FLOORS
from benchmarks.growth import growth, slope
from benchmarks.measuring import measured
from benchmarks.pages import HEADER, beside, page
from benchmarks.reference import own, pyspark
from features.folder import DataFolder


def test_a_process_is_measured_with_what_it_read_and_wrote(tmp_path):
    work = "import pathlib; a = bytearray(80_000_000); p = pathlib.Path('x'); p.write_bytes(a); p.read_bytes(); print('end')"
    took = measured((sys.executable, "-c", f"import os; os.chdir({str(tmp_path)!r}); {work}"), tmp_path / "said")
    assert (took.last, took.is_done) == ("end", True)
    assert took.peak > 80e6
    assert took.written >= 80e6
    assert took.read >= 80e6
    assert 0 < took.cpu < 60
    assert took.wall > 0


def test_a_process_that_fails_is_told_with_its_last_line(tmp_path):
    took = measured((sys.executable, "-c", "raise SystemExit('no room')"), tmp_path / "said")
    assert (took.last, took.is_done) == ("no room", False)


def test_a_stage_that_takes_four_times_as_long_on_twice_the_firms_grows_with_the_square():
    assert slope({1000: 1.0, 2000: 4.0, 4000: 16.0}) == pytest.approx(2)
    assert slope({1000: 1.0}) is None
    stages = {n: {"stages": [{"name": "build", "is_done": n < 3, "cpu": float(n)}]} for n in (1, 2, 3)}
    assert growth(stages) == {"build": pytest.approx(1)}


def test_sizes_are_read_in_thousands():
    assert (firms_in("10k"), firms_in("0.5k"), firms_in("2000")) == (10_000, 500, 2000)


def test_each_stage_stands_in_the_page_beside_its_floor_and_the_run_before():
    took = {"wall": 4.0, "cpu": 6.0, "peak": 2e9, "read": 5e6, "written": 1e6, "last": "done", "is_done": True}
    floor = {"name": "copy", "wall": 1.0, "cpu": 2.0}
    stages = [
        {"name": "build", **took, "rows": 400, "floor": floor},
        {"name": "train", **took, "rows": None, "floor": None},
    ]
    stages[1]["is_done"] = False
    found = {
        "size": "2k",
        "command": "make bench SIZE=2k",
        "at": "now",
        "machine": {"cores": "2"},
        "versions": {},
        "stages": stages,
    }
    text = page(found, {"stages": [{"name": "build", "cpu": 7.0}]}, {"build": 1.3})
    assert "| build | 4.0 | 6.0 | 7.0 | 2.00 | 5 | 1 | 100 | 2.0 | 3.0 | 1.30 |" in text
    assert "Not done. train: done" in text
    assert "Grows too fast: build." in text
    assert all(line.count("|") == len(HEADER) + 1 for line in text.splitlines() if line.startswith("|"))


def test_another_way_stands_beside_ours_with_what_both_find():
    took = {"wall": 4.0, "cpu": 6.0, "peak": 2e9, "is_done": True}
    ways = [
        {"name": "own", "last": "3 months in debt", **took},
        {"name": "pyspark", "last": "3 months in debt", **took},
    ]
    assert "They find the same: yes." in "".join(beside({"reference": ways}))
    assert "They find the same: no." in "".join(beside({"reference": [ways[0], {**ways[1], "last": "4"}]}))
    not_there = {**ways[1], "is_done": False, "last": "not installed"}
    assert "not done: not installed" in "".join(beside({"reference": [ways[0], not_there]}))
    assert list(beside({})) == []


EVENTS = [
    # A debt of 30 EUR that falls to 10, whose second event is known before its first; one that is repaid; a late one.
    ("111111111", 1, "2023-01-05", "2023-03-20", 20.0, 10.0),
    ("111111111", 2, "2023-01-25", "2023-02-20", 4.0, 6.0),
    ("222222222", 1, "2023-01-05", "2023-01-20", 1.01, 2.02),
    ("222222222", 2, "2023-02-05", "2023-03-01", 0.0, 0.0),
    ("333333333", 1, "2023-03-05", "2023-03-20", 0.0, 5.0),
]


@pytest.mark.parametrize("way", [own, pytest.param(pyspark, marks=[pytest.mark.slow, pytest.mark.nightly])])
@pytest.mark.filterwarnings("ignore")
def test_both_ways_find_the_debts_of_each_month(way, tmp_path):
    if way is pyspark:
        pytest.importorskip("pyspark", reason="the extra spark is not installed")
    names = ["siren", "event_number", "treated_on", "known_at", "employee_due", "employer_due"]
    events = pd.DataFrame(EVENTS, columns=names)
    events = events.assign(**{name: pd.to_datetime(events[name]).dt.date for name in ("treated_on", "known_at")})
    of_debt = {"account": "1", "siret": "1", "period_code": "23", "gap_number": 1, "operation": ""}
    lines = {"batch": "2304", "file": "debits.csv", "line": 2, "due_for": date(2023, 1, 1)}
    (tmp_path / "staged" / "debts").mkdir(parents=True)
    events.assign(**of_debt, **lines).to_parquet(tmp_path / "staged" / "debts" / "part-0.parquet")
    for month in (2, 3, 4):
        (tmp_path / "features" / f"period=2023-0{month}-01").mkdir(parents=True)
    # In February 3.03 EUR of the second firm, in March 10 EUR of the first, in April these and 5 EUR of the third.
    assert way(DataFolder(tmp_path)) == (4, 303 + 1000 + 1000 + 500)


def test_every_floor_that_a_stage_names_is_there():
    assert {stage.floor for stage in STAGES} - {""} <= set(FLOORS)


def test_engines_are_compared_on_what_the_benchmark_staged(tmp_path):
    with pytest.raises(SystemExit, match="Run first: make bench SIZE=2k"):
        bench_engines("2k", tmp_path, 12)
