"""Which lists are published: of one simulated economy, what is known is taken away, theme by theme."""

import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from features.assemble import CATALOG
from features.errors import InputError
from features.folder import BUILD, FeatureTable
from features.periods import add_months
from features.records import write_record
from features.table_record import BUILD_UPGRADES
from flows import listing, modelling, monthly
from flows.journal import begun
from flows.settings import load
from models.protocol import LABEL_LAG_MONTHS, Hyperparameters
from models.registry import registry
from models.rows.dataset import read_rows
from models.training import training
from tests.economy import FIRMS, SHORT, made_once, sealed

pytestmark = pytest.mark.slow
OPEN = ("financial_health", "profile")
EVERY = tuple({feature.theme for feature in CATALOG})


def settings_in(folder):
    """Of a model as small as serves."""
    few = Hyperparameters(n_estimators=60, min_child_samples=50)
    return load(data=folder, refits=0, hyperparameters=few, **SHORT)


@pytest.fixture(scope="module")
def economy(tmp_path_factory):
    """The feature table of an economy."""
    return (made_once(tmp_path_factory) / "features").resolve()


def known_of(economy, folder, themes, is_shuffled):
    """The same table, of which only these themes are known; is_shuffled: whether labels say nothing of firms."""
    features = shutil.copytree(economy, folder / "features")
    unknown = [feature for feature in CATALOG if feature.theme not in themes]
    rng = np.random.default_rng(0)
    for part in features.glob("period=*/*.parquet"):
        rows = pd.read_parquet(part, partitioning=None)
        nothing = {f.name: pd.Series([None] * len(rows), dtype="str" if f.is_category else "float32") for f in unknown}
        rows = rows.assign(**nothing)
        rows.to_parquet(part, index=False)
    if is_shuffled:
        table = FeatureTable(features)
        labels = read_rows(table, table.periods, has_label=True)[["siren", "period", "label"]].dropna()
        labels["label"] = labels.groupby("period")["label"].transform(rng.permutation).astype("int8")
        labels.assign(period=labels["period"].dt.date).to_parquet(table.labels, index=False)
    sources = {source for feature in unknown for source in feature.sources} - {"headcounts", "firms", "establishments"}
    record = replace(FeatureTable(economy).record, absent_sources=tuple(sorted(sources)))
    write_record(features / BUILD, record, BUILD_UPGRADES)
    sealed(features)
    return settings_in(folder)


def run(settings, monkeypatch):
    """The monthly run, from the feature table on; without challengers beside the model."""
    monkeypatch.setattr(training, "CHALLENGERS", {})
    steps = SimpleNamespace(
        ingest=lambda *_: None,
        build=lambda *_: None,
        train=modelling.train,
        score=listing.score,
        monitor=lambda *_: None,
    )
    scored, _ = monthly.month(steps, begun(settings, "monthly"), settings, settings.data, None, print)
    return scored


def test_with_all_that_administrations_know_a_list_is_published(economy, tmp_path, monkeypatch):
    settings = known_of(economy, tmp_path, EVERY, is_shuffled=False)
    scored = run(settings, monkeypatch)
    ranked = scored.ranked.rows[scored.ranked.rows["rank"].notna()]
    assert 0 < scored.alerts["high"] <= 0.05 * len(ranked)
    assert scored.alerts["high"] < scored.alerts["high"] + scored.alerts["moderate"] <= 0.1 * len(ranked)
    # The trees in use are others than those that were evaluated, and know every label known then, and no other.
    model = registry.champion(settings.folder.models)
    facts, final = model.facts, model.facts.final
    assert model.tested not in (None, model.text)
    assert final.span.last == facts.split.test.last > facts.split.train.last
    assert add_months(final.span.last, facts.horizon + LABEL_LAG_MONTHS) <= facts.as_of


@pytest.mark.parametrize(
    ("themes", "is_shuffled"), [(EVERY, True), (("profile",), False)], ids=["labels shuffled", "profile only"]
)
def test_without_skill_nothing_is_published_and_what_is_missing_is_named(
    economy, tmp_path, monkeypatch, themes, is_shuffled
):
    settings = known_of(economy, tmp_path, themes, is_shuffled)
    with pytest.raises(InputError, match="No model is good enough on these data") as refused:
        run(settings, monkeypatch)
    assert "Nothing is published" in str(refused.value)
    assert ("contribution debts (URSSAF)" in str(refused.value)) == (not is_shuffled)
    assert not settings.folder.lists.exists()
    assert not modelling.has_champion(settings)


@pytest.mark.nightly
@pytest.mark.parametrize("themes", [("financial_health",), OPEN], ids=["ratios only", "open data"])
def test_with_little_a_list_is_published_only_by_a_model_that_is_good_enough(economy, tmp_path, monkeypatch, themes):
    settings = known_of(economy, tmp_path, themes, is_shuffled=False)
    try:
        on_high_alert, refused = run(settings, monkeypatch).alerts["high"], ""
    except InputError as error:
        on_high_alert, refused = 0, str(error)
    assert settings.folder.lists.exists() == modelling.has_champion(settings) == (refused == "")
    assert ("Never delivered: " in refused) == (refused != "")
    assert on_high_alert <= 0.05 * FIRMS
