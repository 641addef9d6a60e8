from pathlib import Path

import pytest

from features.errors import InputError
from flows.settings import load


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    for name in ("WEAKSIGNALS_DATA", "WEAKSIGNALS_SEED"):
        monkeypatch.delenv(name, raising=False)


def test_every_path_is_under_the_data_folder(tmp_path):
    settings = load(data=tmp_path)
    for path in (
        settings.folder.staged,
        settings.folder.rejects,
        settings.folder.features,
        settings.folder.models,
        settings.folder.scores,
        settings.folder.lists,
    ):
        assert path.parent == tmp_path


def test_the_command_line_wins_over_variables_and_these_over_the_file(tmp_path, monkeypatch):
    (tmp_path / "weaksignals.toml").write_text('seed = 1\nlanguage = "en"\n[lags]\nfirm_headcounts = 6\n')
    assert load(data=tmp_path).seed == 1
    assert load(data=tmp_path).lags == {"firm_headcounts": 6}
    monkeypatch.setenv("WEAKSIGNALS_SEED", "2")
    assert load(data=tmp_path).seed == 2
    assert load(data=tmp_path, seed=3).seed == 3
    assert load(data=tmp_path, language=None).language == "en"


def test_the_data_folder_comes_from_a_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("WEAKSIGNALS_DATA", str(tmp_path))
    (tmp_path / "weaksignals.toml").write_text("seed = 5")
    assert load().data == tmp_path
    assert load().seed == 5
    monkeypatch.delenv("WEAKSIGNALS_DATA")
    assert load().data == Path("data")


@pytest.mark.parametrize(
    ("text", "told"),
    [("sed = 1", "sed"), ("min_headcount = -1", "min_headcount"), ('language = "de"', "language"), ("seed =", "TOML")],
)
def test_unknown_keys_and_impossible_values_are_refused_by_name(tmp_path, text, told):
    (tmp_path / "weaksignals.toml").write_text(text)
    with pytest.raises(InputError, match=told):
        load(data=tmp_path)
