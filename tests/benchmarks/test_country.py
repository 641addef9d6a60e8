"""The benchmark measures whole processes, and tells how stages grow."""

import sys

import pytest

from benchmarks.country import STAGES, bench_engines, firms_in
from benchmarks.floors import FLOORS
from benchmarks.growth import growth, slope
from benchmarks.measuring import measured
from benchmarks.pages import HEADER, page


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


def test_every_floor_that_a_stage_names_is_there():
    assert {stage.floor for stage in STAGES} - {""} <= set(FLOORS)


def test_engines_are_compared_on_what_the_benchmark_staged(tmp_path):
    with pytest.raises(SystemExit, match="Run first: make bench SIZE=2k"):
        bench_engines("2k", tmp_path, 12)
