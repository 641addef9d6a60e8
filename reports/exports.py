"""The list as files: Parquet, CSV, XLSX, JSON, and the JSON that the Signaux Faibles front end imports."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features import store
from features.folder import TARGET_LIST
from models.alerts import HIGH, MODERATE, NO_ALERT
from models.explanation.shapley import shapley_values
from reports.alerting import GIVEN, given_sentences
from reports.cells import csv_text
from reports.counterfactuals import counterfactual_sentence
from reports.freshness import older_data
from reports.language import Language
from reports.list_columns import LIST_COLUMNS
from reports.made_of import MADE_OF, MadeOf, contents, made_of_text
from reports.movement import movement_sentence
from reports.reasons import REASON_SETTINGS
from reports.spreadsheet import About, workbook
from reports.target_list import COLUMNS, TargetList, records

NAME = "target_list"
FRONT_END = "target_list_signaux_faibles.json"
REASON = pa.struct(
    [
        ("feature", pa.string()),
        ("theme", pa.string()),
        ("value", pa.string()),
        ("unit", pa.string()),
        ("contribution", pa.float64()),
        ("sentence", pa.string()),
        ("is_stable", pa.bool_()),
    ]
)
# See `reports.movement.movement_record` and `reports.counterfactuals.counterfactual_record`.
PART = pa.struct(
    {
        **{name: pa.string() for name in ("feature", "theme", "then", "now")},
        "contribution": pa.float64(),
        "is_hidden": pa.bool_(),
    }
)
MOVEMENT = pa.struct({"since": pa.date32(), "total": pa.float64(), "is_new_model": pa.bool_(), "parts": pa.list_(PART)})
ACTION = pa.struct({"name": pa.string(), "theme": pa.string(), "before": pa.float64(), "after": pa.float64()})
COUNTERFACTUAL = pa.struct({"actions": pa.list_(ACTION), "probability": pa.float64()})
# Records that other files hold as their sentence.
SENTENCES: Final[Mapping[str, Callable[[Mapping[str, Any], Language], str]]] = {
    "movement": movement_sentence,
    "counterfactual": counterfactual_sentence,
}
FRONT_END_ALERTS = {HIGH: "Alerte seuil F1", MODERATE: "Alerte seuil F2", NO_ALERT: "Pas d'alerte"}
FRONT_END_THEMES = {
    "social_debt": "Dettes-sociales",
    "financial_health": "Données-financières",
    "short_time_work": "Recours-à-l'activité-partielle",
    "workforce": "Variation-de-l'effectif-de-l'entreprise",
    "payment_behaviour": "Retards-de-paiement-fournisseurs",
    # The front end knows these names alone; deposits of accounts are the most of a firm's legal life.
    "legal_life": "Données-financières",
}
FRONT_END_BASE = "Risque-moyen"
# Workbooks record when they were made: equal lists must give equal files.
MADE_ON = datetime(2000, 1, 1)  # noqa: DTZ001 - a constant, in no time zone


def write_list(folder: Path, ranked: TargetList, language: Language, made_of: MadeOf | None = None) -> None:
    """Publish all forms of a list at once, with what it was made of."""
    with store.new_folder(folder) as fresh:
        pq.write_table(parquet(ranked), fresh / TARGET_LIST, row_group_size=store.ROW_GROUP, write_page_checksum=True)
        store.write_text(fresh / f"{NAME}.csv", as_csv(ranked, language))
        store.write_bytes(fresh / f"{NAME}.xlsx", as_xlsx(ranked, language))
        store.write_text(fresh / f"{NAME}.json", as_json(ranked, language))
        store.write_text(fresh / FRONT_END, f"[\n{_lines(front_end(ranked))}\n]")
        if made_of:
            store.write_text(fresh / MADE_OF, made_of_text(replace(made_of, contents=contents(fresh))))


def parquet(ranked: TargetList) -> pa.Table:
    """The list, with reasons, themes, movements and counterfactuals as nested columns; a reason's value is its text."""
    rows = ranked.rows
    reasons = [
        [{**r, "value": None if r["value"] is None else str(r["value"])} for r in firm] for firm in rows["reasons"]
    ]
    nested = {
        "reasons": pa.array(reasons, pa.list_(REASON)),
        "themes": pa.array(rows["themes"].tolist()),
        "movement": pa.array(rows["movement"].tolist(), MOVEMENT),
        "counterfactual": pa.array(rows["counterfactual"].tolist(), COUNTERFACTUAL),
    }
    plain = pa.Table.from_pandas(rows.drop(columns=list(nested)), preserve_index=False)
    columns = {**dict(zip(plain.column_names, plain.columns, strict=True)), **nested}
    table = pa.table({name: columns[name] for name in COLUMNS})
    metadata = {"simulated": str(ranked.is_simulated).lower(), REASON_SETTINGS: ranked.reason_settings.as_json()}
    metadata |= {GIVEN: ranked.given.as_json()}
    return table.replace_schema_metadata(metadata)


def as_csv(ranked: TargetList, language: Language) -> str:
    """One line per firm, UTF-8, separated by commas; records as sentences; `simulated` where no firm is real."""
    return csv_text([*COLUMNS, "simulated"], ((*row, ranked.is_simulated) for row in _cells(ranked, language)))


