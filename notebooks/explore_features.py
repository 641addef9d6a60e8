# %% [markdown]
# # The feature table
#
# One row per firm and month, which holds only what could be known on the first day of that month. It is in Parquet
# files, one folder per month, which Ibis and DuckDB read in place.
#
# The demo's firms are **simulated**: no figure here says anything about real firms.
#
# The data folder is `WEAKSIGNALS_DATA`, by default what `make demo` wrote.

# %%
import os

import ibis
import pandas as pd
from IPython.display import display

from features.assemble import CATALOG
from features.target import labelled
from flows.settings import load

# %%
settings = load(data=os.environ.get("WEAKSIGNALS_DATA", "../data/demo"))
built = settings.folder.snapshot().built
record = built.record
pd.Series({name: getattr(record, name) for name in ("simulated", "batch", "start", "end", "horizon", "observed_until")})

# %%
files = [str(path) for path in built.parts(built.periods)]
con = ibis.duckdb.connect()
table = con.read_parquet(files, hive_partitioning=True)
table = table.mutate(period=table.period.cast("date"))
# What became of the firms is in a table of its own: it is no feature.
table = labelled(table, con.read_parquet(built.labels), record.observed_until, record.horizon)

# %% [markdown]
# ## Rows
# `label` is whether a first procedure opens within the horizon. It is unknown for the last months, and for firms that
# are in a procedure already.

# %%
by_year = table.group_by(year=table.period.year()).aggregate(
    rows=table.count(),
    firms=table.siren.nunique(),
    labelled=table.label.count(),
    in_procedure=table.in_procedure.mean(),
    failure_rate=table.label.cast("float64").mean(),
)
by_year.order_by("year").execute().round(4)

# %% [markdown]
# ## What is not known, by source
# What is unknown is null, never a made-up 0. A feature that needs two sources counts for both.

# %%
catalogue = pd.DataFrame(
    [{"feature": f.name, "theme": f.theme, "unit": f.unit, "source": list(f.sources)} for f in CATALOG]
)
unknown = table.aggregate([table[f.name].isnull().mean().name(f.name) for f in CATALOG]).execute()
catalogue["unknown"] = catalogue["feature"].map(unknown.iloc[0])
by_source = catalogue.explode("source").groupby("source")["unknown"].agg(["count", "min", "mean", "max"])
display(by_source.sort_values("mean", ascending=False).round(3))
axes = by_source["mean"].sort_values().plot.barh(figsize=(8, 5), color="#4a6fa5", xlim=(0, 1))
axes.set(xlabel="mean share of unknown cells", ylabel="", title="Unknown cells by source")

# %% [markdown]
# ## Failure rate by debt, in DuckDB's own SQL
# In bonis, labelled. Debt is in months of contributions.

# %%
con.create_view("features", table)
by_debt = con.raw_sql("""
    select
        case
            when debt_in_months is null then 'not known'
            when debt_in_months = 0 then 'none'
            when debt_in_months < 1 then 'under 1 month'
            when debt_in_months < 3 then '1 to 3 months'
            else '3 months or more'
        end as owed,
        count(*) as rows,
        count(distinct siren) as firms,
        avg(label) as failure_rate
    from features
    where label is not null and not in_procedure
    group by owed
    order by min(debt_in_months) nulls first
""").df()
display(by_debt.round(4))
axes = by_debt.plot.bar(x="owed", y="failure_rate", legend=False, rot=0, figsize=(8, 3.5), color="#b5543c")
axes.set(
    xlabel="social debt", ylabel="failure rate within the horizon", title="The more it owes, the more often it fails"
)

# %% [markdown]
# ## One firm
# Of the firms that failed, the one that owed most before, month by month.

# %%
failing = table.filter((table.label == 1) & ~table.in_procedure)
siren = failing.order_by(failing.debt_in_months.desc(nulls_first=False)).limit(1).execute()["siren"].item()
columns = ["period", "headcount", "debt", "debt_in_months", "paydex", "procedure_state", "label"]
history = table.filter(table.siren == siren).order_by("period").select(*columns).execute()
display(siren, history.tail(24))

# %%
axes = history.plot(x="period", y=["debt_in_months", "headcount"], subplots=True, figsize=(8, 5), legend=True)
axes[0].set_title(f"Firm {siren} (simulated)" if record.simulated else f"Firm {siren}")
