"""The model card, written from the model's own metadata and metrics: nothing in it is typed by hand."""

from collections.abc import Mapping

from models.evaluation import Metrics
from models.registry import RiskModel
from models.thresholds import HIGH, MODERATE

FIGURES = ("auc", "average_precision", "brier", "mean_probability")
CUTS = (HIGH, MODERATE, "top_1_percent")


def model_card(model: RiskModel, metrics: Mapping[str, Metrics]) -> str:
    """What the model is, what it learnt from, and how it did beside the baselines on the same test rows."""
    facts = model.facts
    lines = [f"# Model {model.model_id}", ""]
    if model.is_simulated:
        lines += ["**SIMULATED DATA: no firm behind this model is real; its figures tell nothing of real firms.**", ""]
    lines += [
        f"Predicts whether a first insolvency procedure opens within {facts['horizon']} months. A risk, not a verdict.",
        f"As of {facts['as_of']}; batch {facts['data']['batch']}; {len(model.inputs)} inputs, "
        f"{sum(column.direction != 0 for column in model.inputs)} of them under a monotone constraint.",
        f"Alert `high` from {model.thresholds.high:.1%}, `moderate` from {model.thresholds.moderate:.1%}.",
        "",
        "| rows | first period | last period | rows | firms | failures |",
        "|---|---|---|---|---|---|",
    ]
    for name, part in facts["split"].items():
        spans = (name, part["first"], part["last"], f"{part['rows']:,}", f"{part['firms']:,}", f"{part['failures']:,}")
        lines.append("| " + " | ".join(spans) + " |")
    lines += ["", "## On the test periods", "", f"| model | {' | '.join(FIGURES)} |", "|---|" + "---|" * len(FIGURES)]
    for name, figures in metrics.items():
        lines.append(f"| {name} | " + " | ".join(f"{figures[figure]:.4f}" for figure in FIGURES) + " |")
    lines += ["", "| model | cut | precision | recall | TP | FP | FN | TN |", "|---|---|---|---|---|---|---|---|"]
    counts = ("true_positives", "false_positives", "false_negatives", "true_negatives")
    for name, figures in metrics.items():
        for cut in CUTS:
            at = figures[cut]
            cells = [
                name,
                cut,
                f"{at['precision']:.3f}",
                f"{at['recall']:.3f}",
                *(f"{at[count]:,}" for count in counts),
            ]
            lines.append("| " + " | ".join(cells) + " |")
    absent = ", ".join(facts["data"]["absent_sources"]) or "none"
    lines += ["", f"Sources never delivered: {absent}. Data fingerprint: `{facts['data']['fingerprint']}`."]
    lines += ["", "Versions: " + ", ".join(f"{name} {version}" for name, version in facts["versions"].items()) + "."]
    lines += [
        "",
        "Calibration and thresholds come from the validation periods, whose labels run into the test periods.",
    ]
    return "\n".join(lines) + "\n"
