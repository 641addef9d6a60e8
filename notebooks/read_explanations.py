# %% [markdown]
# # Why a firm has the score that it has
#
# `scores/` holds, for each firm of a period, its margin (log-odds) and what each feature added to it. These are exact:
# the base value and all contributions of a firm add up to its margin. Nothing is computed again here; shap only draws.
#
# The demo's firms are **simulated**: no figure here says anything about real firms.

# %%
import os

import pandas as pd
import shap
from IPython.display import display

from flows.settings import load
from models.explanation.sums import by_theme
from models.registry import registry
from models.rows import dataset
from models.scoring import scoring
from reports.reasons import FEATURES, THEME_WORDS, by_subject

# %%
settings = load(data=os.environ.get("WEAKSIGNALS_DATA", "../data/demo"))
snapshot = settings.folder.snapshot()
period = snapshot.built.record.end
published, contributions = scoring.read_scores(snapshot.scores_of(period))
scores, parts = published.set_index("siren"), contributions.set_index("siren")
model = registry.load(settings.folder.models, scores["model_id"].iloc[0])
rows = dataset.read_rows(snapshot.built, [period]).set_index("siren").loc[parts.index]
pd.Series({"model": model.model_id, "period": period, "firms": len(scores), "simulated": model.is_simulated})

# %% [markdown]
# ## They add up
# The largest difference, over all firms, between the margin and the base value plus all contributions.

# %%
names = [column.name for column in model.inputs]
base = parts["base"].iloc[0]
gap = (parts["base"] + parts[names].sum(axis=1) - scores["margin"]).abs().max()
assert gap < 1e-6
gap

# %% [markdown]
# ## All firms: what matters, and in which direction
# One point per firm; red where the feature is high (the order of a category's codes has no meaning).

# %%
every = shap.Explanation(
    values=parts[names].to_numpy(),
    base_values=parts["base"].to_numpy(),
    data=dataset.matrix(rows, model.inputs),
    feature_names=[FEATURES[name].en for name in names],
)
shap.plots.beeswarm(every, max_display=12, plot_size=(11, 6))

# %% [markdown]
# ## One firm: the first of the list that has reasons
# A lag or a mean is summed with the feature that it derives from, as on the list. Unlike the list, shap's picture
# also quotes figures of confidential accounts: do not pass it on.

# %%
listed = pd.read_parquet(snapshot.list_of(period))
first = listed.loc[listed["reasons"].str.len().clip(upper=1).idxmax()]
siren = first["siren"]
display(first[["name", "siren", "activity", "headcount", "probability", "alert"]])

# %%
subjects = by_subject(parts, model.inputs)
of_subjects = shap.Explanation(
    values=subjects.loc[siren].to_numpy(),
    base_values=base,
    data=rows.loc[siren, subjects.columns].to_numpy(),
    feature_names=[FEATURES[name].en for name in subjects.columns],
)
shap.plots.waterfall(of_subjects, max_display=10)

# %% [markdown]
# By theme, in the words of agents.

# %%
themes = by_theme(parts, model.inputs).rename(columns=THEME_WORDS)
of_themes = shap.Explanation(values=themes.loc[siren].to_numpy(), base_values=base, feature_names=list(themes.columns))
shap.plots.waterfall(of_themes)

# %% [markdown]
# ## In words
# The sentences of the list: the firm's real figures, the largest contribution first. A figure on the safe side of the
# median is no reason for a risk and is left out, so these don't add up; the themes do.

# %%
with pd.option_context("display.max_colwidth", None):
    display(pd.DataFrame(list(first["reasons"]), columns=["theme", "contribution", "sentence"]).round(2))
