"""The model card, written from the model's own metadata and metrics: nothing in it is typed by hand."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from models.evaluation import Metrics
from models.registry import RiskModel
from models.thresholds import HIGH, MODERATE

CUTS = (HIGH, MODERATE, "top_1_percent")
RANKING = {"AUC": "auc", "average precision": "average_precision", "Brier": "brier", "log-loss": "log_loss"}
GROUPS = {
    "naf_section": "NAF section",
    "size_class": "size",
    "region": "region",
    "age": "age in years",
    "missing_source": "without a source",
}


def model_card(model: RiskModel, metrics: Mapping[str, Any]) -> str:
    """What the model is, what it learnt from, and how it did; metrics: of `models.training.train`, and `checks`."""
    sections = (
        _what(model),
        _made_of(model),
        _beside(metrics["models"]),
        _how_sure(metrics["intervals"]),
        _protocols(metrics["protocols"]),
        _calibration(metrics["calibration"], model),
        _horizons(metrics["horizons"]),
        _lead_time(metrics["lead_time"]),
        _procedures(metrics["procedures"]),
        _groups(metrics["groups"]),
        _stability(metrics["stability"]),
        _checks(metrics["checks"]),
        _data(model),
    )
    lines = "\n".join(line for section in sections for line in section)
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"


def _what(model: RiskModel) -> Iterator[str]:
    facts = model.facts
    yield from (f"# Model {model.model_id}", "")
    if model.is_simulated:
        yield from (
            "**SIMULATED DATA: no firm behind this model is real; its figures tell nothing of real firms.**",
            "",
        )
    yield (
        f"Predicts whether a first insolvency procedure opens within {facts['horizon']} months. A risk, not a verdict."
    )
    yield (
        f"As of {facts['as_of']}; batch {facts['data']['batch']}; {facts['trees']} trees; {len(model.inputs)} inputs, "
        f"{sum(column.direction != 0 for column in model.inputs)} of them under a monotone constraint."
    )
    yield f"Alert `high` from {model.thresholds.high:.1%}, `moderate` from {model.thresholds.moderate:.1%}."


def _made_of(model: RiskModel) -> Iterator[str]:
    spans = model.facts["split"]
    yield from _table(
        ("rows", "first period", "last period", "rows", "firms", "failures"),
        (
            (name, part["first"], part["last"], f"{part['rows']:,}", f"{part['firms']:,}", f"{part['failures']:,}")
            for name, part in spans.items()
        ),
    )


def _beside(models: Mapping[str, Metrics]) -> Iterator[str]:
    yield from _title("On the test periods: the model and its challengers, on the same rows")
    yield from _table(
        ("model", *RANKING, "mean probability", "seconds to fit", "seconds to score 100,000"),
        (
            (
                name,
                *_ranking(figures),
                f"{figures['mean_probability']:.4f}",
                f"{figures['fit_seconds']:.1f}",
                f"{figures['score_seconds_100k']:.1f}",
            )
            for name, figures in models.items()
        ),
    )
    counts = ("true_positives", "false_positives", "false_negatives", "true_negatives")
    yield from _table(
        ("model", "cut", "precision", "recall", "TP", "FP", "FN", "TN"),
        (
            (name, cut, *_shares(figures[cut]), *(f"{figures[cut][count]:,}" for count in counts))
            for name, figures in models.items()
            for cut in CUTS
        ),
    )


def _how_sure(intervals: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    yield from _title("How sure: 95 % intervals, firms drawn again with all their months")
    yield from _table(
        ("metric", "value", "low", "high"),
        ((name, *(f"{end[key]:.4f}" for key in ("value", "low", "high"))) for name, end in intervals.items()),
    )


def _protocols(protocols: Mapping[str, Any]) -> Iterator[str]:
    yield from _title("The same kind of model under other protocols")
    rolling = protocols["rolling_origins"]
    rows: list[tuple[str, Metrics | None]] = [
        ("out of time, with embargo (this model)", protocols["out_of_time"]),
        ("tested on firms unseen in training", protocols["unseen_firms"]),
        ("this model on those same firms", protocols["out_of_time_on_those_firms"]),
        *((f"walk-forward, tested from {one['test_from']}", one) for one in rolling["origins"]),
        ("random split within the periods, for comparison only", protocols["random_within_periods"]),
    ]
    yield from _table(
        ("protocol", *RANKING, "test rows"),
        ((name, *_ranking(one), f"{one['rows']:,}") for name, one in rows if one is not None),
    )
    flattered, honest = protocols["random_within_periods"], protocols["out_of_time"]
    if flattered:
        gains = (f"{flattered[key] - honest[key]:+.3f} {label}" for label, key in list(RANKING.items())[:2])
        yield (
            f"In the same months, the random split that existing systems use gives {', '.join(gains)}: "
            "where that is more, it is because it knows the firms again, a month apart and with the same failure ahead."
        )
    spread = (f"{name} {_mean(rolling['spread'][key])}" for name, key in RANKING.items())
    yield from ("", f"Walk-forward, mean and deviation of {len(rolling['origins'])} origins: {', '.join(spread)}.")


def _mean(spread: Mapping[str, float | None]) -> str:
    deviation = spread["deviation"]
    return f"{spread['mean']:.3f}" + ("" if deviation is None else f" ± {deviation:.3f}")


def _calibration(calibration: Mapping[str, Any], model: RiskModel) -> Iterator[str]:
    yield from _title("Calibration")
    yield from _table(
        ("kind, on the later half of validation", "Brier", "log-loss", "mean gap", "in use"),
        (
            (
                kind["kind"],
                f"{kind['brier']:.5f}",
                f"{kind['log_loss']:.5f}",
                f"{kind['expected_calibration_error']:.4f}",
                "yes" if kind["is_chosen"] else "",
            )
            for kind in calibration["kinds"]
        ),
    )
    yield "On the test periods, a tenth of the rows each, the safest first:"
    yield from _table(
        ("rows", "promised", "failed", "low", "high"),
        (
            (f"{p['rows']:,}", *(f"{p[key]:.2%}" for key in ("mean_probability", "observed_rate", "low", "high")))
            for p in calibration["points"]
        ),
    )
    rate = model.facts["failure_rate"]
    known = "not known" if rate is None else f"{rate:.2%}"
    yield (
        f"Mean gap {calibration['expected_calibration_error']:.4f}. Failure rate that it was calibrated at: {known}; "
        "where the rate known at a later period has left that, probabilities are moved to it."
    )


def _horizons(horizons: Sequence[Metrics]) -> Iterator[str]:
    yield from _title("By horizon, on every scored month from validation on whose horizon is over")
    yield from _table(
        ("months", "rows", "failures", "AUC", "average precision", "precision high", "recall moderate"),
        ((str(h["horizon"]), f"{h['rows']:,}", f"{h['failures']:,}", *_group(h)) for h in horizons),
    )


def _lead_time(lead: Mapping[str, Any]) -> Iterator[str]:
    yield from _title("Lead time: months from the first alert to the opening, of firms that failed")
    span = f"{lead['first_period']} to {lead['last_period']}"
    yield f"Scored {span}; alerts of the {lead['look_back_months']} months before the opening."
    yield from _table(
        ("firms", "alert", "failed", "never on alert", "quarter from", "half from", "three quarters from"),
        (
            (which, level, f"{part['firms']:,}", _share(at["never_share"]), *_quartiles(at["quartiles"]))
            for which, part in (("all", lead["all"]), ("scored for the whole time", lead["fully_observed"]))
            for level, at in ((HIGH, part[HIGH]), (MODERATE, part[MODERATE]))
        ),
    )


def _quartiles(months: Sequence[float] | None) -> tuple[str, ...]:
    return ("-", "-", "-") if months is None else tuple(f"{value:.0f}" for value in months)


def _procedures(procedures: Mapping[str, Metrics]) -> Iterator[str]:
    yield from _title("With and without the firms already in a procedure")
    names = {
        "without_procedures": "without (as everywhere here)",
        "with_procedures": "with, counted as failures foreseen: it flatters",
    }
    yield from _table(
        ("firms", *RANKING, "rows"),
        ((names[name], *_ranking(one), f"{one['rows']:,}") for name, one in procedures.items()),
    )


def _groups(groups: Mapping[str, Sequence[Metrics]]) -> Iterator[str]:
    yield from _title("By kind of firm, on the test periods")
    yield "No ranking is given for fewer than 10 failures."
    yield from _table(
        ("group", "", "rows", "failures", "promised", "AUC", "average precision", "precision high", "recall moderate"),
        (
            (
                GROUPS[dimension],
                one["group"],
                f"{one['rows']:,}",
                f"{one['failures']:,}",
                _share(one["mean_probability"]),
                *_group(one),
            )
            for dimension, members in groups.items()
            for one in members
        ),
    )


def _stability(stability: Mapping[str, Any]) -> Iterator[str]:
    yield from _title("Stability of reasons: the same model on firms drawn again")
    yield (
        f"Of a firm on alert in the test periods ({stability['firms']:,} rows), the first three themes of the model "
        f"and of a refit overlap by {_share(stability['themes'])}, the first three features by "
        f"{_share(stability['features'])}: Jaccard, mean of {stability['refits']} refits. "
        "On lists, a reason that fewer than half of the refits share is marked as doubtful."
    )


def _checks(checks: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from _title("Checks before it may be put in use by itself")
    yield from _table(
        ("check", "passed", "answer"),
        ((check["name"], "yes" if check["is_passed"] else "NO", check["sentence"]) for check in checks),
    )


def _data(model: RiskModel) -> Iterator[str]:
    facts, data = model.facts, model.facts["data"]
    yield from _title("What it was made of")
    yield f"Sources never delivered: {', '.join(data['absent_sources']) or 'none'}."
    yield f"Data `{data['fingerprint']}`, dictionary `{data['dictionary_version']}`, code `{facts['code']}`."
    yield "Versions: " + ", ".join(f"{name} {version}" for name, version in facts["versions"].items()) + "."
    yield "Calibration and thresholds come from the validation periods, whose labels run into the test periods."


def _title(text: str) -> tuple[str, ...]:
    return ("", f"## {text}", "")


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield ""
    yield "| " + " | ".join(headers) + " |"
    yield "|" + "---|" * len(headers)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "/") for cell in row) + " |"
    yield ""


def _ranking(figures: Metrics) -> tuple[str, ...]:
    return tuple(f"{figures[key]:.4f}" for key in RANKING.values())


def _group(one: Metrics) -> tuple[str, ...]:
    ranking = ("-" if one[key] is None else f"{one[key]:.3f}" for key in ("auc", "average_precision"))
    return (*ranking, _share(one[HIGH]["precision"]), _share(one[MODERATE]["recall"]))


def _shares(cut: Metrics) -> tuple[str, str]:
    return f"{cut['precision']:.3f}", f"{cut['recall']:.3f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
