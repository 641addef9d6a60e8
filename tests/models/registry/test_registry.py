"""Registered models: what is read is what was saved, or is refused in a sentence; which one is in use, and why."""

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter

from features.errors import InputError
from features.folder import champion_id
from models.calibration.shapes import Beta, Isotonic
from models.explanation.contributions import booster_of, margins
from models.protocol import Hyperparameters
from models.registry import registry
from models.registry.model import identifier
from models.registry.records import Bins, Reference
from models.registry.upgrades import model_from_5
from tests.models.small import grown
from tests.records import metrics


def test_a_registered_model_is_read_as_it_was_saved(model, sample, tmp_path):
    name = registry.save(tmp_path, model, metrics(), "# card")
    registry.promote(tmp_path, name, "the first")
    again = registry.champion(tmp_path)
    assert again == model
    assert (margins(booster_of(again.text), sample[0]) == margins(booster_of(model.text), sample[0])).all()


@pytest.mark.parametrize("file", ["model.txt", "tested.txt", "model.json", "refit-0.txt"])
@pytest.mark.parametrize("damage", ["", "{", '{"a": 1}', None])
def test_a_damaged_model_is_refused_in_a_sentence(model, tmp_path, file, damage):
    name = registry.save(tmp_path, replace(model, tested=model.text), None, "")
    path = tmp_path / name / file
    path.unlink() if damage is None else path.write_text(damage)
    with pytest.raises(InputError, match="weaksignals train"):
        registry.load(tmp_path, name)


def test_the_evaluated_trees_are_kept_beside_those_in_use(model, sample, tmp_path):
    evaluated = replace(model, tested=grown(sample, 1).model_to_string())
    again = registry.load(tmp_path, registry.save(tmp_path, evaluated, None, ""))
    assert again == evaluated
    assert again.evidence == evaluated.tested != again.text
    assert again.model_id != model.model_id


def test_a_model_of_version_4_was_used_as_it_had_been_evaluated(model, tmp_path):
    name = registry.save(tmp_path, model, None, "")
    path = tmp_path / name / "model.json"
    content = {**json.loads(path.read_text()), "version": 4}
    del content["tested_sha256"], content["facts"]["final"]
    path.write_text(json.dumps(content))
    folder = tmp_path / identifier(model.facts, path.read_text())
    (tmp_path / name).resolve().rename(folder)
    found = registry.load(tmp_path, folder.name)
    assert (found.model_id, found.evidence) == (folder.name, model.text)


def test_a_calibration_moved_by_hand_is_noticed(model, tmp_path):
    name = registry.save(tmp_path, model, None, "")
    path = tmp_path / name / "model.json"
    content = json.loads(path.read_text())
    content["calibration"]["slope"] = 0.9
    path.write_text(json.dumps(content, indent=1, sort_keys=True))
    with pytest.raises(InputError, match="were changed"):
        registry.load(tmp_path, name)


def named(model, name):
    return replace(model, facts=replace(model.facts, as_of=date.fromisoformat(f"{name}-01")))


def test_every_model_put_in_use_is_kept_with_its_reason_and_can_be_gone_back_from(model, tmp_path):
    first, second, third = (
        registry.save(tmp_path, named(model, m), None, "") for m in ("2024-01", "2024-02", "2024-03")
    )
    assert registry.registered(tmp_path) == [first, second, third]
    for name, why in ((first, "the first"), (second, "better"), (second, "again"), (third, "better still")):
        registry.promote(tmp_path, name, why)
    assert [(p.model_id, p.why) for p in registry.promotions(tmp_path)] == [
        (first, "the first"),
        (second, "better"),
        (third, "better still"),
    ]
    assert registry.roll_back(tmp_path, "too many alerts") == second
    assert champion_id(tmp_path) == second
    assert registry.promotions(tmp_path)[-1].why == f"back from {third}: too many alerts"
    assert registry.roll_back(tmp_path, "still") == first
    with pytest.raises(InputError, match="nothing to go back to"):
        registry.roll_back(tmp_path, "further")


def test_a_model_is_not_put_in_use_without_a_reason_nor_if_it_can_not_be_read(model, tmp_path):
    name = registry.save(tmp_path, model, None, "")
    for model_id, why in ((name, " "), ("2024-02-unknown", "why not")):
        with pytest.raises(InputError):
            registry.promote(tmp_path, model_id, why)
    assert champion_id(tmp_path) is None


@pytest.mark.parametrize("damage", ["", "[{", '[{"a": 1}]', "{}"])
def test_a_damaged_history_is_refused_in_a_sentence_and_the_model_in_use_stays(model, tmp_path, damage):
    first, second = (registry.save(tmp_path, named(model, m), None, "") for m in ("2024-01", "2024-02"))
    registry.promote(tmp_path, first, "the first")
    (tmp_path / "promotions.json").write_text(damage)
    with pytest.raises(InputError, match=r"Restore it from a back-up"):
        registry.promote(tmp_path, second, "better")
    assert champion_id(tmp_path) == first


# A model that version 0.1.0 registered, with two columns and a part of each record.
FORMER = Path(__file__).parent / "version_1"
FORMER_ID = "2024-02-ddd535a359"


@pytest.fixture
def former(tmp_path):
    return Path(shutil.copytree(FORMER, tmp_path / "models"))


