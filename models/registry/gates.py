"""Whether a model is good enough to be used at all, whatever is in use today, by what it was evaluated by."""

from collections.abc import Iterable, Iterator
from typing import Final

from features.errors import InputError
from features.sources import SOURCES
from models.evaluation.records import LIFT, Check, Metrics
from models.registry.records import ModelFacts

# The lower ends of the intervals over firms: of the area under the ROC curve, and of how much more often than the
# average the riskiest 5 % fail.
LEAST_AUC: Final = 0.6
LEAST_LIFT: Final = 1.5
# Below, differences between firms are exaggerated more than twofold, in log-odds.
LEAST_SLOPE: Final = 0.5
# With a handful of trees, a model is a few yes-or-no questions.
FEWEST_TREES: Final = 6


def gates(metrics: Metrics, facts: ModelFacts) -> tuple[Check, ...]:
    """Each gate, and whether it is passed; what an older version did not record is not judged."""
    return (*_skill(metrics), *_slope(metrics), _trees(facts), _reasons(metrics))


def _skill(metrics: Metrics) -> Iterator[Check]:
    for name, metric, least, words in (
        ("skill", "auc", LEAST_AUC, "area under the ROC curve"),
        ("lift", LIFT, LEAST_LIFT, "lift of the riskiest 5 %"),
    ):
        found = metrics.intervals.get(metric)
        if found:
            told = f"{words} {found.value:.2f} ({found.low:.2f} to {found.high:.2f}), of which {least} is needed"
            yield Check(name, found.low >= least, told)


def _slope(metrics: Metrics) -> Iterator[Check]:
    slope = metrics.calibration.slope
    if slope is not None:
        told = f"calibration slope {slope:.2f}, of which {LEAST_SLOPE} is needed"
        yield Check("slope", slope >= LEAST_SLOPE, told)


def _trees(facts: ModelFacts) -> Check:
    return Check("trees", facts.n_estimators >= FEWEST_TREES, f"{facts.n_estimators} trees, {FEWEST_TREES} are needed")


def _reasons(metrics: Metrics) -> Check:
    has_reasons = any(metrics.feature_importance.themes.values())
    return Check("reasons", has_reasons, "its contributions are not all 0" if has_reasons else "it gives no reason")


def refusal(problems: Iterable[str], absent_sources: Iterable[str]) -> str:
    """That nothing is published, why, and what is missing: sources that were never delivered."""
    titles = {source.name: source.title for source in SOURCES}
    missing = ", ".join(titles.get(name, name) for name in absent_sources)
    what = f"Never delivered: {missing}. Deliver what you can of it" if missing else "Deliver a longer history"
    return (
        f"No model is good enough on these data: {'; '.join(problems)}. Nothing is published. {what}, then build and "
        "train again."
    )


def refuse_unfit(metrics: Metrics, facts: ModelFacts) -> None:
    """Raise InputError where a gate is not passed."""
    problems = [check.sentence for check in gates(metrics, facts) if not check.is_passed]
    if problems:
        raise InputError(refusal(problems, facts.data.absent_sources))
