"""The monitoring page and its JSON: findings first, then drift, volumes, results of past lists, verdicts."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from features import store
from models.monitoring.drift import Drift
from models.monitoring.findings import Compared
from models.monitoring.helped import Apart
from models.monitoring.realised import Realised, Useful
from models.monitoring.records import Finding
from models.monitoring.volumes import volumes
from reports.figures import category, percent
from reports.findings import label, sentence
from reports.language import Language
from reports.target_list import records

ALERT_WORDS: Final = {"high": "high", "moderate": "moderate", "none": "none", "all": "all firms"}
SHOWN: Final = 15


@dataclass(frozen=True)
class Monitoring:
    """What the page shows. results: of each past list; together: cumulative incidence by alert level, of all lists."""

    compared: Compared
    findings: tuple[Finding, ...]
    results: Mapping[date, tuple[Realised, ...]]
    together: Mapping[str, list[float | None]]
    verdicts: tuple[Useful, ...]
    observed_until: date
    horizon: int
    is_simulated: bool
    # Of firms on alert on past lists, those that were helped and the others.
    helped: tuple[Apart, ...] = ()
    # The address, from the page, of the report on what was read of the deliveries; blank where there is none.
    received: str = ""


def write_monitoring(folder: Path, monitoring: Monitoring, language: Language) -> None:
    """Publish page and JSON at once."""
    with store.new_folder(folder) as fresh:
        store.write_text(fresh / "index.html", as_html(monitoring, language))
        store.write_text(fresh / "monitoring.json", as_json(monitoring))


def as_json(monitoring: Monitoring) -> str:
    """The same for machines."""
    compared = monitoring.compared
    content = {
        "period": f"{compared.now.period:%Y-%m}",
        "model_id": compared.model_id,
        "simulated": monitoring.is_simulated,
        "observed_until": monitoring.observed_until.isoformat(),
        "findings": [{**asdict(finding), "sentence": finding.sentence} for finding in monitoring.findings],
        "features": [asdict(drift) for drift in compared.drifts or ()],
        "score": dict(zip(("psi", "by_chance"), compared.score, strict=True)) if compared.score else None,
        "volumes": {by: _volume_rows(compared, by) for by in ("departement", "naf_section")},
        "past_lists": {f"{period:%Y-%m}": [asdict(r) for r in rows] for period, rows in monitoring.results.items()},
        "all_lists": dict(monitoring.together),
        "verdicts": [asdict(verdict) for verdict in monitoring.verdicts],
        "helped_apart": [asdict(one) for one in monitoring.helped],
    }
    return json.dumps(content, ensure_ascii=False, indent=1)


def _volume_rows(compared: Compared, by: str) -> list[dict[str, Any]]:
    table = volumes(compared.now, compared.earlier, by).astype(object)
    return records(table.where(table.notna(), None).rename_axis("code").reset_index())


def as_html(monitoring: Monitoring, language: Language) -> str:
    """The page as one file that loads nothing and runs no script; all texts are escaped."""
    environment = Environment(
        loader=PackageLoader("reports", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    drifts = monitoring.compared.drifts or ()
    return environment.get_template("monitoring.html").render(
        m=monitoring,
        compared=monitoring.compared,
        language=language,
        say=language.say,
        percent=lambda share: "–" if share is None else percent(100 * share, language),
        number=lambda value, decimals=0: "–" if value is None else language.number(value, decimals),
        label=lambda name: label(name, language),
        category=lambda name, code: category(name, str(code), language),
        sentence=lambda finding: sentence(finding, language),
        alert=lambda level: language.say(ALERT_WORDS[level]),
        drifted=sorted(drifts, key=lambda drift: -drift.psi)[:SHOWN],
        missing=_most_missing(drifts),
        volumes={by: _volume_rows(monitoring.compared, by)[:SHOWN] for by in ("departement", "naf_section")},
    )


def _most_missing(drifts: tuple[Drift, ...]) -> list[Drift]:
    ordered = sorted(drifts, key=lambda drift: drift.missing_then - drift.missing_now)
    return [drift for drift in ordered if drift.missing_now > drift.missing_then][:SHOWN]
