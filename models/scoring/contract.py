"""The contracts of scores and contributions, checked before either is published."""

from typing import Final

import numpy as np
import pandas as pd
import pandera.pandas as pa

from features.contract import FORM, check
from models.alerts import ALERTS
from models.explanation.contributions import TOLERANCE
from models.registry.model import RiskModel
from models.scoring.records import SHORTER_RISKS, Scores

REMEDY: Final = "This is a fault of the program, not of the data: report it."
KEY: Final = {
    "siren": pa.Column(str, pa.Check.str_matches(FORM), unique=True),
    "period": pa.Column("datetime64[ms]"),
}
PROBABILITY: Final = pa.Column(float, pa.Check.in_range(0, 1))
PROBABILITY_OR_UNKNOWN: Final = pa.Column(float, pa.Check.in_range(0, 1), nullable=True)


def rises(table: pd.DataFrame) -> pd.Series:
    """Whether the risk of each firm falls nowhere from a horizon to a longer one, where it is known."""
    risks = table[[*SHORTER_RISKS, "probability"]].astype("float64")
    return (risks.ffill(axis=1).diff(axis=1).fillna(0.0) >= 0).all(axis=1)


def finite() -> pa.Column:
    """A number, neither infinite nor unknown."""
    return pa.Column(float, pa.Check(np.isfinite, name="finite"))


SCORES: Final = pa.DataFrameSchema(
    {
        **KEY,
        "margin": finite(),
        "probability": PROBABILITY,
        **dict.fromkeys((*SHORTER_RISKS, "probability_low", "probability_high"), PROBABILITY_OR_UNKNOWN),
        "model_id": pa.Column(str),
        "alert": pa.Column(str, pa.Check.isin(ALERTS)),
    },
    checks=[
        pa.Check(
            lambda t: ~((t["probability_low"] > t["probability"]) | (t["probability"] > t["probability_high"])),
            name="the interval holds the probability",
        ),
        pa.Check(lambda t: rises(t), name="the risk rises with the horizon"),
    ],
    strict=True,
)


def check_scores(scored: Scores, model: RiskModel) -> None:
    """Raise InputError where scores or contributions are not what readers rely on: nothing of them is published.

    One row per firm in both, in the same order; contributions and base add up to the margin on every row.
    """
    check(SCORES, scored.scores, "The table of scores", REMEDY)
    margin = scored.scores["margin"].to_numpy()
    check(contributions_contract(model, margin), scored.contributions, "The table of contributions", REMEDY)
    if not scored.contributions["siren"].equals(scored.scores["siren"]):
        pairs = pd.DataFrame({"siren": scored.contributions["siren"], "scored": scored.scores["siren"]})
        check(SAME_FIRMS, pairs, "The table of contributions", REMEDY)


SAME_FIRMS: Final = pa.DataFrameSchema(
    checks=pa.Check(lambda t: t["siren"] == t["scored"], name="the firms of the scores, in their order")
)


def contributions_contract(
    model: RiskModel, margin: "np.ndarray[tuple[int], np.dtype[np.float64]]"
) -> pa.DataFrameSchema:
    """One finite column per input of the model, which with the base add up to the margin."""
    names = [column.name for column in model.inputs]
    return pa.DataFrameSchema(
        {**KEY, "base": finite(), **{name: finite() for name in names}},
        checks=pa.Check(
            lambda t: np.abs(t["base"] + t[names].sum(axis=1) - margin) <= TOLERANCE, name="they add up to the margin"
        ),
        strict=True,
    )
