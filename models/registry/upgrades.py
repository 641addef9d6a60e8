"""What older versions wrote for each model, made what this version reads; versions are those of `features.records`.

Each function takes the content of a file as a JSON object and returns that of the next version; a part that is missing
stays missing, and the file is then refused by name when it is read.
"""

from bisect import bisect_left, bisect_right
from typing import Any, Final

from features.records import Upgrades
from features.table_record import with_todays_shares
from models.protocol import FORMER_NAMES

Content = dict[str, Any]
BESIDE_THE_FACTS: Final = (
    *("features", "calibration", "intervals", "thresholds", "model_sha256", "refits_sha256"),
    *("trees", "protocol"),
)


def model_from_1(content: Content) -> Content:
    """`model.json`: the facts as a part of their own, hyper-parameters and columns under their present names."""
    facts = {name: value for name, value in content.items() if name not in BESIDE_THE_FACTS}
    protocol = _renamed(content["protocol"])
    return {
        "inputs": content["features"],
        **{name: content[name] for name in ("calibration", "intervals", "thresholds", "model_sha256", "refits_sha256")},
        "facts": {
            **facts,
            "protocol": {**protocol, "hyperparameters": _renamed(protocol["hyperparameters"])},
            "n_estimators": content["trees"],
        },
    }


def model_from_2(content: Content) -> Content:
    """`model.json`: which facts of the register were those of today; the settings that 0.2.0 still called otherwise."""
    facts = content["facts"]
    changed = {"data": with_todays_shares(facts["data"]), "protocol": _renamed(facts["protocol"])}
    return {**content, "facts": {**facts, **changed}}


def model_from_3(content: Content) -> Content:
    """`model.json`: thresholds were the model's own; they now follow from a policy and the risks of each period."""
    return {name: value for name, value in content.items() if name != "thresholds"}


def model_from_4(content: Content) -> Content:
    """`model.json`: the trees in use were those that had been evaluated, never fitted once more."""
    return {**content, "tested_sha256": None, "facts": {**content["facts"], "final": None}}


def model_from_5(content: Content) -> Content:
    """`model.json`: a Venn-Abers predictor gave the interval of a risk; the failure rate was that of a single year.

    Neither is of use to today's. Where the predictor was the calibration too, its steps, which were a hundredth of a
    log-odds apart or more, become straight lines that are as steep.
    """
    left = {name: value for name, value in content.items() if name != "intervals"}
    facts = {name: value for name, value in content["facts"].items() if name != "failure_rate"}
    changed = {"facts": {**facts, "base_rate": None}, "calibration": _without_venn_abers(content["calibration"])}
    return {**left, **changed, "interval": None, "curve": ()}


def _without_venn_abers(calibration: Content) -> Content:
    if calibration["kind"] != "venn_abers":
        return calibration
    steps = {*calibration["low_from"], *calibration["high_from"]} or {0.0}
    margins = sorted({round(step + near, 2) for step in steps for near in (-0.01, 0.0, 0.01)})
    low = [calibration["low"][bisect_right(calibration["low_from"], margin)] for margin in margins]
    high = [calibration["high"][bisect_left(calibration["high_from"], margin)] for margin in margins]
    probabilities = [up / (1 - down + up) for down, up in zip(low, high, strict=True)]
    return {"kind": "isotonic", "margins": margins, "probabilities": probabilities}


def _renamed(settings: Content) -> Content:
    return {FORMER_NAMES.get(name, name): value for name, value in settings.items()}


def metrics_from_1(content: Content) -> Content:
    """`metrics.json`: `weights` are the feature importance, the lead time of `all` that of all firms, months days."""
    lead_time = dict(content["lead_time"])
    days = {name: f"{lead_time[name]}-01" for name in ("first_period", "last_period")}
    return {
        **{name: value for name, value in content.items() if name != "weights"},
        "feature_importance": content["weights"],
        "lead_time": {**lead_time, **days, "all_firms": lead_time.pop("all")},
    }


def metrics_from_2(content: Content) -> Content:
    """`metrics.json`: without the slope of the calibration, and without a policy of alerts."""
    return {**content, "calibration": {**content["calibration"], "slope": None}, "policy": None}


def reference_from_1(content: Content) -> Content:
    """`reference.json`: the distribution of the `score` is that of the margins."""
    return {**{name: value for name, value in content.items() if name != "score"}, "margins": content["score"]}


MODEL_UPGRADES: Final[Upgrades] = {
    1: model_from_1,
    2: model_from_2,
    3: model_from_3,
    4: model_from_4,
    5: model_from_5,
}
METRICS_UPGRADES: Final[Upgrades] = {1: metrics_from_1, 2: metrics_from_2}
REFERENCE_UPGRADES: Final[Upgrades] = {1: reference_from_1}
