"""How many firms are on alert, in all and by département or sector, beside the lists before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import pandas as pd

from features.nomenclatures import mapping
from models.alerts import HIGH, NO_ALERT

SECTIONS: Final = mapping("naf_rev2", "code", "section")


@dataclass(frozen=True)
class Published:
    """The firms of a period in scope and their alerts: siren, alert, departement, naf_section."""

    period: date
    firms: pd.DataFrame

    @property
    def on_alert(self) -> int:
        """How many are on alert."""
        return int((self.firms["alert"] != NO_ALERT).sum())


def published(period: date, rows: pd.DataFrame) -> Published:
    """From the rows of a target list."""
    firms = rows[["siren", "alert", "departement"]].assign(naf_section=rows["naf"].map(SECTIONS))
    return Published(period, firms)


def volumes(now: Published, earlier: Sequence[Published], by: str, lists: int = 12) -> pd.DataFrame:
    """By code: firms, alerts, high; last_alerts of the last list, usual_alerts: their mean over the last lists.

    NaN for what no list was published of.
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
