# %% [markdown]
# # What newer labels, soft labels and sources add
#
# Three questions, each answered by training again and by firms drawn again:
#
# 1. The trees that are judged know no label of the months that they are judged on. Those in use are fitted once more,
#    on all labels that are known. What is that worth on later lists?
# 2. The trees learn from what a firm's records said half a year later, more than from whether it failed within 18
#    months. What is that worth?
# 3. What does each source add, and what do the directions of each theme cost?
#
# The demo's firms are **simulated**: no figure here says anything about real firms.

# %%
import os

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import display

from features.periods import add_months, period_range
from flows.settings import load
from models.evaluation.uncertainty import paired_difference
from models.explanation.contributions import margins
from models.protocol import LABEL_LAG_MONTHS
from models.rows import dataset
from models.rows.dataset import labels_of, matrix
from models.training.ablation import ablations
from models.training.final import final_trees
from models.training.training import context_of, tested_model

# %% [markdown]
# ## As of a month whose lists can be judged by now
# The lists of half a year from there on, of firms in no procedure: all that became of them within 18 months is known.

# %%
LISTS = 6
settings = load(data=os.environ.get("WEAKSIGNALS_DATA", "../data/demo"))
table = settings.folder.snapshot().built
last = dataset.labelled_periods(table, table.record.end, LABEL_LAG_MONTHS)[-1]
as_of = add_months(last, 1 - LISTS)
context = context_of(table, as_of, settings.protocol)
lists = dataset.read_rows(table, period_range(as_of, last), has_label=True, only_labelled=True)
shown = {"simulated": table.record.simulated, "as of": as_of, "rows": len(lists), "failures": int(lists["label"].sum())}
display(pd.Series(shown))

# %%
rows, tested = tested_model(context, settings.protocol, print)
final = final_trees(tested, context, settings.protocol, print)
x, labels = matrix(lists, tested.inputs), labels_of(lists)
judged, in_use = tested.margins(lists), margins(final.booster, x)

# %% [markdown]
# ## The same trees on labels of 0 and 1
# The rows are those of the trees in use; what changes is what is learnt of each: whether a procedure opened within 18
# months, and nothing else.

# %%
zero_or_one = margins(tested.estimator.boosted(final.binned), x)

# %% [markdown]
# ## What each is worth
# Average precision on the lists minus that of the judged trees, with its 95 % interval over firms. An interval that
# contains 0 shows no difference: on the 2,000 firms of the demo few differences are larger than chance.
# `benchmarks/known_truth.py` measures both on more firms, by their true risks.

# %%
compared = {"fitted once more, on all labels": in_use, "the same on labels of 0 and 1": zero_or_one}
gains = {
    name: paired_difference(one, judged, labels, lists["siren"], seed=settings.seed)["average_precision"]
    for name, one in compared.items()
}
gained = pd.DataFrame({name: vars(one) for name, one in gains.items()}).T
display(gained.round(4))
reach = [gained["value"] - gained["low"], gained["high"] - gained["value"]]
figure, axes = plt.subplots(figsize=(8, 2))
axes.errorbar(gained["value"], gained.index, xerr=reach, fmt="o", capsize=4, color="#4a6fa5")
axes.axvline(0, color="grey", linewidth=1)
axes.set(title="beside the judged trees", xlabel="average precision gained, 95 % interval")
axes.margins(y=0.5)

# %% [markdown]
# ## What each part adds
# The judged trees trained again without each source, each theme, and the directions of each theme, on the test months.
# `ablations = true` in the settings puts this table into the card of each model.

# %%
found = ablations(tested, rows, settings.seed, print)
added = pd.DataFrame([{"part": one.part, "name": one.name, "inputs": one.inputs, **vars(one.adds)} for one in found])
display(added.sort_values(["part", "value"], ascending=[True, False]).round(4))

# %%
figure, axes = plt.subplots(figsize=(8, 0.3 * len(added) + 1))
ordered = added.sort_values(["part", "value"])
names = ordered["part"] + ": " + ordered["name"]
reach = [ordered["value"] - ordered["low"], ordered["high"] - ordered["value"]]
axes.errorbar(ordered["value"], names, xerr=reach, fmt="o", capsize=2, color="#4a6fa5")
axes.axvline(0, color="grey", linewidth=1)
axes.set(title="what each part adds", xlabel="average precision, 95 % interval")
