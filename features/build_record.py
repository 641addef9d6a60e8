"""What a feature table was made of, as it is recorded beside it; and the version of the catalogue."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

from features.assemble import CATALOG, WARM_UP_MONTHS
from features.checked import Checked
from features.code import code_digest
from features.received import SIMULATED, read_reports
from features.scope import Scope
from features.sources import SOURCES
from features.table_record import BuildRecord, PeriodRecord, StagedFile


def dictionary() -> dict[str, str]:
    """Each feature with a short digest of its entry: what has another digest is another feature."""
    entries = {f.name: (f.theme, f.unit, f.direction, f.sources, f.definition, f.derived_from) for f in CATALOG}
    return {name: _short_digest(entry) for name, entry in entries.items()}


def dictionary_version() -> str:
    """A short digest of the catalogue: it changes whenever a feature's name, unit, direction or definition does."""
    return _short_digest(list(dictionary().items()))


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, default=str, sort_keys=True).encode()).hexdigest()


def _short_digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]


def staged_files(staged: Path) -> tuple[StagedFile, ...]:
    """The partners' files that are staged."""
    reports = [report for source in SOURCES for report in read_reports(staged, source.name)]
    return tuple(StagedFile(r.source, r.batch, r.file, r.sha256) for r in reports)


def period_record(files: tuple[StagedFile, ...], scope: Scope, batch: str) -> PeriodRecord:
    """What the rows of the periods of a scope are made of, that are built now; each gets its own `contents`."""
    perimeter = {name: value for name, value in asdict(scope).items() if name not in ("start", "end")}
    made = ([asdict(file) for file in files], perimeter, dictionary_version(), code_digest())
    return PeriodRecord(
        period=scope.start,
        contents={},
        start=scope.start,
        end=scope.end,
        batch=batch,
        files=files,
        code=code_digest(),
        dictionary_version=dictionary_version(),
        fingerprint=_digest(made),
    )


def build_record(
    files: tuple[StagedFile, ...],
    scope: Scope,
    observed_until: date,
    batch: str,
    absent: Sequence[str],
    todays_shares: Mapping[str, float],
    found: tuple[Checked, ...],
    periods: Sequence[str],
    contents: Mapping[str, str],
) -> BuildRecord:
    """What the feature table was made of: recorded beside it, and in every model trained on it.

    periods: the fingerprint of each of its periods. contents: the SHA-256 of each file beside them.
    """
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
        simulated=any(file.batch.endswith(SIMULATED) for file in files),
        absent_sources=tuple(absent),
        todays_shares=todays_shares,
        dictionary_version=dictionary_version(),
        dictionary=dictionary(),
        fingerprint=_digest(([asdict(file) for file in files], asdict(scope), list(periods))),
        files=files,
        checked=found,
        contents=contents,
    )
