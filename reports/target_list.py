"""From scores to the ranked list with its reasons: firms in a procedure come last, without a rank."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from features.insolvency import IN_BONIS
from features.nomenclatures import mapping
from features.table_record import BuildRecord
from models.alerts import NO_ALERT
from models.explanation.sums import by_theme
from models.registry.model import RiskModel
from models.scoring.records import SHORTER_RISKS, Scores
from reports.alerting import Given, given
from reports.language import Language
from reports.list_columns import LIST_COLUMNS
from reports.reasons import ReasonSettings, by_subject, medians, reasons_of

PUBLISHED = "O"
SCORED = ("margin", "probability", *SHORTER_RISKS, "probability_low", "probability_high", "alert")
COLUMNS = tuple(LIST_COLUMNS)
# A list is in that order, each True where it rises: of firms as much at risk, the one that owes most comes first, one
# whose debt is not known last. The SIREN only makes equal lists equal.
ORDER: Final = {"last": True, "margin": False, "debt": False, "siren": True}


@dataclass(frozen=True)
class Notes:
    """Notes on firms on alert, by SIREN: why their risk moved, what would take them off the list.

    unstable: of their first reasons, those that most refits of the model, on resampled firms, don't share.
    """

    movement: Mapping[str, dict[str, Any]]
    counterfactual: Mapping[str, dict[str, Any]]
    unstable: Mapping[str, frozenset[str]]


NO_NOTES = Notes({}, {}, {})


@dataclass(frozen=True)
class TargetList:
    """The list of a period. rows: one row per firm, see COLUMNS; batch, is_simulated: of its data."""

    rows: pd.DataFrame
    period: date
    model: RiskModel
    batch: str
    is_simulated: bool
    # The mean margin of the training rows, in log-odds: what each firm's contributions are added to.
    base: float
    reason_settings: ReasonSettings
    # Its policy of alerts, and what that gave.
    given: Given


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

    rows: the feature table's rows of the period; firms: the register's facts; earlier: the earlier lists, oldest first.
    reasons: the most reasons given for one firm. The names of those who object to publication are left out, since
    exports leave the tool. The département is where the firm is today, as agents' rights are: what the model read may
    be older.
    """
    identity = firms[["siren", "name", "diffusion", "naf", "departement"]].rename(columns={"departement": "place"})
    table = rows.merge(identity, on="siren", how="left", validate="one_to_one")
    table = table.merge(scored.scores[["siren", *SCORED]], on="siren", validate="one_to_one")
    place = table["place"].fillna(table["departement"])
    table = table.assign(
        name=table["name"].where(table["diffusion"] == PUBLISHED, language.say("(not published)")),
        region=place.map(mapping("departements", "departement", "region_label")),
        activity=table["naf"].map(mapping("naf_rev2", "code", "label")),
        state=table["procedure_state"],
        period=period,
        model_id=model.model_id,
        **_past(table["siren"], table["alert"], period, earlier),
    )
    parts = scored.contributions.set_index("siren").loc[table["siren"]]
    themes = by_theme(parts, model.inputs)
    by_name = [dict(zip(themes.columns, values, strict=True)) for values in themes.to_numpy().tolist()]
    settings = ReasonSettings(medians(table[table["state"] == IN_BONIS]), reasons, built.older_sources(period))
    why = _reasons(table, by_subject(parts, model.inputs), settings, language, notes.unstable)
    nested: dict[str, list[Any]] = {
        "themes": by_name,
        "reasons": why,
        "movement": [notes.movement.get(siren) for siren in table["siren"]],
        "counterfactual": [notes.counterfactual.get(siren) for siren in table["siren"]],
    }
    table = table.assign(**{name: pd.Series(values, table.index, dtype=object) for name, values in nested.items()})
    table = table.assign(departement=place)
    in_bonis = table["state"] == IN_BONIS
    table = in_order(table.assign(last=~in_bonis))
    place = pd.Series(np.arange(1, len(table) + 1), index=table.index, dtype="Int64")
    table["rank"] = place.mask(table["last"])
    base = float(scored.contributions["base"].iloc[0])
    ordered = table[list(COLUMNS)].reset_index(drop=True)
    found = given(scored.thresholds, table[in_bonis.loc[table.index]], model.facts.base_rate)
    return TargetList(ordered, period, model, built.batch, built.simulated, base, settings, found)


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """The firms in the order of a list, of which ORDER names the columns."""
    return table.sort_values(list(ORDER), ascending=list(ORDER.values()))


def _past(siren: pd.Series, alert: pd.Series, period: date, earlier: Sequence[pd.DataFrame]) -> dict[str, pd.Series]:
    """What earlier lists say of each firm; null if the last of them lacks it, or if it is not on alert.

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
    settings: ReasonSettings,
    language: Language,
    unstable: Mapping[str, frozenset[str]],
) -> list[list[dict[str, Any]]]:
    """The first reasons of each firm on alert; none for the others. subjects: contributions, in the order of table."""
    found: list[list[dict[str, Any]]] = [[] for _ in range(len(table))]
    places = np.flatnonzero((table["alert"] != NO_ALERT).to_numpy())
    flagged = zip(places.tolist(), records(table.iloc[places]), records(subjects.iloc[places]), strict=True)
    for place, row, contributions in flagged:
        doubtful = unstable.get(row["siren"], frozenset())
        found[place] = [asdict(reason) for reason in reasons_of(row, contributions, settings, language, doubtful)]
    return found


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a small table as dictionaries."""
    return [dict(zip(table.columns, row, strict=True)) for row in table.itertuples(index=False, name=None)]


def earlier_lists(paths: Iterable[Path]) -> list[pd.DataFrame]:
    """Firms, alerts and period of lists published for earlier periods, in the order of their files."""
    return [pd.read_parquet(path, columns=["siren", "alert", "period"]) for path in paths]
