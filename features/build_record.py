"""What a feature table was made of, as it is recorded beside it; and the version of the catalogue."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

from features.assemble import CATALOG, WARM_UP_MONTHS
from features.checked import Checked
from features.folder import BuildRecord, StagedFile
from features.received import SIMULATED, read_reports
from features.scope import Scope
from features.sources import SOURCES


def dictionary() -> dict[str, str]:
    """Each feature with a short digest of its entry: what has another digest is another feature."""
    entries = {f.name: (f.theme, f.unit, f.direction, f.sources, f.definition, f.derived_from) for f in CATALOG}
    return {name: _short_digest(entry) for name, entry in entries.items()}


def dictionary_version() -> str:
    """A short digest of the catalogue: it changes whenever a feature's name, unit, direction or definition does."""
    return _short_digest(list(dictionary().items()))


def _short_digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]


def build_record(
    staged: Path,
    scope: Scope,
    observed_until: date,
    batch: str,
    absent: Sequence[str],
    todays_shares: Mapping[str, float],
    found: tuple[Checked, ...],
) -> BuildRecord:
    """What the feature table was made of: recorded beside it, and in every model trained on it."""
    reports = [report for source in SOURCES for report in read_reports(staged, source.name)]
    files = [{"source": r.source, "batch": r.batch, "file": r.file, "sha256": r.sha256} for r in reports]
    content = json.dumps([files, asdict(scope), dictionary_version()], default=str, sort_keys=True)
    return BuildRecord(
        start=scope.start,
        end=scope.end,
        horizon=scope.horizon,
        min_headcount=scope.min_headcount,
        excluded_categories=tuple(scope.excluded_categories),
        excluded_activities=tuple(scope.excluded_activities),
        min_turnover=scope.min_turnover,
        warm_up_months=WARM_UP_MONTHS,
        observed_until=observed_until,
        batch=batch,
        simulated=any(report.batch.endswith(SIMULATED) for report in reports),
        absent_sources=tuple(absent),
        todays_shares=todays_shares,
        dictionary_version=dictionary_version(),
        dictionary=dictionary(),
        fingerprint=hashlib.sha256(content.encode()).hexdigest(),
        files=tuple(StagedFile(**file) for file in files),
        checked=found,
    )
