# %% [markdown]
# # A challenger beside the model in use
#
# Both learn from the same months, are calibrated on the same later ones, and are judged on the same rows, later still,
# that neither saw. The question is not which figure is larger, but whether the difference outlives drawing other firms.
#
# The demo's firms are **simulated**: no figure here tells anything of real firms.

# %%
import os
from datetime import date

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import display
from sklearn.metrics import PrecisionRecallDisplay

from flows.settings import load
from models.calibration.reliability import expected_calibration_error, reliability
from models.estimators.challengers import CHALLENGERS
from models.estimators.fitted import learn
from models.evaluation.metrics import evaluate, judged
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
as_of = date.fromisoformat(champion.facts["as_of"])
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
# ## Learn, calibrate, cut

# %%
inputs = dataset.inputs_from(rows.train)
estimator = CHALLENGERS[CHALLENGER](inputs, settings.seed)
challenger = learn(estimator, inputs, rows.train, rows.validation, rows.weights)
display(challenger.chosen.calibration, challenger.thresholds)

# %% [markdown]
# ## Judge both on the test rows

# %%
labels = labels_of(rows.test)
theirs = champion.calibration.probability(margins(booster_of(champion.text), matrix(rows.test, champion.inputs)))
ours = challenger.probability(rows.test)
figures = {"champion": evaluate(theirs, labels, champion.thresholds), CHALLENGER: judged(challenger, rows.test)}
shown = ["rows", "failures", "auc", "average_precision", "brier", "log_loss", "mean_probability"]
pd.DataFrame(figures).loc[shown].astype(float).round(4)

# %% [markdown]
# The difference, firms drawn again with all their months, both models on each draw (95 %). An interval across 0 tells
# of no difference; `share_worse` is in how many draws the challenger did worse.

# %%
difference = pd.DataFrame(paired_difference(ours, theirs, labels, rows.test["siren"], seed=settings.seed)).T
display(difference.round(4))
reach = [difference["value"] - difference["low"], difference["high"] - difference["value"]]
figure, axes = plt.subplots(figsize=(8, 2))
axes.errorbar(difference["value"], difference.index, xerr=reach, fmt="o", capsize=4, color="#4a6fa5")
axes.axvline(0, color="grey", linewidth=1)
axes.set(title=f"{CHALLENGER} less the champion", xlabel="difference, 95 % interval")
axes.margins(y=0.5)

# %% [markdown]
# ## Ranking and reliability
# Left: at each share of the failures caught, how many of the flagged firms fail. Right: of firms given 10 %, do 10 %
# fail?

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5))
for name, probability in {"champion": theirs, CHALLENGER: ours}.items():
    PrecisionRecallDisplay.from_predictions(labels, probability, name=name, ax=left)
    points = reliability(probability, labels)
    promised, observed = ([point[key] for point in points] for key in ("mean_probability", "observed_rate"))
    right.plot(promised, observed, "o-", label=f"{name}: mean gap {expected_calibration_error(points):.3f}")
right.axline((0, 0), slope=1, color="grey", linewidth=1)
right.set(xlabel="promised", ylabel="failed", title="Reliability on the test rows")
right.legend()
figure.tight_layout()
