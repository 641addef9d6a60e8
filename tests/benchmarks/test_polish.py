"""The bench on a set of the Polish form that is small enough for a test."""

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks import polish
from benchmarks.polish import RATIOS, bench_polish, duplicate_groups, read_polish
from features.errors import InputError
from flows.cli import app
from models.protocol import Hyperparameters


@pytest.fixture
def arff(tmp_path):
    """300 invented firms, of which those with a low first ratio are bankrupt; one repeats the first."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 64))
    x[297] = x[0]
    y = (x[:, 0] < -0.7).astype(int)
    path = tmp_path / "5year.arff"
    head = [
        "@relation small",
        *(f"@attribute Attr{n} numeric" for n in range(1, 65)),
        "@attribute class {0,1}",
        "@data",
    ]
    lines = [
        ",".join([*("?" if n == 20 and not row % 9 else f"{v:.6f}" for n, v in enumerate(x[row])), str(y[row])])
        for row in range(300)
    ]
    path.write_text("\n".join(head + lines) + "\n")
    return path


def test_equal_rows_are_one_group():
    x = np.array([[1, np.nan], [2, 3], [1, np.nan]], np.float32)
    groups = duplicate_groups(x)
    assert groups[0] == groups[2] != groups[1]


def test_a_file_that_is_not_of_the_polish_set_is_one_clear_sentence(tmp_path):
    wrong = tmp_path / "5year.arff"
    wrong.write_text("no arff")
    for path in (wrong, tmp_path / "absent.arff"):
        with pytest.raises(InputError, match=r"5year\.arff"):
            read_polish(path)


def test_what_is_not_known_is_read_as_such(arff):
    x, y = read_polish(arff)
    assert x.shape == (300, 64)
    assert np.isnan(x[:, 20]).sum() == np.isnan(x).sum() == 34
    assert list(y[:300] == 1) == list(x[:, 0] < -0.7)


def test_every_seed_is_reported_and_the_riskiest_have_their_reasons(arff, monkeypatch):
    monkeypatch.setattr(polish, "FOLDS", 2)
    monkeypatch.setattr(polish, "SMALL", Hyperparameters(15, 0.2, 4, 5, 0.5, 1.0, 0.1))
    steps = []
    result = bench_polish("5year", read_polish(arff), [0, 1], steps.append)
    assert len(steps) == 4
    assert list(result.plain) == list(result.ours) == [0, 1]
    assert all(figures.auc > 0.8 for figures in result.ours.values())
    assert (result.rows, result.duplicates) == (300, 1)
    assert len(result.riskiest) == 5
    ratio, value, contribution = result.riskiest[0].reasons[0]
    assert RATIOS[0] in ratio
    assert contribution > 0
    assert not np.isnan(value)


def test_each_of_the_five_years_is_told_and_the_published_figures_stand_beside_the_fifth(arff, monkeypatch):
    monkeypatch.setattr(polish, "FOLDS", 2)
    monkeypatch.setattr(polish, "SMALL", Hyperparameters(5, 0.2, 4, 5, 0.5, 1.0, 0.1))
    years = [arff.with_name(f"{year}year.arff") for year in range(1, 6)]
    lines = arff.read_text().splitlines(keepends=True)
    for number, year in enumerate(years):
        # The later the year, the more firms.
        year.write_text("".join(lines[: len(lines) - 40 + 10 * number]))
    told = CliRunner().invoke(app, ["bench", "polish", "--seeds", "1", *(f"--path={year}" for year in years)])
    assert told.exit_code == 0, told.output
    parts = told.stdout.split("year: ")[1:]
    assert [part.split()[0] for part in parts] == ["260", "270", "280", "290", "300"]
    assert ["published" in part for part in parts] == [False] * 4 + [True]


def test_a_year_that_can_not_be_read_is_told_before_any_is_trained_on(arff, monkeypatch):
    monkeypatch.setattr(polish, "explained_fold", lambda *_: pytest.fail("A model was trained."))
    told = CliRunner().invoke(app, ["bench", "polish", f"--path={arff}", f"--path={arff.with_name('4year.arff')}"])
    assert isinstance(told.exception, InputError)
    assert "4year.arff can't be read" in str(told.exception)


def test_held_out_labels_are_never_read(arff):
    """What is learnt and predicted takes no held-out label, and no held-out row changes what is learnt."""
    x, y = read_polish(arff)
    whole, alone = (polish.explained_fold(x[:200], y[:200], held, 0) for held in (x[200:], x[200:201]))
    assert whole[0].pairs_ == alone[0].pairs_
    assert whole[1].margin[0] == alone[1].margin[0]
