"""Records that tests start from, each with what the test is about changed."""

from datetime import date
from typing import Any

from features.folder import BuildRecord


def build_record(**changes: Any) -> BuildRecord:
    """Of a table of simulated firms, 2020-01 to 2024-02."""
    content: dict[str, Any] = {
        "start": date(2020, 1, 1),
        "end": date(2024, 2, 1),
        "horizon": 18,
        "min_headcount": 10,
        "excluded_categories": (),
        "excluded_activities": (),
        "warm_up_months": 24,
        "observed_until": date(2024, 1, 1),
        "batch": "2401_simulated",
        "simulated": True,
        "absent_sources": (),
        "dictionary_version": "b3c5",
        "dictionary": {},
        "fingerprint": "f" * 64,
        "files": (),
    }
    return BuildRecord(**{**content, **changes})
