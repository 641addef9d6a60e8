"""Scores and reasons -> the ranked list: firms at risk first, firms in a procedure last and without a rank."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.folder import BuildRecord
from features.insolvency import IN_BONIS
from features.nomenclatures import mapping
from models.alerts import NO_ALERT
from models.calibration.shapes import Calibration
from models.explanation.sums import by_theme
from models.registry.model import RiskModel
from models.scoring.records import Scores
from reports.language import Language
from reports.reasons import by_subject, medians, ranked_reasons

PUBLISHED = "O"
SCORED = ("margin", "probability", "probability_low", "probability_high", "alert")
COLUMNS = (
    *("rank", "siren", "name", "departement", "region", "naf", "activity", "headcount", "probability", "alert"),
    *("previous_alert", "first_alert", "state", "reasons", "themes", "period", "model_id"),
    *("probability_low", "probability_high", "movement", "remedy", "alert_since"),
)


@dataclass(frozen=True)
class Notes:
    """What else is told of firms on alert, by SIREN: records of why their risk moved, of what would take them off.

    unstable: the subjects of their first reasons that models on other firms mostly don't share.
    """

    movement: Mapping[str, dict[str, Any]]
    remedy: Mapping[str, dict[str, Any]]
    unstable: Mapping[str, frozenset[str]]


NO_NOTES = Notes({}, {}, {})


@dataclass(frozen=True)
class TargetList:
    """rows: see COLUMNS, one a firm; batch, simulated: of the data behind."""

    rows: pd.DataFrame
    period: date
    model: RiskModel
    batch: str
    is_simulated: bool
    # The mean margin of the training rows: where each firm's contributions start from.
    base: float
    # The model's, or moved to the failure rate known at the period.
    calibration: Calibration


def target_list(
    rows: pd.DataFrame,
    firms: pd.DataFrame,
    scored: Scores,
    model: RiskModel,
    earlier: Sequence[pd.DataFrame],
    built: BuildRecord,
    period: date,
    language: Language,
    reasons: int,
    notes: Notes = NO_NOTES,
) -> TargetList:
    """The list of a period.

    rows: the feature table's; firms: the register's facts; earlier: the lists before, oldest first.
    The name of whoever objects to publication is left out: exports leave the tool.
    """
    table = rows.merge(firms[["siren", "name", "diffusion", "naf"]], on="siren", how="left", validate="one_to_one")
    table = table.merge(scored.scores[["siren", *SCORED]], on="siren", validate="one_to_one")
    table = table.assign(
        name=table["name"].where(table["diffusion"] == PUBLISHED, language.say("(not published)")),
        region=table["departement"].map(mapping("departements", "departement", "region_label")),
        activity=table["naf"].map(mapping("naf_rev2", "code", "label")),
        state=table["procedure_state"],
        period=period,
        model_id=model.model_id,
        **_past(table["siren"], table["alert"], period, earlier),
    )
    parts = scored.contributions.set_index("siren").loc[table["siren"]]
    themes = by_theme(parts, model.inputs)
    by_name = [dict(zip(themes.columns, values, strict=True)) for values in themes.to_numpy().tolist()]
    why = _reasons(table, by_subject(parts, model.inputs), language, reasons, notes.unstable)
    nested: dict[str, list[Any]] = {
        "themes": by_name,
        "reasons": why,
        "movement": [notes.movement.get(siren) for siren in table["siren"]],
        "remedy": [notes.remedy.get(siren) for siren in table["siren"]],
    }
    table = table.assign(**{name: pd.Series(values, table.index, dtype=object) for name, values in nested.items()})
    in_bonis = table["state"] == IN_BONIS
    table = table.assign(last=~in_bonis).sort_values(["last", "margin", "siren"], ascending=[True, False, True])
    place = pd.Series(np.arange(1, len(table) + 1), index=table.index, dtype="Int64")
    table["rank"] = place.mask(table["last"])
    base = float(scored.contributions["base"].iloc[0])
    ordered = table[list(COLUMNS)].reset_index(drop=True)
    return TargetList(ordered, period, model, built.batch, built.simulated, base, scored.calibration)


def _past(siren: pd.Series, alert: pd.Series, period: date, earlier: Sequence[pd.DataFrame]) -> dict[str, pd.Series]:
    """What the lists before say of firms; null for one that the last of them lacks, or that is not on alert.

    alert_since: the first list of the unbroken run of lists on alert up to this one.
    """
    previous = earlier[-1].set_index("siren")["alert"] if earlier else pd.Series(dtype="str")
    on_alert = alert != NO_ALERT
    is_run, is_known = on_alert, pd.Series(False, siren.index)
    since = pd.Series(period, siren.index, dtype=object).where(on_alert, None)
    for past in reversed(earlier):
        was = siren.isin(past.loc[past["alert"] != NO_ALERT, "siren"])
        is_run, is_known = is_run & was, is_known | was
        since = since.mask(is_run, past["period"].iloc[0]) if is_run.any() else since
    return {
        "previous_alert": siren.map(previous).astype("str"),
        "first_alert": on_alert & ~is_known,
        "alert_since": since,
    }


def _reasons(
    table: pd.DataFrame,
    subjects: pd.DataFrame,
    language: Language,
    count: int,
    unstable: Mapping[str, frozenset[str]],
) -> list[list[dict[str, Any]]]:
    """Of each firm on alert, its first reasons; of the others none."""
    typical = medians(table[table["state"] == IN_BONIS])
    found: list[list[dict[str, Any]]] = [[] for _ in range(len(table))]
    for place in np.flatnonzero((table["alert"] != NO_ALERT).to_numpy()).tolist():
        (row,), (contributions,) = records(table.iloc[[place]]), records(subjects.iloc[[place]])
        doubtful = unstable.get(row["siren"], frozenset())
        found[place] = [asdict(r) for r in ranked_reasons(row, contributions, typical, language, doubtful)[:count]]
    return found


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a small table as dictionaries."""
    return [dict(zip(table.columns, row, strict=True)) for row in table.itertuples(index=False, name=None)]


def earlier_lists(paths: Iterable[Path]) -> list[pd.DataFrame]:
    """Firms, alerts and period of lists published for earlier periods, in the order of their files."""
    return [pd.read_parquet(path, columns=["siren", "alert", "period"]) for path in paths]
