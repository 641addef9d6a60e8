"""How many firms are on alert, in all and by département or sector, compared with earlier lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import pandas as pd

from features.nomenclatures import mapping
from models.alerts import HIGH, NO_ALERT, AlertPolicy
from models.calibration.thresholds import ROUNDING

SECTIONS: Final = mapping("naf_rev2", "code", "section")


@dataclass(frozen=True)
class Published:
    """The firms in scope at a period: siren, alert, departement, naf_section; one row per firm."""

    period: date
    firms: pd.DataFrame

    @property
    def on_alert(self) -> int:
        """How many are on alert."""
        return int((self.firms["alert"] != NO_ALERT).sum())


def published(period: date, rows: pd.DataFrame) -> Published:
    """The firms of a target list; rows: siren, alert, departement, naf."""
    firms = rows[["siren", "alert", "departement"]].assign(naf_section=rows["naf"].map(SECTIONS))
    return Published(period, firms)


def most_on_alert(policy: AlertPolicy, departement: pd.Series) -> int:
    """How many firms a policy lets on alert, of firms in no procedure. departement: of each, null where not known."""
    if policy.firms_per_departement is not None:
        return int(departement.fillna("").value_counts().clip(upper=policy.firms_per_departement).sum())
    return int(policy.moderate_share * len(departement) + ROUNDING)


def volumes(now: Published, earlier: Sequence[Published], by: str, lists: int = 12) -> pd.DataFrame:
    """One row per code of `by`: firms, alerts, high (alerts); last_alerts: alerts on the last list; usual_alerts.

    by: "departement" or "naf_section". usual_alerts: mean number of alerts over the last `lists` lists. Both are NaN
    where there is no earlier list.
    """

    def alerts_of(firms: pd.DataFrame) -> pd.Series:
        return firms[firms["alert"] != NO_ALERT].groupby(by).size()

    past = pd.DataFrame({past.period: alerts_of(past.firms) for past in earlier[-lists:]}).fillna(0)
    firms = now.firms.groupby(by).size()
    codes = firms.index.union(past.index)
    table = pd.DataFrame(
        {
            "firms": firms,
            "alerts": alerts_of(now.firms),
            "high": now.firms[now.firms["alert"] == HIGH].groupby(by).size(),
        },
        index=codes,
    ).fillna(0)
    table = table.astype(int)
    past = past.reindex(codes, fill_value=0)
    table["last_alerts"] = past.iloc[:, -1] if len(past.columns) else float("nan")
    table["usual_alerts"] = past.mean(axis=1) if len(past.columns) else float("nan")
    return table.sort_values(["alerts", "firms"], ascending=False)
