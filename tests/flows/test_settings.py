from pathlib import Path

import pytest

from features.errors import InputError
from flows.settings import load
from reports.review.configuration import read_configuration


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
    [
        ("sed = 1", "sed"),
        ("min_headcount = -1", "min_headcount"),
        ('language = "de"', "language"),
        ("seed =", "TOML"),
        ("[alerts]\nhigh_lft = 4", "alerts.high_lft"),
        ("[alerts]\nhigh_lift = 1.5", "moderate_lift must be .* at most high_lift"),
    ],
)
def test_unknown_keys_and_impossible_values_are_refused_by_name(tmp_path, text, told):
    (tmp_path / "weaksignals.toml").write_text(text)
    with pytest.raises(InputError, match=told):
        load(data=tmp_path)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("WEAKSIGNALS_SEEED", "WEAKSIGNALS_SEED"),
        ("weaksignals_langage", "WEAKSIGNALS_LANGUAGE"),
        ("WEAKSIGNALS_REVIEW_OIDC_ISUER", "WEAKSIGNALS_REVIEW_OIDC_ISSUER"),
        ("WEAKSIGNALS_REVIEW_TRUSTED_PROXY", "WEAKSIGNALS_REVIEW_TRUSTED_PROXIES"),
    ],
)
def test_a_misspelt_variable_is_refused_with_the_nearest_name_and_without_its_value(
    monkeypatch, tmp_path, name, nearest
):
    monkeypatch.setenv(name, "a secret value")
    with pytest.raises(InputError) as refused:
        load(data=tmp_path)
    assert f"{name.upper()}: did you mean {nearest}?" in str(refused.value)
    assert "secret value" not in str(refused.value)


def test_the_review_application_refuses_its_own_misspelt_variables_and_ignores_those_of_others(monkeypatch, tmp_path):
    monkeypatch.setenv("WEAKSIGNALS_REVIEW_SECRETT", "x")
    with pytest.raises(InputError, match="WEAKSIGNALS_REVIEW_SECRET"):
        read_configuration(data=tmp_path)
    monkeypatch.delenv("WEAKSIGNALS_REVIEW_SECRETT")
    monkeypatch.setenv("OTHER_REVIEW_SECRETT", "x")
    assert read_configuration(data=tmp_path).data == tmp_path


def test_a_variable_like_none_of_ours_is_refused_too(monkeypatch, tmp_path):
    monkeypatch.setenv("WEAKSIGNALS_XYZZY", "1")
    with pytest.raises(InputError, match=r"No setting is named WEAKSIGNALS_XYZZY\."):
        load(data=tmp_path)


def test_every_variable_of_the_settings_and_of_the_application_is_known(monkeypatch, tmp_path):
    monkeypatch.setenv("WEAKSIGNALS_REVIEW_CONTACT", "the data team")
    monkeypatch.setenv("WEAKSIGNALS_MIN_HEADCOUNT", "20")
    assert load(data=tmp_path).min_headcount == 20


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (
            "[hyperparameters]\ntrees = 100\nl2 = 1.0",
            "No setting is named hyperparameters.trees: it is now called n_estimators.",
        ),
        (
            "[hyperparameters]\ntrees = 100\nl2 = 1.0",
            "No setting is named hyperparameters.l2: it is now called reg_lambda.",
        ),
        ("max_judging_rows = 5000", "No setting is named max_judging_rows: it is now called max_evaluation_rows."),
        (
            "[limits]\nfirms_promised = 10",
            "No setting is named limits.firms_promised: it is now called min_expected_firms.",
        ),
        ("[limits]\npsi_stopp = 1", "No setting is named limits.psi_stopp: did you mean psi_stop?"),
        ("xyzzy = 1", "No setting is named xyzzy."),
        ("seed = 'a'\nreasons = 0", "reasons: Input should be greater than or equal to 1."),
    ],
)
def test_what_the_settings_file_gets_wrong_is_told_with_the_name_of_today_or_the_nearest(tmp_path, written, told):
    (tmp_path / "weaksignals.toml").write_text(written)
    with pytest.raises(InputError) as refused:
        load(data=tmp_path)
    assert told in str(refused.value)


@pytest.mark.parametrize("inside", ["", "/published", "/of%20today"])
def test_nothing_is_published_where_a_run_would_sweep_it(tmp_path, inside):
    data = tmp_path / "data"
    with pytest.raises(InputError, match=r"publish_url: it is in the data folder, .* Give another\."):
        load(data=data, publish_url=f"file://{data}{inside}")
    for url in (f"file://{data}-published", f"file://{tmp_path}", "s3://data/published", ""):
        assert load(data=data, publish_url=url).publish_url == url


def test_a_variable_under_its_former_name_is_refused_with_the_present_one(monkeypatch, tmp_path):
    monkeypatch.setenv("WEAKSIGNALS_MAX_JUDGING_ROWS", "5000")
    with pytest.raises(
        InputError, match="WEAKSIGNALS_MAX_JUDGING_ROWS: it is now called WEAKSIGNALS_MAX_EVALUATION_ROWS"
    ):
        load(data=tmp_path)