def test_a_model_of_version_1_is_upgraded_and_keeps_its_identifier(former):
    model = registry.load(former, FORMER_ID)
    assert model.model_id == FORMER_ID
    assert model.text == "tree\n"
    assert model.calibration == Beta(0.7, 3.5, -0.6)
    assert model.inputs[1].categories == ("A", "C")
    facts = model.facts
    assert (facts.as_of, facts.horizon, facts.split.test.first) == (date(2024, 2, 1), 18, date(2022, 2, 1))
    assert facts.protocol.hyperparameters == Hyperparameters(n_estimators=300, learning_rate=0.03)
    assert (model.evidence, facts.final) == (model.text, None)
    assert 0 < facts.n_estimators <= 300
    assert facts.data.excluded_activities == ("84", "65")
    # Up to version 2, the register of the past was that of the day.
    assert facts.data.todays_shares == {"departement": 1.0, "legal_category": 1.0}
    assert model.is_simulated


def test_a_model_of_version_2_knew_only_the_register_of_today(model, tmp_path):
    name = registry.save(tmp_path, model, None, "")
    path = tmp_path / name / "model.json"
    content = {**json.loads(path.read_text()), "version": 2}
    del content["facts"]["data"]["todays_shares"]
    protocol = content["facts"]["protocol"]
    protocol["max_judging_rows"] = protocol.pop("max_evaluation_rows")
    path.write_text(json.dumps(content))
    folder = tmp_path / identifier(model.facts, path.read_text())
    (tmp_path / name).resolve().rename(folder)
    found = registry.load(tmp_path, folder.name)
    assert found.model_id == folder.name
    assert found.facts.data.todays_shares == {"departement": 1.0, "legal_category": 1.0}
    assert found.facts.protocol == model.facts.protocol


def test_of_a_model_before_version_6_neither_interval_nor_horizons_are_known(former):
    model = registry.load(former, FORMER_ID)
    assert (model.interval, model.curve, model.facts.base_rate) == (None, (), None)


def test_a_venn_abers_calibration_of_version_5_gives_the_same_risks():
    steps = {"low_from": [0.0, 1.0], "low": [0.0, 0.1, 0.3], "high_from": [0.0, 1.0], "high": [0.2, 0.4, 0.5]}
    content = {"calibration": {"kind": "venn_abers", **steps}, "intervals": steps, "facts": {"failure_rate": 0.1}}
    upgraded = model_from_5(content)
    calibration = TypeAdapter(Isotonic).validate_python(upgraded["calibration"])
    # The high end over 1 less the low end plus the high end.
    found = calibration.probability(np.array([-0.5, 0.0, 0.5, 1.0, 1.5]))
    assert found == pytest.approx([0.2 / 1.2, 0.2 / 1.1, 0.4 / 1.3, 0.4 / 1.1, 0.5 / 1.2], abs=1e-8)
    assert upgraded["facts"] == {"base_rate": None}
    assert "intervals" not in upgraded


def test_metrics_of_version_1_are_upgraded(former):
    metrics = registry.metrics_of(former, FORMER_ID)
    old = json.loads((former / FORMER_ID / "metrics.json").read_text())
    assert metrics.models["lightgbm"].auc == old["models"]["lightgbm"]["auc"]
    assert metrics.feature_importance.themes == old["weights"]["themes"]
    assert metrics.lead_time.all_firms.high.never == old["lead_time"]["all"]["high"]["never"]
    assert metrics.lead_time.first_period == date(2021, 8, 1)
    assert metrics.protocols.rolling_origins.origins[0].test_from == date(2022, 2, 1)
    assert [check.name for check in metrics.checks] == ["calibration", "data", "explanation"]


def test_a_reference_of_version_1_is_upgraded(former):
    reference = registry.reference_of(former, FORMER_ID)
    old = json.loads((former / FORMER_ID / "reference.json").read_text())
    assert reference.margins.edges == tuple(old["score"]["edges"])
    assert reference.features["debt"].counts[1] == tuple(old["features"]["debt"]["counts"]["1"])
    assert set(reference.shapes) <= {"high", "moderate", "none", "all"}


def test_a_model_of_version_1_that_was_changed_by_hand_is_not_used(former):
    path = former / FORMER_ID / "model.json"
    path.write_text(path.read_text().replace('"horizon": 18', '"horizon": 24'))
    with pytest.raises(InputError, match="were changed"):
        registry.load(former, FORMER_ID)


def test_metrics_and_reference_are_read_as_they_were_saved(model, tmp_path):
    bins = Bins((0.5, 1.5), {1: (3, 2, 1, 0)}, 0.5, 0.8)
    reference = Reference(6, {"debt": bins}, Bins((), {0: (6, 0)}, 0.2, 1.0), {"high": (0.5, 1.0)})
    name = registry.save(tmp_path, model, metrics(), "", reference)
    assert registry.metrics_of(tmp_path, name) == metrics()
    assert registry.reference_of(tmp_path, name) == reference
    assert registry.reference_of(tmp_path, "another") is None


READERS = {"model.json": registry.load, "metrics.json": registry.metrics_of, "reference.json": registry.reference_of}


@pytest.mark.parametrize(("file", "newest"), [("model.json", 6), ("metrics.json", 3), ("reference.json", 2)])
def test_a_record_of_an_unknown_version_is_refused_by_name(former, file, newest):
    path = former / FORMER_ID / file
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": newest + 1}))
    told = rf"{file} can't be read \(it is of version {newest + 1}, .* up to {newest}\)\. Train a new"
    with pytest.raises(InputError, match=told):
        READERS[file](former, FORMER_ID)


@pytest.mark.parametrize(
    ("file", "part"), [("model.json", "trees"), ("metrics.json", "weights"), ("reference.json", "score")]
)
def test_a_record_of_version_1_that_lacks_a_part_is_refused_by_name(former, file, part):
    path = former / FORMER_ID / file
    content = json.loads(path.read_text())
    del content[part]
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=rf"{file} can't be read .*lacks.*{part}"):
        READERS[file](former, FORMER_ID)
