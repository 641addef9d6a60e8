"""The page on scale follows from the benchmark's figures, and says so where there are none."""

import json
import math

import pytest

from docs.generate.scaling import Line, fitted, scaling


def stage(name, cpu, peak, rows=10, is_done=True):
    took = {"wall": cpu / 2, "cpu": cpu, "peak": peak, "read": 4e6, "written": 1e6, "last": "no firm", "rows": rows}
    return {"name": name, **took, "is_done": is_done, "floor": None}


def write(folder, kind, size, *stages):
    found = {"size": size, "command": f"measure {kind} {size}", "at": "then", "machine": {"cores": "2"}}
    (folder / f"{kind}-{size}.json").write_text(json.dumps({**found, "stages": stages}))


def row(text, name):
    return [
        cell.strip() for line in text.splitlines() if line.startswith(f"| {name} |") for cell in line.split("|")[2:-1]
    ]


def test_without_figures_it_says_that_there_are_none(tmp_path):
    assert "No figures recorded yet" in scaling(tmp_path)


def test_a_stage_takes_a_start_and_so_much_for_each_firm():
    line = fitted({1000: 12.0, 10_000: 30.0})
    assert (line.start, line.per_firm) == (pytest.approx(10), pytest.approx(0.002))
    assert line.at(20_000) == pytest.approx(50)
    assert line.reaches(50) == pytest.approx(20_000)
    assert fitted({1000: 5.0}) == Line(0.0, 0.005)
    assert fitted({1000: 5.0, 2000: 5.0}).reaches(6) > 1e9
    assert Line(5.0, 0.0).reaches(6) == math.inf


def test_one_machine_ends_with_the_stage_that_first_fills_its_memory(tmp_path):
    write(
        tmp_path,
        "bench",
        "1k",
        stage("build", 100, 1e8),
        stage("train", 10, 4e8),
        stage("score", 1, 1e9, is_done=False),
    )
    text = scaling(tmp_path)
    assert row(text, "16 GB of memory") == ["train", "40,000"]
    # 50 seconds of wall a thousand firms, of 28,800.
    assert row(text, "8 hours") == ["build", "576,000"]
    assert "not done: no firm" in text
    assert "`measure bench 1k`" in text
    assert "Not measured yet on Spark" in text


def test_executors_share_what_spark_took(tmp_path):
    write(tmp_path, "bench", "1k", stage("build", 100, 1e8), stage("ingest", 7.2, 1e8))
    write(tmp_path, "engines", "1k", stage("build 12 periods, duckdb", 50, 1), stage("build 12 periods, spark", 120, 1))
    text = scaling(tmp_path)
    # 120 seconds a thousand firms are 1,000 hours for 30 million; 8 executors have 32 cores.
    assert row(text, "build 12 periods, spark")[-4:] == ["1,000.0", "31.25", "7.81", "1.95"]
    assert row(text, "ingest")[-2:] == ["30.0", "3,000"]
    assert "`measure engines 1k`" in text
    # DuckDB takes 25 seconds: five cores share 120 seconds of Spark in less.
    assert row(text, "build 12 periods") == ["1,000", "25", "120", "5"]
