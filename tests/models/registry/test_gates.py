"""Whether a model may be used at all: each gate, on figures that a reader can check."""

from dataclasses import replace

import pytest

from features.errors import InputError
from features.folder import champion_id
from models.evaluation.records import LIFT, FeatureImportance, Interval
from models.registry import registry
from models.registry.gates import gates, refusal, refuse_unfit
from tests.records import metrics, model_facts


def changed(auc=0.75, auc_low=0.68, lift_low=2.5, slope=0.9, weight=1.0):
    given = metrics()
    return replace(
        given,
        intervals={**given.intervals, "auc": Interval(auc, auc_low, 0.9), LIFT: Interval(3.0, lift_low, 4.0)},
        calibration=replace(given.calibration, slope=slope),
        feature_importance=FeatureImportance({"social_debt": weight, "profile": 0.0}, {"debt": weight}),
    )


def failed(found, trees=100):
    return [check.name for check in gates(found, model_facts(n_estimators=trees)) if not check.is_passed]


def test_a_good_model_passes_every_gate():
    names = [check.name for check in gates(changed(), model_facts())]
    assert names == ["skill", "lift", "slope", "trees", "reasons"]
    assert failed(changed()) == []


@pytest.mark.parametrize(
    ("just_enough", "too_little", "gate"),
    [
        ({"auc_low": 0.6}, {"auc_low": 0.599}, "skill"),
        ({"lift_low": 1.5}, {"lift_low": 1.499}, "lift"),
        ({"slope": 0.5}, {"slope": 0.499}, "slope"),
        ({"weight": 0.001}, {"weight": 0.0}, "reasons"),
    ],
)
def test_each_gate_has_its_limit_and_it_is_the_lower_end_that_counts(just_enough, too_little, gate):
    assert failed(changed(**just_enough)) == []
    assert failed(changed(**too_little)) == [gate]


def test_a_handful_of_trees_is_five():
    assert (failed(changed(), 6), failed(changed(), 5)) == ([], ["trees"])


def test_a_gate_says_what_was_found_and_what_is_needed():
    told = {check.name: check.sentence for check in gates(changed(auc_low=0.55, weight=0.0), model_facts())}
    assert told["skill"] == "area under the ROC curve 0.75 (0.55 to 0.90), of which 0.6 is needed"
    assert told["lift"] == "lift of the riskiest 5 % 3.00 (2.50 to 4.00), of which 1.5 is needed"
    assert told["slope"] == "calibration slope 0.90, of which 0.5 is needed"
    assert told["trees"] == "100 trees, 6 are needed"
    assert told["reasons"] == "it gives no reason"
    assert "not all 0" in gates(changed(), model_facts())[-1].sentence


def test_what_an_older_version_did_not_record_is_not_judged():
    older = replace(changed(auc_low=0.5, slope=None), intervals={"auc": Interval(0.58, 0.5, 0.7)})
    assert [check.name for check in gates(older, model_facts())] == ["skill", "trees", "reasons"]
    assert failed(older) == ["skill"]


def test_a_model_that_is_not_good_enough_is_refused_and_what_was_never_delivered_is_named():
    refuse_unfit(changed(), model_facts(absent_sources=("debts",)))
    with pytest.raises(InputError) as refused:
        refuse_unfit(changed(auc_low=0.5, slope=0.1), model_facts(absent_sources=("debts", "another")))
    assert str(refused.value) == (
        "No model is good enough on these data: area under the ROC curve 0.75 (0.50 to 0.90), of which 0.6 is needed; "
        "calibration slope 0.10, of which 0.5 is needed. Nothing is published. Never delivered: contribution debts "
        "(URSSAF), another. Deliver what you can of it, then build and train again."
    )
    assert "Never delivered" not in refusal(["x"], ())
    assert "longer history" in refusal(["x"], ())


def test_a_model_that_is_not_good_enough_is_neither_put_in_use_nor_used(model, tmp_path):
    unfit = registry.save(tmp_path, model, changed(auc_low=0.5), "")
    with pytest.raises(InputError, match="No model is good enough"):
        registry.promote(tmp_path, unfit, "asked for")
    assert champion_id(tmp_path) is None
    (tmp_path / "champion").write_text(unfit)
    with pytest.raises(InputError, match="No model is good enough"):
        registry.champion(tmp_path)
    assert registry.load(tmp_path, unfit) == model