def _cells(ranked: TargetList, language: Language) -> Iterator[tuple[Any, ...]]:
    """The cells of each firm: text, number, day or boolean, None for no value."""
    columns = _said(ranked, language)
    columns["reasons"] = [" ".join(reason["sentence"] for reason in reasons) for reasons in columns["reasons"]]
    columns["themes"] = [
        "; ".join(f"{theme} {contribution:+.3f}" for theme, contribution in themes.items())
        for themes in columns["themes"]
    ]
    return zip(*columns.values(), strict=True)


def _said(ranked: TargetList, language: Language) -> dict[str, list[Any]]:
    """The columns of the list as Python's own values, None where there is none; records of SENTENCES in words."""
    rows = ranked.rows[list(COLUMNS)]
    columns = {name: rows[name].astype(object).where(rows[name].notna(), None).tolist() for name in COLUMNS}
    told = {
        name: [None if record is None else sentence(record, language) for record in columns[name]]
        for name, sentence in SENTENCES.items()
    }
    return columns | told


def as_xlsx(ranked: TargetList, language: Language) -> bytes:
    """Typed columns under their names; the second sheet says what the list is."""
    said, rows = notices(ranked, language), list(_cells(ranked, language))
    told = given_sentences(ranked.given, language)
    about = [[line] for line in (*said, *told, f"{ranked.period:%Y-%m}", ranked.model.model_id)]
    notice = said[0] if ranked.is_simulated else ""
    columns = list(LIST_COLUMNS.values())
    return workbook("list", columns, COLUMNS, rows, About("about", about, (100,)), notice, made_on=MADE_ON)


def notices(ranked: TargetList, language: Language) -> list[str]:
    """What must be said of a list wherever it is shown."""
    said = [language.say("The list signals a risk, not a verdict: people decide.")]
    said += older_data(ranked.reason_settings.older, language)
    return [language.say("SIMULATED DATA: no firm in this list is real."), *said] if ranked.is_simulated else said


def as_json(ranked: TargetList, language: Language) -> str:
    """The list with what it is made of; each firm on a line of its own."""
    columns = _said(ranked, language)
    head = {
        "period": f"{ranked.period:%Y-%m}",
        "model_id": ranked.model.model_id,
        "batch": ranked.batch,
        "simulated": ranked.is_simulated,
        "notices": notices(ranked, language),
        "alerts": list(given_sentences(ranked.given, language)),
        **_as_of(ranked),
    }
    firms = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    return f'{json.dumps(head, ensure_ascii=False, indent=1)[:-2]},\n "firms": [\n{_lines(firms)}\n ]\n}}'


def _lines(records: Iterable[Mapping[str, Any]]) -> str:
    """Records as JSON, one per line: within lines that are indented, Python writes ten times more slowly."""
    return ",\n".join(json.dumps(record, ensure_ascii=False, default=date.isoformat) for record in records)


def _as_of(ranked: TargetList) -> dict[str, dict[str, str]]:
    """The month of the last delivery of each source that is older than the newest one; nothing where none is."""
    older = {source: f"{month:%Y-%m}" for source, month in ranked.reason_settings.older.items()}
    return {"as_of": older} if older else {}


def front_end(ranked: TargetList) -> list[dict[str, Any]]:
    """One object per ranked firm, as the Signaux Faibles front end imports it; shares are percentage points."""
    thresholds = ranked.given.thresholds
    common = {
        "batch": ranked.batch,
        "algo": ranked.model.model_id,
        "periode": ranked.period.isoformat(),
        "seuil_modere": 100 * thresholds.moderate,
        "seuil_fort": 100 * thresholds.high,
        "list_name": f"{ranked.period:%Y-%m}" + (" (simulated)" if ranked.is_simulated else ""),
    }
    rows = list(records(ranked.rows[ranked.rows["rank"].notna()]))
    shares = iter(shares_of_risk([row["themes"] for row in rows if row["alert"] != NO_ALERT], ranked))
    documents = []
    for row in rows:
        document = {
            "siren": row["siren"],
            "score": 100 * row["probability"],
            "alert": FRONT_END_ALERTS[row["alert"]],
            **common,
        }
        if row["alert"] != NO_ALERT:
            document["macro_expl"] = next(shares)
            document["micro_expl"] = {reason["feature"]: reason["contribution"] for reason in row["reasons"]}
        documents.append(document)
    return documents


def shares_of_risk(themes: Sequence[Mapping[str, float]], ranked: TargetList) -> list[dict[str, float]]:
    """Of each firm, percentage points that add up to its score: what each theme adds, in whatever order.

    themes: log-odds, one mapping per firm.
    """
    # What kind of firm it is, and how others like it fare, is part of the mean risk: the front end has no theme for it.
    others = [sum(part for theme, part in firm.items() if theme not in FRONT_END_THEMES) for firm in themes]
    base = ranked.base + np.array(others)
    names = tuple(dict.fromkeys(FRONT_END_THEMES.values()))
    named = [
        [sum(firm.get(theme, 0.0) for theme, own in FRONT_END_THEMES.items() if own == name) for name in names]
        for firm in themes
    ]
    probability = ranked.model.calibration.probability
    points = 100 * np.column_stack(
        [probability(base), shapley_values(base, np.reshape(named, (-1, len(names))), probability)]
    )
    return [dict(zip((FRONT_END_BASE, *names), firm, strict=True)) for firm in points.tolist()]
