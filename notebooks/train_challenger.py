# %% [markdown]
# # A challenger beside the model in use
#
# Both are trained on the same months, calibrated on the same later ones, and tested on the same rows, later still,
# that neither has seen. The question is not which metric is larger, but whether the difference is larger than chance:
# whether it remains when other firms are drawn.
#
# The demo's firms are **simulated**: no figure here says anything about real firms.

# %%
import os

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import display
from sklearn.metrics import PrecisionRecallDisplay

from flows.settings import load
from models.calibration.reliability import expected_calibration_error, reliability
from models.calibration.thresholds import alerts_by_period
from models.estimators.challengers import CHALLENGERS
from models.estimators.fitted import fit_model
from models.evaluation.metrics import evaluate, evaluate_model
from models.evaluation.uncertainty import paired_difference
from models.explanation.contributions import booster_of, margins
from models.protocol import LABEL_LAG_MONTHS
from models.registry import registry
from models.rows import dataset
from models.rows.dataset import labels_of, matrix
from models.rows.reading import read_split
from models.rows.split import out_of_time

# %% [markdown]
# One of `CHALLENGERS`; the random forest has the setting of the reference system: 100 trees of depth 9.

# %%
CHALLENGER = "random_forest"
list(CHALLENGERS)

# %% [markdown]
# ## The same rows as the model in use

# %%
settings = load(data=os.environ.get("WEAKSIGNALS_DATA", "../data/demo"))
champion = registry.champion(settings.folder.models)
table = settings.folder.snapshot().built
as_of = champion.facts.as_of
display(pd.Series({"champion": champion.model_id, "simulated": champion.is_simulated, "as of": as_of}))

# %%
periods = dataset.labelled_periods(table, as_of, LABEL_LAG_MONTHS)
split = out_of_time(periods, settings.horizon_months, settings.validation_months, settings.test_months)
rows = read_split(table, split, settings.protocol)
parts = {"train": rows.train, "validation": rows.validation, "test": rows.test}
pd.DataFrame(
    [
        {
            "rows": name,
            "from": part["period"].min(),
            "to": part["period"].max(),
            "count": len(part),
            "firms": part["siren"].nunique(),
            "failures": part["label"].sum(),
        }
        for name, part in parts.items()
    ]
).set_index("rows")

# %% [markdown]
# ## Train and calibrate

# %%
inputs = dataset.inputs_from(rows.train)
estimator = CHALLENGERS[CHALLENGER](inputs, settings.seed)
challenger = fit_model(estimator, inputs, rows.train, rows.validation, rows.weights)
display(challenger.chosen.calibration)

# %% [markdown]
# ## Evaluate both on the test rows

# %%
labels = labels_of(rows.test)
theirs = champion.calibration.probability(margins(booster_of(champion.evidence), matrix(rows.test, champion.inputs)))
ours = challenger.probability(rows.test)
alerts = alerts_by_period(settings.alerts, rows.test, theirs)
figures = {
    "champion": evaluate(theirs, labels, alerts),
    CHALLENGER: evaluate_model(challenger, rows.test, settings.alerts),
}
shown = ["rows", "failures", "auc", "average_precision", "brier", "log_loss", "mean_probability"]
pd.DataFrame({name: vars(one) for name, one in figures.items()}).loc[shown].astype(float).round(4)

# %% [markdown]
# The difference with its 95 % interval: firms are drawn again with all their months, and both models are measured on
# each draw. An interval that contains 0 shows no difference; `share_worse` is the share of the draws in which the
# challenger did worse.

# %%
compared = paired_difference(ours, theirs, labels, rows.test["siren"], seed=settings.seed)
difference = pd.DataFrame({name: vars(one) for name, one in compared.items()}).T
display(difference.round(4))
reach = [difference["value"] - difference["low"], difference["high"] - difference["value"]]
figure, axes = plt.subplots(figsize=(8, 2))
axes.errorbar(difference["value"], difference.index, xerr=reach, fmt="o", capsize=4, color="#4a6fa5")
axes.axvline(0, color="grey", linewidth=1)
axes.set(title=f"{CHALLENGER} minus the champion", xlabel="difference, 95 % interval")
axes.margins(y=0.5)

# %% [markdown]
# ## Ranking and reliability
# Left: precision and recall at every threshold. Right: of the firms given 10 %, do 10 % fail?

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5))
for name, probability in {"champion": theirs, CHALLENGER: ours}.items():
    PrecisionRecallDisplay.from_predictions(labels, probability, name=name, ax=left)
    points = reliability(probability, labels)
    mean, observed = [point.mean_probability for point in points], [point.observed_rate for point in points]
    right.plot(mean, observed, "o-", label=f"{name}: mean gap {expected_calibration_error(points):.3f}")
right.axline((0, 0), slope=1, color="grey", linewidth=1)
right.set(xlabel="mean probability", ylabel="observed failure rate", title="Reliability on the test rows")
right.legend()
figure.tight_layout()
